/* SPDX-License-Identifier: GPL-2.0-only */
/* Little stories for the tests of the dial tracker: pieces with times in seconds, and what was told. */
#ifndef TESTS_TRACKER_STORY_H
#define TESTS_TRACKER_STORY_H

#include "base/buffer.h"
#include "model/dial_tracker.h"
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#define STORY_EVENTS 64
#define STORY_PID    4121
#define STORY_END    200.0

#define REGISTRY  "203.0.113.10"
#define REGISTRY6 "2001:db8:113::10"
#define RELAY	  "10.77.9.1"

struct story {
	struct event events[STORY_EVENTS];
	size_t count;
	const char *variables[8]; /* NAME=VALUE of the process */
	double stop;		  /* when the run ends; 0: STORY_END */
	bool begun;
};

struct told {
	struct buffer all;	/* "established:7@0.010 " for each, in order; socket and end time */
	struct buffer relays;	/* "index.docker.io:443=407 " */
	struct buffer resolved; /* "index.docker.io/1=NXDOMAIN " */
	enum dial_outcome last[16]; /* by socket number; the latest outcome told */
	struct dial dial[16];	    /* by socket number, references not held; [0]: unresolved */
	struct tracker_counts counts;
	uint64_t deadline;
};

static inline uint64_t story_ns(double seconds)
{
	return (uint64_t)(seconds * 1e9 + 0.5);
}

static inline struct address story_address(const char *text, uint16_t port)
{
	struct address a;

	memset(&a, 0, sizeof(a));
	address_parse(text, &a);
	a.port = port;
	return a;
}

static inline struct event *story_add(struct story *s, enum event_kind kind, double at)
{
	struct event *e = &s->events[s->count++];

	if (s->count > STORY_EVENTS)
		abort();
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->time_ns = story_ns(at);
	return e;
}

/* CLOSE>SYN_SENT, in the dialler. */
static inline void story_open(
	struct story *s, double at, uint64_t socket, const char *to, uint16_t port)
{
	struct event *e = story_add(s, EVENT_STATE, at);

	e->pid = STORY_PID;
	e->tid = STORY_PID + 1;
	e->state = (struct event_state){.socket = socket,
		.remote = story_address(to, port),
		.old_state = TCP_STATE_CLOSE,
		.new_state = TCP_STATE_SYN_SENT};
}

/* connect() was called at `called` (0: unknown) and returned at `at`. */
static inline struct event *story_connect(struct story *s, double called, double at,
	uint64_t socket, const char *to, uint16_t port, int result)
{
	struct event *e = story_add(s, EVENT_CONNECT, at);

	e->pid = STORY_PID;
	e->tid = STORY_PID + 1;
	e->connect = (struct event_connect){.socket = socket,
		.begin_ns = story_ns(called),
		.remote = story_address(to, port),
		.protocol = IPPROTO_TCP,
		.result = result};
	return e;
}

/* Any other change of state, in whoever's context; no process is known. */
static inline struct event *story_state(
	struct story *s, double at, uint64_t socket, int old_state, int new_state, int error)
{
	struct event *e = story_add(s, EVENT_STATE, at);

	e->state = (struct event_state){.socket = socket,
		.old_state = (uint8_t)old_state,
		.new_state = (uint8_t)new_state,
		.error = error};
	return e;
}

/* One dial of socket 7 that begins at 1.0 on a non-blocking socket. */
static inline struct story story_of_dial(void)
{
	struct story s = {.count = 0};

	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_connect(&s, 0.9999, 1.0001, 7, REGISTRY, 443, -EINPROGRESS);
	return s;
}

static inline void story_established(struct story *s, double at, uint64_t socket)
{
	story_state(s, at, socket, TCP_STATE_SYN_SENT, TCP_STATE_ESTABLISHED, 0);
}

static inline void story_failed(struct story *s, double at, uint64_t socket, int error)
{
	story_state(s, at, socket, TCP_STATE_SYN_SENT, TCP_STATE_CLOSE, error);
}

static inline void story_ended(struct story *s, double at, uint64_t socket, int new_state,
	int error, uint64_t received, uint64_t sent)
{
	struct event *e = story_state(s, at, socket, TCP_STATE_ESTABLISHED, new_state, error);

	e->state.received = received;
	e->state.sent = sent;
}

static inline void story_exit(struct story *s, double at, int status)
{
	struct event *e = story_add(s, EVENT_EXIT, at);

	e->pid = STORY_PID;
	e->exit.status = status;
}

static inline void story_ask(
	struct story *s, double at, uint64_t socket, uint16_t type, const char *name)
{
	struct event *e = story_add(s, EVENT_QUESTION, at);

	e->pid = STORY_PID;
	e->name = (struct event_name){.socket = socket, .type = type, .name = name};
	e->name.server = story_address("10.77.0.53", 53);
}

static inline void story_answer(struct story *s, double at, uint64_t socket, uint16_t type,
	const char *name, uint16_t code, const char *address)
{
	struct event *e = story_add(s, EVENT_ANSWER, at);

	e->pid = STORY_PID;
	e->name = (struct event_name){.socket = socket, .type = type, .name = name, .code = code};
	if (address) {
		e->name.addresses[0] = story_address(address, 0);
		e->name.address_count = 1;
	}
}

/* A and AAAA answers of name after each other, from 0.1 on. */
static inline void story_resolve(
	struct story *s, double at, const char *name, uint16_t code, const char *v4, const char *v6)
{
	story_ask(s, at, 3, 1, name);
	story_ask(s, at + 0.0001, 4, 28, name);
	story_answer(s, at + 0.01, 3, 1, name, code, v4);
	story_answer(s, at + 0.0101, 4, 28, name, code, v6);
}

static inline void story_request(struct story *s, enum event_kind kind, double at, uint64_t socket,
	const char *method, const char *host, uint16_t port)
{
	struct event *e = story_add(s, kind, at);

	e->request = (struct event_request){
		.socket = socket, .method = method, .host = host, .port = port};
}

static inline void story_reply(struct story *s, double at, uint64_t socket, enum reply_kind kind,
	uint16_t status, const char *reason)
{
	struct event *e = story_add(s, EVENT_REPLY, at);

	e->reply = (struct event_reply){
		.socket = socket, .kind = kind, .status = status, .reason = reason};
}

static inline void told_dial(void *context, const struct dial *d)
{
	struct told *told = context;

	if (d->socket < 16) {
		told->last[d->socket] = d->outcome;
		told->dial[d->socket] = *d;
	}
	buffer_printf(&told->all, "%s:%llu@%.3f ", dial_outcome_name(d->outcome),
		(unsigned long long)d->socket, (double)d->end_ns / 1e9);
}

static inline void told_relay(void *context, const struct dial *d)
{
	struct told *told = context;

	buffer_printf(&told->relays, "%s:%u=%u%s ", d->connect_host, d->connect_port, d->status,
		d->replied ? "" : "!");
}

static inline void told_resolve(void *context, struct process *p, const struct event_name *name,
	uint16_t code, uint64_t time_ns)
{
	struct told *told = context;
	char text[16];

	(void)time_ns;
	buffer_printf(&told->resolved, "%s%s/%u=%s ", p ? "" : "?", name->name, name->type,
		dns_code_name(code, text));
}

/* Runs the events in the order given (NULL: as they stand) and says what was told. */
static inline void story_run(const struct story *s, const size_t *order, struct told *told)
{
	struct tracker_options options = {.pending_ns = story_ns(20)};
	struct tracker_handler handler = {told, told_dial, told_resolve, told_relay};
	struct environment *environment = environment_new(ENVIRONMENT_EXEC);
	struct process_table table = {0};
	struct tracker *t = tracker_new(&options, &table, &handler);
	struct event event = {.kind = EVENT_EXEC, .time_ns = 1, .pid = STORY_PID};

	memset(told, 0, sizeof(*told));
	for (size_t i = 0; i < 8 && s->variables[i]; i++) {
		const char *equals = strchr(s->variables[i], '=');

		environment_add(environment, s->variables[i], (size_t)(equals - s->variables[i]),
			equals + 1, strlen(equals + 1), false, NULL);
	}
	event.exec = (struct event_exec){.tree = "rke2",
		.comm = "rke2",
		.file = "/usr/local/bin/rke2",
		.environment = environment};
	process_table_apply(&table, &event);
	tracker_apply(t, &event);
	environment_unref(environment);
	for (size_t i = 0; i < s->count; i++) {
		process_table_apply(&table, &s->events[order ? order[i] : i]);
		tracker_apply(t, &s->events[order ? order[i] : i]);
	}
	tracker_flush(t, story_ns(s->stop > 0 ? s->stop : STORY_END));
	told->counts = tracker_counts(t);
	told->deadline = tracker_deadline(t);
	tracker_free(t);
	process_table_free(&table);
}

static inline void told_free(struct told *told)
{
	buffer_free(&told->all);
	buffer_free(&told->relays);
	buffer_free(&told->resolved);
}

/* Can events arrive so?  Hooks race with each other for less than a second. */
static inline bool story_order_happens(const struct story *s, const size_t *order, size_t shuffled)
{
	for (size_t i = 0; i < shuffled; i++)
		for (size_t j = i + 1; j < shuffled; j++)
			if (s->events[order[i]].time_ns > s->events[order[j]].time_ns + story_ns(1))
				return false;
	return true;
}

/*
 * Runs the story in every order of its first `shuffled` events (at most 6) in which they can
 * arrive, and checks the final outcome of socket 7 (and of 8 where want8 is not DIAL_OPEN).
 */
static inline void story_expect(
	const struct story *s, size_t shuffled, enum dial_outcome want7, enum dial_outcome want8)
{
	size_t order[STORY_EVENTS], count[8] = {0}, i = 0;
	bool first = true;

	for (size_t n = 0; n < STORY_EVENTS; n++)
		order[n] = n;
	/* Heap's algorithm (B. R. Heap, 1963), without recursion. */
	while (first || i < shuffled) {
		if (!first && count[i] >= i) {
			count[i++] = 0;
			continue;
		}
		if (!first) {
			size_t other = i % 2 ? count[i] : 0, swap = order[i];

			order[i] = order[other];
			order[other] = swap;
			count[i]++;
			i = 0;
		}
		first = false;
		if (!story_order_happens(s, order, shuffled))
			continue;

		struct told told;

		story_run(s, order, &told);
		if (told.last[7] != want7 || (want8 && told.last[8] != want8)) {
			printf("# order");
			for (size_t n = 0; n < s->count; n++)
				printf(" %zu", order[n]);
			printf(": told %s\n", buffer_string(&told.all));
			unit_failed_here++;
		}
		UNIT_CHECK(!told.counts.ownerless && !told.counts.dropped);
		told_free(&told);
	}
}

#endif
