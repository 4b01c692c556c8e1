/* SPDX-License-Identifier: GPL-2.0-only */
/* The cgroup-v2 hierarchy: where it is, and a child of our own for a COMMAND. */
#ifndef LIVE_CGROUP_H
#define LIVE_CGROUP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH 512

/* The mount point of cgroup2 ("/sys/fs/cgroup", or ".../unified" on a hybrid host): 0 or -ENOENT. */
int cgroup_root(char *path, size_t size);

/* The path of process pid below the root, "/system.slice/x.service": 0 or -errno. */
int cgroup_of(pid_t pid, char *path, size_t size);

/* Opens the directory of our own cgroup, or the hierarchy's root where ours is not to be seen: -ENOENT: no hierarchy. */
int cgroup_open_own(void);

/* The absolute path of "relaytrace-PID", this process's child of its own cgroup: 0 or -errno (no cgroup2). */
int cgroup_path(char *path, size_t size);

/* Makes it and gives its path.  0 or -errno (no cgroup2, read-only, no permission). */
int cgroup_make(char *path, size_t size);

/* Moves process pid into the cgroup at path: 0 or -errno. */
int cgroup_enter(const char *path, pid_t pid);

/*
 * Removes the cgroup at path, waiting a moment for its last process to be gone, and with it the
 * children that a COMMAND made in it and left.  0 or -errno.
 */
int cgroup_remove(const char *path);

/* The id that bpf_get_current_cgroup_id() gives for path; 0 where it cannot be told. */
uint64_t cgroup_id(const char *path);

#endif
