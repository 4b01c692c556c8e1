/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growable run of bytes, always followed by a NUL that does not count.
 *
 * A zeroed struct is a valid empty buffer.  After a failed allocation the buffer keeps what it
 * held, `failed` is set, and every later append does nothing: check once, at the end.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data; /* owned; NULL while nothing was appended */
	size_t len;
	size_t capacity;
	bool failed;
};

/* Frees the bytes and leaves an empty buffer that can be used again. */
void buffer_free(struct buffer *b);

/* Forgets the bytes and keeps the memory, so that a steady state allocates nothing. */
void buffer_clear(struct buffer *b);

/* Appends len bytes. */
void buffer_append(struct buffer *b, const void *bytes, size_t len);
static inline void buffer_append_char(struct buffer *b, char c);
void buffer_append_number(struct buffer *b, uint64_t value); /* decimal */
void buffer_append_string(struct buffer *b, const char *s);
void buffer_printf(struct buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *b, const char *fmt, va_list ap);

/* What is not inline: the same where there is no room yet. */
void buffer_append_char_slow(struct buffer *b, char c);

static inline void buffer_append_char(struct buffer *b, char c)
{
	if (b->failed || b->len + 1 >= b->capacity) {
		buffer_append_char_slow(b, c);
		return;
	}
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

/* The bytes as a C string; "" while the buffer is empty.  Valid until the next append. */
const char *buffer_string(const struct buffer *b);

#endif
