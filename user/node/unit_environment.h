/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the facts about a unit come to: which variables it would get if it were started now, and
 * what became of every other statement.  Pure.
 *
 * Source of the rules: systemd.exec(5), "Environment Variables in Spawned Processes", and the
 * behaviour of systemd 252 (src/core/execute.c): DefaultEnvironment=, then PassEnvironment=, then
 * Environment=, then the env files in their order; the later wins; UnsetEnvironment= comes last.
 */
#ifndef NODE_UNIT_ENVIRONMENT_H
#define NODE_UNIT_ENVIRONMENT_H

#include "node/unit_files.h"
#include "relay/environment.h"

enum unit_fate {
	UNIT_FATE_NONE,	     /* says nothing of a variable */
	UNIT_FATE_EFFECTIVE, /* the unit gets it (PASS: if the manager has it); LOAD, UNSET: counts */
	UNIT_FATE_OVERRIDDEN, /* by a later statement */
	UNIT_FATE_RESET,      /* by a later empty assignment */
	UNIT_FATE_UNSET,      /* by an UnsetEnvironment= */
	UNIT_FATE_UNLOADED,   /* in an env file that the unit does not load */
	UNIT_FATE_IGNORED,    /* systemd passes it over: the statement's fault says why */
};

enum unit_state {
	UNIT_STATE_FINE,
	UNIT_STATE_ABSENT, /* there is no such unit */
	UNIT_STATE_MASKED,
	UNIT_STATE_UNREADABLE, /* we cannot read the unit file, or systemd cannot: file */
	UNIT_STATE_BROKEN,     /* systemd cannot parse the unit file: file */
	UNIT_STATE_ENV_FILE,   /* an env file without "-" is missing or refused: file */
	UNIT_STATE_TOO_LONG,   /* a variable is longer than the kernel takes: statement */
};

struct unit_view {
	enum unit_state state; /* other than FINE: it cannot be started as it is */
	int file;	       /* to blame, or -1 */
	int statement;	       /* to blame, or -1 */
	struct {
		enum unit_fate fate;
		int by;	   /* the statement that did it, or -1 */
	} * of;		   /* one for each statement of the facts */
	size_t *effective; /* SET and PASS that count, sorted by name; indexes of statements */
	size_t effective_count;
};

/* Judges; out is to be freed with unit_view_free().  0 or -ENOMEM. */
int unit_view_make(const struct unit_facts *f, struct unit_view *out);
void unit_view_free(struct unit_view *v);

/*
 * The variable of that kind that PassEnvironment= hands on from the service manager's own environment, which is not
 * known from files; NULL: none.  for_containerd: CONTAINERD_X counts too.
 */
const char *unit_view_passed(const struct unit_facts *f, const struct unit_view *v,
	enum relay_family family, enum relay_kind kind, bool for_containerd);

/* "fine", "absent", "masked" ...: constant strings. */
const char *unit_state_name(enum unit_state state);

/* "effective", "overridden" ...: constant strings, "" for UNIT_FATE_NONE. */
const char *unit_fate_name(enum unit_fate fate);

/*
 * The listed variables that the unit would get, redacted, each with its source "FILE:LINE".  Those
 * taken over by PassEnvironment= are not among them: they depend on the manager's environment.
 * New, one reference; NULL when out of memory.
 */
struct environment *unit_view_environment(const struct unit_facts *f, const struct unit_view *v);

#endif
