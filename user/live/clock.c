// SPDX-License-Identifier: GPL-2.0-only
#include "live/clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

int clock_wait_ms(uint64_t now_ns, uint64_t until_ns)
{
	uint64_t ms;

	if (until_ns == UINT64_MAX)
		return -1;
	if (until_ns <= now_ns)
		return 0;
	ms = (until_ns - now_ns + 999999) / 1000000;
	return ms > 3600000 ? 3600000 : (int)ms;
}

/* A timer that is never due and reads ECANCELED when somebody sets the clock (timerfd_create(2)). */
int clock_watch_open(void)
{
	const struct itimerspec never = {.it_value.tv_sec = INT64_MAX / 2000000000};
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
	return fd;
}

bool clock_watch_take(int fd)
{
	uint64_t due;

	return read(fd, &due, sizeof(due)) < 0 && errno == ECANCELED;
}
