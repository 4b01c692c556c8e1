/* SPDX-License-Identifier: GPL-2.0-only */
/* The outputs of a pipeline together: what they refuse is counted, and told where it can be read. */
#ifndef OUTPUT_OUTLETS_H
#define OUTPUT_OUTLETS_H

#include "output/pipeline.h"

struct outlets {
	struct pipeline_options options;
	struct totals *totals; /* lost[LOSS_SINK] is kept there */
	uint64_t now_ns;       /* of the event that is worked on */
	int64_t wall_offset_ns;
	const char *host;	 /* NULL: "" */
	uint64_t refused_before; /* by outputs that are gone */
	int error;		 /* the first refusal, -errno; 0: none */
	bool untold;		 /* an output has refused lines of which no line tells yet */
	uint64_t told_ns;	 /* when that was last told in-band; 0: never */
};

/* Gives all sinks what they need to know of this run; host must outlive it. */
void outlets_dress(struct outlets *o, int64_t wall_offset_ns, const char *host);

/* One report to all sinks. */
void outlets_report(struct outlets *o, const struct report *r);

/* One event to the recording, where there is one. */
void outlets_record(struct outlets *o, const struct event *event);

/*
 * What was refused, as a loss, where that is due: when all outputs take lines again, but not more than
 * once a second, and every minute while one of several does not; at the end in any case.
 */
void outlets_tell(struct outlets *o, bool at_end);

/* When that is due though no event comes; UINT64_MAX: it waits for the outputs, or there is nothing. */
uint64_t outlets_due(const struct outlets *o);

/* Takes other outputs from now on.  What is new gets start first, unless that is NULL. */
void outlets_set(
	struct outlets *o, const struct pipeline_options *options, const struct report *start);

/* The end is near: who hung is waited for once more, all of them together as long as before. */
void outlets_wait_again(struct outlets *o);

/* Is there an output that lines still reach, or may reach again?  Not a standard output that refuses. */
bool outlets_have_reader(const struct outlets *o);

#endif
