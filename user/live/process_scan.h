/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that were there before the tracer: which belong to a tree, read from /proc.
 *
 * Runs while the hooks are attached.  A process enters the kernel's table before its children are looked
 * for, and the scan is repeated until it finds nothing new, so that no child slips through between.
 * What it reads of a process is a snapshot and marked so; of processes outside the trees nothing but
 * their stat line and the name of their program is read.
 */
#ifndef LIVE_PROCESS_SCAN_H
#define LIVE_PROCESS_SCAN_H

#include "capture/source.h"
#include "live/kernel.h"
#include "live/process_read.h"

struct scan_options {
	const char *const *roots; /* program names */
	size_t root_count;
	const pid_t *pids; /* roots by pid */
	size_t pid_count;
	bool pods;
};

struct found_process {
	struct process_stat stat;
	char tree[64];
	bool root; /* it starts that tree */
};

/* Those that were found, parents before children. */
struct found_processes {
	size_t count, capacity;
	struct found_process *list; /* owned */
};

/*
 * Adds what it finds to the kernel's table (k NULL: nothing is traced, there is none) and to out.  0; -ENOENT where a pid of options does not
 * exist (printed); -errno where /proc cannot be read (printed).
 */
int process_scan(struct kernel *k, const struct scan_options *options, struct found_processes *out);
void found_processes_free(struct found_processes *f);

/* Hands an EVENT_EXEC (found) for each to handler; one that has ended meanwhile is left out. */
void found_processes_tell(const struct found_processes *f, event_handler handler, void *context);

#endif
