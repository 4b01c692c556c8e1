// SPDX-License-Identifier: GPL-2.0-only
#include "packet/printable.h"

#include <string.h>

static void printable_put(struct printable *p, const char *piece, size_t len)
{
	if (p->cut || len >= p->size - p->len) {
		p->cut = true;
		return;
	}
	memcpy(p->text + p->len, piece, len);
	p->len += len;
	p->text[p->len] = '\0';
}

static void printable_put_escaped(struct printable *p, uint8_t byte)
{
	char escape[4] = {'\\', (char)('0' + byte / 100), (char)('0' + byte / 10 % 10),
		(char)('0' + byte % 10)};

	printable_put(p, escape, sizeof(escape));
}

void printable_start(struct printable *p, char *text, size_t size)
{
	p->text = text;
	p->size = size;
	p->len = 0;
	p->cut = false;
	text[0] = '\0';
}

void printable_add_plain(struct printable *p, char c)
{
	printable_put(p, &c, 1);
}

void printable_add(struct printable *p, uint8_t byte)
{
	if (byte == '\\')
		printable_put(p, "\\\\", 2);
	else if (byte < 0x20 || byte > 0x7e)
		printable_put_escaped(p, byte);
	else
		printable_add_plain(p, (char)byte);
}

void printable_add_host(struct printable *p, uint8_t byte)
{
	if (byte == ' ')
		printable_put_escaped(p, byte);
	else
		printable_add(p, byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

void printable_add_label(struct printable *p, uint8_t byte)
{
	if (byte == '.')
		printable_put(p, "\\.", 2);
	else
		printable_add_host(p, byte);
}
