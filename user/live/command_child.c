// SPDX-License-Identifier: GPL-2.0-only
#include "live/command_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_run(int go, int failed, char *const argv[], char *const environment[])
{
	sigset_t none;
	char byte;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* outputs_ignore_signals(): not for COMMAND. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	/* No byte: the tracer ended before it was ready. */
	if (read(go, &byte, 1) != 1)
		_exit(126);
	execvpe(argv[0], argv, environment ? environment : environ);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int command_child_fork(struct command_child *c, char *const argv[], char *const environment[])
{
	int go[2], failed[2];

	memset(c, 0, sizeof(*c));
	c->go = c->failed = -1;
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]);
		close(failed[0]);
		child_run(go[0], failed[1], argv, environment);
	}
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	if (c->pid < 0) {
		c->pid = 0;
		return -errno;
	}
	if (cgroup_make(c->cgroup, sizeof(c->cgroup))) {
		c->cgroup[0] = '\0';
	} else if (cgroup_enter(c->cgroup, c->pid)) {
		cgroup_remove(c->cgroup);
		c->cgroup[0] = '\0';
	}
	return 0;
}

int command_child_go(struct command_child *c)
{
	int err = 0;

	if (write(c->go, "", 1) != 1)
		err = errno;
	close(c->go);
	c->go = -1;
	/* The pipe closes when the exec succeeds. */
	while (!err && read(c->failed, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	close(c->failed);
	c->failed = -1;
	if (err)
		while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
			;
	c->ended = err != 0;
	return err;
}

bool command_child_reap(struct command_child *c)
{
	if (c->pid && !c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return c->ended;
}

void command_child_close(struct command_child *c)
{
	if (c->go >= 0)
		close(c->go);
	if (c->failed >= 0)
		close(c->failed);
	c->go = c->failed = -1;
	if (c->cgroup[0])
		cgroup_remove(c->cgroup);
	c->cgroup[0] = '\0';
}
