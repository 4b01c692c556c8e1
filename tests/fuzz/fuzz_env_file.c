// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as an env file: what is told lies inside them, in order, and is what systemd may pass. */
#include "node/env_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bounds {
	const char *bytes, *end;
	unsigned int line, lines;
	bool refused;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int entry(void *context, const struct env_file_entry *e)
{
	struct bounds *b = context;

	require(e->name >= b->bytes && e->name + e->name_len <= b->end);
	require(e->line >= b->line && e->last_line >= e->line && e->last_line <= b->lines);
	require(e->value[e->value_len] == '\0');
	require(!e->ignored || e->fault != ENV_FILE_FINE);
	require(e->ignored || !b->refused);
	require(e->ignored ||
		(strlen(e->value) == e->value_len && env_name_is_valid(e->name, e->name_len) &&
			env_text_is_utf8(e->value, e->value_len)));
	require(env_file_fault_text(e->fault) && env_file_fault_name(e->fault));
	b->line = e->line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bounds b = {(const char *)data, (const char *)data + size, 1, 1, false};
	struct env_file_result look, result;

	for (size_t i = 0; i < size; i++)
		b.lines += data[i] == '\n';
	require(env_file_parse(b.bytes, size, NULL, NULL, &look) == 0);
	b.refused = look.refused;
	require(env_file_parse(b.bytes, size, entry, &b, &result) == 0);
	require(result.refused == look.refused && result.refused_line == look.refused_line);
	return 0;
}
