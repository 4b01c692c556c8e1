// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"
#include "commands/commands.h"
#include "live/kernel_probe.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{"trace", "[OPTIONS] [-- COMMAND ARG...]",
		"trace live (the default); with COMMAND, run it and trace its tree", trace_main},
	{"check", "[--root DIR] [--unit NAME]...",
		"unit files, env files and running processes against each other; no eBPF",
		check_main},
	{"explain", "[OPTIONS] URL|IMAGE...", "which relay a request would take, and why",
		explain_main},
	{"replay", "FILE [OPTIONS]", "a recording through the same pipeline, same output",
		replay_main},
	{"rules", "[ID]", "the diagnosis rules; one, in full", rules_main},
	{"demo", "", "the classic failure and its repair, in a private network namespace",
		demo_main},
	{"features", "", "which hooks this kernel allows, which are chosen, what is lost without",
		features_main},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(void)
{
	printf("usage: relaytrace [COMMAND] [OPTIONS]\n\n"
	       "Traces the dials of the rke2 and containerd process trees and relates those that "
	       "fail\n"
	       "to relay (HTTP proxy) variables that are missing, malformed or overruled.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-9s %-30s %s\n", commands[i].name, commands[i].arguments,
			commands[i].help);
	printf("\n`relaytrace COMMAND --help` lists the options of a command.  Version %s.\n",
		RELAYTRACE_VERSION);
	return STATUS_DONE;
}

/*
 * Who closed a standard descriptor gets an error from it.  Left free, the next file that is opened
 * takes its number: a recording would get the text, or the kernel's map the messages.
 */
static void hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int run(int argc, char **argv)
{
	static char trace[] = "trace";

	if (argc > 1 &&
		(!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")))
		return usage();
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version"))) {
		printf("relaytrace %s\n", RELAYTRACE_VERSION);
		return STATUS_DONE;
	}
	if (argc > 1 && argv[1][0] != '-') {
		for (size_t i = 0; i < COMMANDS; i++)
			if (strcmp(argv[1], commands[i].name) == 0)
				return commands[i].run(argc - 1, argv + 1);
		log_error("there is no command '%s'; see `relaytrace --help`", argv[1]);
		return STATUS_USAGE;
	}
	if (argc > 0)
		argv[0] = trace;
	return trace_main(argc, argv);
}

int main(int argc, char **argv)
{
	int status;

	if (argc > 0 && strcmp(argv[0], PROBE_PROGRAM) == 0)
		return 0;
	hold_standard_descriptors();
	status = run(argc, argv);
	/* What was printed by stdio counts as said only when it is written. */
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		log_error("cannot write standard output: %s", strerror(errno));
		if (status == STATUS_DONE)
			status = STATUS_USAGE;
	}
	return status;
}
