/* SPDX-License-Identifier: GPL-2.0-only */
/* A finding: one explained cause with its evidence, its remedy and how often it happened. */
#ifndef DIAGNOSE_FINDING_H
#define DIAGNOSE_FINDING_H

#include "model/dial.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
#define SEVERITIES 3

/* When a process will pull; what is not sure is told as info. */
enum pull_when {
	PULL_NOW,	/* as soon as it starts */
	PULL_SOMEWHERE, /* as soon as it starts, from hosts that are not known */
	PULL_PERHAPS,	/* as soon as it starts, unless what was not looked into has the images */
	PULL_NEXT_UPGRADE, /* it has what it needs, until the next version is installed */
};

struct rule; /* diagnose/rules.h */

/* A short list of sentences. */
#define FINDING_LINES 12
struct lines {
	size_t count;
	char *text[FINDING_LINES]; /* owned */
};

struct finding {
	char id[17]; /* hex; stable: rule, unit or executable, host and port */
	const struct rule *rule;
	enum severity severity;
	uint64_t count;
	uint64_t first_ns, last_ns;
	bool incomplete; /* something was lost in its window: it may be wrong */
	bool resolved;
	bool again;		 /* this id was told before */
	enum severity worst;	 /* again: the worst that it was told with */
	char *message;		 /* one sentence with the numbers of the latest dial */
	char *over;		 /* resolved: what is said of that; NULL: nothing */
	struct lines chain;	 /* from the failed dial to the cause */
	struct lines missing;	 /* variables that would have to be there */
	struct lines add;	 /* lines that an env file lacks, as far as they may be shown */
	struct lines remedy;	 /* commands and steps */
	struct process *process; /* the latest concerned; one reference held */
	struct dial *dial;	 /* a copy of the latest dial; NULL for a latent finding */
	char host[256]; /* what was wanted; for relay-unresolved, relay-unreachable the relay */
	char ip[ADDRESS_TEXT]; /* "" where unknown */
	uint16_t port;
	char relay_host[256]; /* relay-* rules; "" else */
	char relay_ip[ADDRESS_TEXT];
	uint16_t relay_port, relay_status;
};

/* A copy with texts of its own and references of its own; NULL when out of memory. */
struct finding *finding_copy(const struct finding *f);

/* Frees f with all that it owns; NULL is accepted. */
void finding_free(struct finding *f);

/* "error", "warning", "info". */
const char *severity_name(enum severity severity);

/* Adds one sentence.  A full list and a failed allocation leave it as it was. */
void lines_add(struct lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A copy of d that outlives the tracker's own: references to its process and environment are taken
 * (relay_variable points into the latter).  NULL when out of memory.
 */
struct dial *dial_keep(const struct dial *d);

/* Gives a kept dial up; NULL is accepted. */
void dial_drop(struct dial *d);

#endif
