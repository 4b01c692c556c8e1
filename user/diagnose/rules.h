/* SPDX-License-Identifier: GPL-2.0-only */
/* The diagnosis rules, as data: one row a rule, in the order in which the first that applies wins. */
#ifndef DIAGNOSE_RULES_H
#define DIAGNOSE_RULES_H

#include "diagnose/finding.h"

struct rule_input; /* diagnosis.h: all that a rule may look at */

struct rule {
	const char *id;	       /* "containerd-scope" */
	const char *title;     /* a short clause: ECS rule.name */
	const char *says;      /* the paragraph of `relaytrace rules ID` */
	const char *needs;     /* what evidence it needs */
	const char *confused;  /* what it can be confused with */
	const char *remedy;    /* the way out, in general */
	const char *reference; /* a link to the report or source that it came from */
	bool latent;	       /* it speaks before any dial too, from what the process carries */
	bool aside;	/* never the primary cause of a failed dial: told beside one, or alone */
	bool inherited; /* what a containerd lacks, all that it starts lacks as well */
	/* Does it apply?  If so it fills severity, message, chain, missing and remedy of out. */
	bool (*applies)(const struct rule_input *in, struct finding *out);
};

/* All rules in order; *count is how many. */
const struct rule *rules_all(size_t *count);

/* Room for all rules in what counts by rule. */
#define RULES_MAX 64

/* Where the rule of that id stands among all; RULES_MAX: nowhere. */
size_t rule_index(const char *id);

/* The rule of that id, or NULL. */
const struct rule *rule_find(const char *id);

#endif
