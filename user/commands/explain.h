/* SPDX-License-Identifier: GPL-2.0-only */
/* What `relaytrace explain` was asked, and the environment that it gathered for the answer. */
#ifndef COMMANDS_EXPLAIN_H
#define COMMANDS_EXPLAIN_H

#include "relay/relay_choice.h"

struct explain_fault {
	char *variable; /* NULL: the line or file names none that may be shown */
	const char *fault;
	char *source;
};

struct explain_output {
	bool json;
	int fd;
	const char *path; /* NULL: standard output */
};

#define EXPLAIN_OUTPUTS 4

struct explain {
	enum relay_family family;
	const char *pid, *unit;	     /* NULL: not asked for */
	const char **files, **pairs; /* in the order given; room for argc */
	size_t file_count, pair_count;
	struct explain_output outputs[EXPLAIN_OUTPUTS];
	size_t output_count;
	struct environment *environment;
	struct explain_fault *faults; /* of env files */
	size_t fault_count;
	bool incomplete; /* a variable of the process may be missing here */
};

/*
 * Fills environment, faults and incomplete: the process first, then the unit, then files, then
 * --env; the later one of a name counts.  0 or -errno, after saying why.
 */
int explain_gather(struct explain *x);

/*
 * Is it a name that somebody wrote for a relay, rightly or with a mistake in it?  Others' mistakes are
 * not told.
 */
bool concerns_relay(const char *name, size_t len);

#endif
