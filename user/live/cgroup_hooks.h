/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroups of the traced processes: their names, and the programs that look at their packets.
 *
 * A unit that restarts gets a new cgroup; it is met when the first program of the tree runs in it,
 * which is some milliseconds before a program can ask for a name.
 */
#ifndef LIVE_CGROUP_HOOKS_H
#define LIVE_CGROUP_HOOKS_H

#include "base/table.h"
#include "live/kernel.h"

struct cgroup_hooks {
	struct table by_id;
	char root[128]; /* "" where there is no cgroup-v2 hierarchy */
	int error;	/* the first attach that was refused, -errno; told once */
};

/* A hooks that knows no cgroup yet. */
void cgroup_hooks_init(struct cgroup_hooks *h);
void cgroup_hooks_free(struct cgroup_hooks *h);

/*
 * Meets the cgroup of process pid: attaches the payload programs of k to it, unless they are there
 * or on one above it.  id is the cgroup's, 0 where it is not known.  Returns its path below the root (valid until
 * h is freed or the cgroup forgotten), NULL where it cannot be told.
 */
const char *cgroup_hooks_follow(struct cgroup_hooks *h, struct kernel *k, pid_t pid, uint64_t id);

#endif
