// SPDX-License-Identifier: GPL-2.0-only
#include "live/systemctl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its standard output goes to fd; only its own words, whatever the locale. */
static int start(const char *unit, int fd, pid_t *pid)
{
	char *argv[] = {"systemctl", "show",
		"--property=NeedDaemonReload,MainPID,ExecMainStartTimestampMonotonic", "--",
		(char *)unit, NULL};
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

/* Its answer, with a NUL behind it.  0 or -errno. */
static int ask(const char *unit, int wait_ms, char *answer, size_t size)
{
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
	while (!err && got > 0 && len < size - 1) {
		struct pollfd readable = {.fd = pipes[0], .events = POLLIN};

		if (poll(&readable, 1, wait_ms) != 1) {
			err = -ETIMEDOUT;
			break;
		}
		got = read(pipes[0], answer + len, size - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	close(pipes[0]);
	if (err && err != -ETIMEDOUT)
		return err;
	if (err)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	answer[len] = '\0';
	return err;
}

/* The value of the line KEY=VALUE; "" where there is none.  The lines come in systemd's own order. */
static const char *value_of(const char *answer, const char *key, size_t len)
{
	for (const char *line = answer; *line;) {
		if (!strncmp(line, key, len) && line[len] == '=')
			return line + len + 1;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return "";
}

int systemctl_show(const char *unit, int wait_ms, struct systemctl_unit *out)
{
	static const char reload[] = "NeedDaemonReload", pid[] = "MainPID",
			  start_key[] = "ExecMainStartTimestampMonotonic";
	char answer[512];
	int err = ask(unit, wait_ms, answer, sizeof(answer));

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	out->need_reload = !strncmp(value_of(answer, reload, sizeof(reload) - 1), "yes\n", 4);
	out->main_pid = (uint32_t)strtoul(value_of(answer, pid, sizeof(pid) - 1), NULL, 10);
	/* Microseconds. */
	out->main_start_ns =
		strtoull(value_of(answer, start_key, sizeof(start_key) - 1), NULL, 10) * 1000;
	return 0;
}

int systemctl_need_reload(const char *unit)
{
	struct systemctl_unit u;
	int err = systemctl_show(unit, 1000, &u);

	return err ? err : u.need_reload;
}
