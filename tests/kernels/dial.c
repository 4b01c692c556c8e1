/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A subject: it dials on the loopback in every way that ends differently, and prints what a tracer
 * must say of each dial, one JSON object a line: the fields that count, no more.
 *
 * An address that answers nothing is made of a listener with a full queue, which drops what comes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct target {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t length;
};

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static struct target target(const char *ip, int port)
{
	struct target t = {0};

	if (inet_pton(AF_INET, ip, &t.at.v4.sin_addr) == 1) {
		t.at.v4.sin_family = AF_INET;
		t.at.v4.sin_port = htons(port);
		t.length = sizeof(t.at.v4);
	} else {
		must(inet_pton(AF_INET6, ip, &t.at.v6.sin6_addr) == 1, ip);
		t.at.v6.sin6_family = AF_INET6;
		t.at.v6.sin6_port = htons(port);
		t.length = sizeof(t.at.v6);
	}
	return t;
}

/* An address that accepts connections, queued up to that number more than one; 0 where it is bound only. */
static struct target listener(const char *ip, int queue)
{
	struct target t = target(ip, 0);
	int fd = socket(t.at.any.sa_family, SOCK_STREAM, 0);

	must(!bind(fd, &t.at.any, t.length), "bind");
	must(queue < 0 || !listen(fd, queue), "listen");
	getsockname(fd, &t.at.any, &t.length);
	return t;
}

static struct target silent(void)
{
	struct target t = listener("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(!connect(fd, &t.at.any, t.length), "connect");
	return t; /* the queue is full now; the connection is kept open until the program ends */
}

static void expect(const struct target *t, const char *path, const char *outcome, int error)
{
	char ip[INET6_ADDRSTRLEN];
	int v6 = t->at.any.sa_family == AF_INET6;

	inet_ntop(t->at.any.sa_family,
		v6 ? (const void *)&t->at.v6.sin6_addr : (const void *)&t->at.v4.sin_addr, ip,
		sizeof(ip));
	printf("{\"event\":{\"action\":\"dial\",\"outcome\":\"%s\"},\"process\":{\"pid\":%d,"
	       "\"name\":\"dial\"},\"network\":{\"transport\":\"tcp\",\"type\":\"%s\"},"
	       "\"destination\":{\"ip\":\"%s\",\"port\":%d},"
	       "\"relaytrace\":{\"dial\":{\"outcome\":\"%s\",\"path\":\"%s\",\"errno\":%d}}}\n",
		strcmp(outcome, "established") ? "failure" : "success", getpid(),
		v6 ? "ipv6" : "ipv4", ip, ntohs(v6 ? t->at.v6.sin6_port : t->at.v4.sin_port),
		outcome, path, error);
	fflush(stdout);
}

static int dialler(const struct target *t, int flags)
{
	int fd = socket(t->at.any.sa_family, SOCK_STREAM | flags, 0);

	must(fd >= 0, "socket");
	return fd;
}

/* A blocking connect() that must end with that errno. */
static void dial(struct target t, const char *path, const char *outcome, int error)
{
	int fd = dialler(&t, 0);

	errno = 0;
	connect(fd, &t.at.any, t.length);
	must(errno == error, outcome);
	close(fd);
	expect(&t, path, outcome, error);
}

/* As event loops do it: EINPROGRESS, poll, SO_ERROR.  Given up after patience_ms. */
static void dial_later(struct target t, const char *outcome, int error, int patience_ms)
{
	int fd = dialler(&t, SOCK_NONBLOCK), found = 0;
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	socklen_t length = sizeof(found);

	must(connect(fd, &t.at.any, t.length) && errno == EINPROGRESS, "EINPROGRESS");
	if (poll(&poll_fd, 1, patience_ms) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &found, &length);
	must(found == error, outcome);
	close(fd);
	expect(&t, "loopback", outcome, error);
}

static void dial_timeout(struct target t)
{
	int fd = dialler(&t, 0), once = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once));
	must(connect(fd, &t.at.any, t.length) && errno == ETIMEDOUT, "ETIMEDOUT");
	close(fd);
	expect(&t, "loopback", "timeout", ETIMEDOUT);
}

/* What is no dial: a UDP connect() that sorts addresses, and a Unix socket.  Nothing may be said of them. */
static void no_dials(void)
{
	struct target t = target("127.0.0.1", 9);
	struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};
	int udp = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);

	must(!connect(udp, &t.at.any, t.length), "a UDP connect");
	must(connect(local, (struct sockaddr *)&path, sizeof(path)), "a Unix connect");
	close(udp);
	close(local);
}

int main(void)
{
	struct target nobody = listener("127.0.0.1", -1), nobody6 = listener("::1", -1);
	struct target server = listener("127.0.0.1", 8), server6 = listener("::1", 8);
	struct target deaf = silent();
	pid_t child = fork();

	/* silent() dialled too, and that was a dial as well. */
	if (child == 0) {
		dial_timeout(deaf);
		return 0;
	}
	expect(&deaf, "loopback", "established", 0);
	dial(nobody, "loopback", "refused", ECONNREFUSED);
	dial_later(nobody, "refused", ECONNREFUSED, 1000);
	dial(nobody6, "loopback", "refused", ECONNREFUSED);
	dial(server, "loopback", "established", 0);
	dial_later(server6, "established", 0, 1000);
	dial_later(deaf, "abandoned", 0, 300);
	dial(target("192.0.2.1", 443), "direct", "unreachable", ENETUNREACH);
	no_dials();
	must(waitpid(child, NULL, 0) == child, "waitpid");
	return 0;
}
