/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a relay variable is so malformed that a part of its secret is taken for the relay's host
 * (http://pass/word@relay:3128), the programs look that part up, and say it to a relay.  The names
 * in questions, requests and hellos go through here before an event holds them.  Hashes are kept:
 * the secret itself is nowhere.
 */
#ifndef CAPTURE_MASKED_NAMES_H
#define CAPTURE_MASKED_NAMES_H

#include "packet/printable.h"
#include "relay/environment.h"

#include <stddef.h>
#include <stdint.h>

#define MASKED_NAMES 32

/* A zeroed struct is ready for use; it owns no memory. */
struct masked_names {
	uint64_t hash[MASKED_NAMES]; /* of the names in lower case; the oldest gives way */
	size_t added;
	char shown[HOST_TEXT_SIZE + 8];
};

/* Learns the hosts of e that are masked.  Those of a process hold for all: pullers are related. */
void masked_names_learn(struct masked_names *m, const struct environment *e);

/*
 * name (lower case), or, where it is a masked host, or one with a search domain of the resolver
 * behind it, the same with "***" for that host: valid until the next call.
 */
const char *masked_names_show(struct masked_names *m, const char *name);

#endif
