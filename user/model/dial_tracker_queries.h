/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions under way: what dial_tracker_names.c (events) and dial_tracker_queries.c (time) share. */
#ifndef MODEL_DIAL_TRACKER_QUERIES_H
#define MODEL_DIAL_TRACKER_QUERIES_H

#include "model/dial_tracker_inside.h"

/* So many sockets that asked are remembered. */
#define TRACKER_ASKERS 4096

/*
 * When a question is taken as unanswered.  Go asks twice with 5 s of patience each, as glibc does
 * (resolv.conf(5): timeout:5 attempts:2); with more servers it goes on, but not for ever.
 */
#define QUERY_TIMEOUT_NS (10000 * MS)
#define QUERY_RETRY_NS	 (5000 * MS)
#define QUERY_LIMIT_NS	 (15000 * MS)

/*
 * The shortest patience that a resolver can be told to have is a second (resolv.conf(5), timeout:).  A process that
 * ends by itself after as long without an answer has waited for it in vain.
 */
#define QUERY_PATIENCE_NS (900 * MS)

/* How long a failure waits for the next name of a search list, which is asked for at once. */
#define QUERY_SETTLE_NS (1000 * MS)

enum query_state { QUERY_NONE, QUERY_WAITING, QUERY_FAILED, QUERY_DONE };

struct question {
	enum query_state state;
	uint16_t code;
	uint16_t id; /* of the latest answer, with its socket: loopback shows it twice */
	uint64_t socket;
	uint64_t first_ns, last_ns; /* asked */
	uint64_t answer_ns;	    /* or when it was given up */
};

/* One name that one process asks for; "" stands for a resolver that could not be reached. */
struct query {
	struct timer timer;
	struct query *newer, *older;
	struct process *process; /* one reference held; NULL: unknown */
	uint64_t key, scope;
	uint64_t settle_ns; /* NEVER: nothing to settle */
	uint64_t forget_ns;
	uint64_t address_ns;	      /* when an answer last had an address for it; 0: never */
	struct question questions[2]; /* A, AAAA */
	uint64_t socket;
	struct address server;
	char name[256];
};

/* Who connected a UDP socket, or asked on it: an answer tells its socket only. */
struct asker {
	uint64_t socket;
	uint64_t start_ns;
	uint32_t pid;
};

/* NULL: nobody asks for it. */
struct query *query_get(struct tracker *t, uint64_t scope, const char *name);

/* NULL where there are too many or memory ran out; counted. */
struct query *query_new(struct tracker *t, struct process *p, uint64_t scope, const char *name);

/* Sets the timer to what is due next. */
void query_rearm(struct tracker *t, struct query *q);

/* Nothing more is to be told of it; for a moment it remembers, for a question that comes late. */
void query_finish(struct tracker *t, struct query *q);

/*
 * Did the name get an address, of the other family perhaps, a moment ago?  Then it resolves: a
 * question of the other family that comes late, and is answered with nothing or not at all,
 * changes nothing.
 */
bool query_has_address(const struct query *q, uint64_t now_ns);

/* Is one of its questions, A or AAAA, in that state? */
bool query_is(const struct query *q, enum query_state state);

/* "a.b.svc.cluster.local" and "a.b.cluster.local": candidates of one search begin alike. */
bool names_begin_alike(const char *a, const char *b);

/* Tells the handler how a question of q (0: A, 1: AAAA) ended without an answer. */
void query_tell_answer(struct tracker *t, const struct query *q, int type, uint16_t code);

#endif
