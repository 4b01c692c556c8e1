/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one writer of JSON.  Commas and nesting are its business; bytes that are not UTF-8 and
 * control characters (terminal escapes, also C1 and U+2028/9) are escaped.
 */
#ifndef OUTPUT_JSON_WRITER_H
#define OUTPUT_JSON_WRITER_H

#include "base/buffer.h"

#include <stdint.h>

struct json {
	struct buffer *out;
	bool comma; /* a comma is due before the next member */
};

void json_begin(struct json *j, struct buffer *out);

/* key is NULL within an array and at the top. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_string(struct json *j, const char *key, const char *value); /* NULL value: null */
void json_string_len(struct json *j, const char *key, const char *value, size_t len);
void json_number(struct json *j, const char *key, int64_t value);
void json_unsigned(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
