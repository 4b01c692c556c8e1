/* SPDX-License-Identifier: GPL-2.0-only */
/* What `trace` and `replay` can be asked for: one table gives parsing, --help and the configuration file. */
#ifndef COMMANDS_OPTIONS_H
#define COMMANDS_OPTIONS_H

#include "output/sink.h"

#include <sys/types.h>

#define OPTIONS_MANY 16

enum fail_on { FAIL_ON_ERROR, FAIL_ON_WARNING, FAIL_ON_NEVER };

/* Which commands take an option. */
enum { FOR_TRACE = 1, FOR_REPLAY = 2, FOR_CHECK = 4 };

struct options {
	const char *outputs[OPTIONS_MANY]; /* FORMAT[:PATH] as given */
	size_t output_count;
	const char *trees[OPTIONS_MANY]; /* added to the usual roots */
	size_t tree_count;
	pid_t pids[OPTIONS_MANY];
	size_t pid_count;
	const char *units[OPTIONS_MANY]; /* --unit: of check */
	size_t unit_count;
	const char *as_unit;	  /* --as-unit: NULL: COMMAND gets our environment */
	const char *rke2_version; /* --rke2-version: of check; NULL: that of the program */
	const char *root;	  /* --root: NULL or "" is this machine */
	uint64_t for_ns;	  /* 0: until told */
	uint64_t pending_ns;
	uint64_t heartbeat_ns; /* 0: none */
	bool quiet, pods;
	struct sink_file file; /* --mode, --group, --max-size */
	const char *names;     /* "auto", "PROXY", "RELAY" */
	bool names_given, pending_given;
	const char *hooks; /* NULL: the best */
	enum fail_on fail_on;
	bool fail_on_given;
	bool help;
	char *const *rest; /* after the options: COMMAND or FILE, NULL-ended */
	bool dashes;	   /* "--" stood before rest */
	char *config;	   /* the text of --config, which values point into; owned */
};

/*
 * Reads argv (argv[0] is the command's name) for that command (FOR_...).  0, or 2 (the exit status)
 * after printing what is wrong and what is allowed.  out points into argv.
 */
int options_parse(struct options *out, int command, int argc, char **argv);
void options_free(struct options *o);

/* What getopt_long(3) has just refused: of a letter "-x", in letter, else the word itself, which argv owns. */
const char *option_refused(char *const argv[], char letter[3]);

/* Prints the options of that command, one a line, as the man page has them. */
void options_help(int command);

#endif
