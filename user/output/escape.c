// SPDX-License-Identifier: GPL-2.0-only
#include "output/escape.h"

size_t utf8_next(const char *text, size_t len, uint32_t *point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	size_t size;
	uint32_t c;

	if (s[0] < 0x80) {
		*point = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		size = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		size = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		size = 4;
	else
		return 0;
	if (size > len)
		return 0;
	c = s[0] & (0x7f >> size);
	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < smallest[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*point = c;
	return size;
}

bool character_is_unsafe(uint32_t c)
{
	if (c < 0x80)
		return c < 0x20 || c == 0x7f;
	return c < 0xa0 || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff);
}

void escape_text(struct buffer *out, const char *text, size_t len)
{
	size_t plain = 0, at = 0;

	while (at < len) {
		uint32_t c = 0;
		size_t size = utf8_next(text + at, len - at, &c);

		if (size && !character_is_unsafe(c)) {
			at += size;
			continue;
		}
		buffer_append(out, text + plain, at - plain);
		if (!size)
			buffer_printf(out, "\\x%02x", (unsigned char)text[at]);
		else if (c == '\n' || c == '\r' || c == '\t')
			buffer_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c < 0x100)
			buffer_printf(out, "\\x%02x", c);
		else
			buffer_printf(out, "\\u{%x}", c);
		at += size ? size : 1;
		plain = at;
	}
	buffer_append(out, text + plain, len - plain);
}
