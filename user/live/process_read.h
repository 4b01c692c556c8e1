/* SPDX-License-Identifier: GPL-2.0-only */
/* One process as /proc shows it. */
#ifndef LIVE_PROCESS_READ_H
#define LIVE_PROCESS_READ_H

#include "capture/event.h"

#include <sys/types.h>

struct process_stat {
	pid_t pid, parent;
	uint64_t start_ns; /* boot time, in steps of 10 ms */
	char comm[16];
};

/* /proc/PID/stat: 0 or -errno; -ESRCH also where it has ended and is a zombie. */
int process_read_stat(pid_t pid, struct process_stat *out);

/*
 * May the process of that pid that began at start_ns (0: whichever has the pid) live still?  False only
 * where that is sure: nobody has the pid, another has it, or all its threads have ended.
 */
bool process_lives(pid_t pid, uint64_t start_ns);

/* The file name (no folder) of the program that pid runs: 0 or -errno. */
int process_read_program(pid_t pid, char *name, size_t size);

/*
 * The version of the rke2 or k3s that pid runs (exec says which program it is, and exec_ns when it began to, CLOCK_BOOTTIME;
 * 0: it was found running), by the build information of its executable: version, or NULL where there is none.  One that
 * has ended already is read at its path, where the file is older than that exec.
 */
#define PROCESS_VERSION_TEXT 32
const char *process_read_version(pid_t pid, const struct event_exec *exec, uint64_t exec_ns,
	char version[PROCESS_VERSION_TEXT]);

/* The inode number of namespace kind ("mnt", "net", "pid"); 0 where it cannot be read. */
uint32_t process_read_namespace(pid_t pid, const char *kind);

struct process_snapshot {
	struct event_exec exec; /* found is set; points into what follows */
	char comm[16], file[4096], cgroup[512], version[PROCESS_VERSION_TEXT];
	char *text; /* the arguments */
	char **args;
};

/*
 * All that an exec event holds, redacted, of a process that must still be the one of stat.  0 or -errno (it ended).
 * An environment that cannot be read is marked so.  Free it with process_snapshot_free().
 */
int process_read_snapshot(const struct process_stat *stat, struct process_snapshot *out);
void process_snapshot_free(struct process_snapshot *s);

/*
 * The environment of which the exec hook saw a part (too many listed variables, a page that could not be read),
 * completed from /proc/PID/environ of the process that began at start_ns: new, one reference, and a
 * snapshot, because /proc was read later.  NULL: the process has ended or runs another program by now, or memory
 * ran out; seen is then all there is.
 */
struct environment *process_complete_environment(
	pid_t pid, uint64_t start_ns, const struct environment *seen);

#endif
