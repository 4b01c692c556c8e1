// SPDX-License-Identifier: GPL-2.0-only
#include "live/node_facts.h"

#include "live/process_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More mount namespaces than this are looked at each time and not remembered. */
#define NAMESPACES_KEPT 1024

/* A line of hosts(5) with more aliases than this is cut. */
#define HOST_NAMES 32

/* Lines beyond this are not read: a blocklist of a million names is no node's hosts file. */
#define HOST_LINES 4096

struct hosts_seen {
	struct timespec changed;
	uint64_t inode;
};

void node_facts_free(struct node_facts *f)
{
	size_t at = 0;
	void *seen;

	while ((seen = table_next(&f->hosts, &at)))
		free(seen);
	table_free(&f->hosts);
}

/* Was this file told already as it is now?  Remembers it. */
static bool hosts_known(struct node_facts *f, uint32_t mntns, const struct stat *st)
{
	struct hosts_seen *seen = table_get(&f->hosts, mntns);
	bool same;

	if (!seen) {
		if (f->hosts.count >= NAMESPACES_KEPT)
			return false;
		seen = calloc(1, sizeof(*seen));
		if (!seen || table_put(&f->hosts, mntns, seen)) {
			free(seen);
			return false;
		}
	}
	same = seen->inode == st->st_ino && seen->changed.tv_sec == st->st_mtim.tv_sec &&
	       seen->changed.tv_nsec == st->st_mtim.tv_nsec;
	seen->inode = st->st_ino;
	seen->changed = st->st_mtim;
	return same;
}

/* "IP NAME ALIAS...  # comment": hosts(5). */
static size_t hosts_line(char *line, const char *fields[HOST_NAMES])
{
	size_t count = 0;
	char *rest = NULL;

	line[strcspn(line, "#\n")] = '\0';
	for (char *word = strtok_r(line, " \t\r", &rest); word && count < HOST_NAMES;
		word = strtok_r(NULL, " \t\r", &rest))
		fields[count++] = word;
	return count;
}

void node_facts_follow(
	struct node_facts *f, const struct event *exec, event_handler handler, void *context)
{
	const char *fields[HOST_NAMES];
	struct event event = {.kind = EVENT_FACT,
		.time_ns = exec->time_ns,
		.pid = exec->pid,
		.start_ns = exec->start_ns};
	char path[64], line[1024];
	struct stat st;
	FILE *file;

	/* Our own is there also after a process that ran for a moment only. */
	if (!f->own_mntns)
		f->own_mntns = process_read_namespace(getpid(), "mnt");
	if (exec->exec.mntns == f->own_mntns)
		snprintf(path, sizeof(path), "/etc/hosts");
	else
		snprintf(path, sizeof(path), "/proc/%u/root/etc/hosts", exec->pid);
	file = fopen(path, "re");
	if (!file)
		return; /* none, or the process is gone: then no name comes from it */
	if (fstat(fileno(file), &st) || !S_ISREG(st.st_mode) ||
		hosts_known(f, exec->exec.mntns, &st)) {
		fclose(file);
		return;
	}
	event.fact.key = "hosts";
	event.fact.fields = fields;
	for (int i = 0; i < HOST_LINES && fgets(line, sizeof(line), file); i++) {
		event.fact.field_count = hosts_line(line, fields);
		if (event.fact.field_count >= 2)
			handler(context, &event);
	}
	fclose(file);
}
