/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks of a live source. */
#ifndef LIVE_CLOCK_H
#define LIVE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

uint64_t clock_ns(clockid_t clock);

/* From now to until as poll(2) takes it, an hour at most; UINT64_MAX: for ever. */
int clock_wait_ms(uint64_t now_ns, uint64_t until_ns);

/*
 * A descriptor that is readable once somebody set CLOCK_REALTIME (a node that boots with a wrong time, and
 * hears the right one later); -1 where there is none.
 */
int clock_watch_open(void);

/* Was it?  Once for each time. */
bool clock_watch_take(int fd);

#endif
