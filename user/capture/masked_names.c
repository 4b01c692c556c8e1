// SPDX-License-Identifier: GPL-2.0-only
#include "capture/masked_names.h"

#include "base/table.h"

#include <stdio.h>
#include <string.h>

static bool is_known(const struct masked_names *m, uint64_t hash)
{
	size_t count = m->added < MASKED_NAMES ? m->added : MASKED_NAMES;

	for (size_t i = 0; i < count; i++)
		if (m->hash[i] == hash)
			return true;
	return false;
}

void masked_names_learn(struct masked_names *m, const struct environment *e)
{
	for (size_t i = 0; i < e->count; i++) {
		uint64_t hash = e->variables[i].url.masked_host;

		if (hash && !is_known(m, hash))
			m->hash[m->added++ % MASKED_NAMES] = hash;
	}
}

const char *masked_names_show(struct masked_names *m, const char *name)
{
	if (!m->added)
		return name;
	/* The longest first: of "a.b", both masked, nothing is to be left. */
	for (size_t len = strlen(name); len; len--) {
		if ((name[len] && name[len] != '.') || !is_known(m, table_hash(name, len)))
			continue;
		snprintf(m->shown, sizeof(m->shown), "***%s", name + len);
		return m->shown;
	}
	return name;
}
