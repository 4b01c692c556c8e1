// SPDX-License-Identifier: GPL-2.0-only
#include "commands/option_values.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool duration_parse(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {
		{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
	double value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	value = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		value *= units[i].ns;
		if (!(value >= 0 && value < 9e18))
			return false;
		*ns = (uint64_t)value;
		return true;
	}
	return false;
}

bool bytes_parse(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	char *end;

	errno = 0;
	*bytes = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno)
		return false;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (*end && (!suffix || end[1]))
		return false;
	for (int i = 0; suffix && i <= suffix - suffixes; i++)
		if (__builtin_mul_overflow(*bytes, 1024, bytes))
			return false;
	return true;
}

/* The file is read as such, because NSS does not go with a static binary. */
bool group_parse(const char *text, gid_t *group)
{
	const struct group *row;
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	bool found = *text >= '0' && *text <= '9' && !*end && number < (gid_t)-1;
	FILE *file = NULL;

	*group = (gid_t)number;
	if (!found)
		file = fopen("/etc/group", "re");
	while (file && !found && (row = fgetgrent(file))) {
		found = strcmp(row->gr_name, text) == 0;
		*group = row->gr_gid;
	}
	if (file)
		fclose(file);
	return found;
}
