/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash table from a 64-bit key to a pointer, open addressing, no allocation but to grow.
 *
 * A zeroed struct is a valid empty table.  The table owns neither keys nor values.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t key;
	void *value; /* NULL: empty */
};

struct table {
	struct table_slot *slots;
	size_t mask; /* slots - 1, a power of two less one; 0 while empty */
	size_t count;
};

void table_free(struct table *t);

/* The value of key, or NULL. */
void *table_get(const struct table *t, uint64_t key);

/* Sets key to value (not NULL), replacing.  0, or -ENOMEM with the table as it was. */
int table_put(struct table *t, uint64_t key, void *value);

/* Takes key out; returns its value, or NULL where there was none. */
void *table_remove(struct table *t, uint64_t key);

/*
 * Walks the table: start with *at = 0; returns NULL at the end.  The table must not change on the
 * way.
 */
void *table_next(const struct table *t, size_t *at);

/* A 64-bit hash of bytes (FNV-1a, then mixed): stable across runs, machines and versions. */
uint64_t table_hash(const void *bytes, size_t len);

#endif
