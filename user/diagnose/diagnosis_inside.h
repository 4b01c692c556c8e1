/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the diagnosis share: failed dials (diagnosis.c) and what is told before any (diagnosis_latent.c). */
#ifndef DIAGNOSE_DIAGNOSIS_INSIDE_H
#define DIAGNOSE_DIAGNOSIS_INSIDE_H

#include "diagnose/diagnosis.h"
#include "diagnose/diagnosis_facts.h"
#include "diagnose/diagnosis_findings.h"
#include "diagnose/diagnosis_mirrors.h"
#include "diagnose/diagnosis_mute.h"
#include "diagnose/diagnosis_start.h"
#include "diagnose/diagnosis_wait.h"
#include "diagnose/rules_input.h"

#define PENDING_DIALS 1024

struct pending_dial {
	uint64_t id;
	struct dial *dial; /* kept for the end; NULL: told already */
};

struct diagnosis {
	bool names_fixed; /* --names PROXY or RELAY */
	enum relay_family names;
	int64_t wall_offset_ns;
	struct node_facts_kept facts;
	struct path_settings cluster; /* as the node's configuration has it */
	struct mirror_tries mirrors;
	struct relay_knowledge relays;
	struct finding_store findings;
	struct wait_room wait;
	struct wait_answers answers;
	struct local_matters local;
	struct mutes mutes;
	struct starts starts;
	struct pending_dial pending[PENDING_DIALS];
	size_t pending_count;
	uint64_t lost[LOSS_KINDS];    /* totals so far */
	uint64_t lost_ns[LOSS_KINDS]; /* when the total last grew; 0: never */
};

/* What stands in the files that a unit loads becomes known in its tree as well. */
void diagnosis_learn_facts(struct diagnosis *d);

/* All that a rule may look at for this dial. */
void diagnosis_input(const struct diagnosis *d, const struct dial *dial, struct rule_input *in);

/* What the rule makes of it: new, or NULL where it does not apply. */
struct finding *diagnosis_apply(const struct rule *rule, const struct rule_input *in);

/* Takes f over and tells it where it is due. */
void diagnosis_add(
	struct diagnosis *d, struct finding *f, const struct dial *dial, uint64_t now_ns);

/* Processes that failed without a packet (diagnosis_mute.h): what their value would make of their first pull. */
void diagnosis_mutes(struct diagnosis *d, uint64_t now_ns, bool all);

/* A process runs a program: what is wrong with the list of one whose children will dial within the cluster. */
void diagnosis_list_starts(struct diagnosis *d, struct process *p, uint64_t now_ns);

#endif
