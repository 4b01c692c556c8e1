// SPDX-License-Identifier: GPL-2.0-only
#include "model/process_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct process *process_ref(struct process *p)
{
	if (p)
		p->references++;
	return p;
}

void process_unref(struct process *p)
{
	while (p && !--p->references) {
		struct process *parent = p->parent;

		if (p->lender) {
			process_unref(p->lender);
		} else {
			free(p->name);
			free(p->executable);
			free(p->cgroup);
			for (size_t i = 0; i < p->arg_count; i++)
				free(p->args[i]);
			free(p->args);
		}
		environment_unref(p->environment);
		free(p);
		p = parent; /* a loop and not recursion: a chain of ancestors may be long */
	}
}

/* A process that is in no table yet, one reference; everything but its identity is empty. */
static struct process *process_new(uint32_t pid, uint64_t start_ns)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->references = 1;
	p->pid = pid;
	p->start_ns = start_ns;
	p->role = ROLE_OTHER;
	return p;
}

static void process_identify(struct process *p, const struct process_table *t, bool again)
{
	int len = snprintf(p->entity_id, sizeof(p->entity_id), "%.8s-%u-%llu", t->boot_id, p->pid,
		(unsigned long long)p->start_ns);

	if (again && len > 0 && (size_t)len < sizeof(p->entity_id))
		snprintf(p->entity_id + len, sizeof(p->entity_id) - (size_t)len, "-%llu",
			(unsigned long long)p->exec_ns);
}

static bool process_is(const struct process *p, uint64_t start_ns)
{
	return !start_ns || !p->start_ns || p->start_ns == start_ns;
}

struct process *process_table_find(const struct process_table *t, uint32_t pid, uint64_t start_ns)
{
	struct process *p = table_get(&t->by_pid, pid);

	while (p && !process_is(p, start_ns))
		p = p->earlier;
	return p;
}

/* Makes p the newest of its pid; the key is there, and taken out first nothing has to grow. */
static void process_table_set(struct process_table *t, struct process *p)
{
	table_remove(&t->by_pid, p->pid);
	table_put(&t->by_pid, p->pid, p);
}

static void process_table_seen_unlink(struct process_table *t, struct process *p)
{
	if (p->seen_before)
		p->seen_before->seen_after = p->seen_after;
	else
		t->seen_first = p->seen_after;
	if (p->seen_after)
		p->seen_after->seen_before = p->seen_before;
	else
		t->seen_last = p->seen_before;
	p->seen_before = p->seen_after = NULL;
}

static void process_table_seen_append(struct process_table *t, struct process *p)
{
	p->seen_before = t->seen_last;
	if (t->seen_last)
		t->seen_last->seen_after = p;
	else
		t->seen_first = p;
	t->seen_last = p;
}

/* Puts p, whose reference the table takes over, where `old` (NULL: nobody) stood. */
static void process_table_replace(struct process_table *t, struct process *old, struct process *p)
{
	struct process *at = table_get(&t->by_pid, old->pid);

	p->earlier = old->earlier;
	if (at == old) {
		process_table_set(t, p);
	} else {
		while (at->earlier != old)
			at = at->earlier;
		at->earlier = p;
	}
	process_table_seen_unlink(t, old);
	process_table_seen_append(t, p);
	old->earlier = NULL;
	process_unref(old);
}

static void process_table_remove(struct process_table *t, struct process *p)
{
	struct process *at = table_get(&t->by_pid, p->pid), *parent = p->parent;

	if (at == p && p->earlier) {
		process_table_set(t, p->earlier);
	} else if (at == p) {
		table_remove(&t->by_pid, p->pid);
	} else {
		while (at->earlier != p)
			at = at->earlier;
		at->earlier = p->earlier;
	}
	process_table_seen_unlink(t, p);
	p->earlier = NULL;
	p->parent = NULL; /* else the children of children keep all their dead ancestors */
	t->count--;
	process_unref(parent);
	process_unref(p);
}

static void process_table_end(struct process_table *t, struct process *p, uint64_t now_ns)
{
	p->exit_ns = now_ns;
	p->next_ended = NULL;
	if (t->ended)
		t->ended_last->next_ended = p;
	else
		t->ended = p;
	t->ended_last = p;
}

static void process_table_forget_first(struct process_table *t)
{
	struct process *p = t->ended;

	t->ended = p->next_ended;
	p->next_ended = NULL;
	process_table_remove(t, p);
}

static void process_table_evict(struct process_table *t)
{
	if (t->ended)
		process_table_forget_first(t);
	else
		process_table_remove(t, t->seen_first);
	t->evicted++;
}

/* Adds p, whose reference the table takes over.  One that had its pid before is dead. */
static struct process *process_table_add(
	struct process_table *t, struct process *p, uint64_t now_ns)
{
	struct process *before;

	if (t->count >= PROCESS_TABLE_MAX)
		process_table_evict(t);
	before = table_get(&t->by_pid, p->pid);
	if (table_put(&t->by_pid, p->pid, p)) {
		t->refused++;
		process_unref(p);
		return NULL;
	}
	t->count++;
	process_table_seen_append(t, p);
	p->earlier = before;
	if (before && !before->exit_ns)
		process_table_end(t, before, now_ns);
	return p;
}

static void process_table_forget(struct process_table *t, uint64_t now_ns)
{
	while (t->ended && t->ended->exit_ns + PROCESS_GRACE_NS <= now_ns)
		process_table_forget_first(t);
}

void process_table_free(struct process_table *t)
{
	struct process *p;
	size_t at = 0;

	while ((p = table_next(&t->by_pid, &at))) {
		while (p) {
			struct process *earlier = p->earlier;

			p->earlier = NULL;
			process_unref(p);
			p = earlier;
		}
	}
	table_free(&t->by_pid);
	memset(t, 0, sizeof(*t));
}

struct process *process_table_meet(struct process_table *t, uint32_t pid, uint64_t start_ns)
{
	struct process *p = process_table_find(t, pid, start_ns);

	if (p)
		return p;
	p = process_new(pid, start_ns);
	if (!p)
		return NULL;
	p->found = true;
	p->name = strdup("");
	p->executable = strdup("");
	p->environment = environment_new(ENVIRONMENT_SNAPSHOT);
	if (!p->name || !p->executable || !p->environment) {
		process_unref(p);
		return NULL;
	}
	p->environment->unreadable = true;
	process_identify(p, t, false);
	return process_table_add(t, p, start_ns);
}

static const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * The program's name as people know it.  The file's, but "exe" for /proc/self/exe (rke2 --log
 * execs itself so), "6" for /dev/fd/6 (runc runs a sealed copy of itself) and a multi-call binary such as k3s run as ctr go by another name than their
 * file, and k3s writes its title ("/usr/local/bin/k3s server") over its arguments.
 */
static char *process_name_of(const struct event_exec *exec)
{
	static const char deleted[] = " (deleted)"; /* /proc/PID/exe after an upgrade */
	const char *file = exec->file ? exec->file : "", *base = path_basename(file);
	const char *comm = exec->comm ? exec->comm : "";
	size_t len = strlen(base);

	if (len > sizeof(deleted) - 1 && !strcmp(base + len - (sizeof(deleted) - 1), deleted))
		len -= sizeof(deleted) - 1;
	if (len && strncmp(file, "/proc/", 6) && strncmp(file, "/dev/fd/", 8) &&
		(!exec->found || !*comm || !strncmp(base, comm, strlen(comm))))
		return strndup(base, len);
	if (!exec->found && exec->arg_count && *exec->args[0]) {
		const char *end = strchrnul(exec->args[0], ' '), *begin = end;

		while (begin > exec->args[0] && begin[-1] != '/')
			begin--;
		return strndup(begin, (size_t)(end - begin));
	}
	return strdup(comm);
}

/* With Delegate=yes containers' cgroups hang below. */
void process_unit_of_cgroup(const char *path, char *unit, size_t size)
{
	static const char suffix[] = ".service";

	*unit = '\0';
	while (path && *path) {
		const char *end = strchrnul(path, '/');
		size_t len = (size_t)(end - path);

		if (len >= sizeof(suffix) && len < size &&
			!memcmp(end - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1)) {
			memcpy(unit, path, len);
			unit[len] = '\0';
		}
		path = *end ? end + 1 : NULL;
	}
}

static int process_copy_args(struct process *p, const struct event_exec *exec)
{
	p->args_truncated = exec->args_truncated;
	if (!exec->arg_count)
		return 0;
	p->args = calloc(exec->arg_count, sizeof(*p->args));
	for (; p->args && p->arg_count < exec->arg_count; p->arg_count++) {
		p->args[p->arg_count] = strdup(exec->args[p->arg_count]);
		if (!p->args[p->arg_count])
			return -1;
	}
	return p->args ? 0 : -1;
}

/*
 * Which RKE2 it belongs to: by what was read of it, by its path, or, of what pulls for an RKE2 and lies
 * elsewhere (a credential provider, a crictl), by who started it.  Not of a supervisor, which may be of
 * another version than what runs its upgrade.
 */
static void process_learn_version(
	struct process *p, const char *version, const struct process *from)
{
	if (version) {
		snprintf(p->version, sizeof(p->version), "%s", version);
		return;
	}
	if (rke2_version_of(p->executable, p->version, sizeof(p->version)) ||
		p->role == ROLE_SUPERVISOR || !role_pulls(p->role))
		return;
	for (; from && !strcmp(from->tree, p->tree); from = from->parent) {
		if (from->version[0]) {
			memcpy(p->version, from->version, sizeof(p->version));
			return;
		}
		if (from->role == ROLE_SUPERVISOR)
			return;
	}
}

/* The program that an exec event describes; NULL when out of memory. */
static struct process *process_of_exec(struct process_table *t, const struct event *event,
	const struct process *old, struct process *parent)
{
	const struct event_exec *exec = &event->exec;
	const struct process *from = old ? old : parent;
	struct process *p = process_new(event->pid, event->start_ns);
	const char *cgroup = exec->cgroup;
	bool same;

	if (!p)
		return NULL;
	if (!p->start_ns && old)
		p->start_ns = old->start_ns;
	/* The kernel hook knows the cgroup's number only; the path came with an earlier event. */
	if (!cgroup && from && from->cgroup && exec->cgroup_id == from->cgroup_id)
		cgroup = from->cgroup;
	p->name = process_name_of(exec);
	p->executable = strdup(exec->file ? exec->file : "");
	p->cgroup = cgroup ? strdup(cgroup) : NULL;
	/* Most programs run with what their parent has: kept once, not once a process. */
	same = from && environment_equal(from->environment, exec->environment);
	p->environment = environment_ref(same ? from->environment : exec->environment);
	if (!p->name || !p->executable || (cgroup && !p->cgroup) || process_copy_args(p, exec)) {
		process_unref(p);
		return NULL;
	}
	process_unit_of_cgroup(p->cgroup, p->unit, sizeof(p->unit));
	snprintf(p->tree, sizeof(p->tree), "%s", exec->tree ? exec->tree : from ? from->tree : "");
	p->role = role_of(p->name, p->executable);
	process_learn_version(p, exec->version, from);
	p->found = exec->found;
	p->ran = true;
	p->exec_ns = exec->found ? 0 : event->time_ns;
	p->parent_pid = exec->parent_pid;
	p->parent_start_ns = exec->parent_start_ns;
	p->cgroup_id = exec->cgroup_id;
	p->netns = exec->netns;
	p->mntns = exec->mntns;
	p->parent = process_ref(parent);
	if (parent && !p->parent_start_ns)
		p->parent_start_ns = parent->start_ns;
	process_identify(p, t, old && old->ran && !exec->found);
	return p;
}

static struct process *process_table_exec(struct process_table *t, const struct event *event)
{
	const struct event_exec *exec = &event->exec;
	struct process *old = process_table_find(t, event->pid, event->start_ns);
	struct process *parent = NULL, *p;

	if (old && old->exit_ns && !event->start_ns)
		old = NULL; /* the pid came back */
	if (old && exec->found && (!old->found || old->exit_ns))
		return NULL; /* the hook knows better, and a scan is always late */
	if (exec->left) {
		if (old && !old->exit_ns)
			process_table_remove(t, old);
		return NULL;
	}
	if (exec->parent_pid)
		parent = process_table_find(t, exec->parent_pid, exec->parent_start_ns);
	else if (old)
		parent = old->parent;
	p = process_of_exec(t, event, old, parent);
	if (!p)
		return NULL;
	if (!old)
		return process_table_add(t, p, event->time_ns);
	/* An exit told before its exec (two processors): both hold. */
	p->exit_ns = old->exit_ns;
	p->exit_status = old->exit_status;
	p->exit_missed = old->exit_missed;
	if (p->exit_ns) {
		struct process **at = &t->ended;

		while (*at != old)
			at = &(*at)->next_ended;
		*at = p;
		p->next_ended = old->next_ended;
		if (t->ended_last == old)
			t->ended_last = p;
	}
	process_table_replace(t, old, p);
	return p;
}

static struct process *process_table_fork(struct process_table *t, const struct event *event)
{
	struct process *child, *parent = process_table_meet(t, event->pid, event->start_ns);

	child = process_table_find(t, event->fork.child_pid, event->fork.child_start_ns);
	if (child && (event->fork.child_start_ns || !child->exit_ns))
		return NULL; /* its own exec, or the scan, was told first */
	if (!parent)
		return NULL;
	child = process_new(event->fork.child_pid, event->fork.child_start_ns);
	if (!child)
		return NULL;
	child->parent_pid = parent->pid;
	child->parent_start_ns = parent->start_ns;
	child->lender = process_ref(parent->lender ? parent->lender : parent);
	child->name = parent->name;
	child->executable = parent->executable;
	child->cgroup = parent->cgroup;
	child->args = parent->args;
	child->arg_count = parent->arg_count;
	child->args_truncated = parent->args_truncated;
	memcpy(child->version, parent->version, sizeof(child->version));
	memcpy(child->tree, parent->tree, sizeof(child->tree));
	memcpy(child->unit, parent->unit, sizeof(child->unit));
	child->role = parent->role;
	child->found = parent->found;
	child->netns = parent->netns;
	child->mntns = parent->mntns;
	child->cgroup_id = parent->cgroup_id;
	child->environment = environment_ref(parent->environment);
	child->exec_ns = parent->exec_ns;
	child->parent = process_ref(parent);
	process_identify(child, t, false);
	return process_table_add(t, child, event->time_ns);
}

/* Whoever does something is moved to the end of those that would have to go. */
static void process_table_heard(struct process_table *t, const struct event *event)
{
	struct process *p = event->pid ? process_table_find(t, event->pid, event->start_ns) : NULL;

	if (!p || p == t->seen_last)
		return;
	process_table_seen_unlink(t, p);
	process_table_seen_append(t, p);
}

struct process *process_table_apply(struct process_table *t, const struct event *event)
{
	struct process *p;

	process_table_forget(t, event->time_ns);
	process_table_heard(t, event);
	switch (event->kind) {
	case EVENT_START:
		snprintf(t->boot_id, sizeof(t->boot_id), "%s",
			event->start.boot_id ? event->start.boot_id : "");
		return NULL;
	case EVENT_EXEC:
		return process_table_exec(t, event);
	case EVENT_FORK:
		return process_table_fork(t, event);
	case EVENT_EXIT:
		p = process_table_find(t, event->pid, event->start_ns);
		if (!p || p->exit_ns)
			return NULL;
		p->exit_status = event->exit.missed ? 0 : event->exit.status;
		p->exit_missed = event->exit.missed;
		process_table_end(t, p, event->time_ns);
		return p;
	case EVENT_SIGNAL:
		p = process_table_find(t, event->pid, event->start_ns);
		if (p && !p->stop_ns)
			p->stop_ns = event->time_ns;
		return p;
	default:
		return NULL;
	}
}
