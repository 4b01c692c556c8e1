// SPDX-License-Identifier: GPL-2.0-only
#include "live/service_manager.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* How long a manager that does not listen is waited for with each message. */
#define PATIENCE_US 500000

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

/* A path, or with '@' first a name in the abstract namespace. */
static bool notify_address(struct service_manager *m, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (!len || len >= sizeof(m->to.sun_path) || (*name != '/' && *name != '@'))
		return false;
	m->to.sun_family = AF_UNIX;
	memcpy(m->to.sun_path, name, len);
	if (*name == '@')
		m->to.sun_path[0] = '\0';
	m->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

void service_manager_open(struct service_manager *m)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	const struct timeval patience = {.tv_usec = PATIENCE_US};

	memset(m, 0, sizeof(*m));
	m->fd = -1;
	if (notify_address(m, getenv("NOTIFY_SOCKET")))
		m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (m->fd >= 0)
		setsockopt(m->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	/* sd_watchdog_enabled(3): it is for us where the pid is ours or not given. */
	if (m->fd >= 0 && usec && (!pid || strtol(pid, NULL, 10) == (long)getpid()))
		m->watchdog_ns = strtoull(usec, NULL, 10) * 1000;
	m->alive_ns = clock_ns(CLOCK_BOOTTIME);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void service_manager_close(struct service_manager *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

int service_manager_tell(struct service_manager *m, const char *state)
{
	if (m->fd < 0)
		return 0;
	if (sendto(m->fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&m->to,
		    m->to_len) < 0)
		return -errno;
	return 0;
}

void service_manager_reloading(struct service_manager *m)
{
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)(clock_ns(CLOCK_MONOTONIC) / 1000));
	service_manager_tell(m, state);
}

void service_manager_alive(struct service_manager *m)
{
	uint64_t now_ns;

	if (!m->watchdog_ns)
		return;
	now_ns = clock_ns(CLOCK_BOOTTIME);
	if (now_ns < m->alive_ns + m->watchdog_ns / 4)
		return;
	m->alive_ns = now_ns;
	/* The manager is busy, or its socket is being made anew: again in half the time. */
	if (service_manager_tell(m, "WATCHDOG=1"))
		m->alive_ns -= m->watchdog_ns / 8;
}

uint64_t service_manager_deadline(const struct service_manager *m)
{
	return m->watchdog_ns ? m->alive_ns + m->watchdog_ns / 2 : UINT64_MAX;
}
