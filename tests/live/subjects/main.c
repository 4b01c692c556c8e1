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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void chain_step(int argc, char **argv);

static const char *running; /* the case, for what it prints */
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

/*
 * A process that is there before the tracer: one dial hangs already, one is refused and one given up
 * afterwards.  The connection that fills the listener's queue is over before the tracer comes.
 */
static void late_subject(int go, bool taken_over)
{
	const char *ip = "127.0.0.1";
	int silent = port_new(), before = -1, fd;
	char byte;

	running = taken_over ? "taken-over" : "late";
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listener(ip, silent, true);
	must(dial(tcp_socket(ip, false), ip, silent) == 0, "the first dial to a full listener");
	if (taken_over) {
		before = tcp_socket(ip, true);
		must(dial(before, ip, silent) == EINPROGRESS, "a dropped dial");
	}
	must(read(go, &byte, 1) == 1, "the word to go");
	if (taken_over) {
		expect_dial(ip, silent, "abandoned", 0, "loopback");
		close(before);
		return;
	}
	fd = tcp_socket(ip, false);
	expect_dial(ip, port_new(), "refused", ECONNREFUSED, "loopback");
	must(dial(fd, ip, silent + 1) == ECONNREFUSED, "not refused");
	close(fd);
	fd = tcp_socket(ip, true);
	expect_dial(ip, silent, "abandoned", 0, "loopback");
	must(dial(fd, ip, silent) == EINPROGRESS, "a dropped dial");
	usleep(300000);
	close(fd);
}

static int run_late(int argc, char **argv, bool taken_over)
{
	int go[2], status;
	pid_t subject, tracer;
	char pid[16];
	char **with = calloc(argc + 3, sizeof(*with));

	must(with && argc >= 2 && pipe(go) == 0, "late OUT.json TRACER ARG...");
	subject = fork();
	must(subject >= 0, "fork");
	if (subject == 0) {
		late_subject(go[0], taken_over);
		exit(0);
	}
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
		return run_late(argc - 2, argv + 2, false);
	if (argc > 1 && strcmp(argv[1], "taken-over") == 0)
		return run_late(argc - 2, argv + 2, true);
	snprintf(directory, sizeof(directory), "/tmp/subject-%d", (int)getpid());
	mkdir("/tmp", 01777);
	must(mkdir(directory, 0700) == 0, directory);
	setenv("SUBJECT_DIR", directory, 1);
	status = run_cases(argv + 1);
	directory_remove();
	return status;
}
