/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of the units whose processes are traced, and RKE2's and K3s's configuration: read when such a
 * process runs, read again when they changed, handed on as events (node_files.h says which facts).
 */
#ifndef LIVE_UNIT_WATCH_H
#define LIVE_UNIT_WATCH_H

#include "capture/source.h"
#include "node/unit_root.h"
#include "node/unit_spec.h"

#define UNITS_WATCHED 32

struct watched_unit {
	char name[128];		/* "rke2-agent.service" */
	char prefix[64];	/* where its files are seen: "", or "/proc/PID/root" */
	struct unit_list paths; /* what was read, and the folders that more could come to */
	uint64_t signature;	/* of the times of those */
	bool reload;
};

struct unit_watch {
	struct watched_unit units[UNITS_WATCHED];
	size_t count;
	uint64_t checked_ns; /* CLOCK_BOOTTIME */
};

/* A zeroed struct is ready for use. */
void unit_watch_free(struct unit_watch *w);

/*
 * A process runs a program (exec->exec.cgroup is known): tells the files of its unit where it is a supervisor,
 * containerd or the system agent, unless they were told as they are now.  own_mntns: the tracer's.
 */
void unit_watch_exec(struct unit_watch *w, const struct event *exec, uint32_t own_mntns,
	event_handler handler, void *context);

/*
 * Something is dialled at now_ns: tells the units whose files changed since they were told.  Looks at most every two
 * seconds, and only at times (stat).
 */
void unit_watch_dial(struct unit_watch *w, uint64_t now_ns, event_handler handler, void *context);

#endif
