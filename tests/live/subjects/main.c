/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: subject [CASE...]     all cases, or those named, each in a process of its own
 *        subject list
 *        subject late OUT.json TRACER ARG...   dials after TRACER ARG... --pid PID says that it began
 *        subject taken-over OUT.json TRACER ARG...   the same, its dial hangs already by then
 *
 * It makes a network namespace of its own with nothing but lo, and touches nothing outside.
 */
#include "subject.h"
#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void chain_step(int argc, char **argv);

const char *running; /* the case, for what it prints */
static char directory[64];

void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "subject: %s: %s: %s\n", running ? running : "?", what, strerror(errno));
	exit(1);
}

void expect_dials(const char *ip, int port, const char *outcome, int error, const char *more,
	int min, int max)
{
	char line[1024], detail[256] = "";

	if (outcome)
		snprintf(detail, sizeof(detail), "\"outcome\":\"%s\",\"errno\":%d", outcome, error);
	/* One write: subjects print from several processes. */
	dprintf(STDOUT_FILENO, "%s",
		(snprintf(line, sizeof(line),
			 "{\"case\":\"%s\",\"want\":{\"process\":{\"pid\":%d},\"destination\":{"
			 "\"ip\":\"%s\","
			 "\"port\":%d},\"relaytrace\":{\"dial\":{%s}}},\"and\":{%s},\"min\":%d,"
			 "\"max\":%d}\n",
			 running, (int)getpid(), ip, port, detail, more ? more : "", min, max),
			line));
}

void expect_dial(const char *ip, int port, const char *outcome, int error, const char *path)
{
	char more[128] = "";

	if (path)
		snprintf(more, sizeof(more), "\"relaytrace\":{\"dial\":{\"path\":\"%s\"}}", path);
	expect_dials(ip, port, outcome, error, more, 1, 1);
}

int port_new(void)
{
	/* Shared by all cases through the port that a bind chooses would not do: a refused dial needs
	 * a port where nothing listens.  A case has a hundred from its own number on. */
	static int next;
	const char *base = getenv("SUBJECT_PORT");

	return (base ? atoi(base) : 20000) + next++;
}

socklen_t address_of(const char *ip, int port, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	must(inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1, ip);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

int tcp_socket(const char *ip, bool nonblocking)
{
	int fd = socket(strchr(ip, ':') ? AF_INET6 : AF_INET,
		SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);

	must(fd >= 0, "socket");
	return fd;
}

int listener(const char *ip, int port, bool full)
{
	struct sockaddr_storage address;
	socklen_t length = address_of(ip, port, &address);
	int fd = tcp_socket(ip, false);

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
	must(bind(fd, (struct sockaddr *)&address, length) == 0, "bind");
	must(listen(fd, full ? 0 : 16) == 0, "listen");
	return fd;
}

int dial(int fd, const char *ip, int port)
{
	struct sockaddr_storage address;
	socklen_t length = address_of(ip, port, &address);

	return connect(fd, (struct sockaddr *)&address, length) ? errno : 0;
}

int dial_wait(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t length = sizeof(error);

	must(poll(&p, 1, 20000) == 1, "a dial never ended");
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0, "SO_ERROR");
	return error;
}

int in_child(void (*body)(void *), void *argument)
{
	int status = 0;
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid == 0) {
		body(argument);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return status;
}

const char *copy_named(const char *name)
{
	static char path[128];
	char data[65536];
	ssize_t n;
	int from, to;

	snprintf(path, sizeof(path), "%s/%s", getenv("SUBJECT_DIR"), name);
	if (access(path, X_OK) == 0)
		return path;
	from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	must(from >= 0 && to >= 0, path);
	while ((n = read(from, data, sizeof(data))) > 0)
		must(write(to, data, n) == n, path);
	close(from);
	close(to);
	return path;
}

static void directory_remove(void)
{
	static const char *const names[] = {"sh", "rke2", "containerd", "calico"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

static int run_case(const struct subject *subject, int number)
{
	char port[16];
	int status;
	pid_t pid;

	running = subject->name;
	snprintf(port, sizeof(port), "%d", 20000 + 100 * number);
	setenv("SUBJECT_PORT", port, 1);
	setenv("SUBJECT_CASE", subject->name, 1);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		subject->run();
		exit(0);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	if (status == 0)
		return 0;
	fprintf(stderr, "subject: %s ended with status 0x%x\n", running, status);
	return 1;
}

static int run_cases(char **wanted)
{
	const struct subject *tables[] = {subject_dials, subject_trees};
	int failed = 0, number = 0, ran = 0;

	for (int t = 0; t < 2; t++)
		for (const struct subject *s = tables[t]; s->name; s++, number++) {
			bool chosen = !*wanted;

			for (char **w = wanted; *w; w++)
				chosen |= strcmp(*w, s->name) == 0;
			if (!chosen)
				continue;
			failed |= run_case(s, number);
			ran++;
		}
	return failed || !ran;
}

int main(int argc, char **argv)
{
	int status;

	if (argc > 1 && strcmp(argv[1], "list") == 0) {
		for (const struct subject *s = subject_dials; s->name; s++)
			puts(s->name);
		for (const struct subject *s = subject_trees; s->name; s++)
			puts(s->name);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "step") == 0) {
		running = getenv("SUBJECT_CASE");
		chain_step(argc - 2, argv + 2);
		return 0;
	}
	running = "setting up";
	must(network_private() == 0, "a network namespace of its own");
	if (argc > 1 && strcmp(argv[1], "late") == 0)
		return late_run("late", late_dials, argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "taken-over") == 0)
		return late_run("taken-over", late_hanging_dials, argc - 2, argv + 2);
	snprintf(directory, sizeof(directory), "/tmp/subject-%d", (int)getpid());
	mkdir("/tmp", 01777);
	must(mkdir(directory, 0700) == 0, directory);
	setenv("SUBJECT_DIR", directory, 1);
	status = run_cases(argv + 1);
	directory_remove();
	return status;
}
