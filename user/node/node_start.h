/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a unit starts rke2 or k3s: what its variables and its arguments say beside config.yaml, as far as it decides
 * whether there is a pull and where from.
 *
 * Source of the rules: k3s pkg/configfilearg (what config.yaml says is put before the arguments that were given: these
 * win, and add to what is a list) and urfave/cli (an argument wins over a variable): so argument, then file, then
 * variable.  The names are those of rke2 pkg/cli/cmds and k3s pkg/cli/cmds.
 */
#ifndef NODE_NODE_START_H
#define NODE_NODE_START_H

#include "node/node_config.h"
#include "node/unit_files.h"

enum distribution {
	DISTRIBUTION_RKE2,
	DISTRIBUTION_K3S,
	/* rancher-system-agent: registries of its own, else RKE2's, else K3s's (system-agent, "registries") */
	DISTRIBUTION_AGENT,
};

/* Why the files that are read do not tell it. */
enum node_doubt {
	NODE_DOUBT_NONE,
	NODE_DOUBT_TARGETS, /* from where it pulls is not known */
	NODE_DOUBT_PULL,    /* nor whether it does */
};

/* A zeroed one is a unit of which nothing is known: config.yaml alone counts. */
struct node_start {
	enum distribution distribution;
	char program[4096]; /* "" where it is not known, or no absolute path */
	bool is_agent;
	bool wrapped; /* another program starts it, and may give it any variable */
	enum node_doubt doubt;
	char why[512]; /* of the doubt: "ExecStart= runs /bin/sh, ..." */
	char variable[NODE_SETTINGS][NODE_VALUE_MAX];
	char argument[NODE_SETTINGS][NODE_VALUE_MAX];
};

/* Is name a variable that node_start_variable() asks for? */
bool node_start_keeps(const char *name, size_t len);

/* name is set to value; NULL: to what is not known here.  Pure. */
void node_start_variable(struct node_start *s, const char *name, const char *value);

/*
 * The words behind the program, in place of those that were given before: "agent", "--data-dir", "/data".  What is not
 * clear there is a doubt.  Pure.
 */
void node_start_arguments(struct node_start *s, const char *const *words, size_t count);

/* Does all that counts stand in the files that are read for every unit? */
bool node_start_is_plain(const struct node_start *s);

/*
 * Reads both from the files of unit below root: the variables as systemd would give them, and the last ExecStart= (not
 * without with_command: who sees the process itself knows its arguments, and whatever started it is done).  0, also where there is no such unit; -errno.
 */
int node_start_read(const struct unit_root *root, const struct unit_host *host, const char *unit,
	enum distribution distribution, bool with_command, struct node_start *out);

#endif
