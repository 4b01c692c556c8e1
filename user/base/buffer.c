// SPDX-License-Identifier: GPL-2.0-only
#include "base/buffer.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool buffer_reserve(struct buffer *b, size_t more)
{
	size_t need, capacity;
	char *data;

	if (b->failed || more >= (size_t)-1 / 2 - b->len - 1)
		return false;
	need = b->len + more + 1;
	if (need <= b->capacity)
		return true;
	capacity = b->capacity ? b->capacity : 64;
	while (capacity < need)
		capacity *= 2;
	data = realloc(b->data, capacity);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void buffer_free(struct buffer *b)
{
	if (!b)
		return;
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void buffer_clear(struct buffer *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buffer_append(struct buffer *b, const void *bytes, size_t len)
{
	if (!buffer_reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buffer_append_char_slow(struct buffer *b, char c)
{
	buffer_append(b, &c, 1);
}

void buffer_append_number(struct buffer *b, uint64_t value)
{
	char text[20];

	buffer_append(b, text, (size_t)(text_number(text, value, 0) - text));
}

void buffer_append_string(struct buffer *b, const char *s)
{
	buffer_append(b, s, strlen(s));
}

void buffer_vprintf(struct buffer *b, const char *fmt, va_list ap)
{
	size_t room;
	va_list copy;
	int len;

	if (!buffer_reserve(b, 0))
		return;
	/* Nearly all of it fits at once. */
	room = b->capacity - b->len;
	va_copy(copy, ap);
	len = vsnprintf(b->data + b->len, room, fmt, copy);
	va_end(copy);
	if (len >= 0 && (size_t)len >= room && buffer_reserve(b, (size_t)len))
		vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	if (len >= 0 && !b->failed)
		b->len += (size_t)len;
	else
		b->data[b->len] = '\0';
}

void buffer_printf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buffer_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *buffer_string(const struct buffer *b)
{
	return b->data ? b->data : "";
}
