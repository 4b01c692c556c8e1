/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Joins what hooks saw of a dial into the dial and its outcome.
 *
 * A dial comes in pieces, in any order: connect() returned; CLOSE>SYN_SENT, which alone runs in
 * the dialler; SYN_SENT>ESTABLISHED or >CLOSE, which carry the outcome; the end of an established
 * connection; the exit of the process; the questions and answers that gave the name; the first
 * bytes.  They are joined by socket number, never by thread or descriptor, on the events' own time:
 * nothing here reads a clock.
 *
 * What is told of a dial, all with its id:
 *	pending		once, at begin + pending_ns, if it is still open then, or established while a
 *			relay's or a server's answer is missing
 *	established	at once
 *	a failure	after a settle time, in which late pieces and siblings come
 *	reset, no-answer after established; and established again, if pending was told in between
 */
#ifndef MODEL_DIAL_TRACKER_H
#define MODEL_DIAL_TRACKER_H

#include "model/path.h"

/* At most so many dials are open or remembered; beyond that the oldest is dropped and counted. */
#define TRACKER_DIALS 65536

/* And so many that are over are remembered, for pieces and siblings that come late: a tenth of a second of a storm. */
#define TRACKER_LINGERING 8192

/* And so many wait for their verdict, in a storm for less than the settle time: memory stays below 20 MiB. */
#define TRACKER_SETTLING 8192

struct tracker_options {
	uint64_t pending_ns;
};

/* Who is told.  What the arguments point to is valid during the call; take references to keep it. */
struct tracker_handler {
	void *context;
	/* An outcome (see above); for DIAL_UNRESOLVED there was no connect() and remote is zero. */
	void (*dial)(void *context, const struct dial *d);
	/* An answer, or DNS_CODE_TIMEOUT or _UNREACHABLE for a question; p may be NULL (not known). */
	void (*resolve)(void *context, struct process *p, const struct event_name *name,
		uint16_t code, uint64_t time_ns);
	/*
	 * A conversation with a relay: a request was answered (d->replied), or the connection ended
	 * without an answer.
	 */
	void (*relay)(void *context, const struct dial *d);
};

struct tracker_counts {
	uint64_t open;	    /* dials without an outcome now */
	uint64_t dropped;   /* dials given up because there were too many */
	uint64_t ownerless; /* pieces of sockets whose dialler never became known */
};

struct tracker;

/* processes and what handler points to must outlive the tracker.  NULL: out of memory. */
struct tracker *tracker_new(const struct tracker_options *options, struct process_table *processes,
	const struct tracker_handler *handler);
void tracker_free(struct tracker *t);

/* What belongs to the cluster: to be filled by whoever learns it. */
struct path_settings *tracker_paths(struct tracker *t);
const struct name_cache *tracker_names(const struct tracker *t);

/*
 * d failed: is its process dialling another address of the same name and port by now?  (Go tries them one after the
 * other: net.dialSerial.)
 */
bool tracker_is_trying(const struct tracker *t, const struct dial *d);

/*
 * Takes one event, which the process table has taken before: first runs what is due at the event's
 * time, then the event.
 */
void tracker_apply(struct tracker *t, const struct event *event);

/* When something is due, CLOCK_BOOTTIME; UINT64_MAX: nothing waits. */
uint64_t tracker_deadline(const struct tracker *t);

/*
 * The end: what has failed and waits for its settle time is concluded, dials and names; of what is open, that which is older than
 * pending_ns is told as pending unless it was, the rest is only counted as open.
 */
void tracker_flush(struct tracker *t, uint64_t now_ns);

struct tracker_counts tracker_counts(const struct tracker *t);

/* Its `dropped` alone, which costs nothing. */
uint64_t tracker_dropped(const struct tracker *t);

#endif
