// SPDX-License-Identifier: GPL-2.0-only
#include "live/kernel_probe.h"

#include "live/cgroup.h"
#include "live/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_signal(int signal)
{
	(void)signal;
}

/* Dials a port that we hold and do not listen on: refused at once, nobody else is reached. */
static int probe_connect(bool *tcp_possible)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int holder, dialler, err = 0;

	holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	dialler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (holder < 0 || dialler < 0 || bind(holder, (struct sockaddr *)&address, len) ||
		getsockname(holder, (struct sockaddr *)&address, &len))
		err = -errno;
	else
		*tcp_possible = connect(dialler, (struct sockaddr *)&address, len) == 0 ||
				errno == ECONNREFUSED || errno == EINPROGRESS;
	if (holder >= 0)
		close(holder);
	if (dialler >= 0)
		close(dialler);
	return err;
}

/*
 * A datagram to port 53 of a loopback address on which we listen ourselves, so that no resolver gets it.  That takes
 * CAP_NET_BIND_SERVICE; without it that the program could be attached is all that is known.
 */
static bool probe_datagram(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(0x7f726c79)}; /* 127.114.108.121 */
	int holder = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool sent;

	sent = holder >= 0 && sender >= 0 &&
	       bind(holder, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	       sendto(sender, "", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1;
	if (holder >= 0)
		close(holder);
	if (sender >= 0)
		close(sender);
	return sent;
}

/* The payload program of outgoing packets, on our own cgroup for a moment. */
static void probe_names(struct kernel *k, struct probe_result *out)
{
	int directory = k->choice.taken[HOOK_NAMES] ? cgroup_open_own() : -1;
	struct bpf_link *link;

	if (directory < 0)
		return;
	link = kernel_attach_payload(k, 1, directory);
	if (link)
		out->names = probe_datagram();
	else
		out->names_error = -errno;
	close(directory);
	bpf_link__destroy(link);
}

/* In the child: wait until we are traced, take a signal, run the program that does nothing. */
static void probe_child(int go)
{
	char *const argv[] = {(char *)PROBE_PROGRAM, NULL}, *const envp[] = {NULL};
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	signal(SIGHUP, on_signal);
	raise(SIGHUP);
	execve("/proc/self/exe", argv, envp);
	_exit(1);
}

static int probe_process(struct kernel *k, const struct wire_traced *entry)
{
	int go[2], err = 0;
	pid_t child;

	if (pipe(go))
		return -errno;
	child = fork();
	if (child == 0) {
		close(go[1]);
		probe_child(go[0]);
	}
	close(go[0]);
	if (child > 0) {
		err = kernel_add_process(k, child, entry);
		if (write(go[1], "", 1) != 1)
			err = -EIO;
	} else {
		err = -errno;
	}
	close(go[1]);
	if (child > 0) {
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		kernel_remove_process(k, child);
	}
	return err;
}

int probe_run(struct kernel *k, struct probe_result *out)
{
	const struct wire_traced entry = {.flags = WIRE_TRACED_PROBE};
	int err = kernel_add_process(k, getpid(), &entry);

	*out = (struct probe_result){0};
	if (err)
		return err;
	err = probe_connect(&out->tcp);
	if (!err)
		probe_names(k, out);
	if (!err)
		err = probe_process(k, &entry);
	kernel_remove_process(k, getpid());
	return err;
}
