/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a relay variable is so malformed that a part of its secret is taken for the relay's host
 * and port (http://user:54321#x@relay:3128), the programs look that host up, say it to a relay, and
 * dial it.  Names in questions, requests and hellos, and the targets of dials go through here before
 * an event holds them.  Of names hashes are kept: the secret itself is nowhere.
 */
#ifndef CAPTURE_MASKED_NAMES_H
#define CAPTURE_MASKED_NAMES_H

#include "base/table.h"
#include "capture/event.h"
#include "packet/printable.h"
#include "relay/environment.h"

#include <stddef.h>
#include <stdint.h>

#define MASKED_NAMES	 32
#define MASKED_ADDRESSES 256
#define MASKED_HOSTS	 512

struct masked_target {
	uint64_t host; /* relay_host_hash() */
	uint16_t port;
	bool port_hidden; /* it stood in the secret, too; else it is the scheme's own */
};

/* An address of a name: from an answer (masked names alone), or a line of a hosts file (all). */
struct masked_address {
	uint64_t host;
	struct address address;
};

/* A zeroed struct is ready for use. */
struct masked_names {
	struct masked_target targets[MASKED_NAMES]; /* the oldest gives way, as below */
	size_t added;
	struct masked_address addresses[MASKED_ADDRESSES];
	size_t address_count;
	struct masked_address hosts[MASKED_HOSTS];
	size_t host_count;
	struct table carriers; /* pid -> not NULL: processes that carry such a variable */
	char shown[HOST_TEXT_SIZE + 8];
};

void masked_names_free(struct masked_names *m);

/*
 * Learns the hosts of e, which process pid carries from now on.  Names of one process are hidden
 * for all, because pullers are related; dials for those that carry the variable.
 */
void masked_names_learn(struct masked_names *m, uint32_t pid, const struct environment *e);

/* A child carries what its parent does; a process that ended carries nothing. */
void masked_names_fork(struct masked_names *m, uint32_t parent, uint32_t child);
void masked_names_exit(struct masked_names *m, uint32_t pid);

/* A line of a hosts file (the words of a fact "hosts"), known or not. */
void masked_names_hosts(struct masked_names *m, const struct event_fact *fact);

/*
 * name (lower case), or, where it is a masked host, or one with a search domain of the resolver
 * behind it, the same with "***" for that host: valid until the next call.  What addresses an
 * answer gave for it (count; may be 0) are remembered as that host's.
 */
const char *masked_names_show(
	struct masked_names *m, const char *name, const struct address *addresses, size_t count);

/*
 * Is remote, which pid (0: not known) dials, a masked host and its port?  Then what is secret is
 * taken out of it: the port where the value gave one, and the address where the host is one.
 */
bool masked_names_dial(struct masked_names *m, uint32_t pid, struct address *remote);

#endif
