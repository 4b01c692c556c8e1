// SPDX-License-Identifier: GPL-2.0-only
#include "live/process_read.h"

#include "base/buffer.h"
#include "node/go_build.h"
#include "live/cgroup.h"
#include "live/clock.h"
#include "model/process_table.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An exec's arguments and environment have 6 MB at the most (three quarters of the 8 MB stack). */
#define SNAPSHOT_MAX  (6u << 20)
#define ARGUMENTS_MAX 4096 /* as much as the hook keeps: WIRE_ARGS_MAX */

/* The same of zombies too; *threads is how many threads it has, an ended leader included. */
static int stat_read(pid_t pid, struct process_stat *out, char *state, long *threads)
{
	char path[64], text[1024], *open_bracket, *close_bracket;
	unsigned long long ticks;
	size_t len;
	int parent;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	/* The name stands in brackets and may hold brackets itself: the last one ends it. */
	open_bracket = strchr(text, '(');
	close_bracket = strrchr(text, ')');
	if (!open_bracket || !close_bracket ||
		sscanf(close_bracket + 1,
			" %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld "
			"%*d "
			"%llu",
			state, &parent, threads, &ticks) != 4)
		return -ESRCH;
	*close_bracket = '\0';
	memset(out, 0, sizeof(*out));
	strncpy(out->comm, open_bracket + 1, sizeof(out->comm) - 1);
	out->pid = pid;
	out->parent = parent;
	out->start_ns = ticks * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK));
	return 0;
}

int process_read_stat(pid_t pid, struct process_stat *out)
{
	long threads;
	char state;
	int err = stat_read(pid, out, &state, &threads);

	if (!err &&
		(state == 'Z' || state == 'X')) /* it has ended, and nobody took its status yet */
		return -ESRCH;
	return err;
}

bool process_lives(pid_t pid, uint64_t start_ns)
{
	struct process_stat stat;
	long threads;
	char state;

	if (kill(pid, 0) && errno == ESRCH)
		return false;
	/* Unreadable (hidepid=), or it ended at this moment: another look will tell. */
	if (stat_read(pid, &stat, &state, &threads))
		return true;
	if (start_ns && stat.start_ns != start_ns)
		return false;
	/* A leader may end before its threads do. */
	return (state != 'Z' && state != 'X') || threads > 1;
}

int process_read_program(pid_t pid, char *name, size_t size)
{
	char path[64], target[4096], *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
	return 0;
}

static bool is_versioned(const struct event_exec *exec)
{
	const char *slash = exec->file ? strrchr(exec->file, '/') : NULL;

	return role_of(slash ? slash + 1 : exec->comm, exec->file) == ROLE_SUPERVISOR;
}

static bool read_at(void *context, uint64_t at, void *out, size_t len)
{
	return at <= INT64_MAX && pread(*(int *)context, out, len, (off_t)at) == (ssize_t)len;
}

/*
 * The file of a program that has ended: the one at its path, if that was there before the exec and nobody touched it since
 * (a rename over it is a change of the new one's ctime).  Its root is taken for ours where its mounts are.
 */
static int open_unchanged(const struct event_exec *exec, uint64_t exec_ns)
{
	int64_t realtime_of_boot = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME));
	struct stat st;
	int fd;

	if (!exec_ns || !exec->file || *exec->file != '/' ||
		exec->mntns != process_read_namespace(getpid(), "mnt"))
		return -1;
	fd = open(exec->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_ctim.tv_sec * 1000000000LL + st.st_ctim.tv_nsec <
			realtime_of_boot + (int64_t)exec_ns)
		return fd;
	close(fd);
	return -1;
}

const char *process_read_version(pid_t pid, const struct event_exec *exec, uint64_t exec_ns,
	char version[PROCESS_VERSION_TEXT])
{
	char path[64];
	bool found;
	int fd;

	if (!is_versioned(exec))
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		fd = open_unchanged(exec, exec_ns);
	if (fd < 0)
		return NULL;
	found = go_build_version(read_at, &fd, version, PROCESS_VERSION_TEXT);
	close(fd);
	return found ? version : NULL;
}

uint32_t process_read_namespace(pid_t pid, const char *kind)
{
	char path[64], target[64], *number;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	number = strchr(target, '[');
	return number ? (uint32_t)strtoul(number + 1, NULL, 10) : 0;
}

/* The whole of /proc/PID/name, not more than limit; *cut tells that there was more. */
static int read_all(pid_t pid, const char *name, size_t limit, struct buffer *out, bool *cut)
{
	char path[64], chunk[16384];
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*cut = false;
	while (!*cut && (len = read(fd, chunk, sizeof(chunk))) > 0) {
		*cut = out->len + (size_t)len > limit;
		buffer_append(out, chunk, *cut ? limit - out->len : (size_t)len);
	}
	if (len < 0)
		len = -errno;
	close(fd);
	explicit_bzero(chunk, sizeof(chunk));
	return out->failed ? -ENOMEM : (int)(len < 0 ? len : 0);
}

static int environment_read(pid_t pid, struct environment *e)
{
	struct buffer raw = {0};
	bool first = true;
	int err;

	err = read_all(pid, "environ", SNAPSHOT_MAX, &raw, &e->truncated);
	if (err) {
		e->unreadable = true;
		e->truncated = true;
		err = err == -ENOMEM ? err : 0;
	}
	for (size_t at = 0; at < raw.len && !err; first = false) {
		size_t len = strnlen(raw.data + at, raw.len - at);
		const char *equals = memchr(raw.data + at, '=', len);

		/* k3s and rke2 write their title over the first entry (gspt). */
		if (first)
			e->first_lost = !equals || equals == raw.data + at;
		if (equals) {
			size_t name = (size_t)(equals - (raw.data + at));

			err = environment_add(
				e, raw.data + at, name, equals + 1, len - name - 1, false, NULL);
		}
		at += len + 1;
	}
	if (raw.data)
		explicit_bzero(raw.data, raw.capacity);
	buffer_free(&raw);
	return err;
}

/* Is now what seen is a part of?  Another program has another environment. */
static bool environment_agrees(const struct environment *now, const struct environment *seen)
{
	for (unsigned int i = 0; i < seen->count; i++) {
		const struct variable *a = &seen->variables[i], *b = environment_get(now, a->name);

		/* k3s and rke2 write their title over the first entry. */
		if (!b && !now->first_lost)
			return false;
		if (b && !a->value_cut && strcmp(a->value, b->value) != 0)
			return false;
	}
	return true;
}

/* What both saw, in its order: what now has beyond seen, and whole what seen has cut. */
static int environment_join(
	struct environment *out, const struct environment *seen, const struct environment *now)
{
	int err = 0;

	out->truncated = now->truncated;
	out->first_lost = now->first_lost;
	for (unsigned int i = 0; i < seen->count && !err; i++)
		err = environment_add_judged(out, &seen->variables[i]);
	for (unsigned int i = 0; i < now->count && !err; i++) {
		const struct variable *v = environment_get(out, now->variables[i].name);

		if (!v || v->value_cut)
			err = environment_add_judged(out, &now->variables[i]);
	}
	return err;
}

struct environment *process_complete_environment(
	pid_t pid, uint64_t start_ns, const struct environment *seen)
{
	struct environment *now = environment_new(ENVIRONMENT_SNAPSHOT);
	struct environment *out = environment_new(ENVIRONMENT_SNAPSHOT);
	struct process_stat stat;

	if (!now || !out || environment_read(pid, now) || now->unreadable ||
		process_read_stat(pid, &stat) || stat.start_ns != start_ns ||
		!environment_agrees(now, seen) || environment_join(out, seen, now)) {
		environment_unref(out);
		out = NULL;
	}
	environment_unref(now);
	return out;
}

static int arguments_read(pid_t pid, struct process_snapshot *out)
{
	struct buffer raw = {0}, redacted = {0};
	size_t count = 0, at = 0;
	int err = read_all(pid, "cmdline", ARGUMENTS_MAX, &raw, &out->exec.args_truncated);

	for (size_t i = 0; i < raw.len; i++)
		count += !raw.data[i] || i + 1 == raw.len;
	out->args = calloc(count + 1, sizeof(*out->args));
	if (!out->args)
		err = -ENOMEM;
	for (size_t i = 0, previous = 0; i < count && !err; i++) {
		relay_argument_redact(i ? raw.data + previous : NULL, raw.data + at, &redacted);
		buffer_append_char(&redacted, '\0');
		previous = at;
		at += strnlen(raw.data + at, raw.len - at) + 1;
	}
	if (redacted.failed)
		err = -ENOMEM;
	at = 0;
	for (size_t i = 0; i < count && !err; i++) {
		out->args[i] = redacted.data + at;
		at += strlen(redacted.data + at) + 1;
	}
	if (raw.data)
		explicit_bzero(raw.data, raw.capacity);
	buffer_free(&raw);
	out->text = redacted.data;
	out->exec.args = (const char *const *)out->args;
	out->exec.arg_count = err ? 0 : count;
	return err;
}

int process_read_snapshot(const struct process_stat *stat, struct process_snapshot *out)
{
	struct process_stat again, parent;
	char path[64];
	ssize_t len;
	int err;

	memset(out, 0, sizeof(*out));
	memcpy(out->comm, stat->comm, sizeof(out->comm));
	out->exec.found = true;
	out->exec.comm = out->comm;
	out->exec.parent_pid = (uint32_t)stat->parent;
	if (process_read_stat(stat->parent, &parent) == 0)
		out->exec.parent_start_ns = parent.start_ns;
	out->exec.netns = process_read_namespace(stat->pid, "net");
	out->exec.mntns = process_read_namespace(stat->pid, "mnt");
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)stat->pid);
	len = readlink(path, out->file, sizeof(out->file) - 1);
	out->file[len > 0 ? len : 0] = '\0';
	out->exec.file = out->file;
	out->exec.version = process_read_version(stat->pid, &out->exec, 0, out->version);
	if (cgroup_of(stat->pid, out->cgroup, sizeof(out->cgroup)) == 0)
		out->exec.cgroup = out->cgroup;
	out->exec.environment = environment_new(ENVIRONMENT_SNAPSHOT);
	err = out->exec.environment ? environment_read(stat->pid, out->exec.environment) : -ENOMEM;
	if (!err)
		err = arguments_read(stat->pid, out);
	/* Was all of it read from the process that stat is about? */
	if (!err && (process_read_stat(stat->pid, &again) || again.start_ns != stat->start_ns))
		err = -ESRCH;
	if (err)
		process_snapshot_free(out);
	return err;
}

void process_snapshot_free(struct process_snapshot *s)
{
	environment_unref(s->exec.environment);
	free(s->args);
	free(s->text);
	memset(s, 0, sizeof(*s));
}
