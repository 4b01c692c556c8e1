// SPDX-License-Identifier: GPL-2.0-only
#include "base/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ::ffff:0:0/96, the addresses of IPv4 as an IPv6 socket sees them (RFC 4291 2.5.5.2). */
static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/*
 * RFC 5952 4.2: the longest run of two or more zero groups becomes "::", the first of equals.  Not
 * inet_ntop(), which writes ::1:2 as ::0.1.0.2.
 */
static void ipv6_text(const uint8_t bytes[16], char text[ADDRESS_TEXT])
{
	int run_at = -1, run = 1, len = 0;
	unsigned int group[8];

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned int)bytes[2 * i] << 8 | bytes[2 * i + 1];
	for (int i = 0; i < 8; i++) {
		int zeros = 0;

		while (i + zeros < 8 && group[i + zeros] == 0)
			zeros++;
		if (zeros > run) {
			run_at = i;
			run = zeros;
		}
	}
	text[0] = '\0';
	for (int i = 0; i < 8;) {
		if (i == run_at) {
			len += snprintf(text + len, (size_t)(ADDRESS_TEXT - len), "::");
			i += run;
			continue;
		}
		len += snprintf(text + len, (size_t)(ADDRESS_TEXT - len), "%s%x",
			i && i != run_at + run ? ":" : "", group[i]);
		i++;
	}
}

static void ipv4_text(const uint8_t bytes[4], char *text)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*text++ = '.';
		text = text_number(text, bytes[i], 0);
	}
	*text = '\0';
}

const char *address_text(const struct address *a, char text[ADDRESS_TEXT])
{
	const uint8_t *b = a->bytes;

	if (a->hidden) {
		text_copy(text, ADDRESS_TEXT, "***");
	} else if (!a->is_v6) {
		ipv4_text(b, text);
	} else if (memcmp(b, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		text_copy(text, ADDRESS_TEXT, "::ffff:");
		ipv4_text(b + 12, text + 7);
	} else {
		ipv6_text(b, text);
	}
	return text;
}

bool address_parse(const char *text, struct address *out)
{
	struct address a = {0};

	/* inet_pton() knows neither names nor the octal and short forms of inet_aton(). */
	if (inet_pton(AF_INET, text, a.bytes) == 1) {
		*out = a;
		return true;
	}
	if (inet_pton(AF_INET6, text, a.bytes) != 1)
		return false;
	a.is_v6 = true;
	if (memcmp(a.bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		a.is_v6 = false;
		a.mapped = true;
		memcpy(a.bytes, a.bytes + 12, 4);
		memset(a.bytes + 4, 0, 12);
	}
	*out = a;
	return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, a->is_v6 ? 16 : 4) == 0;
}
