// SPDX-License-Identifier: GPL-2.0-only
/*
 * waiter ADDRESS PORT MS: a dial to an address from which nothing comes back, given up after so much
 * time in which the machine was awake.  The route to it ends at the loopback, where nobody has it.
 */
#include <arpa/inet.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET}, mask = {.sin_family = AF_INET};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = "lo"};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd answered = {.fd = fd, .events = POLLOUT};

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	memcpy(&route.rt_dst, &to, sizeof(to));
	mask.sin_addr.s_addr = htonl(INADDR_NONE);
	memcpy(&route.rt_genmask, &mask, sizeof(mask));
	if (ioctl(fd, SIOCADDRT, &route))
		perror("route");
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	/* poll() waits on CLOCK_MONOTONIC, which stands still while the machine sleeps. */
	printf("%d\n", poll(&answered, 1, atoi(argv[3])));
	close(fd);
	return 0;
}
