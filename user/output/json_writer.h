/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one writer of JSON.  Commas and nesting are its business; bytes that are not UTF-8 and
 * control characters (terminal escapes, also C1 and U+2028/9) are escaped.
 *
 * The same calls can make the fields of a journal entry instead (json_begin_fields), so that both
 * formats always carry the same: {"dial":{"path":"direct"}} is then the line DIAL_PATH=direct, and
 * an array is its field again and again, which journald allows.
 */
#ifndef OUTPUT_JSON_WRITER_H
#define OUTPUT_JSON_WRITER_H

#include "base/buffer.h"

#include <stdint.h>

/* journald drops a field with a longer name (systemd src/libsystemd/sd-journal/journal-file.c). */
#define JSON_FIELD_NAME 64
#define JSON_DEPTH	16

struct json {
	struct buffer *out;
	bool comma; /* a comma is due before the next member */
	bool fields;
	/* Of fields: the names of the open objects, joined by '_', and where each begins. */
	char name[JSON_FIELD_NAME + 1];
	size_t name_len, starts[JSON_DEPTH], depth;
};

void json_begin(struct json *j, struct buffer *out);

/* Makes lines NAME=VALUE of the journal's native protocol of all that follows. */
void json_begin_fields(struct json *j, struct buffer *out);

/* Ends the line of JSON; fields have ended already. */
void json_end(struct json *j);

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
