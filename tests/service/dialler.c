// SPDX-License-Identifier: GPL-2.0-only
/* dialler COUNT PAUSE_US: so many dials to a port of the loopback where nobody listens, and their number. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
	long count = argc > 1 ? atol(argv[1]) : 1, refused = 0;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (long i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		refused += connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0;
		close(fd);
		if (argc > 2)
			usleep((useconds_t)atol(argv[2]));
	}
	printf("%ld\n", refused);
	return 0;
}
