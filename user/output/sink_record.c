// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording while it is written.  It begins with a header and the start, however late its output
 * takes them; and what its output refused is a loss in it, so that a replay knows that events are
 * missing.
 */
#include "output/sink.h"

#include "capture/recording.h"

#include <stdlib.h>
#include <string.h>

struct sink_record {
	struct sink sink;
	struct buffer head; /* the header and the start, until they are out */
	bool begun;	    /* they are, and the end line is not */
	uint64_t time_ns;   /* of the last event */
	uint64_t told[LOSS_KINDS], missing[LOSS_KINDS]; /* by the source; refused here */
	bool untold;					/* a loss of which no line is out */
};

static void begin(struct sink_record *s, const struct event *start)
{
	buffer_clear(&s->head);
	recording_write_header(&s->head);
	recording_write_event(&s->head, start);
	memset(s->told, 0, sizeof(s->told));
	memset(s->missing, 0, sizeof(s->missing));
	s->untold = false;
}

/* The totals of the source with what is missing here; in place of the source's own, or made up. */
static void put_loss(struct sink_record *s, const struct event *event, struct buffer *out)
{
	struct event loss = {.kind = EVENT_LOSS, .time_ns = s->time_ns};

	if (event && event->kind == EVENT_LOSS)
		loss = *event;
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		loss.loss.lost[kind] = s->told[kind] + s->missing[kind];
	recording_write_event(out, &loss);
}

/* The line, behind what has to stand before it: 0 with *refused false when it is out. */
static int write_line(struct sink_record *s, bool *refused)
{
	uint64_t before = s->sink.refused;
	int err = sink_write_line(&s->sink);

	*refused = s->sink.refused != before;
	if (*refused) {
		s->sink.refused = before + 1; /* one event, whatever is said again with it */
		return err;
	}
	buffer_clear(&s->head);
	s->untold = false;
	return 0;
}

int sink_record_event(struct sink *sink, const struct event *event)
{
	struct sink_record *s = (struct sink_record *)sink;
	struct buffer *line = &sink->line;
	bool refused;
	int err;

	s->time_ns = event->time_ns;
	if (event->kind == EVENT_START)
		begin(s, event);
	if (event->kind == EVENT_LOSS) {
		memcpy(s->told, event->loss.lost, sizeof(s->told));
		s->untold = true;
	}
	buffer_append(line, s->head.data, s->head.len);
	line->failed |= s->head.failed;
	if (s->untold)
		put_loss(s, event, line);
	if (event->kind != EVENT_START && event->kind != EVENT_LOSS)
		recording_write_event(line, event);
	if (event->kind == EVENT_STOP)
		recording_write_end(line);
	err = write_line(s, &refused);
	if (!refused) {
		s->begun = event->kind != EVENT_STOP;
	} else if (event->kind != EVENT_START && event->kind != EVENT_LOSS) {
		/* Those two are said with the next. */
		s->missing[event_loss_kind(event->kind)]++;
		s->untold = true;
	}
	return err;
}

int sink_record_end(struct sink *sink)
{
	struct sink_record *s = (struct sink_record *)sink;
	bool refused;

	if (!s->begun)
		return 0;
	s->begun = false;
	if (s->untold)
		put_loss(s, NULL, &sink->line);
	recording_write_end(&sink->line);
	return write_line(s, &refused);
}

/* It shows no report. */
static void record_format(struct sink *s, const struct report *r, struct buffer *out)
{
	(void)s;
	(void)r;
	(void)out;
}

static void record_free(struct sink *sink)
{
	buffer_free(&((struct sink_record *)sink)->head);
	free(sink);
}

struct sink *sink_record_new(void)
{
	static const struct sink_ops ops = {"record", record_format, record_free, NULL};
	struct sink_record *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sink.ops = &ops;
	s->sink.fd = -1;
	return &s->sink;
}
