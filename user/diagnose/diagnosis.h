/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From dials to findings: what each failed dial is put down to, told once a cause.
 *
 * Fed in the order of events; reads no clock and no file, so a replay finds what the live run found.
 */
#ifndef DIAGNOSE_DIAGNOSIS_H
#define DIAGNOSE_DIAGNOSIS_H

#include "diagnose/finding.h"
#include "node/pull_targets.h"

struct diagnosis;

struct diagnosis_options {
	const char *names;	       /* --names: "auto" (or NULL), "PROXY" or "RELAY" */
	int64_t wall_offset_ns;	       /* CLOCK_REALTIME - CLOCK_BOOTTIME; 0: not known */
	const struct tracker *tracker; /* asked what is being dialled now; NULL: nobody is */
};

/* f is valid during the call.  With resolved it is over; else it is new, or its count grew. */
struct diagnosis_handler {
	void *context;
	void (*finding)(void *context, const struct finding *f, bool resolved);
};

/* NULL when out of memory. */
struct diagnosis *diagnosis_new(
	const struct diagnosis_options *options, const struct diagnosis_handler *handler);
void diagnosis_free(struct diagnosis *d);

/* Each program that a process of a tree began to run, or was found running. */
void diagnosis_process(struct diagnosis *d, uint64_t time_ns, struct process *process);

/* EVENT_FACT; and the totals of what was lost, each time that one of them grew. */
void diagnosis_fact(struct diagnosis *d, const struct event *event);
void diagnosis_loss(struct diagnosis *d, const uint64_t lost[LOSS_KINDS], uint64_t now_ns);

/* Each outcome of a dial that the tracker tells, also those that are no failure. */
void diagnosis_dial(struct diagnosis *d, const struct dial *dial);

/* A relay answered a request on this dial (dial->replied). */
void diagnosis_relay(struct diagnosis *d, const struct dial *dial, uint64_t now_ns);

/*
 * Before any dial: what would be wrong if process pulled from targets, by its environment and what
 * was told of the node.  Findings of severity warning, at most one a rule; returns how many.  PULL_SOMEWHERE: targets are
 * what it would pull from by default, and only a value that is broken whatever is dialled is told.  why: a sentence for the
 * chain, or NULL.
 */
size_t diagnosis_latent(struct diagnosis *d, struct process *process,
	const struct pull_target *targets, size_t count, enum pull_when when, const char *why,
	uint64_t now_ns);

/*
 * Before any dial: what would be wrong with the NO_ list of process.  Of the containerd of an rke2, whether it keeps the
 * API server's address within the cluster from the relay: CNI plugins inherit the list.  Of any, as info, whether it has
 * entries that nothing matches.  Returns how many findings.
 */
size_t diagnosis_list(struct diagnosis *d, struct process *process, uint64_t now_ns);

/*
 * Is process a containerd that has a relay by CONTAINERD_ variables alone, and no NO_ list at all?  That is how a node
 * is set up on purpose, and with a network plugin that asks nobody (cilium, flannel) it works: no finding before a dial.
 */
bool diagnosis_list_is_left_out(const struct process *process);

/* How many findings are kept and not resolved, by rule (rule_index(), RULES_MAX of them) and severity. */
void diagnosis_count_open(const struct diagnosis *d, uint64_t open[][SEVERITIES]);

/* What is due at now_ns: verdicts that waited for a sibling, counts that wait to be told. */
void diagnosis_tick(struct diagnosis *d, uint64_t now_ns);

/* When something is due, CLOCK_BOOTTIME; UINT64_MAX: nothing waits. */
uint64_t diagnosis_deadline(const struct diagnosis *d);

/* The end: concludes what waits, and tells each count that grew since it was told. */
void diagnosis_flush(struct diagnosis *d, uint64_t now_ns);

#endif
