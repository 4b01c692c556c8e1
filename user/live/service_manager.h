/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the service manager that started us wants to hear, by sd_notify(3)'s protocol: datagrams to
 * the socket that $NOTIFY_SOCKET names.  Without a manager all of this does nothing.
 */
#ifndef LIVE_SERVICE_MANAGER_H
#define LIVE_SERVICE_MANAGER_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct service_manager {
	int fd; /* never connected: a socket that is made anew is found by its name; -1: no manager */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ns; /* a sign of life within this time; 0: not asked for */
	uint64_t alive_ns;    /* the last one, CLOCK_BOOTTIME */
};

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of our environment: a COMMAND must not
 * speak for us.
 */
void service_manager_open(struct service_manager *m);
void service_manager_close(struct service_manager *m);

/*
 * "READY=1", "STOPPING=1", several joined by newlines.  A manager that does not listen is waited for
 * half a second at most.  0 or -errno.
 */
int service_manager_tell(struct service_manager *m, const char *state);

/* "RELOADING=1", which wants the time with it (sd_notify(3), since 253). */
void service_manager_reloading(struct service_manager *m);

/*
 * A sign of life where the last one is a quarter of the watchdog's time ago; and when to call this
 * again at the latest (CLOCK_BOOTTIME; UINT64_MAX: never), half of it: whoever wakes up more often
 * for other reasons costs no wake-up for this.  One that did not arrive is sent again before the
 * watchdog's time is over, however many there were.
 */
void service_manager_alive(struct service_manager *m);
uint64_t service_manager_deadline(const struct service_manager *m);

#endif
