// SPDX-License-Identifier: GPL-2.0-only
#include "model/name_cache.h"

#include "base/table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A name, once for all its pairs. */
struct name {
	unsigned int references;
	uint64_t key;
	char text[];
};

/* Both families' questions of two lookups: a dial is told after the next lookup of its process began. */
#define PAIR_TIMES 4

struct pair {
	struct name *name; /* NULL: unused */
	uint64_t scope;
	uint64_t
		asked_ns[PAIR_TIMES]; /* when it was asked for, the latest first; 0: not so often */
	uint64_t first_ns;	      /* when for the first time */
	uint64_t address_key;
	struct address address;
	enum name_from from;
	struct pair *same_address; /* the next one of this address's key */
};

struct ring {
	struct pair pairs[NAME_CACHE_PAIRS];
	size_t next; /* the pair to be used next; once all are used, the oldest */
};

struct name_cache {
	struct table by_name;	 /* hash of the text -> struct name */
	struct table by_address; /* hash of the bytes -> first struct pair */
	struct ring dns, hosts;
};

struct name_cache *name_cache_new(void)
{
	return calloc(1, sizeof(struct name_cache));
}

void name_cache_free(struct name_cache *c)
{
	struct name *n;
	size_t at = 0;

	if (!c)
		return;
	while ((n = table_next(&c->by_name, &at)))
		free(n);
	table_free(&c->by_name);
	table_free(&c->by_address);
	free(c);
}

uint64_t name_scope_of_process(uint32_t pid, uint64_t start_ns)
{
	uint64_t key[2] = {pid, start_ns};

	return table_hash(key, sizeof(key));
}

uint64_t name_scope_of_hosts(uint32_t mntns)
{
	return mntns;
}

static uint64_t address_key(const struct address *a)
{
	uint8_t bytes[17] = {0};

	memcpy(bytes, a->bytes, a->is_v6 ? 16 : 4);
	bytes[16] = a->is_v6;
	return table_hash(bytes, sizeof(bytes));
}

bool name_completes(const char *name, const char *full)
{
	size_t len = strlen(name);

	return len && !strncmp(name, full, len) && (full[len] == '\0' || full[len] == '.');
}

static void pair_drop(struct name_cache *c, struct pair *p)
{
	struct pair *first = table_get(&c->by_address, p->address_key);

	if (first == p) {
		table_remove(&c->by_address, p->address_key);
		/* One was taken out: this put has nothing to grow. */
		if (p->same_address)
			table_put(&c->by_address, p->address_key, p->same_address);
	} else {
		while (first->same_address != p)
			first = first->same_address;
		first->same_address = p->same_address;
	}
	if (!--p->name->references) {
		table_remove(&c->by_name, p->name->key);
		free(p->name);
	}
	memset(p, 0, sizeof(*p));
}

/* The struct of that text, made where there is none; NULL: out of memory. */
static struct name *name_intern(struct name_cache *c, const char *text)
{
	size_t len = strlen(text);
	uint64_t key = table_hash(text, len);
	struct name *n = table_get(&c->by_name, key);

	/* Two names of one 64-bit hash: the later one is not kept. */
	if (n)
		return !strcmp(n->text, text) ? n : NULL;
	n = calloc(1, sizeof(*n) + len + 1);
	if (!n)
		return NULL;
	n->key = key;
	memcpy(n->text, text, len + 1);
	if (table_put(&c->by_name, key, n)) {
		free(n);
		return NULL;
	}
	return n;
}

static void pair_asked(struct pair *p, uint64_t asked_ns)
{
	if (asked_ns < p->first_ns)
		p->first_ns = asked_ns;
	for (int i = 0; i < PAIR_TIMES; i++) {
		uint64_t later_ns = p->asked_ns[i];

		if (later_ns == asked_ns)
			return;
		if (later_ns > asked_ns)
			continue;
		p->asked_ns[i] = asked_ns;
		asked_ns = later_ns;
	}
}

/* When it was asked for last, up to that time; 0: later only. */
static uint64_t pair_asked_before(const struct pair *p, uint64_t before_ns)
{
	for (int i = 0; i < PAIR_TIMES; i++)
		if (p->asked_ns[i] <= before_ns)
			return p->asked_ns[i];
	return 0;
}

int name_cache_add(struct name_cache *c, uint64_t scope, enum name_from from, const char *name,
	const struct address *address, uint64_t asked_ns)
{
	struct ring *ring = from == NAME_HOSTS ? &c->hosts : &c->dns;
	uint64_t key = address_key(address);
	struct pair *p = table_get(&c->by_address, key), *first;
	struct name *n;

	for (; p; p = p->same_address) {
		if (p->scope == scope && p->from == from && !strcmp(p->name->text, name) &&
			address_equal(&p->address, address)) {
			pair_asked(p, asked_ns);
			return 0;
		}
	}
	p = &ring->pairs[ring->next];
	if (p->name)
		pair_drop(c, p);
	n = name_intern(c, name);
	if (!n)
		return -ENOMEM;
	first = table_get(&c->by_address, key);
	p->name = n;
	n->references++;
	p->scope = scope;
	p->from = from;
	p->first_ns = asked_ns;
	pair_asked(p, asked_ns);
	p->address = *address;
	p->address_key = key;
	if (first) {
		p->same_address = first->same_address;
		first->same_address = p;
	} else if (table_put(&c->by_address, key, p)) {
		if (!--n->references) {
			table_remove(&c->by_name, n->key);
			free(n);
		}
		memset(p, 0, sizeof(*p));
		return -ENOMEM;
	}
	ring->next = (ring->next + 1) % NAME_CACHE_PAIRS;
	return 0;
}

int name_cache_add_hosts(struct name_cache *c, uint64_t scope, const char *const *words,
	size_t count, uint64_t now_ns)
{
	struct address address;

	if (!count || !address_parse(words[0], &address))
		return -EINVAL;
	for (size_t i = 1; i < count; i++) {
		char name[256]; /* RFC 1035 2.3.4 */
		size_t len = 0;
		int err;

		for (; words[i][len] && len < sizeof(name) - 1; len++)
			name[len] = (char)tolower((unsigned char)words[i][len]);
		name[len] = '\0';
		/* Of several the first is meant (hosts(5): canonical name, then aliases). */
		err = name_cache_add(
			c, scope, NAME_HOSTS, name, &address, i <= now_ns ? now_ns - (i - 1) : 0);
		if (err)
			return err;
	}
	return 0;
}

void name_cache_asked(struct name_cache *c, uint64_t scope, const char *name, uint64_t asked_ns)
{
	const struct name *n = table_get(&c->by_name, table_hash(name, strlen(name)));

	if (!n || strcmp(n->text, name))
		return;
	for (size_t i = 0; i < NAME_CACHE_PAIRS; i++) {
		struct pair *p = &c->dns.pairs[i];

		if (p->name == n && p->scope == scope)
			pair_asked(p, asked_ns);
	}
}

/*
 * How well a pair explains why the asker wanted the address; 0: not at all.  What another asked for can have come
 * to the asker, by a cache of the node's, only if it was asked for before.
 */
static int pair_rank(const struct pair *p, uint64_t scope, uint32_t mntns, uint64_t before_ns)
{
	if (p->from == NAME_HOSTS)
		return p->scope == name_scope_of_hosts(mntns) ? 3 : p->scope ? 0 : 2;
	if (p->scope == scope && scope)
		return 4;
	return p->first_ns <= before_ns;
}

const char *name_cache_find(const struct name_cache *c, uint64_t scope, uint32_t mntns,
	const struct address *address, uint64_t before_ns, enum name_from *from, bool *doubtful)
{
	const struct pair *best = NULL;
	uint64_t best_ns = 0;
	bool others = false;
	int best_rank = 0;

	for (const struct pair *p = table_get(&c->by_address, address_key(address)); p;
		p = p->same_address) {
		uint64_t asked_ns = pair_asked_before(p, before_ns);
		int rank = pair_rank(p, scope, mntns, before_ns);

		if (!rank || rank < best_rank || !address_equal(&p->address, address))
			continue;
		if (rank > best_rank) {
			others = false;
		} else if (p->name != best->name) {
			others = true;
			/* Equal times: any order will do that does not depend on addresses. */
			if (asked_ns < best_ns ||
				(asked_ns == best_ns &&
					strcmp(p->name->text, best->name->text) > 0))
				continue;
		} else if (asked_ns < best_ns) {
			continue;
		}
		best = p;
		best_ns = asked_ns;
		best_rank = rank;
	}
	if (from)
		*from = best ? best->from : NAME_NONE;
	if (doubtful)
		*doubtful = others;
	return best ? best->name->text : NULL;
}

static bool ring_knows(const struct ring *ring, const char *name)
{
	for (size_t i = 0; i < NAME_CACHE_PAIRS && ring->pairs[i].name; i++)
		if (name_completes(name, ring->pairs[i].name->text))
			return true;
	return false;
}

static bool is_v6(const struct address *a)
{
	return a->is_v6 && !a->mapped;
}

bool name_cache_has_other(
	const struct name_cache *c, uint64_t scope, const char *name, const struct address *address)
{
	for (size_t i = 0; i < NAME_CACHE_PAIRS && c->dns.pairs[i].name; i++) {
		const struct pair *p = &c->dns.pairs[i];

		if (p->scope == scope && is_v6(&p->address) == is_v6(address) &&
			!address_equal(&p->address, address) && name_completes(name, p->name->text))
			return true;
	}
	return false;
}

enum name_match name_cache_match(
	const struct name_cache *c, const char *name, const struct address *address)
{
	for (const struct pair *p = table_get(&c->by_address, address_key(address)); p;
		p = p->same_address)
		if (address_equal(&p->address, address) && name_completes(name, p->name->text))
			return NAME_MATCHES;
	if (ring_knows(&c->dns, name) || ring_knows(&c->hosts, name))
		return NAME_DIFFERS;
	return NAME_NOT_KNOWN;
}
