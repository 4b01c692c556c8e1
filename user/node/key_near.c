// SPDX-License-Identifier: GPL-2.0-only
#include "node/key_near.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Letters and digits of text in lower case: "System_Default-Registry" and "system-default-registry" are one. */
static size_t plain(const char *text, char out[64])
{
	size_t len = 0;

	for (; *text && len < 63; text++)
		if (isalnum((unsigned char)*text))
			out[len++] = (char)tolower((unsigned char)*text);
	out[len] = '\0';
	return len;
}

bool key_is_near(const char *text, const char *known)
{
	size_t row[64], n, m, allowed;
	char a[64], b[64];

	if (!strcmp(text, known))
		return false;
	n = plain(text, a);
	m = plain(known, b);
	allowed = m < 6 ? 1 : 2;
	if (n + allowed < m || m + allowed < n)
		return false;
	/* Levenshtein's distance, a row at a time. */
	for (size_t k = 0; k <= m; k++)
		row[k] = k;
	for (size_t i = 1; i <= n; i++) {
		size_t left_above = row[0];

		row[0] = i;
		for (size_t k = 1; k <= m; k++) {
			size_t above = row[k], least = left_above + (a[i - 1] != b[k - 1]);

			least = above + 1 < least ? above + 1 : least;
			least = row[k - 1] + 1 < least ? row[k - 1] + 1 : least;
			row[k] = least;
			left_above = above;
		}
	}
	return row[m] <= allowed;
}
