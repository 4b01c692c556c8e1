/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The work of a busy node, for measuring who watches it:
 *
 *   load dials COUNT          so many dials to a port of the loopback where nobody listens, by two
 *                             processes as fast as they can: "dials COUNT SECONDS"
 *   load execs COUNT [PACE]   so many processes, each of which runs a program that dials once and ends,
 *                             two at a time, of PACE a second if it is given; "execs DONE SECONDS" at each tenth
 *   load hold COUNT           so many processes that do nothing; "hold COUNT" when all are there, until
 *                             standard input ends
 *   load attached FILE PATTERN COMMAND ARG...
 *                             starts COMMAND and dials one port after the other until FILE, which it writes, has
 *                             PATTERN, then ends it: "attached SECONDS", from its start to the first dial
 *                             that it saw (of whoever tells "port":N), else to the first that it told
 *
 * Built static: an exec then costs what the kernel's part of it costs.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES  2
#define PATIENCE_S 120
#define PORT	   1024 /* and those behind it: nobody listens there */
#define PORTS	   60000

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0, "socket");
	must(connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno == ECONNREFUSED,
		"a refused connect");
	close(fd);
}

/* Runs work(argument) in so many children at a time and waits for them. */
static void beside(void (*work)(long), long argument)
{
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid == 0) {
			work(argument);
			exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		must(wait(&status) > 0 && status == 0, "a child");
}

static void dials(long count)
{
	for (long i = 0; i < count; i++)
		dial(1);
}

static void spawn(const char *what, pid_t *pid)
{
	char *argv[] = {"/proc/self/exe", (char *)what, NULL};

	must(!posix_spawn(pid, argv[0], NULL, NULL, argv, environ), "posix_spawn");
}

static void execs(long count)
{
	int status;
	pid_t pid;

	for (long i = 0; i < count; i++) {
		spawn("dial", &pid);
		must(waitpid(pid, &status, 0) == pid && status == 0, "a child");
	}
}

/* Waits until a tenth of count is due, at pace of them a second; 0: at once. */
static void await(double began, long count, int tenth, long pace)
{
	double left = pace > 0 ? began + (double)(count / 10 * tenth) / (double)pace - now_s() : 0;

	if (left > 0)
		usleep((useconds_t)(left * 1e6));
}

static void hold(long count)
{
	pid_t *pids = calloc((size_t)count, sizeof(*pids));
	char c;

	must(pids != NULL, "memory");
	for (long i = 0; i < count; i++)
		spawn("wait", &pids[i]);
	printf("hold %ld\n", count);
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	for (long i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (long i = 0; i < count; i++)
		waitpid(pids[i], NULL, 0);
	free(pids);
}

/* The text of file, what is longer cut off. */
static const char *read_all(const char *file)
{
	static char text[1 << 16];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* The least port that text tells; 0: none. */
static int least_port(const char *text)
{
	int least = 0;

	while ((text = strstr(text, "\"port\":"))) {
		int port = atoi(text += 7);

		if (port >= PORT && port < PORT + PORTS && (!least || port < least))
			least = port;
	}
	return least;
}

static void attached(const char *file, const char *pattern, char **command)
{
	static double at[PORTS];
	double began = now_s(), seconds = 0;
	int port = 0;
	pid_t pid;

	must(!posix_spawnp(&pid, command[0], NULL, NULL, command, environ), command[0]);
	for (int i = 0; i < PORTS && seconds < PATIENCE_S; i++) {
		const char *text = read_all(file);

		if (strstr(text, pattern)) {
			port = least_port(text);
			break;
		}
		at[i] = seconds;
		dial(PORT + i);
		usleep(1000);
		seconds = now_s() - began;
	}
	kill(pid, SIGINT);
	waitpid(pid, NULL, 0);
	printf("attached %.4f\n", port ? at[port - PORT] : seconds);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? atol(argv[2]) : 0;
	double began = now_s();

	if (!strcmp(what, "dial")) {
		dial(1);
	} else if (!strcmp(what, "wait")) {
		pause();
	} else if (!strcmp(what, "dials") && count >= PROCESSES) {
		beside(dials, count / PROCESSES);
		printf("dials %ld %.3f\n", count / PROCESSES * PROCESSES, now_s() - began);
	} else if (!strcmp(what, "execs") && count >= 10 * PROCESSES) {
		for (int tenth = 1; tenth <= 10; tenth++) {
			await(began, count, tenth - 1, argc > 3 ? atol(argv[3]) : 0);
			beside(execs, count / 10 / PROCESSES);
			printf("execs %ld %.3f\n", count / 10 / PROCESSES * PROCESSES * tenth,
				now_s() - began);
			fflush(stdout);
		}
	} else if (!strcmp(what, "hold") && count > 0) {
		hold(count);
	} else if (!strcmp(what, "attached") && argc > 4) {
		attached(argv[2], argv[3], argv + 4);
	} else {
		fprintf(stderr,
			"usage: load dials|hold COUNT | execs COUNT [PACE] | attached FILE PATTERN COMMAND...\n");
		return 2;
	}
	return 0;
}
