// SPDX-License-Identifier: GPL-2.0-only
#include "live/service_manager.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

/* A path, or with '@' first a name in the abstract namespace. */
static int notify_connect(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = name ? strlen(name) : 0;
	int fd;

	if (!len || len >= sizeof(to.sun_path) || (*name != '/' && *name != '@'))
		return -1;
	memcpy(to.sun_path, name, len);
	if (*name == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void service_manager_open(struct service_manager *m)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	memset(m, 0, sizeof(*m));
	m->fd = notify_connect(getenv("NOTIFY_SOCKET"));
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

void service_manager_tell(struct service_manager *m, const char *state)
{
	if (m->fd >= 0 && send(m->fd, state, strlen(state), MSG_NOSIGNAL) < 0)
		m->watchdog_ns = 0; /* nobody listens any more: no wake-ups for nobody */
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
	service_manager_tell(m, "WATCHDOG=1");
}

uint64_t service_manager_deadline(const struct service_manager *m)
{
	return m->watchdog_ns ? m->alive_ns + m->watchdog_ns / 2 : UINT64_MAX;
}
