// SPDX-License-Identifier: GPL-2.0-only
/*
 * `relaytrace demo`: the classic failure and its repair, for anyone with root, in under 20 seconds.
 *
 * Nothing is canned: a process named rke2 pulls as Go pulls, its packets vanish in a network
 * namespace of its own, and the tracer that watches is this program with its usual options.
 */
#include "commands/demo.h"

#include "base/log.h"
#include "commands/commands.h"
#include "live/kernel.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RELAY_URL "http://relay-user:relay-secret@10.77.9.1:3128"

/*
 * Starts a program that is told to end where we are killed.  apart: in a process group of its own, so that what a
 * terminal or kill(1) sends to ours does not reach it.  Its pid, or -1.
 */
static pid_t start(char *const argv[], char *const envp[], const sigset_t *mask, bool apart)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (apart) {
			setpgid(0, 0);
			signal(SIGTTOU, SIG_IGN); /* it may write all the same (stty tostop) */
		}
		sigprocmask(SIG_SETMASK, mask, NULL);
		execve(argv[0], argv, envp);
		_exit(127);
	}
	return child;
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(char *const argv[], char *const envp[])
{
	sigset_t mask;
	int status = 0;
	pid_t child;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	child = start(argv, envp, &mask, false);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 ? status_of(status) : 1;
}

/* The signals that end the demo: it stays until all that it made is gone again. */
static void ends_block(sigset_t *ends, sigset_t *before)
{
	sigemptyset(ends);
	sigaddset(ends, SIGINT);
	sigaddset(ends, SIGQUIT);
	sigaddset(ends, SIGTERM);
	sigaddset(ends, SIGHUP);
	sigaddset(ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, ends, before);
}

/* Runs the tracer until it ends, and hands on to it, once, what comes to us: Ctrl-C as it is, the others as an end. */
static int run_tracer(
	char *const argv[], char *const envp[], const sigset_t *ends, const sigset_t *before)
{
	pid_t child = start(argv, envp, before, true);
	int status = 0;

	while (child > 0 && waitpid(child, &status, WNOHANG) != child) {
		int signal_number = sigwaitinfo(ends, NULL);

		if (signal_number > 0 && signal_number != SIGCHLD)
			kill(child, signal_number == SIGINT ? SIGINT : SIGTERM);
	}
	return child > 0 ? status_of(status) : 1;
}

/* The node: systemd starts rke2-agent with what its env file says, twice. */
static int demo_node(const char *rke2)
{
	char *const argv[] = {(char *)rke2, (char *)"demo", (char *)"--pull", NULL};
	char *const before[] = {(char *)"CONTAINERD_HTTPS_PROXY=" RELAY_URL, NULL};
	char *const after[] = {(char *)"CONTAINERD_HTTPS_PROXY=" RELAY_URL,
		(char *)"HTTPS_PROXY=" RELAY_URL,
		(char *)"NO_PROXY=127.0.0.0/8,10.0.0.0/8,.svc,.cluster.local", NULL};

	printf("\n--- The node is upgraded.  /etc/default/rke2-agent has CONTAINERD_HTTPS_PROXY "
	       "only.\n"
	       "    rke2 pulls rancher/rke2-runtime itself, before there is a containerd ...\n"
	       "    (it gives up after 4 s here; a real one takes 30)\n\n");
	if (run(argv, before) == 0)
		printf("the pull did not fail\n");
	sleep(1); /* systemd's own pause before a restart is 5 s (RestartSec of the unit) */
	printf("\n--- The repair: HTTPS_PROXY and NO_PROXY beside it, and rke2-agent is "
	       "restarted.\n\n");
	return run(argv, after);
}

/* The tracer, with its usual options, and the node as its COMMAND. */
static int demo_trace(
	const char *self, const char *rke2, const sigset_t *ends, const sigset_t *before)
{
	char *const argv[] = {(char *)self, (char *)"trace", (char *)"-o", (char *)"text",
		(char *)"--fail-on", (char *)"never", (char *)"--", (char *)self, (char *)"demo",
		(char *)"--node", (char *)rke2, NULL};
	char *no_color = getenv("NO_COLOR") ? (char *)"NO_COLOR=1" : NULL;
	char term[64], zone[256];
	char *envp[4] = {term, zone, no_color, NULL};

	snprintf(term, sizeof(term), "TERM=%s", getenv("TERM") ? getenv("TERM") : "dumb");
	snprintf(zone, sizeof(zone), "TZ=%s", getenv("TZ") ? getenv("TZ") : "");
	if (!getenv("TZ")) {
		envp[1] = no_color;
		envp[2] = NULL;
	}
	printf("$ relaytrace -- <the node below>\n");
	return run_tracer(argv, envp, ends, before);
}

/* Can tracing begin?  Said here and not in the middle of the show; 0 or -errno after saying why not. */
static int demo_possible(void)
{
	struct kernel k;
	int err;

	if (geteuid() != 0) {
		log_error("the demo needs root: for its network namespace and to trace; "
			  "run `sudo relaytrace demo`");
		return -EPERM;
	}
	err = kernel_open(&k, NULL, false);
	if (!err)
		kernel_close(&k);
	return err;
}

/* A folder with a link named rke2 to this program: a process's name comes from its file's. */
static int link_make(char *folder, char *rke2, size_t size, char *self, size_t self_size)
{
	ssize_t len = readlink("/proc/self/exe", self, self_size - 1);

	if (len < 0)
		return -errno;
	self[len] = '\0';
	if (!mkdtemp(folder))
		return -errno;
	snprintf(rke2, size, "%s/rke2", folder);
	return symlink(self, rke2) ? -errno : 0;
}

static void demo_end(const pid_t servers[3], const char *folder, const char *rke2)
{
	for (int i = 0; i < 3; i++) {
		if (servers[i] <= 0)
			continue;
		kill(servers[i], SIGKILL);
		waitpid(servers[i], NULL, 0);
	}
	if (rke2[0]) {
		unlink(rke2);
		rmdir(folder);
	}
}

static int demo_show(void)
{
	char folder[] = "/tmp/relaytrace-demo-XXXXXX", rke2[64] = "", self[4096] = "";
	int err, status = STATUS_CANNOT_TRACE;
	pid_t servers[3] = {0};
	sigset_t ends, before;

	ends_block(&ends, &before);
	err = demo_network();
	if (err)
		log_error("the demo's network namespace cannot be made: %s", strerror(-err));
	if (!err) {
		err = demo_servers(servers);
		if (err)
			log_error("the demo's resolver, registry and relay cannot be started: %s",
				strerror(-err));
	}
	if (!err) {
		err = link_make(folder, rke2, sizeof(rke2), self, sizeof(self));
		if (err)
			log_error("a file in /tmp cannot be made: %s", strerror(-err));
	}
	if (!err)
		status = demo_trace(self, rke2, &ends, &before);
	demo_end(servers, folder, rke2);
	return status;
}

int demo_main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--pull") == 0)
		return demo_pull();
	if (argc == 3 && strcmp(argv[1], "--node") == 0)
		return demo_node(argv[2]);
	if (argc > 1) {
		bool help = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h");

		(help ? (void)printf("usage: relaytrace demo\n\nShows the classic failure and its "
				     "repair "
				     "in a private network namespace (root, under 20 s).\n")
		      : (void)log_error("usage: relaytrace demo"));
		return help ? STATUS_DONE : STATUS_USAGE;
	}
	return demo_possible() ? STATUS_CANNOT_TRACE : demo_show();
}
