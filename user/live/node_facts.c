// SPDX-License-Identifier: GPL-2.0-only
#include "live/node_facts.h"

#include "live/process_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of more mount namespaces than this are read each time and not remembered. */
#define FILES_KEPT 1024

/* A line of hosts(5) with more aliases than this is cut. */
#define HOST_NAMES 32

/* Lines beyond this are not read: a blocklist of a million names is no node's hosts file. */
#define FILE_LINES 4096

struct file_seen {
	struct timespec changed;
	uint64_t inode;
};

void node_facts_free(struct node_facts *f)
{
	size_t at = 0;
	void *seen;

	while ((seen = table_next(&f->files, &at)))
		free(seen);
	table_free(&f->files);
	unit_watch_free(&f->units);
}

/* Was this file told already as it is now?  Remembers it. */
static bool file_known(struct node_facts *f, uint64_t key, const struct stat *st)
{
	struct file_seen *seen = table_get(&f->files, key);
	bool same;

	if (!seen) {
		if (f->files.count >= FILES_KEPT)
			return false;
		seen = calloc(1, sizeof(*seen));
		if (!seen || table_put(&f->files, key, seen)) {
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

/* "nameserver IP": resolv.conf(5). */
static size_t resolver_line(char *line, const char *fields[HOST_NAMES])
{
	size_t words = hosts_line(line, fields);

	if (words < 2 || strcmp(fields[0], "nameserver") != 0)
		return 0;
	fields[0] = fields[1];
	return 1;
}

/* The files that are told, a fact a line. */
static const struct {
	const char *path, *key;
	size_t (*line)(char *line, const char *fields[HOST_NAMES]);
	size_t least; /* fields that make a fact */
} files[] = {
	{"/etc/hosts", "hosts", hosts_line, 2},
	{"/etc/resolv.conf", "resolver", resolver_line, 1},
};

static void file_tell(struct node_facts *f, size_t which, const struct event *exec,
	event_handler handler, void *context)
{
	const char *fields[HOST_NAMES];
	struct event event = {.kind = EVENT_FACT,
		.time_ns = exec->time_ns,
		.pid = exec->pid,
		.start_ns = exec->start_ns,
		.fact = {.key = files[which].key, .fields = fields}};
	char path[128], line[1024];
	struct stat st;
	FILE *file;

	/* Our own is there also after a process that ran for a moment only. */
	if (exec->exec.mntns == f->own_mntns)
		snprintf(path, sizeof(path), "%s", files[which].path);
	else
		snprintf(path, sizeof(path), "/proc/%u/root%s", exec->pid, files[which].path);
	file = fopen(path, "re");
	if (!file)
		return; /* none, or the process is gone: then nothing comes from it */
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) &&
		!file_known(f, (uint64_t)which << 32 | exec->exec.mntns, &st)) {
		for (int i = 0; i < FILE_LINES && fgets(line, sizeof(line), file); i++) {
			event.fact.field_count = files[which].line(line, fields);
			if (event.fact.field_count < files[which].least)
				continue;
			if (f->decoder)
				decoder_fact(f->decoder, &event.fact);
			handler(context, &event);
		}
	}
	fclose(file);
}

void node_facts_follow(
	struct node_facts *f, const struct event *exec, event_handler handler, void *context)
{
	if (!f->own_mntns)
		f->own_mntns = process_read_namespace(getpid(), "mnt");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		file_tell(f, i, exec, handler, context);
	unit_watch_exec(&f->units, exec, f->own_mntns, handler, context);
}
