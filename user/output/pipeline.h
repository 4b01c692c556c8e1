/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line that every event goes down, live or replayed: process table, dial tracker, diagnosis,
 * sinks.  A function of the sequence of events alone.
 */
#ifndef OUTPUT_PIPELINE_H
#define OUTPUT_PIPELINE_H

#include "diagnose/diagnosis.h"
#include "model/dial_tracker.h"
#include "output/sink.h"

#define PIPELINE_SINKS 8

struct pipeline;

struct pipeline_options {
	struct sink *sinks[PIPELINE_SINKS]; /* owned by the caller */
	size_t sink_count;
	struct sink *recording; /* takes the events themselves; NULL: none */
	uint64_t heartbeat_ns;	/* 0: none */
	/* Of all outputs, which point to it, for a run that must not be held up; NULL: they wait. */
	struct sink_patience *patience;
};

/* NULL: out of memory.  What options point to must outlive the pipeline. */
struct pipeline *pipeline_new(const struct pipeline_options *options);
void pipeline_free(struct pipeline *p);

/* Takes one event; an event_handler, context being the pipeline. */
void pipeline_event(void *context, const struct event *event);

/* When something is due though no event comes (CLOCK_BOOTTIME); UINT64_MAX: nothing. */
uint64_t pipeline_deadline(const struct pipeline *p);

/* What was counted so far in this run; belongs to the pipeline. */
const struct totals *pipeline_totals(const struct pipeline *p);

/* How many distinct findings of that severity there were in all runs (a recording may hold several). */
uint64_t pipeline_found(const struct pipeline *p, enum severity severity);

/*
 * Takes other outputs from now on, those of options in place of those there were; a sink that is
 * new gets a line of the start.  The old ones may be freed afterwards.
 */
void pipeline_set_outputs(struct pipeline *p, const struct pipeline_options *options);

/* Is there an output that lines still reach, or may reach again?  Not a standard output that refuses. */
bool pipeline_has_reader(const struct pipeline *p);

/* The first output that refused, for the exit status: 0, or -errno. */
int pipeline_output_error(const struct pipeline *p);

#endif
