// SPDX-License-Identifier: GPL-2.0-only
/* What rke2 does when it starts after an upgrade: it pulls its own runtime image. */
#include "commands/demo.h"
#include "packet/dns_message.h"
#include "packet/http_head.h"
#include "relay/relay_choice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

/* Go's dialler waits 30 s (net/http DefaultTransport); the demo has not so much time. */
#define DIAL_TIMEOUT_MS 4000

/* One A question to the resolver on the loopback, written as Go writes it: on a connected socket. */
static bool resolve(const char *host, struct address *out)
{
	static const uint8_t head[12] = {0x72, 0x74, 1, 0, 0, 1}, tail[5] = {0, 0, 1, 0, 1};
	struct sockaddr_in server = {.sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct dns_message answer;
	uint8_t packet[512];
	size_t len = sizeof(head);
	ssize_t got = -1;

	memcpy(packet, head, sizeof(head));
	for (const char *label = host; *label;) {
		size_t size = strcspn(label, ".");

		packet[len++] = (uint8_t)size;
		memcpy(packet + len, label, size);
		len += size;
		label += size + (label[size] == '.');
	}
	memcpy(packet + len, tail, sizeof(tail));
	len += sizeof(tail);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0 &&
		write(fd, packet, len) == (ssize_t)len && poll(&ready, 1, 2000) > 0)
		got = read(fd, packet, sizeof(packet));
	if (fd >= 0)
		close(fd);
	if (got < 0 || dns_message_parse(packet, (size_t)got, &answer) || !answer.address_count)
		return false;
	*out = answer.addresses[0];
	return true;
}

/* A dial as Go makes it: non-blocking, with a time limit.  The socket, or -errno. */
static int dial(const struct address *to, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err = 0;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(err);

	if (fd < 0)
		return -errno;
	memcpy(&address.sin_addr, to->bytes, 4);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) && errno != EINPROGRESS)
		err = errno;
	else if (poll(&ready, 1, DIAL_TIMEOUT_MS) <= 0)
		err = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (!err)
		return fd;
	close(fd);
	return -err;
}

/* Sends text and reads what comes back; the status of its first line, 0 where there is none. */
static int ask(int fd, const char *text)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct http_status status;
	uint8_t answer[512];
	ssize_t len;

	if (write(fd, text, strlen(text)) < 0 || poll(&ready, 1, DIAL_TIMEOUT_MS) <= 0)
		return 0;
	len = read(fd, answer, sizeof(answer));
	return len > 0 && http_status_parse(answer, (size_t)len, &status) == 0 ? status.status : 0;
}

static int pull_through(const struct relay_url *relay)
{
	struct address address;
	int fd = -EINVAL, status = 0;

	if (address_parse(relay->host, &address))
		fd = dial(&address, relay->port);
	if (fd < 0) {
		printf("[rke2] proxyconnect tcp: dial tcp %s:%d: %s\n", relay->host, relay->port,
			strerror(-fd));
		return 1;
	}
	if (ask(fd, "CONNECT " DEMO_REGISTRY_HOST ":443 HTTP/1.1\r\nHost: " DEMO_REGISTRY_HOST
		    ":443\r\n\r\n") == 200)
		status = ask(fd, "GET /v2/ HTTP/1.1\r\nHost: " DEMO_REGISTRY_HOST "\r\n\r\n");
	close(fd);
	printf("[rke2] %s answers through the relay with %d: the pull goes on\n",
		DEMO_REGISTRY_HOST, status);
	return status != 401;
}

static int pull_direct(void)
{
	struct address address;
	int fd;

	if (!resolve(DEMO_REGISTRY_HOST, &address)) {
		printf("[rke2] lookup %s: no such host\n", DEMO_REGISTRY_HOST);
		return 1;
	}
	fd = dial(&address, 443);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	printf("[rke2] failed to get runtime image %s/rancher/rke2-runtime: dial tcp %s:443: i/o "
	       "timeout\n",
		DEMO_REGISTRY_HOST, DEMO_REGISTRY_IP);
	return 1;
}

int demo_pull(void)
{
	struct environment *e = environment_new(ENVIRONMENT_GIVEN);
	struct choice choice;
	int status;

	for (char **word = environ; e && *word; word++) {
		const char *equals = strchr(*word, '=');

		if (equals && environment_add(e, *word, (size_t)(equals - *word), equals + 1,
				      strlen(equals + 1), false, NULL))
			return 1;
	}
	if (!e)
		return 1;
	choice_for_url(e, RELAY_FAMILY_PROXY, "https://" DEMO_REGISTRY_HOST "/v2/", &choice);
	status = choice.decision == CHOICE_RELAY ? pull_through(&choice.relay) : pull_direct();
	environment_unref(e);
	return status;
}
