/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running systemd knows of a unit and its files do not say. */
#ifndef LIVE_SYSTEMCTL_H
#define LIVE_SYSTEMCTL_H

/*
 * Does systemd say that unit's files changed since it read them (NeedDaemonReload)?  1, 0, or -errno: -ENOENT
 * where this machine does not run systemd, -ETIMEDOUT where it does not answer within a second.
 */
int systemctl_need_reload(const char *unit);

#endif
