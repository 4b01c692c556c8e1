/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroups of the traced processes: their names, and the programs that look at their packets.
 *
 * A unit that restarts gets a new cgroup, and its program may ask for a name as soon as it runs.  So a
 * cgroup is met when it is made (inotify on the directory above it), where its name is that of a unit
 * that was traced before or of a root's; else when the first program of the tree runs in it.
 */
#ifndef LIVE_CGROUP_HOOKS_H
#define LIVE_CGROUP_HOOKS_H

#include "base/table.h"
#include "live/kernel.h"

struct cgroup_hooks {
	struct table by_id;
	struct table names;   /* of cgroups that were followed: hash of the last part of the path */
	struct table watched; /* inotify's number -> path of a directory, below the root */
	int watch;	      /* inotify, or -1 */
	const char *const *roots; /* the names of the programs that start a tree */
	size_t root_count;
	char root[128]; /* "" where there is no cgroup-v2 hierarchy */
	int error;	/* the first attach that was refused, -errno; told once */
};

/* A hooks that knows no cgroup yet. */
void cgroup_hooks_init(struct cgroup_hooks *h);
void cgroup_hooks_free(struct cgroup_hooks *h);

/*
 * Services named after these programs ("rke2-server.service") will be started: their cgroups are met
 * when they are made.  roots belongs to the caller, and outlives h.
 */
void cgroup_hooks_expect(struct cgroup_hooks *h, const char *const *roots, size_t root_count);

/*
 * Meets the cgroup of process pid: attaches the payload programs of k to it, unless they are there
 * or on one above it.  id is the cgroup's, 0 where it is not known.  Returns its path below the root (valid until
 * h is freed or the cgroup forgotten), NULL where it cannot be told.
 */
const char *cgroup_hooks_follow(struct cgroup_hooks *h, struct kernel *k, pid_t pid, uint64_t id);

/* When h->watch can be read: cgroups were made.  Attaches to those that a unit of ours will run in. */
void cgroup_hooks_made(struct cgroup_hooks *h, struct kernel *k);

#endif
