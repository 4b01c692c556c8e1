// SPDX-License-Identifier: GPL-2.0-only
/*
 * A question's life: it waits, is answered or given up, and when both families of a name have failed the name
 * has, unless a name that a search list makes of it, or that it was made of, succeeded.
 */
#include "model/dial_tracker_queries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define container_of(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define QUERIES 4096

int queries_init(struct tracker *t)
{
	t->askers = calloc(TRACKER_ASKERS, sizeof(*t->askers));
	return t->askers ? 0 : -ENOMEM;
}

static void query_drop(struct tracker *t, struct query *q)
{
	timer_set(&t->timers, &q->timer, NEVER);
	table_remove(&t->queries, q->key);
	if (q->older)
		q->older->newer = q->newer;
	if (q->newer)
		q->newer->older = q->older;
	else
		t->first_query = q->older;
	process_unref(q->process);
	t->query_count--;
	q->older = t->unused_queries;
	t->unused_queries = q;
}

void queries_free(struct tracker *t)
{
	while (t->first_query)
		query_drop(t, t->first_query);
	while (t->unused_queries) {
		struct query *next = t->unused_queries->older;

		free(t->unused_queries);
		t->unused_queries = next;
	}
	table_free(&t->queries);
	table_free(&t->by_asker);
	free(t->askers);
}

static uint64_t query_key(uint64_t scope, const char *name)
{
	uint64_t parts[2] = {scope, table_hash(name, strlen(name))};

	return table_hash(parts, sizeof(parts));
}

struct query *query_get(struct tracker *t, uint64_t scope, const char *name)
{
	return table_get(&t->queries, query_key(scope, name));
}

struct query *query_new(struct tracker *t, struct process *p, uint64_t scope, const char *name)
{
	struct query *q = t->unused_queries;

	if (t->query_count >= QUERIES)
		goto dropped;
	if (q)
		t->unused_queries = q->older;
	else
		q = malloc(sizeof(*q));
	if (!q)
		goto dropped;
	memset(q, 0, sizeof(*q));
	q->key = query_key(scope, name);
	if (table_put(&t->queries, q->key, q)) {
		q->older = t->unused_queries;
		t->unused_queries = q;
		goto dropped;
	}
	q->scope = scope;
	q->process = process_ref(p);
	q->settle_ns = q->forget_ns = NEVER;
	q->timer.kind = TIMER_QUERY;
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->older = t->first_query;
	if (t->first_query)
		t->first_query->newer = q;
	t->first_query = q;
	t->query_count++;
	return q;
dropped:
	t->counts.dropped++;
	return NULL;
}

bool query_has_address(const struct query *q, uint64_t now_ns)
{
	return q->address_ns && now_ns - q->address_ns < QUERY_LIMIT_NS;
}

static uint64_t question_due(const struct question *q)
{
	uint64_t due = q->first_ns + QUERY_TIMEOUT_NS;

	if (q->state != QUERY_WAITING)
		return NEVER;
	if (due < q->last_ns + QUERY_RETRY_NS)
		due = q->last_ns + QUERY_RETRY_NS;
	return due < q->first_ns + QUERY_LIMIT_NS ? due : q->first_ns + QUERY_LIMIT_NS;
}

void query_rearm(struct tracker *t, struct query *q)
{
	uint64_t due = q->settle_ns < q->forget_ns ? q->settle_ns : q->forget_ns;

	for (int i = 0; i < 2; i++)
		if (question_due(&q->questions[i]) < due)
			due = question_due(&q->questions[i]);
	if (timer_set(&t->timers, &q->timer, due))
		t->counts.dropped++;
}

bool query_is(const struct query *q, enum query_state state)
{
	return q->questions[0].state == state || q->questions[1].state == state;
}

void query_finish(struct tracker *t, struct query *q)
{
	for (int i = 0; i < 2; i++)
		if (q->questions[i].state != QUERY_NONE)
			q->questions[i].state = QUERY_DONE;
	q->settle_ns = NEVER;
	q->forget_ns = t->now_ns + TRACKER_LINGER_NS;
	query_rearm(t, q);
}

void query_tell_answer(struct tracker *t, const struct query *q, int type, uint16_t code)
{
	struct event_name name = {.socket = q->socket, .server = q->server, .name = q->name};

	name.type = type ? 28 : 1;
	if (t->handler.resolve)
		t->handler.resolve(t->handler.context, q->process, &name, code, t->now_ns);
}

/* Tells that name did not resolve; the dial that would have followed has no address. */
static void query_tell(struct tracker *t, const struct query *q)
{
	const struct question *a = &q->questions[0], *aaaa = &q->questions[1];
	struct dial d = {.outcome = DIAL_UNRESOLVED, .path = DIAL_DIRECT};

	if (!q->process)
		return;
	d.id = d.group = ++t->dials;
	d.process = q->process;
	d.environment = q->process->environment;
	d.begin_ns = a->state != QUERY_NONE ? a->first_ns : aaaa->first_ns;
	if (aaaa->state != QUERY_NONE && aaaa->first_ns < d.begin_ns)
		d.begin_ns = aaaa->first_ns;
	d.end_ns = a->answer_ns > aaaa->answer_ns ? a->answer_ns : aaaa->answer_ns;
	d.dns_code = a->code ? a->code : aaaa->code;
	snprintf(d.name, sizeof(d.name), "%s", q->name);
	d.name_from = *q->name ? NAME_DNS : NAME_NONE;
	d.relay_variable = path_relay_of_name(d.environment, q->name);
	if (d.relay_variable && *q->name)
		d.path = DIAL_RELAY;
	if (t->handler.dial)
		t->handler.dial(t->handler.context, &d);
}

bool names_begin_alike(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return len == strcspn(b, ".") && !memcmp(a, b, len);
}

static void query_conclude(struct tracker *t, struct query *q)
{
	struct query *shortest = q, *other, *older;

	for (other = t->first_query; other; other = other->older)
		if (other->scope == q->scope && query_is(other, QUERY_FAILED) &&
			name_completes(other->name, shortest->name))
			shortest = other;
	query_tell(t, shortest);
	for (other = t->first_query; other; other = older) {
		older = other->older;
		if (other != shortest && other->scope == q->scope && *shortest->name &&
			query_is(other, QUERY_FAILED) && !query_is(other, QUERY_WAITING) &&
			name_completes(shortest->name, other->name))
			query_finish(t, other);
	}
	query_finish(t, shortest);
}

static bool query_waits_for_another(const struct tracker *t, const struct query *q)
{
	for (const struct query *other = t->first_query; other; other = other->older)
		if (other != q && other->scope == q->scope && query_is(other, QUERY_WAITING) &&
			names_begin_alike(other->name, q->name))
			return true;
	return false;
}

/* The settle time of q is over, or there is no time left for it. */
static void query_settle(struct tracker *t, struct query *q)
{
	if (!*q->name)
		query_tell_answer(t, q, 0, DNS_CODE_UNREACHABLE);
	query_conclude(t, q);
}

/* The process ended while it waited: a try's patience without an answer was what it waited for. */
static void query_give_up(struct tracker *t, struct query *q)
{
	const struct process *p = q->process;
	/* A process that was told to stop says nothing of its own patience. */
	bool by_itself = p && p->exit_ns && !p->stop_ns && !(p->exit_status & 0x7f);
	uint64_t patience = by_itself ? QUERY_PATIENCE_NS : QUERY_RETRY_NS - QUERY_SETTLE_NS;

	for (int i = 0; i < 2 && p && p->exit_ns; i++) {
		struct question *asked = &q->questions[i];

		if (asked->state != QUERY_WAITING || p->exit_ns < asked->first_ns + patience ||
			query_has_address(q, t->now_ns))
			continue;
		asked->state = QUERY_FAILED;
		asked->code = DNS_CODE_TIMEOUT;
		asked->answer_ns = q->process->exit_ns;
		query_tell_answer(t, q, i, asked->code);
	}
}

void queries_flush(struct tracker *t)
{
	struct query *q = t->first_query, *older;

	/* What is concluded stays in the list, finished. */
	for (; q; q = older) {
		older = q->older;
		query_give_up(t, q);
		if (query_is(q, QUERY_FAILED) && !query_is(q, QUERY_WAITING))
			query_settle(t, q);
	}
}

void query_run(struct tracker *t, struct timer *timer, uint64_t now_ns)
{
	struct query *q = container_of(timer, struct query, timer);

	for (int i = 0; i < 2; i++) {
		if (question_due(&q->questions[i]) > now_ns)
			continue;
		if (query_has_address(q, now_ns)) {
			query_finish(t, q);
			return;
		}
		q->questions[i].state = QUERY_FAILED;
		q->questions[i].code = DNS_CODE_TIMEOUT;
		q->questions[i].answer_ns = now_ns;
		query_tell_answer(t, q, i, DNS_CODE_TIMEOUT);
		/* Nothing quick is left to wait for but the other question. */
		q->settle_ns = now_ns;
	}
	if (q->settle_ns <= now_ns && !query_is(q, QUERY_WAITING)) {
		if (query_waits_for_another(t, q)) {
			q->settle_ns = now_ns + QUERY_SETTLE_NS;
		} else {
			query_settle(t, q);
			return;
		}
	} else if (q->settle_ns <= now_ns) {
		q->settle_ns = NEVER; /* the other question's end looks again */
	}
	if (q->forget_ns <= now_ns) {
		query_drop(t, q);
		return;
	}
	query_rearm(t, q);
}
