/* SPDX-License-Identifier: GPL-2.0-only */
/* What `relaytrace check` gathered of a node, and what it makes of it. */
#ifndef COMMANDS_CHECK_H
#define COMMANDS_CHECK_H

#include "commands/options.h"
#include "diagnose/diagnosis.h"
#include "node/node_files.h"
#include "node/unit_environment.h"
#include "relay/relay_choice.h"
#include "relay/supervisor_environment.h"

#include <time.h>

#define CHECK_UNITS    32
#define CHECK_FINDINGS 256

/* A unit that is there. */
struct check_unit {
	char name[64]; /* without ".service" */
	struct unit_facts facts;
	struct unit_view view;
	bool enabled, running, reload;
	uint32_t main_pid;		/* of its main process; 0: none runs, or not known */
	uint64_t started_ns;		/* CLOCK_REALTIME, of that; 0: not known */
	bool judged;			/* it is used here: its findings count */
	const struct node_files *files; /* NULL: neither RKE2 nor K3s */
	struct node_files *own; /* owned: files, where the unit itself says what others do not */
	struct process *self;	/* as the unit would start it; pid 0 */
	struct process *containerd; /* as that would start it; NULL: it does not */
	bool starts_containerd;
};

/* Somebody who may pull: one that its unit would start, or one that runs. */
struct check_subject {
	struct process *process;       /* not owned */
	const struct check_unit *unit; /* NULL: it belongs to none of them */
	const struct node_config *config;
	struct environment *effective; /* owned: what it decides by; a server changes its own */
	bool pulls;
	bool asked;	       /* what that pull would do is to be told */
	enum node_doubt doubt; /* it cannot be told from here whether, or from where */
	char why[2048];	       /* it pulls, or does not: "there is no ...", "" */
	enum pull_when when;
	size_t findings;
};

struct check {
	const struct options *options;
	struct unit_root root;
	char prefix[4096];
	struct unit_host host;
	struct check_unit units[CHECK_UNITS];
	size_t unit_count;
	struct node_files rke2, k3s, agent;
	struct process_table processes;
	struct process **running; /* of the table; owned is the list only */
	size_t running_count;
	struct check_subject *subjects;
	size_t subject_count, subject_capacity;
	struct diagnosis *diagnosis;
	struct finding *findings[CHECK_FINDINGS]; /* owned */
	size_t finding_count, warnings;
	struct unit_list unread; /* "PATH: WHY", sorted, each once */
	struct unit_list faults; /* "PATH:LINE: what is wrong and what to do", sorted, each once */
	uint64_t now_ns;	 /* CLOCK_BOOTTIME */
	int64_t wall_offset_ns;
	const char *hostname;
	char boot_id[64];
};

/* Fills c, which begins zeroed but for options, up to the findings.  0, or the exit status after saying why. */
int check_gather(struct check *c);

/*
 * The configuration of RKE2, K3s and the system agent, and of each unit what it says beside that: fills rke2, k3s, agent and
 * files of the units, and tells the diagnosis.  0 or -errno.
 */
int check_files(struct check *c);
void check_files_free(struct check_unit *u);

/* Adds "PATH:LINE: WHY" to what was not read; LINE 0, WHY NULL: without.  0 or -ENOMEM. */
int check_unread(struct check *c, const char *path, unsigned int line, const char *why);

/* An event handler that hands a fact to the diagnosis that context is. */
void check_fact(void *context, const struct event *event);

/* What the unit's program makes of its variables. */
struct supervisor check_supervisor(const struct check_unit *u);

/* Who may pull, and what would go wrong; fills subjects and findings.  0 or -ENOMEM. */
int check_judge(struct check *c);
void check_free(struct check *c);

/*
 * Once the units that count are known: what is to be mended in their files and in the node's configuration, other
 * than what a finding tells.  0 or -ENOMEM.
 */
int check_faults(struct check *c);

uint64_t check_clock_ns(clockid_t clock);

/*
 * What the running systemd knows of u: its main process, and whether its files changed since they were read.  0, also
 * where there is none; -ENOMEM.
 */
int check_ask(struct check *c, struct check_unit *u);

/* Where systemd did not say it: of the processes in the unit the first of its role. */
void check_find_main(const struct check *c, struct check_unit *u);

/*
 * The first file that gives u a relay variable and changed after its main process was started, which so does not
 * have it; NULL: none.
 */
const char *check_changed(const struct check_unit *u);

/* Why the file f, whose error is not 0, could not be read: "it is a named pipe", "Permission denied". */
const char *check_why(const struct check *c, const struct unit_file *f);

/* Sorts, and keeps each text once: several units share files. */
void check_sort(struct unit_list *l);

/* How a process stands to a variable that its unit would give it. */
enum check_has {
	CHECK_HAS,
	CHECK_DIFFERS,
	CHECK_LACKS,  /* proved */
	CHECK_UNSEEN, /* not seen in an environment that proves no absence */
};
enum check_has check_has(const struct process *p, const struct variable *v);

/* What the unit of p would give p: the environment of self or of containerd; NULL: p is in no unit. */
const struct environment *check_wanted(const struct check *c, const struct process *p);

/* What subject would do for target. */
void check_choice(const struct check *c, const struct check_subject *s,
	const struct pull_target *target, struct choice *out);

/* Why it would do that, in words; where its unit passes a variable on whose value is not known, that too. */
const char *check_reason(
	const struct check_subject *s, const struct choice *choice, char *text, size_t size);

/* Appends the whole answer: a screen of text (s is a sink of text), JSON lines. */
struct sink_text;
void check_text(const struct check *c, struct sink_text *s, struct buffer *out);
void check_json(const struct check *c, struct sink *s, struct buffer *out);

#endif
