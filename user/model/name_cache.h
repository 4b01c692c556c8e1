/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which names have which addresses, and who asked: DNS answers seen on the wire, and /etc/hosts.
 *
 * Bounded: the oldest pairs are forgotten first.  Once full, and for pairs that are known, nothing
 * is allocated.
 */
#ifndef MODEL_NAME_CACHE_H
#define MODEL_NAME_CACHE_H

#include "model/dial.h"

/*
 * Pairs of a name and an address, so many from DNS and so many from hosts files: a long hosts file
 * must not push out what was asked for.  A node pulls from some dozens of hosts.
 */
#define NAME_CACHE_PAIRS 4096

struct name_cache;

/* NULL: out of memory. */
struct name_cache *name_cache_new(void);
void name_cache_free(struct name_cache *c);

/* The scope of one process; 0 stands for an asker who is not known. */
uint64_t name_scope_of_process(uint32_t pid, uint64_t start_ns);

/* The scope of /etc/hosts in a mount namespace; 0: the node's. */
uint64_t name_scope_of_hosts(uint32_t mntns);

/*
 * Learns that name has the address; asked_ns is when it was asked for last.  from is NAME_DNS or
 * NAME_HOSTS.  0 or -ENOMEM.
 */
int name_cache_add(struct name_cache *c, uint64_t scope, enum name_from from, const char *name,
	const struct address *address, uint64_t asked_ns);

/*
 * Learns a line of a hosts file, its words being an address, a name and aliases.  0; -EINVAL where
 * the first is no address; -ENOMEM.
 */
int name_cache_add_hosts(struct name_cache *c, uint64_t scope, const char *const *words,
	size_t count, uint64_t now_ns);

/* The asker asks for name again: of several names with one address the latest is meant. */
void name_cache_asked(struct name_cache *c, uint64_t scope, const char *name, uint64_t asked_ns);

/*
 * The name by which a process (its scope, its mount namespace) most likely wanted address: what it
 * asked for last until before_ns (UINT64_MAX: until now), else what the hosts file says, else what
 * others on the node had asked for by then.  NULL: none is known.  doubtful (not NULL) is set where
 * another name would fit as well.  The text is valid until the next add.
 */
const char *name_cache_find(const struct name_cache *c, uint64_t scope, uint32_t mntns,
	const struct address *address, uint64_t before_ns, enum name_from *from, bool *doubtful);

enum name_match {
	NAME_NOT_KNOWN, /* no address of this name is known */
	NAME_DIFFERS,	/* it has others */
	NAME_MATCHES,
};

/*
 * Does name have this address, whoever asked?  A name that a search list completed counts as name:
 * "relay" where "relay.corp.example" was asked for.
 */
enum name_match name_cache_match(
	const struct name_cache *c, const char *name, const struct address *address);

/*
 * Did the asker get another address of that family for name, too, so that a dial which fails may be followed
 * by the next?
 */
bool name_cache_has_other(const struct name_cache *c, uint64_t scope, const char *name,
	const struct address *address);

/* Is full the same as name, or name with the suffix of a search list? */
bool name_completes(const char *name, const char *full);

#endif
