// SPDX-License-Identifier: GPL-2.0-only
#include "live/cgroup_guard.h"

#include "live/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Told of each change of a cgroup's population; looked at now and then where that is not told. */
#define LOOK_EVERY_MS 60000

/* Waits until nobody is in the cgroup at path and its children any more.  False: the cgroup is gone. */
static bool wait_until_empty(const char *path)
{
	char name[CGROUP_PATH + 16], text[128];
	struct pollfd events = {.events = POLLPRI};
	ssize_t len;

	snprintf(name, sizeof(name), "%s/cgroup.events", path);
	events.fd = open(name, O_RDONLY | O_CLOEXEC);
	while (events.fd >= 0) {
		len = pread(events.fd, text, sizeof(text) - 1, 0);
		if (len <= 0)
			break; /* ENODEV: removed meanwhile */
		text[len] = '\0';
		if (strstr(text, "populated 0")) {
			close(events.fd);
			return true;
		}
		poll(&events, 1, LOOK_EVERY_MS);
	}
	if (events.fd >= 0)
		close(events.fd);
	return false;
}

/* Nothing of the tracer's stays open: not a terminal, a pipe that somebody reads to its end, a mount. */
static void leave_all_behind(int *alive)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2};
	long last = sysconf(_SC_OPEN_MAX);

	/* Not of the group that Ctrl-C and `kill -9 -GROUP` reach. */
	setsid();
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	if (chdir("/") != 0)
		_exit(1);
	if (*alive != 0 && dup2(*alive, 0) != 0)
		_exit(1);
	*alive = 0;
	/* 5.9, and RHEL's 4.18 has it not. */
	if (syscall(SYS_close_range, 1U, ~0U, 0U) != 0)
		for (int fd = 1; fd < last; fd++)
			close(fd);
	/* So that `killall -9 relaytrace` leaves it to do its work. */
	prctl(PR_SET_NAME, "cgroup-guard");
	prctl(PR_SET_DUMPABLE, 0);
}

static void guard(const char *path, int alive)
{
	char byte;

	leave_all_behind(&alive);
	while (read(alive, &byte, 1) < 0 && errno == EINTR)
		;
	/* A COMMAND that was not let run yet ends when it sees that the tracer did. */
	while (wait_until_empty(path) && cgroup_remove(path) != 0)
		usleep(100000);
	_exit(0);
}

int cgroup_guard_start(struct cgroup_guard *g)
{
	char path[CGROUP_PATH];
	int alive[2], err;

	memset(g, 0, sizeof(*g));
	err = cgroup_path(path, sizeof(path));
	if (err)
		return err;
	if (pipe2(alive, O_CLOEXEC))
		return -errno;
	g->pid = fork();
	if (g->pid == 0) {
		close(alive[1]);
		guard(path, alive[0]);
	}
	err = g->pid < 0 ? -errno : 0;
	close(alive[0]);
	if (err) {
		close(alive[1]);
		g->pid = 0;
		return err;
	}
	g->alive = alive[1];
	return 0;
}

void cgroup_guard_end(struct cgroup_guard *g)
{
	char path[CGROUP_PATH];

	if (!g->pid)
		return;
	close(g->alive);
	/* Its own work is done at once where ours was; else it is left to init. */
	if (cgroup_path(path, sizeof(path)) || access(path, F_OK) != 0)
		while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
			;
	g->pid = 0;
}
