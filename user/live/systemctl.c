// SPDX-License-Identifier: GPL-2.0-only
#include "live/systemctl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 1000

/* Its standard output goes to fd; only its own words, whatever the locale. */
static int start(const char *unit, int fd, pid_t *pid)
{
	char *argv[] = {
		"systemctl", "show", "--property=NeedDaemonReload", "--", (char *)unit, NULL};
	char *environment[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	err = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

int systemctl_need_reload(const char *unit)
{
	char answer[256];
	size_t len = 0;
	ssize_t got = 1;
	int pipes[2], err;
	pid_t pid;

	/* sd_booted(3) */
	if (access("/run/systemd/system", F_OK))
		return -ENOENT;
	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	err = start(unit, pipes[1], &pid);
	close(pipes[1]);
	while (!err && got > 0 && len < sizeof(answer) - 1) {
		struct pollfd readable = {.fd = pipes[0], .events = POLLIN};

		if (poll(&readable, 1, ANSWER_MS) != 1) {
			err = -ETIMEDOUT;
			break;
		}
		got = read(pipes[0], answer + len, sizeof(answer) - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	close(pipes[0]);
	if (err && err != -ETIMEDOUT)
		return err;
	if (err)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	answer[len] = '\0';
	if (err)
		return err;
	return !strcmp(answer, "NeedDaemonReload=yes\n");
}
