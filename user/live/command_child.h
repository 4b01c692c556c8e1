/* SPDX-License-Identifier: GPL-2.0-only */
/* The COMMAND of `-- COMMAND ARG...`: started held, traced from its exec on. */
#ifndef LIVE_COMMAND_CHILD_H
#define LIVE_COMMAND_CHILD_H

#include "live/cgroup.h"

#include <stdbool.h>
#include <sys/types.h>

struct command_child {
	pid_t pid;  /* 0: none */
	int go;	    /* a byte here lets it exec */
	int failed; /* its errno comes here where the exec fails */
	bool ended;
	int status;		  /* as wait() gives it */
	char cgroup[CGROUP_PATH]; /* its own cgroup; "" where none could be made */
};

/*
 * Forks; environment (NULL: ours) is what it will have.  The child waits, in a cgroup of its own where cgroup-v2 allows one.  The signal mask and
 * handlers that it gets are the default ones.  0 or -errno.
 */
int command_child_fork(struct command_child *c, char *const argv[], char *const environment[]);

/* Lets it run argv: 0, or the errno (positive) with which its exec failed (it is reaped then). */
int command_child_go(struct command_child *c);

/* Takes its status if it ended.  True once it did. */
bool command_child_reap(struct command_child *c);

/* Removes its cgroup and what is open.  The child, if it runs, is left alone. */
void command_child_close(struct command_child *c);

#endif
