// SPDX-License-Identifier: GPL-2.0-only
#include "model/resolvers.h"

#include <string.h>

static bool resolvers_have(const struct resolvers *r, const struct address *address)
{
	for (size_t i = 0; i < r->count; i++)
		if (address_equal(&r->addresses[i], address))
			return true;
	return false;
}

void resolvers_take(struct resolvers *r, const struct event_fact *fact)
{
	if (!fact->key || strcmp(fact->key, "resolver") != 0)
		return;
	for (size_t i = 0; i < fact->field_count && r->count < RESOLVERS_MAX; i++) {
		struct address address;

		if (address_parse(fact->fields[i], &address) && !resolvers_have(r, &address))
			r->addresses[r->count++] = address;
	}
}

bool resolvers_exclude(const struct resolvers *r, const struct address *address)
{
	return r->count && r->count < RESOLVERS_MAX && !resolvers_have(r, address);
}
