/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that outlives the tracer by as long as it takes to remove the cgroup of its COMMAND: the one thing
 * that the kernel keeps when the tracer is killed (SIGKILL).  It does nothing before.
 */
#ifndef LIVE_CGROUP_GUARD_H
#define LIVE_CGROUP_GUARD_H

#include <sys/types.h>

struct cgroup_guard {
	pid_t pid; /* 0: there is none */
	int alive; /* it reads the end of the tracer from the other side of this */
};

/*
 * Starts it, before anything is open that it must not hold: a program, a link or a map in the kernel lives as long as any
 * process has it open or mapped.  0; -errno, and a killed tracer's cgroup waits for the next COMMAND.
 */
int cgroup_guard_start(struct cgroup_guard *g);

/* The tracer ends by itself.  Where processes of the COMMAND live on, so does the guard, until they are gone. */
void cgroup_guard_end(struct cgroup_guard *g);

#endif
