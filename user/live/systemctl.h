/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running systemd knows of a unit and its files do not say. */
#ifndef LIVE_SYSTEMCTL_H
#define LIVE_SYSTEMCTL_H

#include <stdbool.h>
#include <stdint.h>

struct systemctl_unit {
	bool need_reload;  /* its files changed since systemd read them (NeedDaemonReload) */
	uint32_t main_pid; /* 0: none runs */
	uint64_t
		main_start_ns; /* CLOCK_MONOTONIC, of the main process, which may have ended; 0: never */
};

/*
 * 0, or -errno with out zeroed: -ENOENT where this machine does not run systemd, -ETIMEDOUT where nothing was
 * answered for wait_ms.
 */
int systemctl_show(const char *unit, int wait_ms, struct systemctl_unit *out);

/*
 * Does systemd say that unit's files changed since it read them (NeedDaemonReload)?  1, 0, or -errno as
 * above.  Waits a second at most: for a tracer, which has other things to do.
 */
int systemctl_need_reload(const char *unit);

#endif
