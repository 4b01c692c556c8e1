// SPDX-License-Identifier: GPL-2.0-only
/* What the pieces of a dial mean. */
#include "model/dial_tracker_inside.h"

#include <errno.h>
#include <stdlib.h>

/* linux/errno.h, never seen by user space: the call was broken off by a signal, the dial goes on. */
#define KERNEL_ERESTARTSYS	     512
#define KERNEL_ERESTARTNOINTR	     513
#define KERNEL_ERESTARTNOHAND	     514
#define KERNEL_ERESTART_RESTARTBLOCK 516

bool result_is_failure(int result)
{
	switch (-result) {
	case 0:
	case EINPROGRESS:
	case EALREADY:
	case EISCONN:
	case EINTR:
	case KERNEL_ERESTARTSYS:
	case KERNEL_ERESTARTNOINTR:
	case KERNEL_ERESTARTNOHAND:
	case KERNEL_ERESTART_RESTARTBLOCK:
		return false;
	default:
		return true;
	}
}

static enum dial_outcome outcome_of_error(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return DIAL_REFUSED;
	case ETIMEDOUT:
		return DIAL_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return DIAL_UNREACHABLE;
	case EPERM:
	case EACCES:
		return DIAL_DENIED;
	default:
		return DIAL_FAILED;
	}
}

static bool within(uint64_t a, uint64_t b, uint64_t span)
{
	return (a > b ? a - b : b - a) <= span;
}

static bool tracked_is_established(const struct tracked *e)
{
	return e->left && e->left_state == TCP_STATE_ESTABLISHED;
}

/*
 * May a and b be two addresses of one attempt: same process (the caller's care) and port, begun
 * within moments, another address, and no names that say otherwise?
 */
bool siblings_may_be(const struct tracked *a, const struct tracked *b)
{
	const struct dial *x = &a->dial, *y = &b->dial;

	if (x->remote.port != y->remote.port || address_equal(&x->remote, &y->remote))
		return false;
	if (!within(x->begin_ns, y->begin_ns, TRACKER_SIBLING_NS))
		return false;
	if (x->name_from == NAME_NONE || y->name_from == NAME_NONE || x->name_doubtful ||
		y->name_doubtful)
		return true;
	return !__builtin_strcmp(x->name, y->name);
}

/* A sibling of e that was established; loser: and at whose success e was closed. */
static bool tracked_has_winner(
	const struct tracker *t, const struct tracked *e, uint64_t closed_ns, bool loser)
{
	const struct tracked *p = table_get(&t->by_process, e->peer_key);
	unsigned int looked = 0;

	/* A sibling begins within moments of e, so it was not established before these. */
	if (p && p->peers_left_ns + TRACKER_SIBLING_NS < e->dial.begin_ns)
		return false;
	p = e;
	while (p->peer_newer && looked++ < TRACKER_SIBLINGS)
		p = p->peer_newer;
	for (looked = 0; p && looked < 2 * TRACKER_SIBLINGS; p = p->peer_older, looked++) {
		if (p == e || !tracked_is_established(p) || !siblings_may_be(p, e))
			continue;
		if (!loser)
			return true;
		/* Closed at its success, give or take what two processors' hooks differ by. */
		if (closed_ns + TRACKER_SETTLE_NS >= p->left_ns &&
			closed_ns <= p->left_ns + TRACKER_LOSER_NS)
			return true;
	}
	return false;
}

/*
 * Was it the end of the process that ended the dial?  Told to stop before, or killed: then the
 * kernel closed the socket, after it reported the exit.  A process that ends by itself gives up.
 */
static bool tracked_is_interrupted(
	const struct tracker *t, const struct tracked *e, uint64_t closed_ns)
{
	const struct dial *d = &e->dial;
	/* An exec since has made a new struct of the same process. */
	const struct process *p =
		process_table_find(t->processes, d->process->pid, d->process->start_ns);

	if (!p)
		p = d->process;
	if (p->stop_ns && p->stop_ns <= closed_ns &&
		(p->stop_ns >= d->begin_ns || closed_ns - p->stop_ns <= TRACKER_STOP_NS))
		return true;
	return p->exit_ns && (p->exit_status & 0x7f) && closed_ns + TRACKER_SETTLE_NS >= p->exit_ns;
}

static void tracked_tell(
	struct tracker *t, struct tracked *e, enum dial_outcome outcome, int error, uint64_t end_ns)
{
	tracked_describe(t, e);
	e->dial.outcome = outcome;
	e->dial.error = error;
	e->dial.end_ns = end_ns;
	e->dial.sibling_established = tracked_has_winner(t, e, end_ns, false);
	e->dial.more_addresses =
		dial_outcome_failed(outcome) && e->dial.name[0] &&
		name_cache_has_other(t->names,
			name_scope_of_process(e->dial.process->pid, e->dial.process->start_ns),
			e->dial.name, &e->dial.remote);
	if (t->handler.dial)
		t->handler.dial(t->handler.context, &e->dial);
}

static void tracked_fail(struct tracker *t, struct tracked *e, int error, uint64_t end_ns)
{
	enum dial_outcome outcome = outcome_of_error(error);

	if (!error && e->left_taken) {
		outcome = DIAL_FAILED; /* by what, nobody saw */
	} else if (!error) {
		if (tracked_is_interrupted(t, e, end_ns))
			outcome = DIAL_INTERRUPTED;
		else if (tracked_has_winner(t, e, end_ns, true))
			outcome = DIAL_SUPERSEDED;
		else
			outcome = DIAL_ABANDONED;
	}
	e->final = true;
	/* A dial that was closed is forgotten anyhow; one that never opened would stay. */
	if (!e->closed)
		e->forget_ns = t->now_ns + TRACKER_LINGER_NS;
	tracked_tell(t, e, outcome, error, end_ns);
}

static void tracked_establish(struct tracker *t, struct tracked *e, uint64_t at_ns)
{
	e->told = true;
	tracked_settle_at(t, e, NEVER);
	e->dial.established_ns = at_ns;
	tracked_tell(t, e, DIAL_ESTABLISHED, 0, at_ns);
}

/*
 * Was a tunnel that the relay had granted ended, from behind or for want of patience, before a ServerHello
 * can have come through it?
 * Counted is what is proved: the relay's status line and the empty line are part of what came, and what
 * is left is less than the shortest ServerHello (RFC 8446 4.1.3 in a record of 5.1: 47 bytes).
 */
static bool tunnel_is_broken(const struct tracked *e, bool patient)
{
	const struct dial *d = &e->dial;
	size_t least = sizeof("HTTP/1.1 200\r\n\r\n") - 1 +
		       (d->reason[0] ? 1 + __builtin_strlen(d->reason) : 0);
	bool reset = e->end_error == ECONNRESET, hung_up = e->end_state == TCP_STATE_CLOSE_WAIT;

	return d->replied && d->reply_kind == REPLY_HTTP && d->status / 100 == 2 &&
	       !__builtin_strcmp(d->method, "CONNECT") && d->hello_sent &&
	       (reset || hung_up || patient) && e->received >= least &&
	       e->received - hung_up < least + 47;
}

/* The end of an established connection: was there ever an answer? */
static void tracked_end(struct tracker *t, struct tracked *e)
{
	struct dial *d = &e->dial;
	/* bytes_received counts the FIN, bytes_acked the SYN (net/ipv4/tcp_input.c). */
	bool answered = d->replied || e->received > 1;
	bool asked = d->asked_ns || e->sent > 1;
	uint64_t since = d->asked_ns ? d->asked_ns : d->established_ns;
	bool patient = e->end_ns > since + TRACKER_SILENCE_NS;
	/* The peer closed first, and said nothing to what was seen to be asked. */
	bool hung_up = d->asked_ns && e->end_state == TCP_STATE_CLOSE_WAIT;
	bool interrupted = !e->end_error && tracked_is_interrupted(t, e, e->end_ns);

	e->final = true;
	if (!interrupted && tunnel_is_broken(e, patient))
		tracked_tell(t, e, e->end_error == ECONNRESET ? DIAL_RESET : DIAL_NO_ANSWER,
			e->end_error, e->end_ns);
	else if (!answered && e->end_error == ECONNRESET)
		tracked_tell(t, e, DIAL_RESET, ECONNRESET, e->end_ns);
	else if (!answered && asked && !interrupted &&
		 (patient || e->end_error == ETIMEDOUT || hung_up))
		tracked_tell(t, e, DIAL_NO_ANSWER, e->end_error, e->end_ns);
	else if (d->pending_told && d->outcome == DIAL_PENDING)
		tracked_tell(t, e, interrupted ? DIAL_INTERRUPTED : DIAL_ESTABLISHED, 0, e->end_ns);
	/* A program that closes at once did not wait for the relay: nothing is proved. */
	if (!answered && !interrupted && (patient || e->end_state != TCP_STATE_FIN_WAIT1))
		tracked_tell_relay(t, e);
}

void tracked_settle(struct tracker *t, struct tracked *e)
{
	if (!e->owned || e->final || e->told)
		return;
	if (e->left && e->left_state == TCP_STATE_CLOSE) {
		int error = e->left_error;

		/* EADDRNOTAVAIL and its like come back from connect() only. */
		if (!error && e->returned && result_is_failure(e->result))
			error = -e->result;
		/* Taken by the program before the state hook read it. */
		if (!error)
			error = e->asked_error;
		tracked_fail(t, e, error, e->left_ns);
	} else if (e->returned && result_is_failure(e->result)) {
		tracked_fail(t, e, -e->result, e->return_ns);
	} else if (e->ended || (e->returned && !e->result)) {
		/* The piece that says so was lost. */
		tracked_establish(t, e, e->returned && !e->result ? e->return_ns : e->end_ns);
		if (e->ended)
			tracked_end(t, e);
	} else if (e->asked_over_ns) {
		/* The state change was not seen, as where the kernel skips a hook's run. */
		tracked_fail(t, e, e->asked_error, e->asked_over_ns);
	}
}

void tracked_judge(struct tracker *t, struct tracked *e)
{
	bool wait;

	if (!e->owned || e->final)
		return;
	if (tracked_is_established(e) && !e->told)
		tracked_establish(t, e, e->left_ns);
	if (e->told && e->ended) {
		tracked_end(t, e);
		return;
	}
	wait = e->left || e->ended || e->asked_error ||
	       (e->returned && (!e->result || result_is_failure(e->result)));
	if (!e->told && wait && e->settle_ns == NEVER)
		tracked_settle_at(t, e, t->now_ns + TRACKER_SETTLE_NS);
}

uint64_t tracked_pending_ns(const struct tracker *t, const struct tracked *e)
{
	const struct dial *d = &e->dial;

	if (!e->owned || e->final || d->pending_told || e->settle_ns != NEVER)
		return NEVER;
	if (!e->told)
		return e->forget_ns == NEVER ? d->begin_ns + t->options.pending_ns : NEVER;
	if (!d->asked_ns || d->replied)
		return NEVER;
	/* What was asked with the dial is part of it; what was asked later has its own patience. */
	return (within(d->begin_ns, d->asked_ns, 1000 * MS) ? d->begin_ns : d->asked_ns) +
	       t->options.pending_ns;
}

void tracked_tell_pending(struct tracker *t, struct tracked *e, uint64_t now_ns)
{
	e->dial.pending_told = true;
	tracked_tell(t, e, DIAL_PENDING, 0, now_ns);
}

bool tracker_is_trying(const struct tracker *t, const struct dial *d)
{
	const struct tracked *e = table_get(
		&t->by_process, name_scope_of_process(d->process->pid, d->process->start_ns));

	for (unsigned int looked = 0; e && looked < TRACKER_SIBLINGS; e = e->peer_older, looked++)
		if (!e->told && !e->final && e->dial.remote.port == d->remote.port &&
			e->dial.begin_ns + TRACKER_SETTLE_NS >= d->end_ns &&
			!address_equal(&e->dial.remote, &d->remote) &&
			name_cache_match(t->names, d->name, &e->dial.remote) == NAME_MATCHES)
			return true;
	return false;
}
