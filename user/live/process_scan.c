// SPDX-License-Identifier: GPL-2.0-only
#include "live/process_scan.h"

#include "base/log.h"
#include "base/table.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Rounds until one finds nothing new; a fork bomb in the tree must not keep us here for ever. */
#define SCAN_ROUNDS 64

struct scanned {
	struct process_stat stat;
	bool placed;
	const char *tree;    /* the root's tree; NULL: in no tree */
	bool root, hidden;   /* hidden: a container's init or below it */
	uint32_t shim_mntns; /* of the shim at or above it, else 0 */
};

struct scan {
	struct kernel *kernel;
	const struct scan_options *options;
	struct found_processes *found;
	struct scanned *list;
	size_t count, capacity;
	struct table by_pid; /* of this round's list */
	struct table told;   /* pid to start time: joined in this or an earlier round */
	size_t fresh;	     /* joined in this round */
	char names[16][16];  /* trees that --pid started, named after their program */
};

static int scan_list(struct scan *s)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	if (!proc)
		return -errno;
	while (!err && (entry = readdir(proc))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		struct scanned one = {0};

		if (pid <= 0 || pid == getpid() || process_read_stat(pid, &one.stat))
			continue;
		if (s->count == s->capacity) {
			size_t capacity = s->capacity ? s->capacity * 2 : 256;
			struct scanned *list = realloc(s->list, capacity * sizeof(*list));

			if (!list) {
				err = -ENOMEM;
				break;
			}
			s->list = list;
			s->capacity = capacity;
		}
		s->list[s->count++] = one;
	}
	closedir(proc);
	for (size_t i = 0; i < s->count && !err; i++)
		err = table_put(&s->by_pid, (uint64_t)s->list[i].stat.pid, &s->list[i]);
	return err;
}

/* The tree that this process starts, or NULL. */
static const char *root_tree(struct scan *s, const struct scanned *one)
{
	const struct scan_options *o = s->options;
	char program[256];

	for (size_t i = 0; i < o->pid_count && i < 16; i++) {
		if (o->pids[i] != one->stat.pid)
			continue;
		memcpy(s->names[i], one->stat.comm, sizeof(s->names[i]));
		return s->names[i];
	}
	/*
	 * By comm, as the hook does it; a program may have renamed itself (k3s does), so the name of
	 * its file counts too, unless it goes by another name (kubectl is a link to k3s).
	 */
	for (size_t i = 0; i < o->root_count; i++)
		if (strncmp(one->stat.comm, o->roots[i], 15) == 0)
			return o->roots[i];
	if (process_read_program(one->stat.pid, program, sizeof(program)))
		return NULL;
	for (size_t i = 0; i < o->root_count; i++)
		if (strcmp(program, o->roots[i]) == 0 &&
			strncmp(one->stat.comm, program, strlen(program)) == 0)
			return o->roots[i];
	return NULL;
}

/* Joins a tree: enters the kernel's table, unless it is gone or its pid another's already. */
static bool scan_join(struct scan *s, struct scanned *one)
{
	struct wire_traced entry = {.start_ns = one->stat.start_ns,
		.flags = one->shim_mntns ? WIRE_TRACED_SHIM : 0,
		.shim_mntns = one->shim_mntns};
	struct process_stat again;
	int err;

	if (!s->kernel)
		return true;
	err = kernel_add_process(s->kernel, one->stat.pid, &entry);

	if (err == -EEXIST)
		return true; /* a hook was faster */
	if (err)
		return false;
	/* It ended before the entry was there: the exit hook did not see it, so take it out again. */
	if (process_read_stat(one->stat.pid, &again) || again.start_ns != one->stat.start_ns) {
		kernel_remove_process(s->kernel, one->stat.pid);
		return false;
	}
	return true;
}

/* Without memory the process is traced all the same, and met when it does something. */
static void found_add(struct found_processes *f, const struct scanned *one)
{
	struct found_process *p;

	if (f->count == f->capacity) {
		size_t capacity = f->capacity ? f->capacity * 2 : 64;
		struct found_process *list = realloc(f->list, capacity * sizeof(*list));

		if (!list)
			return;
		f->list = list;
		f->capacity = capacity;
	}
	p = &f->list[f->count++];
	p->stat = one->stat;
	p->root = one->root;
	snprintf(p->tree, sizeof(p->tree), "%s", one->tree);
}

/* Finds the tree of one process, its ancestors' first; those in a tree join it, parents before children. */
static void scan_place(struct scan *s, struct scanned *one)
{
	struct scanned *parent = table_get(&s->by_pid, (uint64_t)one->stat.parent);
	void *start = (void *)(uintptr_t)one->stat.start_ns;
	uint32_t mntns;

	if (one->placed)
		return;
	one->placed = true; /* before the parent: a pid used again could close a circle */
	if (parent)
		scan_place(s, parent);
	if (parent && parent->tree) {
		one->tree = parent->tree;
		one->hidden = parent->hidden;
		one->shim_mntns = parent->shim_mntns;
	} else {
		one->tree = root_tree(s, one);
		one->root = one->tree != NULL;
	}
	if (!one->tree || one->hidden)
		return;
	mntns = process_read_namespace(one->stat.pid, "mnt");
	if (!one->shim_mntns && (strncmp(one->stat.comm, "containerd-shim", 15) == 0 ||
					strcmp(one->stat.comm, "runc") == 0))
		one->shim_mntns = mntns;
	one->hidden = one->shim_mntns && one->shim_mntns != mntns && !s->options->pods;
	if (one->hidden || table_get(&s->told, (uint64_t)one->stat.pid) == start)
		return;
	if (scan_join(s, one) && table_put(&s->told, (uint64_t)one->stat.pid, start) == 0) {
		s->fresh++;
		found_add(s->found, one);
	}
}

static int scan_round(struct scan *s)
{
	int err;

	s->count = s->fresh = 0;
	table_free(&s->by_pid);
	err = scan_list(s);
	for (size_t i = 0; i < s->count && !err; i++)
		scan_place(s, &s->list[i]);
	return err;
}

int process_scan(struct kernel *k, const struct scan_options *options, struct found_processes *out)
{
	struct scan s = {.kernel = k, .options = options, .found = out};
	int err = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < options->pid_count; i++) {
		struct process_stat stat;

		if (process_read_stat(options->pids[i], &stat) == 0)
			continue;
		log_error("--pid %d: there is no such process", (int)options->pids[i]);
		return -ESRCH;
	}
	/* A child that was forked before its parent was in the table is found by the next round. */
	for (int round = 0; round < SCAN_ROUNDS && !err; round++) {
		err = scan_round(&s);
		if (!s.fresh)
			break;
	}
	free(s.list);
	table_free(&s.by_pid);
	table_free(&s.told);
	if (err)
		log_error("the processes in /proc cannot be read: %s", strerror(-err));
	return err;
}

void found_processes_free(struct found_processes *f)
{
	free(f->list);
	memset(f, 0, sizeof(*f));
}

void found_processes_tell(const struct found_processes *f, event_handler handler, void *context)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct found_process *p = &f->list[i];
		struct event event = {.kind = EVENT_EXEC};
		struct process_snapshot snapshot;
		struct timespec now;

		if (process_read_snapshot(&p->stat, &snapshot))
			continue;
		clock_gettime(CLOCK_BOOTTIME, &now);
		event.time_ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
		event.pid = event.tid = (uint32_t)p->stat.pid;
		event.start_ns = p->stat.start_ns;
		event.exec = snapshot.exec;
		event.exec.tree = p->root ? p->tree : NULL;
		handler(context, &event);
		process_snapshot_free(&snapshot);
	}
}
