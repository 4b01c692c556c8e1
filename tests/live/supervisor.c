/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rke2 process does around containerd, and nothing else.  Built as a program named rke2.
 *
 *	rke2 [--pull PULLER ARG... --] CONTAINERD ARG...
 *
 * First the pull that RKE2 makes itself, with the environment as it is, in a child that is run to
 * its end whatever comes of it (in RKE2 it is the same process; the laboratory's PULLER is a copy of
 * skopeo named rke2).  Then CONTAINERD as a child that gets CONTAINERD_X as X, where the last one of
 * a name wins, and no NOTIFY_SOCKET (k3s pkg/agent/containerd, Run(); rke2 docs, "Configuring an
 * HTTP proxy").  SIGTERM and SIGINT are handed on; the child dies with us.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "CONTAINERD_"

extern char **environ;
static volatile sig_atomic_t child;

static void hand_on(int signal_number)
{
	if (child > 0)
		kill(child, signal_number);
	else
		_exit(128 + signal_number);
}

/* Puts entry at the end of list, and takes an earlier one of the same name out. */
static void put(char **list, size_t *count, char *entry)
{
	size_t name = strcspn(entry, "=") + 1;

	for (size_t i = 0; i < *count; i++) {
		if (strncmp(list[i], entry, name) != 0)
			continue;
		memmove(list + i, list + i + 1, (*count - i - 1) * sizeof(*list));
		(*count)--;
		break;
	}
	list[(*count)++] = entry;
	list[*count] = NULL;
}

/* The environment of containerd: a list that lives as long as the process; NULL without memory. */
static char **containerd_environment(void)
{
	const size_t prefix = strlen(PREFIX);
	size_t size = 1, count = 0;
	char **list;

	while (environ[size - 1])
		size++;
	list = calloc(size, sizeof(*list));
	if (!list)
		return NULL;
	for (int handed_on = 0; handed_on <= 1; handed_on++)
		for (char **e = environ; *e; e++) {
			if ((strncmp(*e, PREFIX, prefix) == 0) != handed_on)
				continue;
			if (strncmp(*e, "NOTIFY_SOCKET=", strlen("NOTIFY_SOCKET=")) != 0)
				put(list, &count, *e + (handed_on ? prefix : 0));
		}
	return list;
}

/* Runs argv to its end.  Returns its exit status, 128 + n when signal n ended it. */
static int run(char **argv, char **environment)
{
	int status;
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return 126;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(126);
		execve(argv[0], argv, environment);
		fprintf(stderr, "rke2: cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	child = pid;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 126;
	child = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	char **containerd = argv + 1;
	char **environment = containerd_environment();

	signal(SIGTERM, hand_on);
	signal(SIGINT, hand_on);
	if (argc > 1 && strcmp(argv[1], "--pull") == 0) {
		char **puller = argv + 2;

		while (*containerd && strcmp(*containerd, "--") != 0)
			containerd++;
		if (*containerd)
			*containerd++ = NULL;
		if (*puller)
			printf("rke2: the pull ended with status %d\n", run(puller, environ));
		fflush(stdout);
	}
	if (!*containerd || !environment) {
		fprintf(stderr, "usage: rke2 [--pull PULLER ARG... --] CONTAINERD ARG...\n");
		return 2;
	}
	return run(containerd, environment);
}
