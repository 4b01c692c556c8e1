/* SPDX-License-Identifier: GPL-2.0-only */
/* A pipeline whose outputs are in memory, and the events that begin and end a run. */
#ifndef TESTS_PIPELINE_WORLD_H
#define TESTS_PIPELINE_WORLD_H

#include "output/pipeline.h"

#include "capture/recording.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define S_NS  1000000000ull
#define MS_NS 1000000ull

/* A pipeline with its outputs in memory. */
struct run {
	struct pipeline_options options;
	struct pipeline *pipeline;
};

static inline struct sink *in_memory(struct sink *s)
{
	s->fd = memfd_create("sink", MFD_CLOEXEC);
	return s;
}

static inline void run_open(struct run *r)
{
	*r = (struct run){
		.options = {.sinks = {in_memory(sink_text_new()), in_memory(sink_json_new())},
			.sink_count = 2,
			.recording = in_memory(sink_record_new()),
			.heartbeat_ns = 6 * S_NS}};
	r->pipeline = pipeline_new(&r->options);
}

static inline void run_close(struct run *r)
{
	pipeline_free(r->pipeline);
	sink_free(r->options.sinks[0]);
	sink_free(r->options.sinks[1]);
	sink_free(r->options.recording);
}

/* What a sink wrote, to be freed. */
static inline char *written(const struct sink *s)
{
	struct stat st;
	char *text;

	UNIT_CHECK(fstat(s->fd, &st) == 0);
	text = calloc(1, (size_t)st.st_size + 1);
	UNIT_CHECK(pread(s->fd, text, (size_t)st.st_size, 0) == st.st_size);
	return text;
}

static inline void clock_goes(struct run *r, uint64_t time_ns)
{
	struct event e = {.kind = EVENT_CLOCK, .time_ns = time_ns};

	pipeline_event(r->pipeline, &e);
}

static inline void event_start(struct run *r)
{
	struct event e = {.kind = EVENT_START, .time_ns = S_NS};

	e.start = (struct event_start){.wall_ns = 1763945000 * S_NS,
		.host = "node1",
		.boot_id = "6b1c",
		.version = "0.1.0",
		.names = "auto",
		.hooks = "",
		.pending_ns = 20 * S_NS};
	pipeline_event(r->pipeline, &e);
}

static inline void event_stop(struct run *r, uint64_t time_ns)
{
	struct event e = {.kind = EVENT_STOP, .time_ns = time_ns};

	pipeline_event(r->pipeline, &e);
}

#endif
