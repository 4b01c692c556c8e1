/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The listed variables of one process as they were at one moment, without secrets.
 *
 * Shared by reference count: a fork carries its parent's, an event hands its own to the process
 * table.  Not changed once built.
 */
#ifndef RELAY_ENVIRONMENT_H
#define RELAY_ENVIRONMENT_H

#include "relay/relay_name.h"
#include "relay/relay_url.h"

enum environment_origin {
	ENVIRONMENT_EXEC,     /* read by the kernel hook at exec: proof, also of absence */
	ENVIRONMENT_SNAPSHOT, /* read from /proc/PID/environ: what is there is there */
	ENVIRONMENT_GIVEN,    /* options, env files or a unit: no process */
};

struct variable {
	char *name;
	char *value; /* redacted */
	bool is_relay;
	bool value_cut;		 /* longer than what the kernel carries out */
	struct relay_name relay; /* valid where is_relay */
	struct relay_url url;	 /* valid where is_relay and kind is not NO */
	char *source;		 /* "/etc/default/rke2-agent:3", "env", ...; NULL: not known */
};

struct environment {
	unsigned int references;
	enum environment_origin origin;
	bool truncated;	 /* not all of it was searched: absence is not proved */
	bool unreadable; /* nothing could be read */
	bool first_lost; /* snapshot whose first entry is not NAME=VALUE (k3s proctitle) */
	unsigned int count, capacity;
	struct variable *variables; /* in the order in which they stood */
};

/* A new, empty environment with one reference; NULL when out of memory. */
struct environment *environment_new(enum environment_origin origin);
struct environment *environment_ref(struct environment *e); /* NULL stays NULL */
void environment_unref(struct environment *e);

/*
 * Adds NAME=VALUE as read from a process or a file: judges, redacts, keeps.  A name that is not
 * listed (relay_name_is_listed) is left out.  Of two equal names a process sees the first (Go's
 * syscall.copyenv), so the first is kept; where the origin is ENVIRONMENT_GIVEN the later replaces
 * the earlier in its place, as in systemd.exec(5) EnvironmentFile=.  source may be NULL.  0 or
 * -ENOMEM.
 */
int environment_add(struct environment *e, const char *name, size_t name_len, const char *value,
	size_t value_len, bool value_cut, const char *source);

/*
 * Adds all of an environment block (/proc/PID/environ: NAME=VALUE and a NUL, again and again), and
 * sets first_lost where its first entry is not NAME=VALUE.  0 or -ENOMEM.
 */
int environment_add_block(struct environment *e, const char *block, size_t len, const char *source);

/* Adds one that was judged and redacted before (from a recording); copies all of v.  0 or -ENOMEM. */
int environment_add_judged(struct environment *e, const struct variable *v);

/* Is all that is kept of the two the same: origin, flags, and each variable in its place? */
bool environment_equal(const struct environment *a, const struct environment *b);

/* The variable of exactly that name, or NULL. */
const struct variable *environment_get(const struct environment *e, const char *name);

/*
 * The variable that Go would take for kind: upper case, else lower case, empty being unset; in that
 * family.  NULL where neither is set.  Mixed case and the CONTAINERD_ prefix are not looked at.
 */
const struct variable *environment_effective(
	const struct environment *e, enum relay_family family, enum relay_kind kind);

/*
 * Is a missing variable proved missing: was all of it read?  Of a snapshot only where its first
 * entry is intact, because k3s writes its title over the first one.
 */
bool environment_proves_absence(const struct environment *e);

/* Is a part of it missing: not all was searched, or a value did not arrive whole? */
bool environment_is_cut(const struct environment *e);

#endif
