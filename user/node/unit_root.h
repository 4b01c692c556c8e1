/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files below a root directory, as a system that runs there would see them: a symlink to /etc/x
 * stays inside, ".." does not leave it.  Nothing else of the unit code opens a file.
 */
#ifndef NODE_UNIT_ROOT_H
#define NODE_UNIT_ROOT_H

#include "base/buffer.h"
#include "node/env_file.h"

struct unit_root {
	const char *prefix; /* "" is the live system; else a directory without a final '/' */
};

/*
 * Follows path (absolute, inside the root) to its end and puts the path inside the root into real.
 * follow_last: the last component too.  0 or -errno: -ELOOP after 40 links as in the kernel,
 * -ENOENT where a component is missing (the last one too; real has the rest as it was), -ENAMETOOLONG.
 */
int unit_root_resolve(
	const struct unit_root *r, const char *path, bool follow_last, struct buffer *real);

enum unit_node {
	UNIT_NODE_FILE,
	UNIT_NODE_EMPTY,
	UNIT_NODE_DEVICE,
	UNIT_NODE_DIRECTORY,
	UNIT_NODE_PIPE,
	UNIT_NODE_OTHER
};

/*
 * What path leads to; UNIT_NODE_EMPTY is a regular file of no bytes.
 * /dev/null is a device also where the root has no /dev.  0 or -errno.
 */
int unit_root_stat(
	const struct unit_root *r, const char *path, enum unit_node *node, long long *mtime_ns);

/* Reads a regular file (env_file_read()), resolved inside the root.  0 or -errno. */
int unit_root_read(const struct unit_root *r, const char *path, struct env_file_bytes *out);

/* The target of the symlink path, as it is written there, into target; -EINVAL where it is none. */
int unit_root_link(const struct unit_root *r, const char *path, struct buffer *target);

/* A list of names or paths, sorted by bytes. */
struct unit_list {
	char **text; /* owned */
	size_t count, capacity;
	bool cut; /* there were more than the limit */
};

void unit_list_free(struct unit_list *l);
int unit_list_add(struct unit_list *l, const char *text);
void unit_list_sort(struct unit_list *l);
bool unit_list_has(const struct unit_list *l, const char *text);

/* The names in a directory but hidden ones; at most max.  0 or -errno. */
int unit_root_list(const struct unit_root *r, const char *path, size_t max, struct unit_list *out);

/*
 * glob(3) inside the root, without flags: *, ?, [...] and backslashes in each component, hidden
 * names only where the dot is given, sorted by bytes.  -ENOENT where nothing matches.
 */
int unit_root_glob(const struct unit_root *r, const char *pattern, struct unit_list *out);

#endif
