// SPDX-License-Identifier: GPL-2.0-only
/* Names: which process asked for which, and what came back. */
#include "model/dial_tracker_queries.h"

#include <netinet/in.h>
#include <string.h>

#define DNS_PORT 53

static void tracker_remember_asker(struct tracker *t, const struct event *event, uint64_t socket)
{
	struct asker *a = table_get(&t->by_asker, socket);

	if (!socket || !event->pid)
		return;
	if (!a) {
		a = &t->askers[t->next_asker];
		t->next_asker = (t->next_asker + 1) % TRACKER_ASKERS;
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
		/* Also what a search list made of this name, or this name of another, or of both. */
		for (struct query *o = t->first_query, *older; o; o = older) {
			older = o->older;
			if (o->scope == scope && *o->name &&
				(name_completes(o->name, n->name) ||
					name_completes(n->name, o->name) ||
					(o != query && query_is(o, QUERY_FAILED) &&
						names_begin_alike(o->name, n->name))))
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

/* An ICMP message came back to the socket that asked: nobody resolves there. */
static void tracker_refused(struct tracker *t, const struct event *event)
{
	for (struct query *q = t->first_query; q; q = q->older) {
		struct question *asked = NULL;

		for (int i = 0; i < 2 && q->socket == event->connect.socket; i++) {
			if (q->questions[i].state != QUERY_WAITING)
				continue;
			asked = &q->questions[i];
			asked->state = QUERY_FAILED;
			asked->code = DNS_CODE_UNREACHABLE;
			asked->answer_ns = event->time_ns;
			query_tell_answer(t, q, i, asked->code);
		}
		if (!asked)
			continue;
		if (query_has_address(q, event->time_ns)) {
			query_finish(t, q);
			continue;
		}
		q->settle_ns = t->now_ns + QUERY_SETTLE_NS;
		query_rearm(t, q);
	}
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

	if (c->asked) {
		tracker_refused(t, event);
		return;
	}
	tracker_remember_asker(t, event, c->socket);
	if (c->remote.port != DNS_PORT || !event->pid ||
		resolvers_exclude(&t->resolvers, &c->remote))
		return;
	p = process_table_meet(t->processes, event->pid, event->start_ns);
	if (!p)
		return;
	scope = name_scope_of_process(p->pid, p->start_ns);
	if (name_cache_find(t->names, scope, p->mntns, &c->remote, UINT64_MAX, NULL, NULL))
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
