/* SPDX-License-Identifier: GPL-2.0-only */
/* Single dials, by how they are made and how they end; and connects that are no dials at all. */
#include "subject.h"
#include "network.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* As the program writes the address, and as it stands in the report: a v4-mapped one is IPv4. */
static const struct {
	const char *dialled, *reported;
} loopbacks[] = {
	{"127.0.0.1", "127.0.0.1"},
	{"::1", "::1"},
	{"::ffff:127.0.0.1", "127.0.0.1"},
};

static void refused(void)
{
	for (int i = 0; i < 6; i++) {
		const char *ip = loopbacks[i / 2].dialled;
		bool nonblocking = i % 2;
		int port = port_new(), fd = tcp_socket(ip, nonblocking), error;

		expect_dial(loopbacks[i / 2].reported, port, "refused", ECONNREFUSED, "loopback");
		error = dial(fd, ip, port);
		if (nonblocking && error == EINPROGRESS)
			error = dial_wait(fd);
		must(error == ECONNREFUSED, "not refused");
		close(fd);
	}
}

static void established(void)
{
	for (int i = 0; i < 6; i++) {
		const char *ip = loopbacks[i / 2].dialled;
		bool nonblocking = i % 2;
		int port = port_new(), fd = tcp_socket(ip, nonblocking), error;
		int listening = listener(loopbacks[i / 2].reported, port, false);

		expect_dial(loopbacks[i / 2].reported, port, "established", 0, "loopback");
		error = dial(fd, ip, port);
		if (nonblocking && error == EINPROGRESS)
			error = dial_wait(fd);
		must(error == 0, "not established");
		close(fd);
		close(listening);
	}
}

/* No state change at all: only the return of connect() tells of it. */
static void unreachable(void)
{
	static const struct {
		const char *ip, *outcome;
		int error;
	} hosts[] = {
		{HOST_NO_ROUTE, "unreachable", ENETUNREACH},
		{HOST_NO_ROUTE6, "unreachable", ENETUNREACH},
		{HOST_UNREACHABLE, "unreachable", EHOSTUNREACH},
		{HOST_PROHIBIT, "denied", EACCES},
		{HOST_BLACKHOLE, "failed", EINVAL},
	};

	for (size_t i = 0; i < 2 * sizeof(hosts) / sizeof(hosts[0]); i++) {
		const char *ip = hosts[i / 2].ip;
		int port = port_new(), fd = tcp_socket(ip, i % 2);

		expect_dial(ip, port, hosts[i / 2].outcome, hosts[i / 2].error, "direct");
		must(dial(fd, ip, port) == hosts[i / 2].error, ip);
		close(fd);
	}
}

static void forbidden_body(void *unused)
{
	(void)unused;
	for (int nonblocking = 0; nonblocking <= 1; nonblocking++) {
		int port = port_new(), fd = tcp_socket("127.0.0.1", nonblocking);

		expect_dial("127.0.0.1", port, "denied", EPERM, "loopback");
		must(dial(fd, "127.0.0.1", port) == EPERM, "not forbidden");
		close(fd);
	}
}

static void forbidden(void)
{
	int error = network_forbidden(forbidden_body, NULL);

	if (error) {
		errno = -error;
		must(error == -ENOENT || error == -EPERM || error == -ENOSYS,
			"a cgroup that refuses");
		fprintf(stderr, "subject: forbidden: no cgroup v2 here to refuse a dial: %s\n",
			strerror(errno));
	}
}

/*
 * Makes a listener that drops every further SYN: its queue of one is taken by a dial of our own.  That
 * one is closed at once (it stays in the queue), so that the listener's end does not reset it.
 */
static int silent_port(const char *ip)
{
	int port = port_new(), fd;

	listener(ip, port, true);
	fd = tcp_socket(ip, false);
	expect_dial(ip, port, "established", 0, "loopback");
	must(dial(fd, ip, port) == 0, "the first dial to a full listener");
	close(fd);
	return port;
}

/* The kernel gives up after the second SYN: TCP_SYNCNT 1 is 1 + 2 seconds (tcp(7)). */
static void timeout(void)
{
	const char *const ips[] = {"127.0.0.1", "127.0.0.1", "::1"};
	int fds[3];

	for (int i = 0; i < 3; i++) {
		int port = silent_port(ips[i]);

		fds[i] = tcp_socket(ips[i], i < 2);
		setsockopt(fds[i], IPPROTO_TCP, TCP_SYNCNT, &(int){1}, sizeof(int));
		expect_dial(ips[i], port, "timeout", ETIMEDOUT, "loopback");
		must(dial(fds[i], ips[i], port) == (i < 2 ? EINPROGRESS : ETIMEDOUT),
			"a dropped dial");
	}
	for (int i = 0; i < 2; i++)
		must(dial_wait(fds[i]) == ETIMEDOUT, "not timed out");
}

static void abandoned(void)
{
	const char *const ips[] = {"127.0.0.1", "::1"};
	int fds[2];

	for (int i = 0; i < 2; i++) {
		int port = silent_port(ips[i]);

		fds[i] = tcp_socket(ips[i], true);
		expect_dial(ips[i], port, "abandoned", 0, "loopback");
		must(dial(fds[i], ips[i], port) == EINPROGRESS, "a dropped dial");
	}
	usleep(400000);
	close(fds[0]);
	close(fds[1]);
}

/* Happy eyeballs (RFC 8305): IPv6 is silent, IPv4 answers, the loser is closed. */
static void superseded(void)
{
	int port = silent_port("::1"), listening = listener("127.0.0.1", port, false);
	int loser = tcp_socket("::1", true), winner = tcp_socket("127.0.0.1", true), error;

	expect_dial("::1", port, "superseded", 0, "loopback");
	expect_dial("127.0.0.1", port, "established", 0, "loopback");
	must(dial(loser, "::1", port) == EINPROGRESS, "a dropped dial");
	usleep(300000);
	error = dial(winner, "127.0.0.1", port);
	must((error == EINPROGRESS ? dial_wait(winner) : error) == 0, "not established");
	close(loser);
	close(winner);
	close(listening);
}

/*
 * What Go does to sort addresses, and other connects that are no dials.  No probe of port 53 without a
 * route: a process that never looked a name up cannot be told from one without a way to its resolver.
 */
static void not_dials(void)
{
	static const struct {
		const char *ip;
		int port;
	} probes[] = {{"127.0.0.1", 9}, {"127.0.0.1", 53}, {"::1", 9}, {HOST_NO_ROUTE, 9},
		{HOST_NO_ROUTE6, 9}, {HOST_PROHIBIT, 9}};
	struct sockaddr_un missing = {.sun_family = AF_UNIX, .sun_path = "/nowhere/at/all"};
	int fd;

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		fd = socket(strchr(probes[i].ip, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
		expect_dials(probes[i].ip, probes[i].port, NULL, 0, NULL, 0, 0);
		dial(fd, probes[i].ip, probes[i].port);
		close(fd);
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	must(connect(fd, (struct sockaddr *)&missing, sizeof(missing)) && errno == ENOENT,
		"AF_UNIX");
	close(fd);
}

/* The puller goes before its dial ends: by itself, told to, or killed. */
static void leave(void *how)
{
	int signal_number = *(int *)how, port = silent_port("127.0.0.1");
	int fd = tcp_socket("127.0.0.1", true);

	expect_dial("127.0.0.1", port, signal_number ? "interrupted" : "abandoned", 0, "loopback");
	must(dial(fd, "127.0.0.1", port) == EINPROGRESS, "a dropped dial");
	usleep(200000);
	if (signal_number)
		kill(getpid(), signal_number);
	_exit(0);
}

static void leaves(void)
{
	int how[] = {0, SIGTERM, SIGKILL};

	for (int i = 0; i < 3; i++) {
		int status = in_child(leave, &how[i]);

		must(how[i] ? WIFSIGNALED(status) : status == 0, "the end of a puller");
		/* The next child would take the same ports. */
		port_new();
		port_new();
	}
}

/* A dial, so that there is something to report. */
static void options(void)
{
	int port = port_new(), fd = tcp_socket("127.0.0.1", false);

	options_kept();
	expect_dial("127.0.0.1", port, "refused", ECONNREFUSED, "loopback");
	must(dial(fd, "127.0.0.1", port) == ECONNREFUSED, "not refused");
	close(fd);
}

const struct subject subject_dials[] = {
	{"refused", refused},
	{"established", established},
	{"unreachable", unreachable},
	{"forbidden", forbidden},
	{"timeout", timeout},
	{"abandoned", abandoned},
	{"superseded", superseded},
	{"not-dials", not_dials},
	{"leaves", leaves},
	{"options", options},
	{NULL, NULL},
};
