// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which piece belongs to which dial.  One socket may dial several times (a program that tries again
 * on it), so the socket's number does not decide alone: what happened when does.
 */
#include "model/dial_tracker_inside.h"

#include <errno.h>
#include <netinet/in.h>

#define TCP_STATE_SYN_RECV 3 /* include/net/tcp_states.h: simultaneous open */

/* Results by which a later connect() on the same socket only asks how the dial is going. */
static bool result_is_inquiry(int result)
{
	return result == 0 || result == -EALREADY || result == -EISCONN;
}

/*
 * Does a further connect() of the same socket ask for the outcome of e?  A non-blocking socket
 * then returns the dial's error, or ECONNABORTED (net/ipv4/af_inet.c, __inet_stream_connect).
 */
static bool tracked_is_inquired(const struct tracked *e, const struct event *event)
{
	int result = event->connect.result;

	if (result_is_inquiry(result))
		return true;
	return e->left && e->left_state == TCP_STATE_CLOSE &&
	       (result == -e->left_error || result == -ECONNABORTED) && result;
}

static bool tracked_fits_return(const struct tracked *e, const struct event *event)
{
	uint64_t called = event->connect.begin_ns;

	if (e->opened)
		return called <= e->open_ns && e->open_ns <= event->time_ns;
	return !e->left || called <= e->left_ns;
}

static bool tracked_fits_open(const struct tracked *e, uint64_t time_ns)
{
	if (e->opened)
		return false;
	if (e->returned)
		return e->called_ns <= time_ns && time_ns <= e->return_ns;
	return !e->left || time_ns <= e->left_ns;
}

static bool tracked_fits_left(const struct tracked *e, uint64_t time_ns)
{
	if (e->left)
		return false;
	return time_ns >= (e->opened ? e->open_ns : e->called_ns);
}

static bool address_is_set(const struct address *a)
{
	static const struct address zero;

	return a->port || !address_equal(a, &zero) || a->is_v6 || a->hidden;
}

static void tracked_locate(
	struct tracked *e, const struct address *remote, const struct address *local)
{
	if (!address_is_set(&e->dial.remote))
		e->dial.remote = *remote;
	if (!address_is_set(&e->dial.local) || !e->dial.local.port)
		e->dial.local = *local;
}

/* What no owner claims within the linger time is dropped; what is closed too. */
static void tracked_joined(struct tracker *t, struct tracked *e)
{
	/* The kernel side tells how ESTABLISHED ended, and no more of that socket. */
	if ((!e->owned && e->forget_ns == NEVER) || e->closed || e->ended)
		e->forget_ns = t->now_ns + TRACKER_LINGER_NS;
	tracked_judge(t, e);
	tracked_rearm(t, e);
}

/* What a dial that did not wait came to, as its program heard it: the latest of that socket's. */
static void tracker_asked(struct tracker *t, const struct event *event)
{
	struct tracked *e = table_get(&t->by_socket, event->connect.socket);

	while (e && e->dial.begin_ns > event->time_ns)
		e = e->same_socket;
	if (!e || !result_is_failure(event->connect.result))
		return;
	e->asked_error = -event->connect.result;
	if (event->connect.over)
		e->asked_over_ns = event->time_ns;
	tracked_joined(t, e);
}

void tracker_connect(struct tracker *t, const struct event *event)
{
	const struct event_connect *c = &event->connect;
	struct tracked *e;

	if (c->protocol == IPPROTO_UDP)
		tracker_udp(t, event);
	if (c->protocol != IPPROTO_TCP)
		return;
	if (c->asked) {
		tracker_asked(t, event);
		return;
	}
	/* A number of 0 joins with nothing: only what connect() itself says can be told. */
	for (e = c->socket ? table_get(&t->by_socket, c->socket) : NULL; e; e = e->same_socket) {
		if (!e->returned && tracked_fits_return(e, event))
			break;
		if (tracked_is_inquired(e, event) && e->dial.begin_ns <= event->time_ns) {
			if (result_is_failure(c->result) && !result_is_failure(e->result))
				e->result = c->result;
			return;
		}
	}
	if (!e) {
		if (c->result == -EALREADY || c->result == -EISCONN)
			return;
		if (!c->socket && !result_is_failure(c->result))
			return;
		e = tracked_new(
			t, c->socket, c->begin_ns ? c->begin_ns : event->time_ns, event->pid);
		if (!e)
			return;
	} else if (c->begin_ns && !e->owned) {
		e->dial.begin_ns = c->begin_ns;
	}
	tracked_locate(e, &c->remote, &c->local);
	e->dial.misread |= c->misread;
	e->returned = true;
	e->called_ns = c->begin_ns;
	e->return_ns = event->time_ns;
	e->result = c->result;
	if (c->begin_ns && c->begin_ns < e->dial.begin_ns)
		e->dial.begin_ns = c->begin_ns;
	tracked_own(t, e, event);
	tracked_joined(t, e);
}

static void tracker_opened(struct tracker *t, const struct event *event)
{
	const struct event_state *s = &event->state;
	struct tracked *e;

	for (e = table_get(&t->by_socket, s->socket); e; e = e->same_socket) {
		if (e->opened && e->open_ns == event->time_ns)
			return;
		if (tracked_fits_open(e, event->time_ns))
			break;
		/* The socket dials anew: an earlier dial whose end was lost is over all the same. */
		if (e->opened && e->open_ns < event->time_ns && !e->closed) {
			e->forget_ns = t->now_ns + TRACKER_LINGER_NS;
			tracked_rearm(t, e);
		}
	}
	if (!e)
		e = tracked_new(t, s->socket, event->time_ns, event->pid);
	if (!e)
		return;
	e->opened = true;
	e->open_ns = event->time_ns;
	e->dial.at_least = s->taken_over;
	if (!e->called_ns || e->called_ns > event->time_ns)
		e->dial.begin_ns = event->time_ns;
	tracked_locate(e, &s->remote, &s->local);
	e->dial.misread |= s->misread;
	tracked_own(t, e, event);
	tracked_joined(t, e);
}

static void tracker_left(struct tracker *t, const struct event *event)
{
	const struct event_state *s = &event->state;
	struct tracked *e;

	for (e = table_get(&t->by_socket, s->socket); e; e = e->same_socket) {
		if (e->left && e->left_ns == event->time_ns && e->left_state == s->new_state)
			return;
		if (tracked_fits_left(e, event->time_ns))
			break;
	}
	if (!e && s->old_state == TCP_STATE_SYN_SENT)
		e = tracked_new(t, s->socket, event->time_ns, event->pid);
	if (!e)
		return;
	e->left = true;
	e->left_ns = event->time_ns;
	e->left_state = s->new_state;
	e->left_error = s->error;
	e->left_taken = s->error_taken;
	if (e->dial.begin_ns > event->time_ns)
		e->dial.begin_ns = event->time_ns;
	e->closed = e->closed || s->new_state == TCP_STATE_CLOSE;
	tracked_locate(e, &s->remote, &s->local);
	e->dial.misread |= s->misread;
	tracked_own(t, e, event);
	tracked_tell_peers(t, e);
	tracked_joined(t, e);
}

static void tracker_ended(struct tracker *t, const struct event *event)
{
	const struct event_state *s = &event->state;
	struct tracked *e = table_get(&t->by_socket, s->socket);

	if (!e && s->old_state == TCP_STATE_ESTABLISHED)
		e = tracked_new(t, s->socket, event->time_ns, event->pid);
	while (e && ((e->owned && e->dial.begin_ns > event->time_ns) ||
			    (e->left && e->left_state == TCP_STATE_CLOSE)))
		e = e->same_socket;
	if (!e)
		return;
	tracked_locate(e, &s->remote, &s->local);
	e->dial.misread |= s->misread;
	/* How it left ESTABLISHED decides; what comes then until CLOSE is only farewell. */
	if (!e->ended || event->time_ns < e->end_ns) {
		e->ended = true;
		e->end_ns = event->time_ns;
		e->end_state = s->new_state;
		e->end_error = s->error;
		e->received = s->received;
		e->sent = s->sent;
	}
	e->closed = e->closed || s->new_state == TCP_STATE_CLOSE;
	tracked_joined(t, e);
}

void tracker_state(struct tracker *t, const struct event *event)
{
	const struct event_state *s = &event->state;
	bool decided = s->new_state == TCP_STATE_ESTABLISHED || s->new_state == TCP_STATE_CLOSE;

	if (!s->socket)
		return;
	if (s->old_state == TCP_STATE_CLOSE && s->new_state == TCP_STATE_SYN_SENT)
		tracker_opened(t, event);
	else if (s->old_state == TCP_STATE_SYN_SENT || s->old_state == TCP_STATE_SYN_RECV) {
		if (decided)
			tracker_left(t, event);
	} else if (s->old_state != TCP_STATE_CLOSE) {
		tracker_ended(t, event);
	}
}
