// SPDX-License-Identifier: GPL-2.0-only
/* A resolver, a registry and a relay, each as small as the demo allows, and real. */
#include "commands/demo.h"
#include "packet/dns_message.h"
#include "packet/http_head.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in ipv4(const char *ip, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

/* ---- the network ---- */

static int interface_address(int control, const char *name, const char *ip, const char *mask)
{
	struct sockaddr_in address = ipv4(ip, 0), netmask = ipv4(mask, 0);
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	memcpy(&request.ifr_addr, &address, sizeof(address));
	if (ioctl(control, SIOCSIFADDR, &request))
		return -errno;
	memcpy(&request.ifr_netmask, &netmask, sizeof(netmask));
	if (ioctl(control, SIOCSIFNETMASK, &request))
		return -errno;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(control, SIOCSIFFLAGS, &request) ? -errno : 0;
}

/*
 * A route through the loopback to addresses that are not there: the kernel takes each packet back
 * and discards it without an answer, which is what a firewall's DROP looks like to a dialler.
 */
static int route_into_nothing(int control)
{
	struct sockaddr_in to = ipv4("203.0.113.0", 0), mask = ipv4("255.255.255.0", 0);
	struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (char *)"lo"};

	memcpy(&route.rt_dst, &to, sizeof(to));
	memcpy(&route.rt_genmask, &mask, sizeof(mask));
	return ioctl(control, SIOCADDRT, &route) ? -errno : 0;
}

int demo_network(void)
{
	int control, err;

	if (unshare(CLONE_NEWNET))
		return -errno;
	control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (control < 0)
		return -errno;
	err = interface_address(control, "lo", "127.0.0.1", "255.0.0.0");
	if (!err)
		err = interface_address(control, "lo:relay", DEMO_RELAY_IP, "255.255.255.255");
	if (!err)
		err = route_into_nothing(control);
	close(control);
	return err;
}

/* ---- the servers ---- */

static int listen_on(int type, const char *ip, int port)
{
	struct sockaddr_in address = ipv4(ip, port);
	int one = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
		(type == SOCK_STREAM && listen(fd, 16))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* Answers each A question with the registry's address, all else with nothing (RFC 1035 4.1). */
static void resolver_serve(int fd)
{
	for (;;) {
		static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		struct dns_message message;
		uint8_t packet[512 + sizeof(record) + 4];
		ssize_t len = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &from_len);

		if (len < 12 || dns_message_parse(packet, (size_t)len, &message))
			continue;
		packet[2] = 0x81; /* an answer, recursion desired */
		packet[3] = 0x80; /* and available; NOERROR */
		packet[7] = message.type == DNS_TYPE_A;
		if (packet[7]) {
			memcpy(packet + len, record, sizeof(record));
			inet_pton(AF_INET, DEMO_REGISTRY_IP, packet + len + sizeof(record));
			len += (ssize_t)sizeof(record) + 4;
		}
		sendto(fd, packet, (size_t)len, 0, (struct sockaddr *)&from, from_len);
	}
}

static void registry_serve(int fd)
{
	static const char answer[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

	for (;;) {
		int client = accept(fd, NULL, NULL);
		char request[1024];

		if (client < 0)
			continue;
		if (read(client, request, sizeof(request)) > 0 &&
			write(client, answer, sizeof(answer) - 1) < 0)
			perror("demo registry");
		close(client);
	}
}

/* Copies both ways until one side ends. */
static void relay_copy(int a, int b)
{
	struct pollfd ends[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};

	while (poll(ends, 2, 5000) > 0) {
		for (int i = 0; i < 2; i++) {
			char bytes[4096];
			ssize_t len;

			if (!ends[i].revents)
				continue;
			len = read(ends[i].fd, bytes, sizeof(bytes));
			if (len <= 0 || write(ends[1 - i].fd, bytes, (size_t)len) != len)
				return;
		}
	}
}

/* One CONNECT: the relay, unlike the node, may go out; out is the registry's real place. */
static void relay_tunnel(int client)
{
	static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n",
			  no[] = "HTTP/1.1 405 Method Not Allowed\r\n\r\n";
	struct sockaddr_in upstream = ipv4(DEMO_RELAY_IP, DEMO_UPSTREAM_PORT);
	struct http_request request;
	uint8_t head[2048];
	ssize_t len = read(client, head, sizeof(head));
	int out;

	if (len <= 0 || http_request_parse(head, (size_t)len, &request) ||
		request.target != HTTP_TARGET_AUTHORITY) {
		if (write(client, no, sizeof(no) - 1) < 0)
			perror("demo relay");
		return;
	}
	out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (out < 0)
		return;
	if (connect(out, (struct sockaddr *)&upstream, sizeof(upstream)) == 0 &&
		write(client, yes, sizeof(yes) - 1) > 0)
		relay_copy(client, out);
	close(out);
}

static void relay_serve(int fd)
{
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client < 0)
			continue;
		relay_tunnel(client);
		close(client);
	}
}

int demo_servers(pid_t pids[3])
{
	static const struct {
		int type, port;
		const char *ip;
		void (*serve)(int fd);
	} servers[3] = {
		{SOCK_DGRAM, 53, "127.0.0.1", resolver_serve},
		{SOCK_STREAM, DEMO_UPSTREAM_PORT, DEMO_RELAY_IP, registry_serve},
		{SOCK_STREAM, DEMO_RELAY_PORT, DEMO_RELAY_IP, relay_serve},
	};

	for (int i = 0; i < 3; i++) {
		int fd = listen_on(servers[i].type, servers[i].ip, servers[i].port);

		if (fd < 0)
			return fd;
		pids[i] = fork();
		if (pids[i] < 0) {
			close(fd);
			return -errno;
		}
		if (pids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			servers[i].serve(fd);
			_exit(0);
		}
		close(fd);
	}
	return 0;
}
