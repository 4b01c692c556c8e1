/* SPDX-License-Identifier: GPL-2.0-only */
/* Times of day for outputs, from CLOCK_REALTIME nanoseconds. */
#ifndef OUTPUT_WALL_TIME_H
#define OUTPUT_WALL_TIME_H

#include <stdint.h>

#define WALL_TIME_TEXT 64

/* "2025-11-24T01:02:03.123456789Z".  Returns text. */
const char *wall_time_rfc3339(int64_t wall_ns, char text[WALL_TIME_TEXT]);

/* "01:02:03.123", and "2025-11-24", in the time zone of the machine (TZ).  Return text. */
const char *wall_time_clock(int64_t wall_ns, char text[WALL_TIME_TEXT]);
const char *wall_time_date(int64_t wall_ns, char text[WALL_TIME_TEXT]);

#endif
