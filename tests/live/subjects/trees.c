/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes and threads: who dialled, under which name, and nothing lost in a crowd. */
#include "subject.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Variables before the one that matters; the hook of 5.10 once stopped at 16384. */
#define VARIABLES 20000

/* How many dials a burst has, unless SUBJECT_BURST says otherwise. */
#define BURST 20000

extern char **environ;

static void dial_refused(int port)
{
	int fd = tcp_socket("127.0.0.1", false);

	must(dial(fd, "127.0.0.1", port) == ECONNREFUSED, "not refused");
	close(fd);
}

/* A refused dial by a process of this name (and role, where one is given). */
static void dial_as(const char *name, const char *role)
{
	int port = port_new();
	char more[192];

	snprintf(more, sizeof(more), "\"process\":{\"name\":\"%s\"}%s%s%s", name,
		role ? ",\"relaytrace\":{\"role\":\"" : "", role ? role : "", role ? "\"}" : "");
	expect_dials("127.0.0.1", port, "refused", ECONNREFUSED, more, 1, 1);
	dial_refused(port);
}

/* exec: this program as `name step what`, with ports that go on from base. */
static void become(const char *name, const char *what, const char *more, int base)
{
	const char *path = copy_named(name);
	char *argv[] = {(char *)name, "step", (char *)what, (char *)more, NULL};
	char port[16];

	snprintf(port, sizeof(port), "%d", base);
	setenv("SUBJECT_PORT", port, 1);
	execve(path, argv, environ);
	must(false, path);
}

static void renamed(void)
{
	dial_as("subject", NULL);
	become("rke2", "dial", "supervisor", port_new());
}

/* sh -> rke2 -> containerd -> calico, each a child of the one before and dialling itself. */
static const struct {
	const char *name, *role;
} chain[] = {{"sh", NULL}, {"rke2", "supervisor"}, {"containerd", "containerd"}, {"calico", "cni"}};

static void chain_from(void *level)
{
	char next[16];
	int i = *(int *)level;

	snprintf(next, sizeof(next), "%d", i);
	become(chain[i].name, "chain", next, port_new());
}

static void chained(void)
{
	must(in_child(chain_from, &(int){0}) == 0, "the chain");
}

/* Threads dial, each its own port, until one of them execs: what they counted is what was done. */
struct crowd {
	_Atomic int begun[4], done[4];
	int port[4];
};

struct dialler {
	struct crowd *crowd;
	int index;
};

static void *dial_on(void *argument)
{
	struct dialler *d = argument;

	for (;;) {
		d->crowd->begun[d->index]++;
		dial_refused(d->crowd->port[d->index]);
		d->crowd->done[d->index]++;
		usleep(1000);
	}
	return NULL;
}

static void *exec_on(void *argument)
{
	(void)argument;
	usleep(200000);
	become("rke2", "crowd", "", atoi(getenv("SUBJECT_PORT")) + 50);
	return NULL;
}

static void threads_body(void *shared)
{
	struct dialler diallers[4];
	pthread_t thread;

	for (int i = 0; i < 4; i++) {
		diallers[i] = (struct dialler){shared, i};
		must(pthread_create(&thread, NULL, dial_on, &diallers[i]) == 0, "pthread_create");
	}
	must(pthread_create(&thread, NULL, exec_on, NULL) == 0, "pthread_create");
	pthread_join(thread, NULL);
}

/* Not the leader execs, so its thread takes over the leader's id (de_thread() in fs/exec.c). */
static void threads(void)
{
	struct crowd *crowd = mmap(
		NULL, sizeof(*crowd), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	must(crowd != MAP_FAILED, "mmap");
	for (int i = 0; i < 4; i++)
		crowd->port[i] = port_new();
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		threads_body(crowd);
		_exit(1);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0, "the threads");
	for (int i = 0; i < 4; i++)
		dprintf(STDOUT_FILENO,
			"{\"case\":\"threads\",\"want\":{\"process\":{\"pid\":%d},"
			"\"destination\":{\"ip\":\"127.0.0.1\",\"port\":%d}},\"and\":{},\"min\":%d,"
			"\"max\":%d}\n",
			(int)pid, crowd->port[i], crowd->done[i], crowd->begun[i]);
}

/* A process id comes back for another process (clone3() with set_tid, kernel 5.5). */
static void pid_again(void)
{
	pid_t first = fork(), again;
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&first, .set_tid_size = 1};
	int base = port_new(), status;

	must(first >= 0, "fork");
	if (first == 0) {
		dial_as("subject", NULL);
		_exit(0);
	}
	must(waitpid(first, &status, 0) == first && status == 0, "the first process");
	again = syscall(SYS_clone3, &args, sizeof(args));
	/* Somebody else was quicker: nothing to see. */
	if (again < 0 && errno == EEXIST)
		return;
	must(again >= 0, "clone3");
	if (again == 0)
		become("containerd", "dial", "containerd", base + 50);
	must(waitpid(again, &status, 0) == again && status == 0, "the second process");
}

static void burst(void)
{
	const char *given = getenv("SUBJECT_BURST");
	int port = port_new(), size = given ? atoi(given) : BURST;

	dprintf(STDOUT_FILENO,
		"{\"case\":\"burst\",\"want\":{\"process\":{\"pid\":%d},\"destination\":{\"port\":%"
		"d},"
		"\"relaytrace\":{\"dial\":{\"outcome\":\"refused\"}}},\"and\":{},\"min\":%d,"
		"\"max\":%d,"
		"\"may_lose\":true}\n",
		(int)getpid(), port, size, size);
	for (int i = 0; i < size; i++)
		dial_refused(port);
}

/* NAME=host0000.example,host0001.example,...: size bytes, which no output may cut before 4 KB. */
static char *long_list(const char *name, size_t size)
{
	char *text = malloc(size + 1);
	size_t len = sprintf(text, "%s=", name);

	must(text != NULL, "malloc");
	for (int i = 0; len < size; i++)
		len += snprintf(text + len, size + 1 - len, "%shost%04d.example", i ? "," : "", i);
	return text;
}

static void expect_exec(const char *origin, const char *carried, const char *list)
{
	dprintf(STDOUT_FILENO,
		"{\"case\":\"%s\",\"exec\":{\"process\":{\"pid\":%d,\"name\":\"calico\"},"
		"\"relaytrace\":{\"environment\":{\"origin\":\"%s\",\"truncated\":false}}},"
		"\"carries\":[\"%s\"%s%s%s]}\n",
		running, (int)getpid(), origin, carried, list ? ",\"" : "", list ? list : "",
		list ? "\"" : "");
}

/* Runs this program as calico with these variables, those of a subject, and what nobody may see. */
static void become_with(char **with, size_t count)
{
	static const char *const own[] = {"SUBJECT_DIR", "SUBJECT_CASE"};
	char *argv[] = {"calico", "step", "linger", NULL}, port[32];
	char **envp = calloc(count + 5, sizeof(*envp));

	must(envp != NULL, "calloc");
	for (size_t i = 0; i < 2; i++)
		must(asprintf(&envp[i], "%s=%s", own[i], getenv(own[i])) > 0, "asprintf");
	snprintf(port, sizeof(port), "SUBJECT_PORT=%d", port_new());
	envp[2] = port;
	envp[3] = "REGISTRY_TOKEN=" UNLISTED;
	memcpy(envp + 4, with, count * sizeof(*envp));
	execve(copy_named("calico"), argv, envp);
	must(false, "execve");
}

/* Twenty thousand variables, a list of 4000 bytes that arrives whole, and the one that matters last. */
static void many_body(void *unused)
{
	char **with = calloc(VARIABLES + 2, sizeof(*with));

	(void)unused;
	must(with != NULL, "calloc");
	for (int i = 0; i < VARIABLES; i++)
		must(asprintf(&with[i], "FILLER%d=" UNLISTED, i) > 0, "asprintf");
	with[VARIABLES] = long_list("NO_PROXY", 4000);
	with[VARIABLES + 1] = "HTTPS_PROXY=http://somebody:watchword@10.77.9.1:3128";
	expect_exec("exec", "HTTPS_PROXY=http://***:***@10.77.9.1:3128", with[VARIABLES]);
	become_with(with, VARIABLES + 2);
}

/* More listed variables than the hook takes along (WIRE_ENV_MAX): the rest comes from /proc, marked. */
static void much_body(void *unused)
{
	static const char *const names[] = {
		"NO_PROXY", "no_proxy", "CONTAINERD_NO_PROXY", "No_Proxy", "nO_pROXY"};
	char *with[6];

	(void)unused;
	for (int i = 0; i < 5; i++)
		with[i] = long_list(names[i], 8100);
	with[5] = "HTTPS_PROXY=http://somebody:watchword@10.77.9.2:3128";
	expect_exec("snapshot", "HTTPS_PROXY=http://***:***@10.77.9.2:3128", NULL);
	become_with(with, 6);
}

static void environment(void)
{
	must(in_child(many_body, NULL) == 0, "many variables");
	port_new();
	must(in_child(much_body, NULL) == 0, "long variables");
}

/* What a process does that was made by become(): subject step dial ROLE | chain LEVEL | crowd | linger. */
void chain_step(int argc, char **argv)
{
	int level;

	must(argc >= 1, "step WHAT");
	if (strcmp(argv[0], "dial") == 0 && argc > 1) {
		dial_as(strcmp(argv[1], "supervisor") == 0 ? "rke2" : argv[1], argv[1]);
	} else if (strcmp(argv[0], "crowd") == 0) {
		dial_as("rke2", "supervisor");
	} else if (strcmp(argv[0], "linger") == 0) {
		dial_as("calico", "cni");
		sleep(1); /* until it was looked at */
	} else if (strcmp(argv[0], "chain") == 0 && argc > 1) {
		level = atoi(argv[1]);
		dial_as(chain[level].name, chain[level].role);
		if (++level < (int)(sizeof(chain) / sizeof(chain[0])))
			must(in_child(chain_from, &level) == 0, "the next of the chain");
	}
}

const struct subject subject_trees[] = {
	{"renamed", renamed},
	{"chained", chained},
	{"threads", threads},
	{"pid-again", pid_again},
	{"environment", environment},
	{"burst", burst},
	{NULL, NULL},
};
