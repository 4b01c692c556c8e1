// SPDX-License-Identifier: GPL-2.0-only
#include "model/dial_tracker_timer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void timer_heap_free(struct timer_heap *h)
{
	free(h->timers);
	memset(h, 0, sizeof(*h));
}

static bool timer_before(const struct timer *a, const struct timer *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void timer_put(struct timer_heap *h, size_t place, struct timer *t)
{
	h->timers[place] = t;
	t->place = place;
}

/* Moves t, for which `place` is free, up or down to where it belongs. */
static void timer_settle(struct timer_heap *h, size_t place, struct timer *t)
{
	while (place > 1 && timer_before(t, h->timers[place / 2])) {
		timer_put(h, place, h->timers[place / 2]);
		place /= 2;
	}
	for (;;) {
		size_t child = place * 2;

		if (child > h->count)
			break;
		if (child < h->count && timer_before(h->timers[child + 1], h->timers[child]))
			child++;
		if (!timer_before(h->timers[child], t))
			break;
		timer_put(h, place, h->timers[child]);
		place = child;
	}
	timer_put(h, place, t);
}

static void timer_stop(struct timer_heap *h, struct timer *t)
{
	size_t place = t->place;
	struct timer *last;

	if (!place)
		return;
	t->place = 0;
	last = h->timers[h->count--];
	if (last != t)
		timer_settle(h, place, last);
}

int timer_set(struct timer_heap *h, struct timer *t, uint64_t due_ns)
{
	if (due_ns == UINT64_MAX) {
		timer_stop(h, t);
		t->due_ns = due_ns;
		return 0;
	}
	if (t->place && t->due_ns == due_ns)
		return 0;
	if (!t->place && h->count + 2 > h->capacity) {
		size_t capacity = h->capacity ? h->capacity * 2 : 64;
		struct timer **timers = realloc(h->timers, capacity * sizeof(*timers));

		if (!timers)
			return -ENOMEM;
		h->timers = timers;
		h->capacity = capacity;
	}
	t->due_ns = due_ns;
	t->order = ++h->orders;
	timer_settle(h, t->place ? t->place : ++h->count, t);
	return 0;
}

struct timer *timer_first(const struct timer_heap *h)
{
	return h->count ? h->timers[1] : NULL;
}
