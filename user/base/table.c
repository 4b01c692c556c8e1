// SPDX-License-Identifier: GPL-2.0-only
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014): pids and cookies are not random. */
static uint64_t table_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return x;
}

uint64_t table_hash(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return table_mix(h);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

static struct table_slot *table_find(const struct table *t, uint64_t key)
{
	size_t i = table_mix(key) & t->mask;

	while (t->slots[i].value && t->slots[i].key != key)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

void *table_get(const struct table *t, uint64_t key)
{
	return t->slots ? table_find(t, key)->value : NULL;
}

static int table_grow(struct table *t)
{
	struct table bigger = {0};
	size_t slots = t->slots ? (t->mask + 1) * 2 : 16;

	bigger.slots = calloc(slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	bigger.mask = slots - 1;
	bigger.count = t->count;
	for (size_t i = 0; t->slots && i <= t->mask; i++)
		if (t->slots[i].value)
			*table_find(&bigger, t->slots[i].key) = t->slots[i];
	free(t->slots);
	*t = bigger;
	return 0;
}

int table_put(struct table *t, uint64_t key, void *value)
{
	struct table_slot *slot;

	if (!t->slots || (t->count + 1) * 4 > (t->mask + 1) * 3) {
		int err = table_grow(t);

		if (err)
			return err;
	}
	slot = table_find(t, key);
	if (!slot->value)
		t->count++;
	slot->key = key;
	slot->value = value;
	return 0;
}

void *table_remove(struct table *t, uint64_t key)
{
	struct table_slot *slot;
	size_t hole, i;
	void *value;

	if (!t->slots)
		return NULL;
	slot = table_find(t, key);
	value = slot->value;
	if (!value)
		return NULL;
	/* Backward shift: later members of the run move up, so no tombstones pile up. */
	hole = i = (size_t)(slot - t->slots);
	for (;;) {
		size_t home;

		i = (i + 1) & t->mask;
		if (!t->slots[i].value)
			break;
		home = table_mix(t->slots[i].key) & t->mask;
		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].value = NULL;
	t->count--;
	return value;
}

void *table_next(const struct table *t, size_t *at)
{
	while (t->slots && *at <= t->mask) {
		void *value = t->slots[(*at)++].value;

		if (value)
			return value;
	}
	return NULL;
}
