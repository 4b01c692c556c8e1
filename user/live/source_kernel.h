/* SPDX-License-Identifier: GPL-2.0-only */
/* The live kernel as a source of events. */
#ifndef LIVE_SOURCE_KERNEL_H
#define LIVE_SOURCE_KERNEL_H

#include "capture/source.h"

#include <sys/types.h>

struct live_options {
	const char *const *trees; /* program names that start a tree, beside the usual ones */
	size_t tree_count;
	const pid_t *pids;
	size_t pid_count;
	char *const *command;	  /* to run and trace; NULL: none */
	char *const *environment; /* of command; NULL: ours */
	bool pods;
	const char *hooks; /* forced rows; NULL: the best */
	const char *names; /* for the start event */
	uint64_t pending_ns;
	uint64_t for_ns; /* stop after so long; 0: when told */
};

/*
 * Loads, attaches, starts the command.  NULL after printing why; *status is then the exit status
 * (2 usage, 3 cannot trace here, 127 the command was not found).  What options points to must outlive the source.
 */
struct source *source_kernel_open(const struct live_options *options, int *status);

/* The wait status of the command once it ended; -1 while it runs, or where there is none. */
int source_kernel_command_status(const struct source *s);

/* Did a SIGHUP that asks for a reload come since the last call? */
bool source_kernel_hung_up(struct source *s);

/* Did the command's exec succeed? */
bool source_kernel_command_ran(const struct source *s);

/* Did --for end it, and not a signal or the end of COMMAND? */
bool source_kernel_time_was_up(const struct source *source);

#endif
