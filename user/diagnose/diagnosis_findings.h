/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The findings that are open: one per cause and target, counted, told when new, at 1, 10, 100 ...
 * and every ten minutes, and closed by a success that proves the cause gone.
 */
#ifndef DIAGNOSE_DIAGNOSIS_FINDINGS_H
#define DIAGNOSE_DIAGNOSIS_FINDINGS_H

#include "diagnose/diagnosis.h"
#include "diagnose/diagnosis_over.h"

/* More than this are not kept apart; the one that was quiet the longest is forgotten. */
#define FINDINGS_MAX 1024

struct finding_entry {
	uint64_t key;	     /* rule, program, role, host (without a name: address) and port */
	uint64_t id;	     /* the key that it began with, which its id is made of */
	uint64_t told_count; /* what its latest line said */
	uint64_t told_ns;
	struct finding *finding; /* owned */
	/* A success that came before the finding was told, and closes it soon; at_ns 0: none. */
	struct {
		uint64_t begin_ns, at_ns;
		char *says; /* owned */
	} late;
};

/*
 * A failure is told a moment after it happened (late pieces, siblings).  What succeeded in that moment closes it
 * as well, when as much time is over: of a burst of failures before it the first opens the finding, and the
 * others count.
 */
#define FINDINGS_RECENT	   16
#define FINDINGS_RECENT_NS 2000000000ULL

struct finding_success {
	struct dial dial; /* a copy, with references of its own; process NULL: none */
	enum success success;
	uint64_t at_ns;
};

struct finding_store {
	struct diagnosis_handler handler;
	struct finding_success recent[FINDINGS_RECENT]; /* a ring */
	size_t recent_at;
	struct finding_entry *entries;
	size_t count, capacity;
	size_t open;	  /* not resolved */
	uint64_t next_ns; /* when findings_tick() has something to tell; 0: nothing waits */
};

void findings_free(struct finding_store *s);

/*
 * Is one of f's rule, program and role open, whatever its target; or, for containerd, one of its supervisor's, from whom
 * it has what it carries?
 */
bool findings_is_open(const struct finding_store *s, const struct finding *f);

/*
 * Takes f over: one more of its kind, or the first; a failed dial after what was told before any dial is counted anew
 * under the same id, and one that ended before what closed its finding only counts.  f has its rule, process, host, ip and port;
 * id, times and count are given here.  Tells it where it is due.
 */
void findings_add(struct finding_store *s, struct finding *f, uint64_t now_ns);

/* A dial that reached its peer: closes what it proves to be over. */
void findings_success(
	struct finding_store *s, const struct dial *d, enum success success, uint64_t now_ns);

/* Closes what was told of that rule before any dial of p's program, and of p's role: p does not have it any more. */
void findings_mended(
	struct finding_store *s, const char *rule, const struct process *p, uint64_t now_ns);

/* Closes what has waited for that; tells the counts that grew and waited for ten minutes, with all all that grew. */
void findings_tick(struct finding_store *s, uint64_t now_ns, bool all);

/* How many are kept and not resolved, by rule (rule_index()) and severity. */
void findings_count_open(const struct finding_store *s, uint64_t open[][SEVERITIES]);

/* When findings_tick() has something to tell; UINT64_MAX: nothing waits. */
uint64_t findings_deadline(const struct finding_store *s);

#endif
