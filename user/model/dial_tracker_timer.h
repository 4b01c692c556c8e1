/* SPDX-License-Identifier: GPL-2.0-only */
/* What is due when: a binary heap of timers that live inside what they belong to. */
#ifndef MODEL_DIAL_TRACKER_TIMER_H
#define MODEL_DIAL_TRACKER_TIMER_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t due_ns;
	uint64_t order; /* of setting: what is due at the same time runs in this order */
	size_t place;	/* in the heap, from 1; 0: not set */
	int kind;	/* the owner's */
};

/* A zeroed struct is valid and empty. */
struct timer_heap {
	struct timer **timers; /* [0] is not used */
	size_t count, capacity;
	uint64_t orders;
};

void timer_heap_free(struct timer_heap *h);

/* Sets or moves t; due_ns UINT64_MAX stops it.  0 or -ENOMEM, t then being stopped. */
int timer_set(struct timer_heap *h, struct timer *t, uint64_t due_ns);

/* The first to come; NULL: none is set. */
struct timer *timer_first(const struct timer_heap *h);

#endif
