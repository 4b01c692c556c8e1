// SPDX-License-Identifier: GPL-2.0-only
/* The entries of a NO_ list: what parts them, and which no host can ever match. */
#include "relay/no_list.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static void test_entries_are_parted_by_commas(void)
{
	const char *list = " a, 10.0.0.0/8 ,,b c";
	struct text rest = {list, strlen(list)}, entry;
	char all[64] = "";

	while (no_list_next(&rest, &entry))
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%.*s|", (int)entry.len,
			entry.at);
	UNIT_STRING(all, "a|10.0.0.0/8||b c|");
}

static void test_entries_that_match_nothing(void)
{
	static const char *const void_ones[] = {"10.43.*", "192.168.1.*", "*.", "a*b", "**",
		"10.0.0.0/8 .svc", "localhost;.svc", "[10.0.0.0/8", ".svc]", "\"a\"", "'a", "$NO",
		"http://registry.corp", "registry.corp/v2", "10.0.0.0/33", "10.0.0.0/8:443", "(a)",
		"[fd00::1]"};
	static const char *const fine[] = {"*", "a", ".svc", "*.corp", "registry.corp:5000",
		"10.0.0.0/8", "10.1.2.3", "10.1.2.3:5000", "fd00::/8", "fd00::1", "[fd00::1]:443",
		"a_b.corp",
		"b\xc3\xbc"
		"cher.example",
		"10.43", "localhost."};

	for (size_t i = 0; i < sizeof(void_ones) / sizeof(void_ones[0]); i++)
		if (!no_entry_is_void((struct text){void_ones[i], strlen(void_ones[i])}))
			UNIT_STRING(void_ones[i], "void");
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (no_entry_is_void((struct text){fine[i], strlen(fine[i])}))
			UNIT_STRING(fine[i], "fine");
}

int main(void)
{
	UNIT_RUN(test_entries_are_parted_by_commas);
	UNIT_RUN(test_entries_that_match_nothing);
	return unit_status();
}
