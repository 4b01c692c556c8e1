/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: ask NAME PORT [NAME PORT]...
 *
 * A puller's first two steps: asks the C library's resolver, or with -DWITH_ARES c-ares, for NAME and
 * dials its first IPv4 address, one after the other in one process.  That nobody listens there is no
 * failure; that the name is not found is one.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef WITH_ARES
#include <ares.h>
#include <sys/select.h>

static void on_host(void *found, int status, int timeouts, struct hostent *host)
{
	(void)timeouts;
	if (status == ARES_SUCCESS)
		memcpy(found, host->h_addr_list[0], sizeof(struct in_addr));
	else
		fprintf(stderr, "ask: %s\n", ares_strerror(status));
}

static struct in_addr lookup(const char *name)
{
	struct in_addr found = {0};
	ares_channel channel;

	if (ares_library_init(ARES_LIB_INIT_ALL) || ares_init(&channel))
		exit(2);
	ares_gethostbyname(channel, name, AF_INET, on_host, &found);
	for (;;) {
		struct timeval wait, *until;
		fd_set in, out;
		int count;

		FD_ZERO(&in);
		FD_ZERO(&out);
		count = ares_fds(channel, &in, &out);
		if (count == 0)
			break;
		until = ares_timeout(channel, NULL, &wait);
		select(count, &in, &out, NULL, until);
		ares_process(channel, &in, &out);
	}
	ares_destroy(channel);
	return found;
}
#else
static struct in_addr lookup(const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	struct in_addr found = {0};
	int error = getaddrinfo(name, NULL, &hints, &list);

	if (error)
		fprintf(stderr, "ask: %s\n", gai_strerror(error));
	for (struct addrinfo *a = list; a; a = a->ai_next)
		if (a->ai_family == AF_INET && !found.s_addr)
			found = ((struct sockaddr_in *)a->ai_addr)->sin_addr;
	if (list)
		freeaddrinfo(list);
	return found;
}
#endif

int main(int argc, char **argv)
{
	int failed = argc < 3;

	for (int i = 1; i + 1 < argc; i += 2) {
		struct sockaddr_in to = {.sin_family = AF_INET,
			.sin_port = htons((unsigned short)atoi(argv[i + 1])),
			.sin_addr = lookup(argv[i])};
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (to.sin_addr.s_addr)
			connect(fd, (struct sockaddr *)&to, sizeof(to));
		else
			failed = 1;
		close(fd);
	}
	return failed;
}
