// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: which process asked for which, what came back, and when a name did not resolve.
 *
 * A name has failed when its A and its AAAA question failed, for so many of the two as were asked,
 * and no name that a search list makes of it, or that it was made of, succeeded.
 */
#include "model/dial_tracker_inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define container_of(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define DNS_PORT 53
#define QUERIES	 4096
#define ASKERS	 4096

/*
 * When a question is taken as unanswered.  Go asks twice with 5 s of patience each, as glibc does
 * (resolv.conf(5): timeout:5 attempts:2); with more servers it goes on, but not for ever.
 */
#define QUERY_TIMEOUT_NS (10000 * MS)
#define QUERY_RETRY_NS	 (5000 * MS)
#define QUERY_LIMIT_NS	 (15000 * MS)

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

int queries_init(struct tracker *t)
{
	t->askers = calloc(ASKERS, sizeof(*t->askers));
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

static void tracker_remember_asker(struct tracker *t, const struct event *event, uint64_t socket)
{
	struct asker *a = table_get(&t->by_asker, socket);

	if (!socket || !event->pid)
		return;
	if (!a) {
		a = &t->askers[t->next_asker];
		t->next_asker = (t->next_asker + 1) % ASKERS;
		if (a->socket)
			table_remove(&t->by_asker, a->socket);
		a->socket = socket;
		if (table_put(&t->by_asker, a->socket, a)) {
			a->socket = 0;
			return;
		}
	}
	a->pid = event->pid;
	a->start_ns = event->start_ns;
}

static uint64_t query_key(uint64_t scope, const char *name)
{
	uint64_t parts[2] = {scope, table_hash(name, strlen(name))};

	return table_hash(parts, sizeof(parts));
}

static struct query *query_get(struct tracker *t, uint64_t scope, const char *name)
{
	return table_get(&t->queries, query_key(scope, name));
}

static struct query *query_new(
	struct tracker *t, struct process *p, uint64_t scope, const char *name)
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

/*
 * Did the name get an address, of the other family perhaps, a moment ago?  Then it resolves: a question of
 * the other family that comes late, and is answered with nothing or not at all, changes nothing.
 */
static bool query_has_address(const struct query *q, uint64_t now_ns)
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

static void query_rearm(struct tracker *t, struct query *q)
{
	uint64_t due = q->settle_ns < q->forget_ns ? q->settle_ns : q->forget_ns;

	for (int i = 0; i < 2; i++)
		if (question_due(&q->questions[i]) < due)
			due = question_due(&q->questions[i]);
	if (timer_set(&t->timers, &q->timer, due))
		t->counts.dropped++;
}

static bool query_is(const struct query *q, enum query_state state)
{
	return q->questions[0].state == state || q->questions[1].state == state;
}

/* Nothing more is to be told of it; for a moment it remembers, for a question that comes late. */
static void query_finish(struct tracker *t, struct query *q)
{
	for (int i = 0; i < 2; i++)
		if (q->questions[i].state != QUERY_NONE)
			q->questions[i].state = QUERY_DONE;
	q->settle_ns = NEVER;
	q->forget_ns = t->now_ns + TRACKER_LINGER_NS;
	query_rearm(t, q);
}

static void tracker_resolved(struct tracker *t, const struct query *q, int type, uint16_t code)
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

/* "a.b.svc.cluster.local" and "a.b.cluster.local": candidates of one search begin alike. */
static bool names_begin_alike(const char *a, const char *b)
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
		tracker_resolved(t, q, 0, DNS_CODE_UNREACHABLE);
	query_conclude(t, q);
}

void queries_flush(struct tracker *t)
{
	struct query *q = t->first_query, *older;

	/* What is concluded stays in the list, finished. */
	for (; q; q = older) {
		older = q->older;
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
		tracker_resolved(t, q, i, DNS_CODE_TIMEOUT);
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

/* The process whose socket a DNS packet belongs to; NULL: unknown. */
static struct process *tracker_asker(struct tracker *t, const struct event *event)
{
	const struct asker *asker;
	const struct tracked *e;

	if (event->pid)
		return process_table_meet(t->processes, event->pid, event->start_ns);
	asker = table_get(&t->by_asker, event->name.socket);
	if (asker)
		return process_table_meet(t->processes, asker->pid, asker->start_ns);
	e = table_get(&t->by_socket, event->name.socket); /* DNS over TCP */
	return e ? e->dial.process : NULL;
}

static void query_cancel(struct tracker *t, uint64_t scope, const char *name)
{
	struct query *q = query_get(t, scope, name);

	if (q)
		query_finish(t, q);
}

static void tracker_question(struct tracker *t, const struct event *event, struct process *p,
	uint64_t scope, struct question *q, struct query *query)
{
	const struct event_name *n = &event->name;

	tracker_remember_asker(t, event, n->socket);
	name_cache_asked(t->names, scope, n->name, event->time_ns);
	query_cancel(t, scope, ""); /* a question left: that resolver was reached */
	if (!query) {
		query = query_new(t, p, scope, n->name);
		if (!query)
			return;
		q = &query->questions[n->type == 28];
	}
	if (q->answer_ns > event->time_ns)
		return; /* its answer overtook it */
	if (q->state != QUERY_WAITING)
		q->first_ns = event->time_ns;
	q->state = QUERY_WAITING;
	q->code = 0;
	q->last_ns = event->time_ns;
	query->socket = n->socket;
	query->server = n->server;
	query->forget_ns = NEVER;
	query_rearm(t, query);
}

static void tracker_answer(struct tracker *t, const struct event *event, struct process *p,
	uint64_t scope, struct question *q, struct query *query)
{
	const struct event_name *n = &event->name;
	uint64_t asked = q && q->last_ns ? q->last_ns : event->time_ns;

	if (q && q->answer_ns && q->state != QUERY_WAITING && q->id == n->id &&
		q->socket == n->socket)
		return;
	for (size_t i = 0; i < n->address_count; i++)
		if (name_cache_add(t->names, scope, NAME_DNS, n->name, &n->addresses[i], asked))
			t->counts.dropped++;
	if (t->handler.resolve)
		t->handler.resolve(t->handler.context, p, n, n->code, event->time_ns);
	if (n->truncated && !n->address_count)
		return; /* it is asked again over TCP */
	if (!query) {
		query = query_new(t, p, scope, n->name);
		if (!query)
			return;
		q = &query->questions[n->type == 28];
		q->first_ns = q->last_ns = event->time_ns;
	}
	q->answer_ns = event->time_ns;
	q->id = n->id;
	q->socket = n->socket;
	if (n->address_count) {
		/* Also what a search list made of this name, or this name of another. */
		for (struct query *o = t->first_query, *older; o; o = older) {
			older = o->older;
			if (o->scope == scope && *o->name &&
				(name_completes(o->name, n->name) ||
					name_completes(n->name, o->name)))
				query_finish(t, o);
		}
		q->state = QUERY_DONE;
		query->address_ns = event->time_ns;
		return;
	}
	if (q->state == QUERY_DONE || query_has_address(query, event->time_ns)) {
		query_finish(t, query);
		return;
	}
	q->state = QUERY_FAILED;
	q->code = n->code;
	query->settle_ns = t->now_ns + QUERY_SETTLE_NS;
	query_rearm(t, query);
}

void tracker_name(struct tracker *t, const struct event *event)
{
	const struct event_name *n = &event->name;
	struct process *p = tracker_asker(t, event);
	uint64_t scope = p ? name_scope_of_process(p->pid, p->start_ns) : 0;
	struct query *query;
	struct question *q;

	if (!n->name || !*n->name || (n->type != 1 && n->type != 28))
		return;
	query = query_get(t, scope, n->name);
	q = query ? &query->questions[n->type == 28] : NULL;
	if (event->kind == EVENT_QUESTION)
		tracker_question(t, event, p, scope, q, query);
	else
		tracker_answer(t, event, p, scope, q, query);
}

/*
 * A UDP connect() is never a dial.  To port 53 it may be a resolver's, and then its failure says
 * why no question left; but Go also connects to port 53 of every address that a name has, to sort
 * them by what route they would take (net/addrselect.go).
 */
void tracker_udp(struct tracker *t, const struct event *event)
{
	const struct event_connect *c = &event->connect;
	struct process *p;
	struct query *q;
	uint64_t scope;

	tracker_remember_asker(t, event, c->socket);
	if (c->remote.port != DNS_PORT || !event->pid ||
		resolvers_exclude(&t->resolvers, &c->remote))
		return;
	p = process_table_meet(t->processes, event->pid, event->start_ns);
	if (!p)
		return;
	scope = name_scope_of_process(p->pid, p->start_ns);
	if (name_cache_find(t->names, scope, p->mntns, &c->remote, NULL, NULL))
		return;
	q = query_get(t, scope, "");
	if (!q)
		q = query_new(t, p, scope, "");
	if (!q)
		return;
	q->server = c->remote;
	q->socket = c->socket;
	if (!result_is_failure(c->result)) {
		q->questions[0].state = QUERY_DONE;
		query_finish(t, q);
		return;
	}
	if (q->questions[0].state != QUERY_NONE)
		return; /* told already, or another resolver could be reached */
	q->questions[0] = (struct question){.state = QUERY_FAILED,
		.code = DNS_CODE_UNREACHABLE,
		.first_ns = event->time_ns,
		.last_ns = event->time_ns,
		.answer_ns = event->time_ns};
	q->settle_ns = t->now_ns + QUERY_SETTLE_NS;
	query_rearm(t, q);
}

void tracker_dialled(struct tracker *t, const struct process *p)
{
	query_cancel(t, name_scope_of_process(p->pid, p->start_ns), "");
}
