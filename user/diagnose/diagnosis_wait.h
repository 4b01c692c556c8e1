/* SPDX-License-Identifier: GPL-2.0-only */
/* Failed dials that are no finding yet: what they wait for, and what they are by then. */
#ifndef DIAGNOSE_DIAGNOSIS_WAIT_H
#define DIAGNOSE_DIAGNOSIS_WAIT_H

#include "model/dial_tracker.h"

/*
 * IPv6 beside IPv4: a puller tries both (RFC 8305), and IPv6 that fails while IPv4 works is nothing.
 * So the verdict on a failed IPv6 dial waits until its IPv4 sibling is known: after an error at
 * once (no route) as long as a Go dial takes at most, 30 s, else until the sibling's own end.
 */
#define WAIT_UNREACHABLE_NS 35000000000ULL
#define WAIT_SIBLING_NS	    1500000000ULL

/*
 * A name has several addresses, and a puller tries them one after the other (Go: net.dialSerial): an address
 * that fails is nothing where the next one works at once.  So what has more addresses waits for that, too, and
 * as long as the next one is being dialled, WAIT_UNREACHABLE_NS at most.
 */
#define WAIT_SUCCESSES 64

#define WAIT_GROUPS 4096
#define WAIT_DIALS  1024

struct wait_group {
	uint64_t group;			/* dial.group; 0: free */
	bool established[2], failed[2]; /* by family: [0] IPv4, [1] IPv6 */
};

struct wait_success {
	uint64_t name; /* hash of process, name and port; 0: free */
	uint64_t at_ns;
};

struct waiting_dial {
	uint64_t due_ns;
	struct dial *dial; /* kept */
};

struct wait_room {
	const struct tracker *tracker;		       /* NULL: nothing is dialled now */
	struct wait_group groups[WAIT_GROUPS];	       /* each at its number, which counts up */
	struct wait_success successes[WAIT_SUCCESSES]; /* a ring */
	size_t success_at;
	struct waiting_dial dials[WAIT_DIALS];
	size_t count;
};

enum wait_verdict {
	WAIT_NOW,   /* explain it now */
	WAIT_LATER, /* it was kept: wait_next() hands it out when it is due */
	WAIT_NEVER, /* its sibling makes it meaningless */
};

/* Notes that a dial was established or failed. */
void wait_note(struct wait_room *w, const struct dial *d);

/* What to do with a failed dial that was noted. */
enum wait_verdict wait_judge(struct wait_room *w, const struct dial *d);

/*
 * A kept dial to be explained at now_ns (UINT64_MAX: all are), or NULL; those that became
 * meaningless are dropped on the way.  The caller drops it.
 */
struct dial *wait_next(struct wait_room *w, uint64_t now_ns);

/* When wait_next() has one; UINT64_MAX: nothing waits. */
uint64_t wait_deadline(const struct wait_room *w);

void wait_free(struct wait_room *w);

/*
 * A relay that was reached and has not answered yet.  Where its answer cannot be seen (TLS, no hook
 * for it) the dial counts as a success after a while, longer than it takes to call a relay silent.  And a
 * tunnel that was granted: that it carries something is proved once it was not broken off for as long.
 */
#define WAIT_ANSWER_NS 25000000000ULL
#define WAIT_ANSWERS   64

struct wait_answers {
	struct waiting_dial dials[WAIT_ANSWERS];
	size_t count;
};

/* Waits for an answer on d from now_ns on; where there is no room, the oldest is forgotten. */
void answer_wait(struct wait_answers *w, const struct dial *d, uint64_t now_ns);

/* The dial of that id was answered, or ended otherwise: no longer waits. */
void answer_came(struct wait_answers *w, uint64_t id);

/* A dial that has waited long enough at now_ns (UINT64_MAX: all have); the caller drops it. */
struct dial *answer_next(struct wait_answers *w, uint64_t now_ns);

uint64_t answer_deadline(const struct wait_answers *w);

/*
 * A local matter (loopback, cluster, supervisor) that fails: told only when it goes on.  Also how
 * often, and since when.
 */
#define LOCAL_PERSISTS_NS 60000000000ULL
#define LOCAL_GAP_NS	  120000000000ULL
#define LOCAL_MATTERS	  128

struct local_matter {
	uint64_t key; /* program and address; 0: free */
	uint64_t first_ns, last_ns, times;
};

struct local_matters {
	struct local_matter matters[LOCAL_MATTERS];
};

/* One more failure; the matter it belongs to. */
const struct local_matter *local_matter_failed(struct local_matters *l, const struct dial *d);

/* Has it gone on for longer than LOCAL_PERSISTS_NS, without a success and without a long gap? */
bool local_matter_persists(const struct local_matter *m);

/* It works: forgets it. */
void local_matter_works(struct local_matters *l, const struct dial *d);

#endif
