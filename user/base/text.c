// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"

#include <string.h>

void text_copy(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

char *text_number(char *at, uint64_t value, int width)
{
	char digits[20];
	int count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (; width > count; width--)
		*at++ = '0';
	while (count)
		*at++ = digits[--count];
	return at;
}
