/* SPDX-License-Identifier: GPL-2.0-only */
/* Where events come from: the live kernel, a recording, a test's story.  All through this. */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "capture/event.h"

/* Takes one event.  Nothing of it may be kept but a reference to its environment. */
typedef void (*event_handler)(void *context, const struct event *event);

struct source;

struct source_ops {
	/*
	 * Hands on what there is; where there is nothing, waits for it, but not beyond until_ns
	 * (CLOCK_BOOTTIME; UINT64_MAX: for ever), when it hands on one EVENT_CLOCK.
	 * 1: there may be more; 0: EVENT_STOP was handed on, the end; -errno: EVENT_STOP was handed
	 * on, the input was damaged or the kernel side died, and the reason was printed.
	 */
	int (*poll)(struct source *s, uint64_t until_ns, event_handler handler, void *context);
	void (*close)(struct source *s); /* frees s too */
};

struct source {
	const struct source_ops *ops;
};

static inline int source_poll(
	struct source *s, uint64_t until_ns, event_handler handler, void *context)
{
	return s->ops->poll(s, until_ns, handler, context);
}

static inline void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}

#endif
