// SPDX-License-Identifier: GPL-2.0-only
#include "output/outlets.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How often refusals are told while they go on. */
#define TELL_NS 60000000000ULL

/* And how often where they are over: a reader that is too slow gets a page, and hangs, again and again. */
#define TELL_OVER_NS 1000000000ULL

static struct sink *outlet(const struct outlets *o, size_t i)
{
	return i < o->options.sink_count ? o->options.sinks[i] : o->options.recording;
}

static size_t outlet_count(const struct outlets *o)
{
	return o->options.sink_count + (o->options.recording != NULL);
}

/* An output began to refuse: to the person at once, but no more than one line a minute of each. */
static void refusal(struct outlets *o, struct sink *s, int err)
{
	if (!o->error)
		o->error = err;
	if (s->logged_ns && o->now_ns < s->logged_ns + TELL_NS)
		return;
	s->logged_ns = o->now_ns ? o->now_ns : 1;
	log_error("-o %s: cannot write to %s: %s; tracing goes on, what is refused is counted",
		s->ops->name, s->path ? s->path : "standard output",
		err == -EAGAIN ? "nobody reads there" : strerror(-err));
}

static void refusals_count(struct outlets *o)
{
	uint64_t refused = o->refused_before;

	for (size_t i = 0; i < outlet_count(o); i++)
		refused += outlet(o, i)->refused;
	o->untold |= refused != o->totals->lost[LOSS_SINK];
	o->totals->lost[LOSS_SINK] = refused;
}

static void dress(const struct outlets *o, struct sink *s)
{
	s->context.wall_offset_ns = o->wall_offset_ns;
	snprintf(s->context.host, sizeof(s->context.host), "%s", o->host ? o->host : "");
}

void outlets_dress(struct outlets *o, int64_t wall_offset_ns, const char *host)
{
	o->wall_offset_ns = wall_offset_ns;
	o->host = host;
	for (size_t i = 0; i < o->options.sink_count; i++)
		dress(o, o->options.sinks[i]);
}

static void outlet_report(struct outlets *o, struct sink *s, const struct report *r)
{
	int err = sink_report(s, r);

	if (err)
		refusal(o, s, err);
	/* No line is refused for that, so it is no error of the run. */
	if (s->no_room)
		log_error(
			"-o %s:%s: cannot become %s.1 at --max-size, with a new file in its place: "
			"%s; lines go on in the old one, beyond the limit",
			s->ops->name, s->path, s->path, strerror(-s->no_room));
	s->no_room = 0;
}

void outlets_report(struct outlets *o, const struct report *r)
{
	for (size_t i = 0; i < o->options.sink_count; i++)
		outlet_report(o, o->options.sinks[i], r);
	refusals_count(o);
}

void outlets_record(struct outlets *o, const struct event *event)
{
	struct sink *s = o->options.recording;
	uint64_t refused;
	int err;

	if (!s)
		return;
	refused = s->refused;
	err = sink_record_event(s, event);
	if (err)
		refusal(o, s, err);
	if (s->refused != refused)
		refusals_count(o);
}

static bool one_refuses(const struct outlets *o)
{
	for (size_t i = 0; i < outlet_count(o); i++)
		if (outlet(o, i)->failed)
			return true;
	return false;
}

void outlets_tell(struct outlets *o, bool at_end)
{
	struct report r = {.kind = REPORT_LOSS, .time_ns = o->now_ns, .totals = o->totals};
	uint64_t every_ns;

	if (!o->untold)
		return;
	every_ns = one_refuses(o) ? TELL_NS : TELL_OVER_NS;
	if (!at_end && o->told_ns && o->now_ns < o->told_ns + every_ns)
		return;
	o->untold = false;
	o->told_ns = o->now_ns;
	outlets_report(o, &r);
}

uint64_t outlets_due(const struct outlets *o)
{
	return o->untold && !one_refuses(o) ? o->told_ns + TELL_OVER_NS : UINT64_MAX;
}

static bool has(const struct pipeline_options *options, const struct sink *s)
{
	for (size_t i = 0; i < options->sink_count; i++)
		if (options->sinks[i] == s)
			return true;
	return options->recording == s;
}

void outlets_set(
	struct outlets *o, const struct pipeline_options *options, const struct report *start)
{
	const struct pipeline_options old = o->options;
	int err;

	o->options = *options;
	/* What an output that goes away has refused stays in the total. */
	for (size_t i = 0; i < old.sink_count; i++)
		if (!has(options, old.sinks[i]))
			o->refused_before += old.sinks[i]->refused;
	if (old.recording && !has(options, old.recording)) {
		err = sink_record_end(old.recording);
		if (err)
			refusal(o, old.recording, err);
		o->refused_before += old.recording->refused;
	}
	for (size_t i = 0; i < options->sink_count && start; i++) {
		if (has(&old, options->sinks[i]))
			continue;
		dress(o, options->sinks[i]);
		outlet_report(o, options->sinks[i], start);
	}
	refusals_count(o);
}

void outlets_wait_again(struct outlets *o)
{
	if (!o->options.patience)
		return;
	sink_patience_fill(o->options.patience);
	for (size_t i = 0; i < outlet_count(o); i++)
		outlet(o, i)->stalled = false;
}

bool outlets_have_reader(const struct outlets *o)
{
	for (size_t i = 0; i < outlet_count(o); i++) {
		const struct sink *s = outlet(o, i);

		if (s->path || !s->failed || s->stalled)
			return true;
	}
	return false;
}
