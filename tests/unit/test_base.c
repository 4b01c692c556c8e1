// SPDX-License-Identifier: GPL-2.0-only
#include "base/buffer.h"
#include "base/table.h"
#include "unit.h"

static void test_table_survives_churn(void)
{
	static int values[4096];
	struct table t = {0};
	size_t at = 0, seen = 0;

	UNIT_CHECK(!table_get(&t, 7));
	for (uint64_t i = 0; i < 4096; i++)
		UNIT_CHECK(table_put(&t, i * 16, &values[i]) == 0);
	for (uint64_t i = 0; i < 4096; i += 2)
		UNIT_CHECK(table_remove(&t, i * 16) == &values[i]);
	for (uint64_t i = 0; i < 4096; i++)
		UNIT_CHECK(table_get(&t, i * 16) == (i % 2 ? &values[i] : NULL));
	while (table_next(&t, &at))
		seen++;
	UNIT_CHECK(seen == 2048 && t.count == 2048);
	table_free(&t);
}

static void test_buffer_grows_and_ends_in_nul(void)
{
	struct buffer b = {0};

	UNIT_STRING(buffer_string(&b), "");
	for (int i = 0; i < 1000; i++)
		buffer_printf(&b, "%d,", i % 10);
	UNIT_CHECK(b.len == 2000 && b.data[2000] == '\0');
	buffer_clear(&b);
	buffer_append_string(&b, "x");
	UNIT_STRING(buffer_string(&b), "x");
	buffer_free(&b);
}

int main(void)
{
	UNIT_RUN(test_table_survives_churn);
	UNIT_RUN(test_buffer_grows_and_ends_in_nul);
	return unit_status();
}
