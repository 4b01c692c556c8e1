// SPDX-License-Identifier: GPL-2.0-only
#include "output/json_writer.h"

#include "output/escape.h"

#include <string.h>

void json_begin(struct json *j, struct buffer *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

void json_begin_fields(struct json *j, struct buffer *out)
{
	json_begin(j, out);
	j->fields = true;
}

void json_end(struct json *j)
{
	if (!j->fields)
		buffer_append_char(j->out, '\n');
}

/* ---- fields ---- */

/* Appends _KEY to the name: upper case, digits and '_', never a '_' first (those are journald's own). */
static void name_append(struct json *j, const char *key)
{
	if (j->name_len && j->name_len < JSON_FIELD_NAME)
		j->name[j->name_len++] = '_';
	for (; *key && j->name_len < JSON_FIELD_NAME; key++) {
		char c = *key;

		if (c >= 'a' && c <= 'z')
			j->name[j->name_len++] = (char)(c - 'a' + 'A');
		else if ((c >= 'A' && c <= 'Z') || (j->name_len && c >= '0' && c <= '9'))
			j->name[j->name_len++] = c;
		else if (j->name_len)
			j->name[j->name_len++] = '_';
	}
}

/* NAME=; escape_text() leaves no newline in what follows, so the plain form of the protocol does. */
static void field_name(struct json *j, const char *key)
{
	size_t before = j->name_len;

	if (key)
		name_append(j, key);
	buffer_append(j->out, j->name, j->name_len);
	buffer_append_char(j->out, '=');
	j->name_len = before;
}

static void field_string(struct json *j, const char *key, const char *value, size_t len)
{
	field_name(j, key);
	escape_text(j->out, value, len);
	buffer_append_char(j->out, '\n');
}

/* What a number, true, false and null have behind them. */
static void value_end(struct json *j)
{
	if (j->fields)
		buffer_append_char(j->out, '\n');
}

static void field_open(struct json *j, const char *key)
{
	if (j->depth < JSON_DEPTH)
		j->starts[j->depth] = j->name_len;
	j->depth++;
	if (key)
		name_append(j, key);
}

static void field_close(struct json *j)
{
	j->depth--;
	if (j->depth < JSON_DEPTH)
		j->name_len = j->starts[j->depth];
}

/* ---- JSON ---- */

static void json_code_unit(struct buffer *out, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";
	const char text[] = {'\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15],
		digits[unit >> 4 & 15], digits[unit & 15]};

	buffer_append(out, text, sizeof(text));
}

/* The character at text, which may not stand in a string as it is; size 0: not UTF-8. */
static void json_escape(struct buffer *out, const char *text, size_t size, uint32_t c)
{
	if (!size) {
		/* JSON has no bytes: the four characters \xNN, as in every other format here. */
		buffer_printf(out, "\\\\x%02x", (unsigned char)*text);
	} else if (c == '"' || c == '\\') {
		buffer_append_char(out, '\\');
		buffer_append_char(out, (char)c);
	} else if (c == '\n') {
		buffer_append(out, "\\n", 2);
	} else if (c == '\t') {
		buffer_append(out, "\\t", 2);
	} else if (c < 0x10000) {
		json_code_unit(out, c);
	} else {
		json_code_unit(out, 0xd800 + ((c - 0x10000) >> 10));
		json_code_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}

/* What stands in a string as it is; of the rest json_quoted() has to think. */
static const bool plain_byte[256] = {
	[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};

static void json_quoted(struct buffer *out, const char *text, size_t len)
{
	size_t plain = 0, at = 0;

	buffer_append_char(out, '"');
	while (at < len) {
		uint32_t c;
		size_t size;

		if (plain_byte[(unsigned char)text[at]]) {
			at++;
			continue;
		}
		size = utf8_next(text + at, len - at, &c);
		if (size && c != '"' && c != '\\' && !character_is_unsafe(c)) {
			at += size;
			continue;
		}
		buffer_append(out, text + plain, at - plain);
		json_escape(out, text + at, size, c);
		at += size ? size : 1;
		plain = at;
	}
	buffer_append(out, text + plain, len - plain);
	buffer_append_char(out, '"');
}

/* What stands before every value. */
static void json_key(struct json *j, const char *key)
{
	if (j->fields) {
		field_name(j, key);
		return;
	}
	if (j->comma)
		buffer_append_char(j->out, ',');
	j->comma = true;
	if (key) {
		json_quoted(j->out, key, strlen(key));
		buffer_append_char(j->out, ':');
	}
}

static void json_open(struct json *j, const char *key, char bracket)
{
	if (j->fields) {
		field_open(j, key);
		return;
	}
	json_key(j, key);
	buffer_append_char(j->out, bracket);
	j->comma = false;
}

static void json_close(struct json *j, char bracket)
{
	if (j->fields) {
		field_close(j);
		return;
	}
	buffer_append_char(j->out, bracket);
	j->comma = true;
}

void json_object(struct json *j, const char *key)
{
	json_open(j, key, '{');
}

void json_object_end(struct json *j)
{
	json_close(j, '}');
}

void json_array(struct json *j, const char *key)
{
	json_open(j, key, '[');
}

void json_array_end(struct json *j)
{
	json_close(j, ']');
}

void json_string_len(struct json *j, const char *key, const char *value, size_t len)
{
	if (j->fields) {
		field_string(j, key, value, len);
		return;
	}
	json_key(j, key);
	json_quoted(j->out, value, len);
}

void json_string(struct json *j, const char *key, const char *value)
{
	if (value)
		json_string_len(j, key, value, strlen(value));
	else
		json_null(j, key);
}

void json_number(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	if (value < 0)
		buffer_append_char(j->out, '-');
	buffer_append_number(j->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
	value_end(j);
}

void json_unsigned(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	buffer_append_number(j->out, value);
	value_end(j);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	buffer_append_string(j->out, value ? "true" : "false");
	value_end(j);
}

void json_null(struct json *j, const char *key)
{
	if (j->fields)
		return; /* a field that is not there */
	json_key(j, key);
	buffer_append_string(j->out, "null");
}
