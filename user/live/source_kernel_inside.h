/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the live source share; nobody else includes it. */
#ifndef LIVE_SOURCE_KERNEL_INSIDE_H
#define LIVE_SOURCE_KERNEL_INSIDE_H

#include "capture/decode.h"
#include "live/cgroup_hooks.h"
#include "live/clock.h"
#include "live/command_child.h"
#include "live/kernel.h"
#include "live/node_facts.h"
#include "live/reconcile.h"
#include "live/source_kernel.h"

#define ROOTS_MAX 48

struct live_source {
	struct source source;
	const struct live_options *options;
	const char *roots[ROOTS_MAX];
	size_t root_count;
	struct kernel kernel;
	struct decoder *decoder;
	struct ring_buffer *ring;
	int epoll, signals, clock;
	struct command_child command;
	struct cgroup_hooks cgroups;
	struct node_facts facts;
	struct reconcile reconcile;
	bool begun;	  /* the start was told */
	bool time_was_up; /* --for ended it */
	bool started, stopping, command_ran, hung_up, connect_told;
	bool hurried;	  /* by a signal: the end does not wait for all that the ring holds */
	uint64_t stop_ns; /* --for, or the end of the grace of a COMMAND; 0: none, 1: at once */
	uint64_t due_ns;  /* when that was seen to be over; 0: it is not */
	struct event_loss loss;
	uint64_t missed_asked_ns;
	uint64_t decode_lost[LOSS_KINDS]; /* what was lost on this side of the ring */
	char hooks[128], host[256], boot_id[64];
	/* During a poll. */
	event_handler handler;
	void *context;
	size_t records;
	bool drained;	   /* nothing was left in the ring */
	size_t looks;	   /* how often it looked in vain since there was a record */
	uint64_t batch_ns; /* when it has taken long enough, CLOCK_MONOTONIC_COARSE */
	bool caught_up;	   /* a record that is younger than due_ns was taken */
	bool discarding;   /* records are counted as lost, and nothing else is done with them */
};

/* A ring whose records live_records_take() hands on; NULL with errno set. */
struct ring_buffer *live_records_open(struct live_source *s);

/*
 * Hands on what the ring holds, but no more than signals and the watchdog can wait for; s->records says
 * how many there were.  0 or -errno.
 */
int live_records_take(struct live_source *s);

/*
 * How long to wait for the next records, in ms: 0, there are more; -1, until the kernel's side wakes the reader.  After
 * the last ones it looks by itself for a while, see wake_first() in bpf/emit.bpf.h.
 */
int live_records_wait_ms(struct live_source *s);

/* Counts what the ring holds from before due_ns as lost. */
void live_records_discard(struct live_source *s);

/* Hands on EVENT_LOSS where a total grew. */
void live_losses_tell(struct live_source *s);

/* An exit that was missed, told by nobody but the look after a loss: an event_handler, context being the live source. */
void live_missed(void *context, const struct event *event);

/* A process that ran before: an event_handler, context being the live source. */
void live_found(void *context, const struct event *event);

#endif
