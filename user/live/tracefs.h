/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's tracepoint numbers, also where nobody has mounted tracefs. */
#ifndef LIVE_TRACEFS_H
#define LIVE_TRACEFS_H

/*
 * The id of tracepoint GROUP/NAME for perf_event_open().  Where tracefs is mounted nowhere it is read
 * through a mount of our own that no other process sees (fsopen(2), 5.2).  -errno where it
 * cannot be read.
 */
int tracefs_event_id(const char *group, const char *name);

#endif
