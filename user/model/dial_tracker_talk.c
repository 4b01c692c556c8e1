// SPDX-License-Identifier: GPL-2.0-only
/* What was said over a dial: the ClientHello, the request to a relay and its answer. */
#include "model/dial_tracker_inside.h"

#include "base/text.h"

#include <string.h>

/* A relay's own name, where its variable gives one. */
static void tracked_name_relay(struct tracker *t, struct dial *d)
{
	const char *host = d->relay_variable->url.host;
	struct address literal;
	enum name_from from;

	d->name_from = NAME_NONE;
	d->name[0] = '\0';
	d->name_doubtful = false;
	if (!*host || address_parse(host, &literal) || d->remote.hidden)
		return;
	name_cache_find(t->names, 0, d->process->mntns, &d->remote, UINT64_MAX, &from, NULL);
	text_copy(d->name, sizeof(d->name), host);
	d->name_from = from == NAME_NONE ? NAME_HOSTS : from; /* "localhost" is never asked for */
}

static void describe(struct tracker *t, struct tracked *e)
{
	struct dial *d = &e->dial;
	const struct variable *misread = d->misread ? path_misread(d->environment) : NULL;
	const char *name;

	if (misread) {
		d->path = DIAL_RELAY;
		d->relay_variable = misread;
	} else {
		d->path = path_of(
			&t->paths, t->names, d->environment, &d->remote, &d->relay_variable);
	}
	if (d->path == DIAL_RELAY) {
		tracked_name_relay(t, d);
		return;
	}
	/* Once it is established its name is settled: a later question means a later dial. */
	if (e->name_sure || (e->told && d->name_from != NAME_NONE))
		return;
	name = name_cache_find(t->names,
		name_scope_of_process(d->process->pid, d->process->start_ns), d->process->mntns,
		&d->remote, d->begin_ns, &d->name_from, &d->name_doubtful);
	/* What a hosts file calls this machine says nothing about what was wanted there. */
	if (d->path == DIAL_LOOPBACK && d->name_from == NAME_HOSTS) {
		d->name_from = NAME_NONE;
		d->name_doubtful = false;
		name = NULL;
	}
	text_copy(d->name, sizeof(d->name), name ? name : "");
}

void tracked_describe(struct tracker *t, struct tracked *e)
{
	struct dial *d = &e->dial;

	describe(t, e);
	/* It asked for another name than the relay's, and dials what it got. */
	if (d->path == DIAL_UNKNOWN && !d->name_doubtful &&
		(d->name_from == NAME_DNS || d->name_from == NAME_SNI) &&
		!name_completes(d->relay_variable->url.host, d->name)) {
		d->path = DIAL_DIRECT;
		d->relay_variable = NULL;
	}
	if (d->path == DIAL_CLUSTER &&
		path_is_registry(&t->paths, d->process->role, d->name,
			d->name_doubtful ? NAME_NONE : d->name_from, &d->remote))
		d->path = DIAL_DIRECT;
}

/* The hello is the dial's own word; what was asked for is only likely to be meant. */
static void tracked_hello(struct tracked *e, const struct event *event)
{
	struct dial *d = &e->dial;

	if (d->hello_sent)
		return;
	d->hello_sent = true;
	if (!d->asked_ns || d->replied)
		d->asked_ns = event->time_ns;
	/* Behind CONNECT it speaks of the connect host, which is known. */
	if (!event->request.host || !*event->request.host || *d->method ||
		(e->owned && d->path == DIAL_RELAY))
		return;
	e->name_sure = true;
	if (d->name_from == NAME_NONE || strcmp(d->name, event->request.host)) {
		text_copy(d->name, sizeof(d->name), event->request.host);
		d->name_from = NAME_SNI;
	}
	d->name_doubtful = false;
}

static void tracked_request(struct tracked *e, const struct event *event)
{
	const struct event_request *r = &event->request;
	struct dial *d = &e->dial;

	if (*d->method) { /* another request on a connection that is kept */
		d->replied = false;
		d->status = 0;
		d->reason[0] = '\0';
		e->relay_told = false;
	}
	d->asked_ns = event->time_ns;
	text_copy(d->method, sizeof(d->method), r->method ? r->method : "");
	text_copy(d->connect_host, sizeof(d->connect_host), r->host ? r->host : "");
	d->connect_port = r->port;
}

void tracked_tell_relay(struct tracker *t, struct tracked *e)
{
	struct dial *d = &e->dial;

	if (!e->owned || e->relay_told)
		return;
	/*
	 * A hello without a request is one to the relay itself (https://): only an answer that is
	 * no TLS says something about it.
	 */
	if (!*d->method && (d->path != DIAL_RELAY || !d->hello_sent || !d->replied ||
				   d->reply_kind == REPLY_TLS))
		return;
	e->relay_told = true;
	if (t->handler.relay)
		t->handler.relay(t->handler.context, d);
}

static void tracked_reply(struct tracker *t, struct tracked *e, const struct event *event)
{
	const struct event_reply *r = &event->reply;
	struct dial *d = &e->dial;

	/* An answer that its request overtook (other processors) is not one to a later request. */
	if (d->replied)
		return;
	d->replied = true;
	d->reply_kind = r->kind;
	d->status = r->kind == REPLY_HTTP ? r->status : 0;
	text_copy(
		d->reason, sizeof(d->reason), r->kind == REPLY_HTTP && r->reason ? r->reason : "");
	if (!e->owned)
		return;
	if (e->told && !e->final && d->outcome == DIAL_PENDING && t->handler.dial) {
		tracked_describe(t, e);
		d->outcome = DIAL_ESTABLISHED;
		d->error = 0;
		d->end_ns = event->time_ns;
		t->handler.dial(t->handler.context, d);
	}
}

void tracker_talk(struct tracker *t, const struct event *event)
{
	uint64_t socket = event->kind == EVENT_REPLY ? event->reply.socket : event->request.socket;
	struct tracked *e = socket ? table_get(&t->by_socket, socket) : NULL;

	if (!socket)
		return;
	while (e && e->owned && e->dial.begin_ns > event->time_ns)
		e = e->same_socket;
	if (!e) {
		e = tracked_new(t, socket, event->time_ns, event->pid);
		if (!e)
			return;
		e->forget_ns = t->now_ns + TRACKER_LINGER_NS;
	}
	tracked_own(t, e, event);
	if (event->kind == EVENT_HELLO)
		tracked_hello(e, event);
	else if (event->kind == EVENT_REQUEST)
		tracked_request(e, event);
	else
		tracked_reply(t, e, event);
	tracked_judge(t, e);
	if (e->dial.replied)
		tracked_tell_relay(t, e);
	tracked_rearm(t, e);
}
