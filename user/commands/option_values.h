/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands behind an option: durations, sizes, groups. */
#ifndef COMMANDS_OPTION_VALUES_H
#define COMMANDS_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* "30", "30s", "5m", "2h", "1.5s", "200ms": nanoseconds.  False where text is none of these. */
bool duration_parse(const char *text, uint64_t *ns);

/* "65536", "64K", "100M", "1G": bytes.  False where text is none of these, or more than there are. */
bool bytes_parse(const char *text, uint64_t *bytes);

/* A group by its number, or by its name in /etc/group. */
bool group_parse(const char *text, gid_t *group);

#endif
