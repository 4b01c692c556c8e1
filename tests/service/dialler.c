// SPDX-License-Identifier: GPL-2.0-only
/*
 * dialler COUNT PAUSE_US: so many dials to a port of the loopback where nobody listens, and their number.
 * dialler COUNT PAUSE_US PROCESSES: so many of these at a time, which all live until the last has dialled.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each has its end of a pipe as standard input; all have dialled when their standard output is closed. */
static int many(char **argv, long processes)
{
	int live[2], done[2];
	char byte[64];
	long lines = 0, n;

	if (pipe(live) || pipe(done))
		return 1;
	for (long i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid)
			continue;
		dup2(live[0], 0);
		dup2(done[1], 1);
		close(live[0]);
		close(live[1]);
		close(done[0]);
		close(done[1]);
		execl("/proc/self/exe", argv[0], argv[1], argv[2], "0", NULL);
		_exit(127);
	}
	close(done[1]);
	while ((n = read(done[0], byte, sizeof(byte))) > 0)
		for (long i = 0; i < n; i++)
			lines += byte[i] == '\n';
	close(live[1]);
	while (wait(NULL) > 0)
		;
	printf("%ld\n", lines);
	return lines != processes;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
	long count = argc > 1 ? atol(argv[1]) : 1, refused = 0;

	if (argc > 3 && atol(argv[3]))
		return many(argv, atol(argv[3]));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (long i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		refused += connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0;
		close(fd);
		if (argc > 2)
			usleep((useconds_t)atol(argv[2]));
	}
	printf("%ld\n", refused);
	if (argc > 3) {
		char byte;

		fflush(stdout);
		close(1);
		(void)!read(0, &byte, 1);
	}
	return 0;
}
