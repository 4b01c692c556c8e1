/* SPDX-License-Identifier: GPL-2.0-only */
/* Stories through process table, dial tracker and diagnosis: what is found, told again, closed. */
#ifndef TESTS_DIAGNOSIS_STORY_H
#define TESTS_DIAGNOSIS_STORY_H

#include "base/buffer.h"
#include "capture/recording.h"
#include "diagnose/diagnosis.h"
#include "diagnose/rules.h"
#include "model/dial_tracker.h"
#include "unit.h"

#include <stdarg.h>
#include <stdlib.h>

struct run {
	struct process_table processes;
	struct tracker *tracker;
	struct diagnosis *diagnosis;
	uint64_t now_ns;
	struct buffer told; /* "containerd-scope/1 " for each line, "-containerd-scope " resolved */
	struct buffer message, chain, missing, remedy; /* of the latest finding */
	char over[256];	       /* what was said of the latest that was resolved */
	unsigned int count;    /* how often that was seen */
	unsigned int findings; /* of different ids */
	char host[256], ip[ADDRESS_TEXT], id[17];
	unsigned int port, relay_port, severity;
	bool incomplete;
};

static inline void join(struct buffer *b, const struct lines *l)
{
	buffer_clear(b);
	for (size_t i = 0; i < l->count; i++)
		buffer_printf(b, "%s\n", l->text[i]);
}

static inline void on_finding(void *context, const struct finding *f, bool resolved)
{
	struct run *r = context;

	if (resolved) {
		buffer_printf(&r->told, "-%s ", f->rule->id);
		snprintf(r->over, sizeof(r->over), "%s", f->over);
		r->count = (unsigned int)f->count;
		return;
	}
	r->findings += !f->again;
	buffer_printf(&r->told, "%s/%llu ", f->rule->id, (unsigned long long)f->count);
	buffer_clear(&r->message);
	buffer_append_string(&r->message, f->message);
	join(&r->chain, &f->chain);
	join(&r->missing, &f->missing);
	join(&r->remedy, &f->remedy);
	strcpy(r->host, f->host);
	strcpy(r->ip, f->ip);
	strcpy(r->id, f->id);
	r->port = f->port;
	r->relay_port = f->relay_port;
	r->severity = f->severity;
	r->incomplete = f->incomplete;
}

static inline void on_dial(void *context, const struct dial *d)
{
	diagnosis_dial(((struct run *)context)->diagnosis, d);
}

static inline void on_resolve(void *context, struct process *process, const struct event_name *name,
	uint16_t code, uint64_t time_ns)
{
	(void)context, (void)process, (void)name, (void)code, (void)time_ns;
}

static inline void on_relay(void *context, const struct dial *d)
{
	struct run *r = context;

	if (d->replied)
		diagnosis_relay(r->diagnosis, d, r->now_ns);
}

static inline void on_event(void *context, const struct event *event)
{
	struct run *r = context;
	struct process *p;

	r->now_ns = event->time_ns;
	if (event->kind == EVENT_START) {
		struct tracker_options tracking = {.pending_ns = event->start.pending_ns};
		struct diagnosis_options options = {.names = event->start.names};
		struct tracker_handler on_track = {r, on_dial, on_resolve, on_relay};
		struct diagnosis_handler on_diagnose = {r, on_finding};

		r->tracker = tracker_new(&tracking, &r->processes, &on_track);
		r->diagnosis = diagnosis_new(&options, &on_diagnose);
	}
	diagnosis_tick(r->diagnosis, event->time_ns);
	if (event->kind == EVENT_STOP) {
		tracker_flush(r->tracker, event->time_ns);
		diagnosis_flush(r->diagnosis, event->time_ns);
		return;
	}
	p = process_table_apply(&r->processes, event);
	tracker_apply(r->tracker, event);
	if (p && event->kind == EVENT_EXEC)
		diagnosis_process(r->diagnosis, event->time_ns, p);
	if (event->kind == EVENT_FACT)
		diagnosis_fact(r->diagnosis, event);
	if (event->kind == EVENT_LOSS)
		diagnosis_loss(r->diagnosis, event->loss.lost, event->time_ns);
}

/* Runs the lines of a story; "start" and "stop" are put around them. */
static inline struct run *tell(const char *start, ...)
{
	struct run *r = calloc(1, sizeof(*r));
	struct buffer text = {0};
	struct source *source;
	const char *line;
	va_list ap;

	buffer_printf(
		&text, "relaytrace-recording 1\n0.0 start wall=1 host=n boot_id=b %s\n", start);
	va_start(ap, start);
	while ((line = va_arg(ap, const char *)))
		buffer_printf(&text, "%s\n", line);
	va_end(ap);
	buffer_append_string(&text, "5000 stop\nend\n");
	source = recording_open_text("story", buffer_string(&text), text.len);
	while (source_poll(source, UINT64_MAX, on_event, r) > 0)
		;
	source_close(source);
	tracker_free(r->tracker);
	diagnosis_free(r->diagnosis);
	process_table_free(&r->processes);
	buffer_free(&text);
	return r;
}

static inline void done(struct run *r)
{
	buffer_free(&r->told);
	buffer_free(&r->message);
	buffer_free(&r->chain);
	buffer_free(&r->missing);
	buffer_free(&r->remedy);
	free(r);
}

static inline bool has(const struct buffer *b, const char *text)
{
	if (strstr(buffer_string(b), text))
		return true;
	printf("# \"%s\" is not in: %s\n", text, buffer_string(b));
	return false;
}

#define RKE2_EXEC                                                                                  \
	"0.1 exec pid=4121 start=0.05 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2 "      \
	"arg=rke2 arg=agent cgroup=/system.slice/rke2-agent.service "
#define CONTAINERD_EXEC                                                                            \
	"0.1 exec pid=4200 start=0.05 parent=4121 comm=containerd file=/var/lib/rancher/rke2/"     \
	"data/v1.32.5-rke2r1-f08cac670b4e/bin/containerd arg=containerd "
/* Socket 7 of process 4121 to the registry: dropped, given up at 30 s. */
#define DROP_BEGIN                                                                                 \
	"1 state pid=4121 tid=4130 socket=7 from=10.0.0.2:40000 to=203.0.113.10:443 "              \
	"close>syn-sent"
#define DROP_END "31 state socket=7 from=10.0.0.2:40000 to=203.0.113.10:443 syn-sent>close"
#define NAMED                                                                                      \
	"0.9 answer pid=4121 server=10.0.0.53:53 id=1 type=A name=index.docker.io "                \
	"address=203.0.113.10"

#endif
