// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two ends of a pull on a machine that has nothing but systemd and this program:
 *
 *   relay ADDRESS PORT    gives the loopback that address and is a relay there that grants all CONNECTs
 *   rke2 ADDRESS PORT     pulls: through the relay that $HTTPS_PROXY names, else directly
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in to(const char *address, int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, address, &in.sin_addr);
	return in;
}

static int relay(const char *address, int port)
{
	const char granted[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	struct sockaddr_in in = to(address, port);
	struct ifreq request = {.ifr_name = "lo:1"};
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	char bytes[4096];

	memcpy(&request.ifr_addr, &in, sizeof(in));
	if (ioctl(listener, SIOCSIFADDR, &request))
		perror("address");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&in, sizeof(in)) || listen(listener, 16)) {
		perror("listen");
		return 1;
	}
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0 &&
			write(fd, granted, sizeof(granted) - 1) > 0)
			(void)!read(fd, bytes, 1);
		close(fd);
	}
}

static int pull(const char *address, int port)
{
	const char *proxy = getenv("HTTPS_PROXY");
	struct sockaddr_in in = to(address, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), relay_port;
	char host[64], bytes[4096] = "";

	if (proxy && sscanf(proxy, "http://%63[0-9.]:%d", host, &relay_port) == 2)
		in = to(host, relay_port);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in))) {
		perror("pull");
		sleep(1); /* rke2 does not end at once either: it is there to be looked at */
		return 1;
	}
	if (proxy) {
		dprintf(fd, "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n\r\n", address, port, address,
			port);
		if (read(fd, bytes, sizeof(bytes) - 1) <= 0 || !strstr(bytes, " 200 "))
			return 1;
	}
	sleep(1);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

	if (argc != 3)
		return 2;
	return strcmp(name, "relay") == 0 ? relay(argv[1], atoi(argv[2]))
					  : pull(argv[1], atoi(argv[2]));
}
