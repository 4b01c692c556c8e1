/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A relay that answers every CONNECT in the one way that its port stands for: the answers that a
 * well-behaved squid or tinyproxy does not give on request.  usage: canned_relay
 *
 * It listens on every port of the table, IPv4 and IPv6, prints "ready" and runs until killed.  Each
 * connection has a process of its own: a silent one may stay as long as its puller has patience.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum manner {
	ANSWER,	 /* the text, then close */
	DRIBBLE, /* the text, one byte a segment, then close */
	ENDLESS, /* the text, then a line that never ends */
	SILENT,	 /* nothing, until the puller goes */
	RESET,	 /* RST instead of an answer (SO_LINGER 0, socket(7)) */
	/* The text, and at the first bytes in the tunnel: close, RST, nothing. */
	TUNNEL_CLOSE,
	TUNNEL_RESET,
	TUNNEL_SILENT,
};

struct habit {
	int port;
	enum manner manner;
	const char *text;
};

static const struct habit habits[] = {
	{4000, ANSWER, ""},
	{4001, SILENT, ""},
	{4002, ANSWER, "220 mail.test ESMTP\r\n"},
	{4003, DRIBBLE, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"},
	{4004, ENDLESS, "HTTP/1.1 503 "},
	{4005, RESET, ""},
	{4201, TUNNEL_CLOSE, "HTTP/1.1 200 Connection established\r\n\r\n"},
	{4202, TUNNEL_RESET, "HTTP/1.1 200 Connection established\r\n\r\n"},
	{4203, TUNNEL_SILENT, "HTTP/1.0 200 Connection established\r\nProxy-agent: lab/1\r\n\r\n"},
	{4403, ANSWER, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
	{4407, ANSWER,
		"HTTP/1.1 407 Proxy Authentication Required\r\n"
		"Proxy-Authenticate: Basic realm=\"lab\"\r\nContent-Length: 0\r\n\r\n"},
	{4500, ANSWER, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"},
	{4502, ANSWER, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"},
	{4503, ANSWER, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
	{4504, ANSWER, "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"},
};
#define HABITS (int)(sizeof(habits) / sizeof(habits[0]))

/* Reads to the end of the request's header; false when the peer went before that. */
static bool read_request(int fd)
{
	char request[65536];
	size_t have = 0;

	while (have < sizeof(request)) {
		ssize_t n = read(fd, request + have, sizeof(request) - have);

		if (n <= 0)
			return false;
		have += n;
		if (memmem(request, have, "\r\n\r\n", 4))
			return true;
		/* A TLS ClientHello (type 22, RFC 8446 5.1): a plain relay answers 400 and goes.
		 */
		if (request[0] == 22)
			return true;
	}
	return true;
}

static void answer(int fd, const struct habit *habit)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	size_t length = strlen(habit->text);
	char filler[1024], rest[1024];

	if (!read_request(fd))
		return;
	switch (habit->manner) {
	case ANSWER:
		if (write(fd, habit->text, length) < 0)
			return;
		break;
	case DRIBBLE:
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		for (size_t i = 0; i < length; i++) {
			if (write(fd, habit->text + i, 1) < 0)
				return;
			usleep(2000);
		}
		break;
	case ENDLESS:
		memset(filler, 'a', sizeof(filler));
		if (write(fd, habit->text, length) < 0)
			return;
		while (write(fd, filler, sizeof(filler)) > 0)
			usleep(20000);
		return;
	case SILENT:
		break;
	case TUNNEL_CLOSE:
	case TUNNEL_RESET:
	case TUNNEL_SILENT:
		if (write(fd, habit->text, length) < 0 || read(fd, rest, sizeof(rest)) <= 0)
			return;
		if (habit->manner != TUNNEL_RESET)
			break;
		/* fall through */
	case RESET:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		return;
	}
	/* Wait for the puller's end, or unread data would turn our close into a reset. */
	if (habit->manner != SILENT && habit->manner != TUNNEL_SILENT)
		shutdown(fd, SHUT_WR);
	while (read(fd, rest, sizeof(rest)) > 0)
		;
}

static int listen_on(int port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 128)) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(void)
{
	struct pollfd listeners[HABITS];

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < HABITS; i++) {
		listeners[i].events = POLLIN;
		listeners[i].fd = listen_on(habits[i].port);
		if (listeners[i].fd < 0) {
			fprintf(stderr, "canned_relay: cannot listen on port %d: %s\n",
				habits[i].port, strerror(errno));
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);

	while (poll(listeners, HABITS, -1) > 0 || errno == EINTR) {
		for (int i = 0; i < HABITS; i++) {
			int fd;

			if (!(listeners[i].revents & POLLIN))
				continue;
			fd = accept(listeners[i].fd, NULL, NULL);
			if (fd < 0)
				continue;
			if (fork() == 0) {
				answer(fd, &habits[i]);
				_exit(0);
			}
			close(fd);
		}
	}
	return 1;
}
