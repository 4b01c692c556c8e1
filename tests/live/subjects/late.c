/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that were there before the tracer, and dials that hang already when it comes. */
#include "subject.h"
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As the program writes the address, and as it stands in the report: a v4-mapped one is IPv4. */
static const struct {
	const char *dialled, *reported;
} silent[] =
	{
		{HOST_SILENT, HOST_SILENT},
		{HOST_OWN6, HOST_OWN6},
		{"::ffff:" HOST_SILENT, HOST_SILENT},
},
  loopback[] = {
	  {"127.0.0.1", "127.0.0.1"},
	  {"::1", "::1"},
	  {"::ffff:127.0.0.1", "127.0.0.1"},
};

/* A port of its own for each, so that a report is of one and no other. */
#define PORT(base, i) ((base) + (int)(i))

static void wait_for(int go)
{
	char byte;

	must(read(go, &byte, 1) == 1, "the word to go");
}

/* A listener whose queue is full: an address of our own that is as silent as a host behind a firewall. */
static void fill(const char *ip, int port, bool told)
{
	int fd = tcp_socket(ip, false);

	listener(ip, port, true);
	if (told)
		expect_dial(ip, port, "established", 0, "direct");
	must(dial(fd, ip, port) == 0, "the first dial to a full listener");
	close(fd);
}

/*
 * Dials without an answer, given up once go came, or after a moment.  The duration of one that is older than the
 * tracer is a lower bound, and said to be one; that of no other is.
 */
static void abandon(int base, int ready, int go)
{
	bool before = go >= 0;
	char more[96];
	int fds[3];

	snprintf(more, sizeof(more),
		"\"relaytrace\":{\"dial\":{\"path\":\"direct\",\"at_least\":%s}}",
		before ? "true" : "null");
	fill(HOST_OWN6, PORT(base, 1), !before);
	for (int i = 0; i < 3; i++) {
		fds[i] = tcp_socket(silent[i].dialled, true);
		expect_dials(silent[i].reported, PORT(base, i), "abandoned", 0, more, 1, 1);
		must(dial(fds[i], silent[i].dialled, PORT(base, i)) == EINPROGRESS,
			"a dial into silence");
	}
	if (before) {
		must(write(ready, "r", 1) == 1, "write");
		wait_for(go);
	}
	usleep(300000);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

void late_dials(int ready, int go)
{
	int base = port_new() + 10;

	must(write(ready, "r", 1) == 1, "write");
	wait_for(go);
	for (int i = 0; i < 3; i++) {
		int fd = tcp_socket(loopback[i].dialled, false);

		expect_dial(
			loopback[i].reported, PORT(base, i), "refused", ECONNREFUSED, "loopback");
		must(dial(fd, loopback[i].dialled, PORT(base, i)) == ECONNREFUSED, "not refused");
		close(fd);
	}
	abandon(base, -1, -1);
}

void late_hanging_dials(int ready, int go)
{
	abandon(port_new(), ready, go);
}

/* Waits until the tracer's output says that it began; false when the tracer ended first. */
static bool began(const char *out, pid_t tracer)
{
	char text[65536];

	for (int i = 0; i < 600; i++) {
		int fd = open(out, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = 0;
		if (strstr(text, "\"action\":\"start\""))
			return true;
		if (waitpid(tracer, NULL, WNOHANG) == tracer)
			return false;
		usleep(50000);
	}
	return false;
}

int late_run(const char *name, void (*dials)(int ready, int go), int argc, char **argv)
{
	int ready[2], go[2], status;
	pid_t subject, tracer;
	char pid[16], byte;
	char **with = calloc(argc + 3, sizeof(*with));

	running = name;
	must(with && argc >= 2 && pipe(ready) == 0 && pipe(go) == 0, "OUT.json TRACER ARG...");
	subject = fork();
	must(subject >= 0, "fork");
	if (subject == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dials(ready[1], go[0]);
		exit(0);
	}
	close(ready[1]);
	must(read(ready[0], &byte, 1) == 1, "the subject failed");
	snprintf(pid, sizeof(pid), "%d", (int)subject);
	memcpy(with, argv + 1, (argc - 1) * sizeof(*with));
	with[argc - 1] = "--pid";
	with[argc] = pid;
	tracer = fork();
	must(tracer >= 0, "fork");
	if (tracer == 0) {
		execv(with[0], with);
		must(false, with[0]);
	}
	must(began(argv[0], tracer), "the tracer did not begin");
	/* We are not traced, and in the cgroup of who is. */
	options_kept();
	must(write(go[1], "g", 1) == 1, "write");
	must(waitpid(subject, &status, 0) == subject && status == 0, "the subject failed");
	usleep(300000);
	kill(tracer, SIGINT);
	must(waitpid(tracer, &status, 0) == tracer, "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "the tracer failed");
	free(with);
	return 0;
}
