// SPDX-License-Identifier: GPL-2.0-only
#include "model/dial_tracker_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define container_of(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct tracker *tracker_new(const struct tracker_options *options, struct process_table *processes,
	const struct tracker_handler *handler)
{
	struct tracker *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->options = *options;
	t->processes = processes;
	t->handler = *handler;
	path_settings_default(&t->paths);
	t->names = name_cache_new();
	if (!t->names || queries_init(t)) {
		tracker_free(t);
		return NULL;
	}
	return t;
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	while (t->oldest)
		tracked_drop(t, t->oldest);
	while (t->unused) {
		struct tracked *next = t->unused->older;

		free(t->unused);
		t->unused = next;
	}
	queries_free(t);
	name_cache_free(t->names);
	table_free(&t->by_socket);
	table_free(&t->by_process);
	timer_heap_free(&t->timers);
	free(t);
}

struct path_settings *tracker_paths(struct tracker *t)
{
	return &t->paths;
}

const struct name_cache *tracker_names(const struct tracker *t)
{
	return t->names;
}

/* So many dials end at once that not all can wait for what may come late: the first of them is judged now. */
static void tracked_settle_first(struct tracker *t)
{
	struct timer *first = timer_first(&t->timers);
	struct tracked *e;

	if (!first || first->kind != TIMER_DIAL)
		return;
	e = container_of(first, struct tracked, timer);
	if (e->settle_ns == NEVER)
		return;
	tracked_settle_at(t, e, NEVER);
	tracked_settle(t, e);
	tracked_rearm(t, e);
}

struct tracked *tracked_new(struct tracker *t, uint64_t socket, uint64_t begin_ns, bool owned)
{
	struct tracked *e;

	while (t->lingering > TRACKER_LINGERING)
		tracked_drop(t, t->linger_oldest);
	if (t->settling > TRACKER_SETTLING)
		tracked_settle_first(t);
	if (t->tracked >= TRACKER_DIALS) {
		if (!owned) {
			t->counts.ownerless++;
			return NULL;
		}
		t->counts.dropped++;
		tracked_drop(t, t->oldest);
	}
	e = t->unused;
	if (e) {
		t->unused = e->older;
		memset(e, 0, sizeof(*e));
	} else {
		e = calloc(1, sizeof(*e));
		if (!e)
			goto dropped;
	}
	e->dial.socket = socket;
	e->dial.begin_ns = begin_ns;
	e->settle_ns = e->forget_ns = NEVER;
	e->timer.kind = TIMER_DIAL;
	if (socket) {
		e->same_socket = table_get(&t->by_socket, socket);
		if (table_put(&t->by_socket, socket, e)) {
			e->older = t->unused;
			t->unused = e;
			goto dropped;
		}
	}
	e->older = t->newest;
	if (t->newest)
		t->newest->newer = e;
	else
		t->oldest = e;
	t->newest = e;
	t->tracked++;
	return e;
dropped:
	t->counts.dropped++;
	return NULL;
}

static void tracked_unlink_socket(struct tracker *t, struct tracked *e)
{
	struct tracked *at = e->dial.socket ? table_get(&t->by_socket, e->dial.socket) : NULL;

	if (at == e) {
		table_remove(&t->by_socket, e->dial.socket);
		/* One was taken out: this put has nothing to grow. */
		if (e->same_socket)
			table_put(&t->by_socket, e->dial.socket, e->same_socket);
		return;
	}
	while (at && at->same_socket != e)
		at = at->same_socket;
	if (at)
		at->same_socket = e->same_socket;
}

static void tracked_unlink_peers(struct tracker *t, struct tracked *e)
{
	if (!e->owned)
		return;
	if (e->peer_older && e->peer_older->peers_left_ns < e->peers_left_ns)
		e->peer_older->peers_left_ns = e->peers_left_ns;
	if (e->peer_older)
		e->peer_older->peer_newer = e->peer_newer;
	if (e->peer_newer) {
		e->peer_newer->peer_older = e->peer_older;
	} else if (table_get(&t->by_process, e->peer_key) == e) {
		table_remove(&t->by_process, e->peer_key);
		if (e->peer_older)
			table_put(&t->by_process, e->peer_key, e->peer_older);
	}
}

static void tracked_linger(struct tracker *t, struct tracked *e)
{
	e->lingering = true;
	e->linger_older = t->linger_newest;
	if (t->linger_newest)
		t->linger_newest->linger_newer = e;
	else
		t->linger_oldest = e;
	t->linger_newest = e;
	t->lingering++;
}

static void tracked_unlink_lingering(struct tracker *t, struct tracked *e)
{
	if (!e->lingering)
		return;
	if (e->linger_older)
		e->linger_older->linger_newer = e->linger_newer;
	else
		t->linger_oldest = e->linger_newer;
	if (e->linger_newer)
		e->linger_newer->linger_older = e->linger_older;
	else
		t->linger_newest = e->linger_older;
	t->lingering--;
}

void tracked_drop(struct tracker *t, struct tracked *e)
{
	tracked_settle_at(t, e, NEVER);
	tracked_unlink_lingering(t, e);
	tracked_unlink_socket(t, e);
	tracked_unlink_peers(t, e);
	timer_set(&t->timers, &e->timer, NEVER);
	if (e->older)
		e->older->newer = e->newer;
	else
		t->oldest = e->newer;
	if (e->newer)
		e->newer->older = e->older;
	else
		t->newest = e->older;
	t->tracked--;
	process_unref(e->dial.process);
	environment_unref(e->dial.environment);
	e->older = t->unused;
	t->unused = e;
}

/* Puts e among the dials of its process, and in the group of one that it may belong to. */
static void tracked_link_peers(struct tracker *t, struct tracked *e)
{
	struct tracked *first, *p;
	unsigned int looked = 0;

	e->peer_key = name_scope_of_process(e->dial.process->pid, e->dial.process->start_ns);
	first = table_get(&t->by_process, e->peer_key);
	for (p = first; p && looked < TRACKER_SIBLINGS; p = p->peer_older, looked++) {
		if (siblings_may_be(p, e)) {
			e->dial.group = p->dial.group;
			break;
		}
		if (p->dial.begin_ns + 2 * TRACKER_SIBLING_NS < e->dial.begin_ns)
			break;
	}
	if (table_put(&t->by_process, e->peer_key, e))
		return; /* out of memory: it stands alone */
	e->peer_older = first;
	if (first) {
		first->peer_newer = e;
		e->peers_left_ns = first->peers_left_ns;
	}
	tracked_tell_peers(t, e);
}

void tracked_tell_peers(struct tracker *t, const struct tracked *e)
{
	struct tracked *newest;

	if (!e->owned || !e->left || e->left_state != TCP_STATE_ESTABLISHED)
		return;
	newest = table_get(&t->by_process, e->peer_key);
	if (newest && newest->peers_left_ns < e->left_ns)
		newest->peers_left_ns = e->left_ns;
}

void tracked_own(struct tracker *t, struct tracked *e, const struct event *event)
{
	if (e->owned || !event->pid)
		return;
	e->dial.process =
		process_ref(process_table_meet(t->processes, event->pid, event->start_ns));
	if (!e->dial.process)
		return;
	e->dial.environment = environment_ref(e->dial.process->environment);
	e->dial.tid = event->tid;
	e->dial.id = e->dial.group = ++t->dials;
	e->owned = true;
	e->forget_ns = e->closed || e->ended ? t->now_ns + TRACKER_LINGER_NS : NEVER;
	tracker_dialled(t, e->dial.process);
	tracked_describe(t, e);
	tracked_link_peers(t, e);
}

void tracked_rearm(struct tracker *t, struct tracked *e)
{
	uint64_t due = tracked_pending_ns(t, e);

	if (e->final && e->closed && e->owned && !e->lingering)
		tracked_linger(t, e);
	if (e->settle_ns < due)
		due = e->settle_ns;
	if (e->forget_ns < due)
		due = e->forget_ns;
	if (timer_set(&t->timers, &e->timer, due))
		t->counts.dropped++;
}

static void tracked_run(struct tracker *t, struct tracked *e, uint64_t now_ns)
{
	if (e->settle_ns <= now_ns) {
		tracked_settle_at(t, e, NEVER);
		tracked_settle(t, e);
	}
	if (tracked_pending_ns(t, e) <= now_ns)
		tracked_tell_pending(t, e, now_ns);
	if (e->forget_ns <= now_ns) {
		if (!e->owned)
			t->counts.ownerless++;
		else if (!e->told && !e->final)
			t->counts.dropped++;
		tracked_drop(t, e);
		return;
	}
	tracked_rearm(t, e);
}

static void tracker_run(struct tracker *t, uint64_t until_ns)
{
	struct timer *timer;

	while ((timer = timer_first(&t->timers)) && timer->due_ns <= until_ns) {
		uint64_t due = timer->due_ns;

		if (due > t->now_ns)
			t->now_ns = due;
		timer_set(&t->timers, timer, NEVER);
		if (timer->kind == TIMER_DIAL)
			tracked_run(t, container_of(timer, struct tracked, timer), due);
		else
			query_run(t, timer, due);
	}
	if (until_ns > t->now_ns)
		t->now_ns = until_ns;
}

/* A line of /etc/hosts as the process sees it: ip, name, aliases (live/node_facts). */
static void tracker_hosts(struct tracker *t, const struct event *event)
{
	const struct event_fact *f = &event->fact;
	const struct process *p = NULL;

	if (!f->key || strcmp(f->key, "hosts"))
		return;
	if (event->pid)
		p = process_table_find(t->processes, event->pid, event->start_ns);
	if (name_cache_add_hosts(t->names, name_scope_of_hosts(p ? p->mntns : 0), f->fields,
		    f->field_count, event->time_ns) == -ENOMEM)
		t->counts.dropped++;
}

void tracker_apply(struct tracker *t, const struct event *event)
{
	tracker_run(t, event->time_ns);
	switch (event->kind) {
	case EVENT_CONNECT:
		tracker_connect(t, event);
		break;
	case EVENT_STATE:
		tracker_state(t, event);
		break;
	case EVENT_QUESTION:
	case EVENT_ANSWER:
		tracker_name(t, event);
		break;
	case EVENT_HELLO:
	case EVENT_REQUEST:
	case EVENT_REPLY:
		tracker_talk(t, event);
		break;
	case EVENT_FACT:
		tracker_hosts(t, event);
		path_settings_fact(&t->paths, &event->fact);
		resolvers_take(&t->resolvers, &event->fact);
		break;
	default:
		break; /* exit and signal: the process table knows them */
	}
}

uint64_t tracker_deadline(const struct tracker *t)
{
	const struct timer *first = timer_first(&t->timers);

	return first ? first->due_ns : NEVER;
}

void tracker_flush(struct tracker *t, uint64_t now_ns)
{
	tracker_run(t, now_ns);
	queries_flush(t);
	for (struct tracked *e = t->oldest, *newer; e; e = newer) {
		newer = e->newer;
		if (e->settle_ns == NEVER)
			continue;
		tracked_settle_at(t, e, NEVER);
		tracked_settle(t, e);
		tracked_rearm(t, e);
	}
}

struct tracker_counts tracker_counts(const struct tracker *t)
{
	struct tracker_counts counts = t->counts;

	for (const struct tracked *e = t->oldest; e; e = e->newer)
		counts.open += e->owned && !e->told && !e->final;
	return counts;
}

uint64_t tracker_dropped(const struct tracker *t)
{
	return t->counts.dropped;
}
