// SPDX-License-Identifier: GPL-2.0-only
#include "live/unit_watch.h"

#include "base/table.h"
#include "node/node_files.h"
#include "live/process_read.h"
#include "live/systemctl.h"
#include "model/process_table.h"
#include "relay/relay_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_NS 2000000000ULL

/* Folders that a file which counts can come to; %s is the unit.  Others it names itself. */
static const char *const folders[] = {
	"/etc/systemd/system",
	"/etc/systemd/system/%s.d",
	"/run/systemd/system/%s.d",
	"/usr/local/lib/systemd/system",
	"/usr/local/lib/systemd/system/%s.d",
	"/usr/lib/systemd/system/%s.d",
	"/etc/default",
	"/etc/sysconfig",
	"/etc/rancher/rke2",
	"/etc/rancher/rke2/config.yaml",
	"/etc/rancher/rke2/config.yaml.d",
	"/etc/rancher/rke2/registries.yaml",
	"/etc/rancher/k3s",
	"/etc/rancher/k3s/config.yaml",
	"/etc/rancher/k3s/config.yaml.d",
	"/etc/rancher/k3s/registries.yaml",
};

void unit_watch_free(struct unit_watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		unit_list_free(&w->units[i].paths);
	memset(w, 0, sizeof(*w));
}

static uint64_t signature_of(const struct watched_unit *u)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < u->paths.count; i++) {
		struct {
			uint64_t index, inode, size;
			int64_t seconds, nanoseconds;
		} seen = {.index = i};
		char path[4096 + 64];
		struct stat st;

		if ((size_t)snprintf(path, sizeof(path), "%s%s", u->prefix, u->paths.text[i]) <
				sizeof(path) &&
			stat(path, &st) == 0) {
			seen.inode = st.st_ino;
			seen.size = (uint64_t)st.st_size;
			seen.seconds = st.st_mtim.tv_sec;
			seen.nanoseconds = st.st_mtim.tv_nsec;
		}
		sum = sum * 31 + table_hash(&seen, sizeof(seen));
	}
	return sum;
}

static void watch_folders(struct watched_unit *u)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct buffer path = {0};
		const char *hole = strstr(folders[i], "%s");

		if (hole) {
			buffer_append(&path, folders[i], (size_t)(hole - folders[i]));
			buffer_printf(&path, "%s%s", u->name, hole + 2);
		} else {
			buffer_append_string(&path, folders[i]);
		}
		unit_list_add(&u->paths, buffer_string(&path));
		buffer_free(&path);
	}
}

static enum distribution distribution_of(const char *unit)
{
	return !strncmp(unit, "rke2-", 5) ? DISTRIBUTION_RKE2
	       : !strncmp(unit, "k3s", 3) ? DISTRIBUTION_K3S
					  : DISTRIBUTION_AGENT;
}

static void tell_configuration(const struct unit_root *root, const struct unit_host *host,
	const char *unit, uint64_t time_ns, event_handler handler, void *context)
{
	enum distribution distribution = distribution_of(unit);
	bool agent = distribution == DISTRIBUTION_AGENT;
	struct node_start start = {0};
	struct node_files files;

	if (agent && strcmp(unit, "rancher-system-agent.service"))
		return;
	if (agent)
		distribution = DISTRIBUTION_RKE2; /* whose files stand beside it */
	else if (node_start_read(root, host, unit, distribution, true, &start))
		return;
	start.program[0] = '\0';
	if (node_files_read(root, distribution, &start, NULL, &files))
		return;
	node_files_tell(&files, time_ns, handler, context);
	node_files_free(&files);
}

/* What cannot be read is told as such by the facts; where memory is short nothing is, and the next look tries again. */
static void unit_tell(
	struct watched_unit *u, uint64_t time_ns, event_handler handler, void *context)
{
	const struct unit_root root = {u->prefix};
	struct unit_host host = {0};
	struct unit_facts facts;

	unit_list_free(&u->paths);
	watch_folders(u);
	if (unit_host_read(&root, &host))
		return;
	if (unit_facts_read(&root, &host, relay_name_is_listed, u->name, &facts) == 0) {
		for (size_t i = 0; i < facts.file_count; i++)
			if (facts.files[i].role != UNIT_FILE_UNSEEN)
				unit_list_add(&u->paths, facts.files[i].path);
		u->reload = systemctl_need_reload(u->name) == 1;
		if (facts.fragment >= 0) {
			node_unit_tell(&facts, u->reload, time_ns, handler, context);
			tell_configuration(&root, &host, u->name, time_ns, handler, context);
		}
		unit_facts_free(&facts);
	}
	unit_host_free(&host);
	u->signature = signature_of(u);
}

static struct watched_unit *unit_named(struct unit_watch *w, const char *name, bool *fresh)
{
	for (size_t i = 0; i < w->count; i++)
		if (!strcmp(w->units[i].name, name))
			return &w->units[i];
	if (w->count == UNITS_WATCHED)
		return NULL;
	*fresh = true;
	snprintf(w->units[w->count].name, sizeof(w->units[0].name), "%s", name);
	return &w->units[w->count++];
}

static enum role role_of_exec(const struct event_exec *exec)
{
	const char *slash = exec->file ? strrchr(exec->file, '/') : NULL;

	return role_of(slash ? slash + 1 : exec->comm, exec->file);
}

static bool starts_pulls(enum role role)
{
	return role == ROLE_SUPERVISOR || role == ROLE_CONTAINERD || role == ROLE_SYSTEM_AGENT;
}

/* How the process was started: its variables by the unit, its arguments by itself.  0 or -errno. */
static int start_of(const struct watched_unit *u, const struct event_exec *exec, enum role role,
	struct node_start *out)
{
	const struct unit_root root = {u->prefix};
	struct unit_host host = {0};
	int err = unit_host_read(&root, &host);

	if (!err)
		err = node_start_read(&root, &host, u->name, distribution_of(u->name),
			role != ROLE_SUPERVISOR, out);
	unit_host_free(&host);
	if (err || role != ROLE_SUPERVISOR)
		return err;
	if (!exec->arg_count || exec->args_truncated)
		return -EINVAL;
	node_start_arguments(out, exec->args + 1, exec->arg_count - 1);
	return 0;
}

/* The process starts, and will pull: what from, in a fact of its own. */
static void pull_tell(const struct watched_unit *u, const struct event *exec, enum role role,
	event_handler handler, void *context)
{
	enum distribution distribution = distribution_of(u->name);
	const struct unit_root root = {u->prefix};
	struct node_files files;
	struct node_start start;

	if ((distribution == DISTRIBUTION_AGENT) != (role == ROLE_SYSTEM_AGENT) ||
		start_of(u, &exec->exec, role, &start))
		return;
	/* The version is that of the process, or is not known. */
	start.program[0] = '\0';
	if (node_files_read(&root, distribution, &start, exec->exec.version, &files))
		return;
	node_pull_tell(&files, role, start.is_agent, exec, handler, context);
	node_files_free(&files);
}

/* By whom the files that the process sees are seen: its parent where that sees the same, because it outlives it. */
static uint32_t viewer_of(const struct event *exec)
{
	uint32_t parent = exec->exec.parent_pid;

	return parent && process_read_namespace((pid_t)parent, "mnt") == exec->exec.mntns
		       ? parent
		       : exec->pid;
}

void unit_watch_exec(struct unit_watch *w, const struct event *exec, uint32_t own_mntns,
	event_handler handler, void *context)
{
	struct watched_unit *u;
	char name[128];
	enum role role = role_of_exec(&exec->exec);
	bool fresh = false;

	if (!exec->exec.cgroup || !starts_pulls(role))
		return;
	process_unit_of_cgroup(exec->exec.cgroup, name, sizeof(name));
	u = *name ? unit_named(w, name, &fresh) : NULL;
	if (!u)
		return;
	if (exec->exec.mntns == own_mntns || !own_mntns)
		u->prefix[0] = '\0';
	else
		snprintf(u->prefix, sizeof(u->prefix), "/proc/%u/root", viewer_of(exec));
	/* A daemon-reload leaves no trace in the files: where one was due, ask again. */
	if (fresh || u->reload || u->signature != signature_of(u))
		unit_tell(u, exec->time_ns, handler, context);
	if (!exec->exec.found)
		pull_tell(u, exec, role, handler, context);
}

void unit_watch_dial(struct unit_watch *w, uint64_t now_ns, event_handler handler, void *context)
{
	if (!w->count || now_ns < w->checked_ns + LOOK_NS)
		return;
	w->checked_ns = now_ns;
	for (size_t i = 0; i < w->count; i++) {
		struct watched_unit *u = &w->units[i];
		struct stat st;

		/* The process by which its files were seen may have ended. */
		if (*u->prefix && stat(u->prefix, &st))
			continue;
		if (u->signature != signature_of(u))
			unit_tell(u, now_ns, handler, context);
	}
}
