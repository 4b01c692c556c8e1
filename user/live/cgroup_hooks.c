// SPDX-License-Identifier: GPL-2.0-only
#include "live/cgroup_hooks.h"

#include "base/log.h"
#include "live/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* So many names of units and directories with units: a node has a dozen. */
#define NAMES_KEPT 256

/* Where systemd makes the cgroups of services (systemd.slice(5)): a unit that starts for the first time. */
#define SERVICES "/system.slice"

struct followed {
	char *path; /* below the root */
	uint64_t id;
	bool seen; /* a traced process was in it */
	struct bpf_link *links[KERNEL_PAYLOADS];
};

/* Watches the directory at path, below the root, for cgroups that are made in it. */
static void directory_watch(struct cgroup_hooks *h, const char *path)
{
	char whole[CGROUP_PATH * 2], *copy;
	int number;

	snprintf(whole, sizeof(whole), "%s%s", h->root, path);
	number = h->watch < 0 ? -1 : inotify_add_watch(h->watch, whole, IN_CREATE | IN_ONLYDIR);
	if (number < 0 || table_get(&h->watched, (uint64_t)number))
		return;
	copy = strdup(path);
	if (copy && table_put(&h->watched, (uint64_t)number, copy))
		free(copy);
}

void cgroup_hooks_init(struct cgroup_hooks *h)
{
	memset(h, 0, sizeof(*h));
	h->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (cgroup_root(h->root, sizeof(h->root)))
		h->root[0] = '\0';
}

void cgroup_hooks_expect(struct cgroup_hooks *h, const char *const *roots, size_t root_count)
{
	h->roots = roots;
	h->root_count = root_count;
	if (root_count && h->root[0])
		directory_watch(h, SERVICES);
}

static void followed_free(struct followed *f)
{
	if (!f)
		return;
	/* Closing a link detaches its program; the kernel does the same should we be killed. */
	for (int i = 0; i < KERNEL_PAYLOADS; i++)
		bpf_link__destroy(f->links[i]);
	free(f->path);
	free(f);
}

void cgroup_hooks_free(struct cgroup_hooks *h)
{
	struct followed *f;
	char *path;
	size_t at = 0;

	while ((f = table_next(&h->by_id, &at)))
		followed_free(f);
	for (at = 0; (path = table_next(&h->watched, &at));)
		free(path);
	table_free(&h->by_id);
	table_free(&h->names);
	table_free(&h->watched);
	if (h->watch >= 0)
		close(h->watch);
}

/* Forgets what is gone; a path may have come back as another cgroup. */

static void cgroup_hooks_prune(struct cgroup_hooks *h)
{
	struct followed *f;
	size_t at = 0;

	while ((f = table_next(&h->by_id, &at))) {
		char path[CGROUP_PATH * 2];

		snprintf(path, sizeof(path), "%s%s", h->root, f->path);
		if (cgroup_id(path) == f->id)
			continue;
		table_remove(&h->by_id, f->id);
		followed_free(f);
		at = 0; /* the table changed on the way */
	}
}

/* Are the programs on this cgroup's path already, on an ancestor? */
static bool covered(const struct cgroup_hooks *h, const char *path)
{
	const struct followed *f;
	size_t at = 0;

	while ((f = table_next(&h->by_id, &at))) {
		size_t len = strcmp(f->path, "/") == 0 ? 0 : strlen(f->path);

		if (f->links[0] && strncmp(f->path, path, len) == 0 &&
			(path[len] == '/' || !path[len]))
			return true;
	}
	return false;
}

static void followed_attach(struct cgroup_hooks *h, struct kernel *k, struct followed *f)
{
	char path[CGROUP_PATH * 2];
	int directory;

	snprintf(path, sizeof(path), "%s%s", h->root, f->path);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return; /* it is gone again */
	for (int i = 0; i < KERNEL_PAYLOADS; i++) {
		f->links[i] = kernel_attach_payload(k, i, directory);
		if (f->links[i] || h->error)
			continue;
		h->error = -errno;
		log_warning("the packets of cgroup %s cannot be looked at: %s; host names and what "
			    "relays answer are not seen there",
			f->path, strerror(errno));
	}
	close(directory);
}

static const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Knows from now on the cgroup at path, by its id, and follows it. */
static const char *followed_new(
	struct cgroup_hooks *h, struct kernel *k, const char *path, uint64_t id)
{
	struct followed *f;

	cgroup_hooks_prune(h);
	f = calloc(1, sizeof(*f));
	if (f)
		f->path = strdup(path);
	if (!f || !f->path || !id || table_put(&h->by_id, id, f)) {
		followed_free(f);
		return NULL;
	}
	f->id = id;
	if (!covered(h, path))
		followed_attach(h, k, f);
	return f->path;
}

/* The unit of this cgroup will come back under this name, below the same directory. */
static void name_remember(struct cgroup_hooks *h, const char *path)
{
	const char *last = path_last(path);
	char above[CGROUP_PATH];

	if (!*last || h->names.count >= NAMES_KEPT)
		return;
	table_put(&h->names, table_hash(last, strlen(last)), h);
	snprintf(above, sizeof(above), "%.*s", (int)(last - path - 1), path);
	directory_watch(h, above);
}

const char *cgroup_hooks_follow(struct cgroup_hooks *h, struct kernel *k, pid_t pid, uint64_t id)
{
	struct followed *f = id ? table_get(&h->by_id, id) : NULL;
	char path[CGROUP_PATH], whole[CGROUP_PATH * 2];

	if (!f && (!h->root[0] || cgroup_of(pid, path, sizeof(path))))
		return NULL;
	if (!f) {
		snprintf(whole, sizeof(whole), "%s%s", h->root, path);
		id = cgroup_id(whole);
		f = table_get(&h->by_id, id);
	}
	if (f) {
		if (!f->seen)
			name_remember(h, f->path);
		f->seen = true;
		return f->path;
	}
	name_remember(h, path);
	return followed_new(h, k, path, id);
}

/* A cgroup of a root's service ("rke2-server.service"), or of one that was followed before? */
static bool name_expected(const struct cgroup_hooks *h, const char *name)
{
	if (table_get(&h->names, table_hash(name, strlen(name))))
		return true;
	for (size_t i = 0; i < h->root_count; i++) {
		size_t len = strlen(h->roots[i]);

		if (strncmp(name, h->roots[i], len) == 0 && (name[len] == '.' || name[len] == '-'))
			return true;
	}
	return false;
}

void cgroup_hooks_made(struct cgroup_hooks *h, struct kernel *k)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	ssize_t len;

	while ((len = read(h->watch, &buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
			char path[CGROUP_PATH], whole[CGROUP_PATH * 2];
			const char *above;

			event = (const struct inotify_event *)(buffer.bytes + at);
			above = table_get(&h->watched, (uint64_t)event->wd);
			if (above && event->mask & IN_IGNORED) /* the directory is gone */
				free(table_remove(&h->watched, (uint64_t)event->wd));
			if (!above || !(event->mask & IN_CREATE) || !(event->mask & IN_ISDIR) ||
				!name_expected(h, event->name))
				continue;
			snprintf(path, sizeof(path), "%s/%s", above, event->name);
			snprintf(whole, sizeof(whole), "%s%s", h->root, path);
			if (!table_get(&h->by_id, cgroup_id(whole)))
				followed_new(h, k, path, cgroup_id(whole));
		}
	}
}
