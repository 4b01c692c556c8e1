/* SPDX-License-Identifier: GPL-2.0-only */
/* The nameservers of the node's resolv.conf files: who may be asked for a name. */
#ifndef MODEL_RESOLVERS_H
#define MODEL_RESOLVERS_H

#include "capture/event.h"

/* glibc reads 3 of each file (MAXNS, resolv.conf(5)); a node's containers may have others. */
#define RESOLVERS_MAX 64

/* A zeroed struct knows none. */
struct resolvers {
	struct address addresses[RESOLVERS_MAX];
	size_t count;
};

/* Takes a fact "resolver", whose fields are addresses; other facts are ignored. */
void resolvers_take(struct resolvers *r, const struct event_fact *fact);

/* Is a UDP connect() to port 53 of address known not to be a resolver's?  False while none is known. */
bool resolvers_exclude(const struct resolvers *r, const struct address *address);

#endif
