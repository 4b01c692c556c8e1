/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the dial tracker share; nobody else includes it. */
#ifndef MODEL_DIAL_TRACKER_INSIDE_H
#define MODEL_DIAL_TRACKER_INSIDE_H

#include "model/dial_tracker.h"
#include "model/dial_tracker_timer.h"
#include "model/resolvers.h"

#define MS    1000000ULL
#define NEVER UINT64_MAX

/* How long a failure waits for late pieces and siblings: hooks run on all processors. */
#define TRACKER_SETTLE_NS (100 * MS)

/* How long a closed dial is remembered, for late pieces and for its siblings. */
#define TRACKER_LINGER_NS (2000 * MS)

/*
 * Siblings of one happy-eyeballs attempt begin within this: RFC 8305 5 allows a delay of at most
 * 2 s between attempts and recommends 250 ms; Go's net.Dialer.FallbackDelay is 300 ms, curl's
 * CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS 200 ms.
 */
#define TRACKER_SIBLING_NS (2000 * MS)

/*
 * A loser is closed this soon after the winner was established: Go (net/dial.go, dialParallel)
 * cancels it as soon as the winner returned, curl in the same turn of its loop.
 */
#define TRACKER_LOSER_NS (1000 * MS)

/* So many later dials of one process are looked at for a sibling. */
#define TRACKER_SIBLINGS 64

/*
 * Established, asked, and closed by the program without an answer: before this it changed its
 * mind, after it the peer was silent.  The shortest patience of a puller is Go's
 * TLSHandshakeTimeout of 10 s; a lost segment is sent again after 1 s and 3 s (RFC 6298).
 */
#define TRACKER_SILENCE_NS (3000 * MS)

/* A process that was told to stop has this long until systemd kills it (DefaultTimeoutStopSec). */
#define TRACKER_STOP_NS (90000 * MS)

enum timer_kind { TIMER_DIAL, TIMER_QUERY };

/* A dial and the pieces that were seen of it. */
struct tracked {
	struct dial dial;
	struct timer timer;
	struct tracked *newer, *older;		 /* of all, by appearance; free ones by older */
	struct tracked *peer_newer, *peer_older; /* of one process */
	struct tracked *same_socket;		 /* the dial that this socket made before */
	uint64_t peer_key;
	uint64_t
		peers_left_ns; /* of the newest of a process: when one of its dials was last established; 0: never */
	struct tracked *linger_newer, *linger_older; /* of those that are over */
	bool lingering;

	/* The pieces, each with the time it happened. */
	bool opened;   /* CLOSE>SYN_SENT */
	bool returned; /* connect() */
	bool left;     /* SYN_SENT>ESTABLISHED, SYN_SENT>CLOSE */
	bool ended;    /* ESTABLISHED> */
	bool closed;   /* >CLOSE */
	uint64_t open_ns;
	uint64_t called_ns, return_ns; /* called_ns 0: unknown */
	uint64_t left_ns;
	uint64_t end_ns;
	int result;		       /* of connect(): 0 or -errno */
	int left_error, end_error;     /* sk_err */
	bool left_taken;	       /* the kernel ended it with an errno that was gone already */
	int asked_error;	       /* what the program heard from SO_ERROR, positive; else 0 */
	uint64_t asked_over_ns;	       /* when it heard that of one that is over; 0: it did not */
	uint8_t left_state, end_state; /* enum tcp_state */
	uint64_t received, sent;       /* at the end */

	/* What was made of them. */
	bool owned;	/* the process is known, id and path are set */
	bool name_sure; /* the ClientHello said the name */
	bool told;	/* established was */
	bool final;	/* nothing more will be told */
	bool relay_told;
	uint64_t settle_ns, forget_ns; /* deadlines; NEVER: none */
};

struct query;
struct asker;

struct tracker {
	struct tracker_options options;
	struct process_table *processes;
	struct tracker_handler handler;
	struct path_settings paths;
	struct name_cache *names;
	struct resolvers resolvers;
	struct timer_heap timers;
	uint64_t now_ns;
	uint64_t dials; /* ids given */
	struct tracker_counts counts;

	struct table by_socket;	 /* the latest dial of each socket */
	struct table by_process; /* the latest dial of each process */
	struct tracked *newest, *oldest, *unused;
	size_t tracked;
	struct tracked *linger_newest, *linger_oldest;
	size_t lingering, settling;

	/* dial_tracker_names.c */
	struct table queries;
	struct query *first_query, *unused_queries;
	size_t query_count;
	struct table by_asker; /* socket -> who connected it */
	struct asker *askers;
	size_t next_asker;
};

/* Sets when e is judged whatever was seen of it by then; NEVER: it waits for nothing. */
static inline void tracked_settle_at(struct tracker *t, struct tracked *e, uint64_t settle_ns)
{
	t->settling += settle_ns != NEVER;
	t->settling -= e->settle_ns != NEVER;
	e->settle_ns = settle_ns;
}

/* dial_tracker.c */
/* owned: the piece tells the dialler.  One that does not never pushes out a dial that has one. */
struct tracked *tracked_new(struct tracker *t, uint64_t socket, uint64_t begin_ns, bool owned);
void tracked_drop(struct tracker *t, struct tracked *e);
void tracked_rearm(struct tracker *t, struct tracked *e);
/* When e left for ESTABLISHED, told to the others of its process. */
void tracked_tell_peers(struct tracker *t, const struct tracked *e);
/* Gives e its dialler: id, path, name and group follow.  Does nothing once it has one. */
void tracked_own(struct tracker *t, struct tracked *e, const struct event *event);

/* dial_tracker_join.c */
void tracker_connect(struct tracker *t, const struct event *event);
void tracker_state(struct tracker *t, const struct event *event);

/* dial_tracker_outcome.c */
bool result_is_failure(int result);
/* Concludes what the pieces of e allow now, and sets when to look again. */
void tracked_judge(struct tracker *t, struct tracked *e);
/* The settle time of e is over. */
void tracked_settle(struct tracker *t, struct tracked *e);
/* When e has to be told as pending; NEVER: not as things are. */
uint64_t tracked_pending_ns(const struct tracker *t, const struct tracked *e);
void tracked_tell_pending(struct tracker *t, struct tracked *e, uint64_t now_ns);
bool siblings_may_be(const struct tracked *a, const struct tracked *b);

/* dial_tracker_talk.c */
void tracker_talk(struct tracker *t, const struct event *event);
void tracked_tell_relay(struct tracker *t, struct tracked *e);
/* Path and name as far as the name cache gives them now. */
void tracked_describe(struct tracker *t, struct tracked *e);

/* dial_tracker_names.c */
void tracker_name(struct tracker *t, const struct event *event);
void tracker_udp(struct tracker *t, const struct event *event);
/* The process began a TCP dial: a resolver that it could not reach was not needed. */
void tracker_dialled(struct tracker *t, const struct process *p);
void query_run(struct tracker *t, struct timer *timer, uint64_t now_ns);
/* Tells what has failed and only waits for what might still come. */
void queries_flush(struct tracker *t);
int queries_init(struct tracker *t);
void queries_free(struct tracker *t);

#endif
