// SPDX-License-Identifier: GPL-2.0-only
#include "live/cgroup_hooks.h"

#include "base/log.h"
#include "live/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond this the cgroups that are gone are looked for and forgotten. */
#define CGROUPS_KEPT 256

struct followed {
	char *path; /* below the root */
	uint64_t id;
	struct bpf_link *links[KERNEL_PAYLOADS];
};

void cgroup_hooks_init(struct cgroup_hooks *h)
{
	memset(h, 0, sizeof(*h));
	if (cgroup_root(h->root, sizeof(h->root)))
		h->root[0] = '\0';
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
	size_t at = 0;

	while ((f = table_next(&h->by_id, &at)))
		followed_free(f);
	table_free(&h->by_id);
}

static void cgroup_hooks_prune(struct cgroup_hooks *h)
{
	struct followed *f;
	size_t at = 0;

	while ((f = table_next(&h->by_id, &at))) {
		char path[CGROUP_PATH * 2];

		snprintf(path, sizeof(path), "%s%s", h->root, f->path);
		if (access(path, F_OK) == 0)
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

const char *cgroup_hooks_follow(struct cgroup_hooks *h, struct kernel *k, pid_t pid, uint64_t id)
{
	struct followed *f = id ? table_get(&h->by_id, id) : NULL;
	char path[CGROUP_PATH], whole[CGROUP_PATH * 2];

	if (f)
		return f->path;
	if (!h->root[0] || cgroup_of(pid, path, sizeof(path)))
		return NULL;
	snprintf(whole, sizeof(whole), "%s%s", h->root, path);
	id = cgroup_id(whole);
	f = table_get(&h->by_id, id);
	if (f)
		return f->path;
	if (h->by_id.count >= CGROUPS_KEPT)
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
