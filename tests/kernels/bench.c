/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an operation costs: bench [OPERATION...], one line "OPERATION DECILE MEAN" each, in
 * nanoseconds.
 *
 * Made for a virtual machine whose clock counts instructions (boot --count): a nanosecond there is an
 * instruction, and the numbers are the same in every run.  All is done in one thread, both ends of a
 * conversation too, so that the scheduler has no part in it.  The decile is the lower one of many batches, so short
 * that a timer tick falls into few of them, each behind a moment of sleep in which a reader that was woken by the one
 * before does its work, and at a real-time priority, so that it does not do so within one: that there is one processor
 * is the machine's, not the operation's.  The mean is of batches one after the other at the usual priority: it has the
 * ticks in it, and the work of other programs that the operation set going.  What looking at the clock costs is taken off.
 */
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 201
#define WARMING 20

struct bench {
	int null;		   /* /dev/null */
	struct sockaddr_in closed; /* bound by nobody who listens */
	struct sockaddr_in open;   /* listened at by listener */
	int listener;
	int dialler;
	int tcp[2];
	int udp[2];
	char *self;
};

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void op_getppid(struct bench *b)
{
	(void)b;
	syscall(SYS_getppid);
}

static void op_read(struct bench *b)
{
	char c;

	must(read(b->null, &c, 1) == 0, "read");
}

/* The same socket again and again: the connect() alone. */
static void op_refused(struct bench *b)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(connect(fd, (struct sockaddr *)&b->closed, sizeof(b->closed)) != 0,
		"a refused connect");
	close(fd);
}

/* Reset at the end: 60 s of TIME_WAIT for each would use the ports up. */
static void op_established(struct bench *b)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;
	struct linger linger = {.l_onoff = 1};

	must(!connect(fd, (struct sockaddr *)&b->open, sizeof(b->open)), "connect");
	peer = accept(b->listener, NULL, NULL);
	must(peer >= 0, "accept");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	close(peer);
}

static void ping_pong(int fd[2])
{
	char c = 0;

	must(write(fd[0], &c, 1) == 1 && read(fd[1], &c, 1) == 1, "ping");
	must(write(fd[1], &c, 1) == 1 && read(fd[0], &c, 1) == 1, "pong");
}

static void op_udp(struct bench *b)
{
	ping_pong(b->udp);
}

static void op_tcp(struct bench *b)
{
	ping_pong(b->tcp);
}

static void reap(pid_t pid)
{
	int status;

	must(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a child");
}

static void op_fork(struct bench *b)
{
	pid_t pid = fork();

	(void)b;
	if (pid == 0)
		_exit(0);
	reap(pid);
}

static void op_exec(struct bench *b)
{
	char *argv[] = {b->self, "nothing", NULL}, *envp[] = {NULL};
	pid_t pid;

	must(!posix_spawn(&pid, b->self, NULL, NULL, argv, envp), "posix_spawn");
	reap(pid);
}

static const struct op {
	const char *name;
	void (*run)(struct bench *);
	int batch; /* operations between two looks at the clock */
} ops[] = {
	{"getppid", op_getppid, 100},
	{"read", op_read, 100},
	{"refused", op_refused, 1},
	{"established", op_established, 1},
	{"udp", op_udp, 10},
	{"tcp", op_tcp, 10},
	{"fork", op_fork, 1},
	{"exec", op_exec, 1},
};

static int bound(int type, struct sockaddr_in *at)
{
	int fd = socket(AF_INET, type, 0);
	socklen_t length = sizeof(*at);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	must(fd >= 0 && !bind(fd, (struct sockaddr *)at, length), "bind");
	getsockname(fd, (struct sockaddr *)at, &length);
	return fd;
}

static void bench_setup(struct bench *b)
{
	struct sockaddr_in at[2];

	b->null = open("/dev/null", O_RDONLY);
	b->dialler = socket(AF_INET, SOCK_STREAM, 0);
	bound(SOCK_STREAM, &b->closed);
	b->listener = bound(SOCK_STREAM, &b->open);
	must(!listen(b->listener, 8), "listen");
	b->tcp[0] = socket(AF_INET, SOCK_STREAM, 0);
	must(!connect(b->tcp[0], (struct sockaddr *)&b->open, sizeof(b->open)), "connect");
	b->tcp[1] = accept(b->listener, NULL, NULL);
	for (int i = 0; i < 2; i++)
		b->udp[i] = bound(SOCK_DGRAM, &at[i]);
	for (int i = 0; i < 2; i++)
		must(!connect(b->udp[i], (struct sockaddr *)&at[!i], sizeof(at[0])), "connect");
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* Alone: each batch behind a moment for others, and none of them runs within it. */
static void times_of(const struct op *op, struct bench *b, bool alone, long long ns[BATCHES])
{
	const struct sched_param first = {.sched_priority = 1}, usual = {0};
	const struct timespec moment = {.tv_nsec = 2000000};

	must(!sched_setscheduler(0, alone ? SCHED_FIFO : SCHED_OTHER, alone ? &first : &usual),
		"sched_setscheduler");
	for (int batch = 0; batch < BATCHES; batch++) {
		long long began;

		if (alone)
			nanosleep(&moment, NULL);
		began = now_ns();
		for (int i = 0; i < op->batch; i++)
			op->run(b);
		ns[batch] = now_ns() - began;
	}
}

static double decile_of(const struct op *op, struct bench *b)
{
	long long ns[BATCHES];

	times_of(op, b, true, ns);
	qsort(ns, BATCHES, sizeof(ns[0]), by_size);
	return (double)ns[BATCHES / 10];
}

static double mean_of(const struct op *op, struct bench *b)
{
	long long ns[BATCHES], sum = 0;

	times_of(op, b, false, ns);
	for (int batch = 0; batch < BATCHES; batch++)
		sum += ns[batch];
	return (double)sum / BATCHES;
}

static void measure(const struct op *op, struct bench *b)
{
	const struct op nothing = {"nothing", NULL, 0};
	double clock = decile_of(&nothing, b), decile, mean;

	for (int i = 0; i < WARMING * op->batch; i++)
		op->run(b);
	decile = decile_of(op, b);
	mean = mean_of(op, b);
	printf("%s %.1f %.1f\n", op->name, (decile - clock) / op->batch,
		(mean - clock) / op->batch);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct bench b = {.self = argv[0]};

	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	bench_setup(&b);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		int wanted = argc == 1;

		for (int arg = 1; arg < argc; arg++)
			wanted |= !strcmp(argv[arg], ops[i].name);
		if (wanted)
			measure(&ops[i], &b);
	}
	return 0;
}
