// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_text.h"

#include "base/buffer.h"
#include "node/env_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* LONG_LINE_MAX, src/basic/def.h. */
#define LINE_BYTES_MAX (1024 * 1024)

/* From offset on, the joined text stands on line. */
struct unit_joint {
	const char *at;
	size_t offset;
	unsigned int line;
};

struct text_reader {
	const char *at, *end;
	unsigned int line;  /* of at */
	struct buffer text; /* the assignment being joined */
	struct buffer section;
	struct unit_joint *joints;
	size_t joint_count, joint_capacity;
	bool first; /* no byte order mark was seen */
};

const char *unit_text_end_name(enum unit_text_end end)
{
	static const char *const names[] = {
		[UNIT_TEXT_WHOLE] = "",
		[UNIT_TEXT_BAD_SECTION] = "bad-section",
		[UNIT_TEXT_NOT_UTF8] = "not-utf8",
		[UNIT_TEXT_LINE_TOO_LONG] = "line-too-long",
	};

	return names[end];
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The bit of an end-of-line byte, 0 for any other. */
static unsigned int eol_bit(char c)
{
	return c == '\n' ? 1 : c == '\r' ? 2 : c == '\0' ? 4 : 0;
}

/* Takes one line; *len is without its end, which is each of LF, CR, NUL at most once, NUL last. */
static const char *take_line(struct text_reader *r, size_t *len)
{
	const char *start = r->at;
	unsigned int seen = 0, bit;

	while (r->at < r->end && !eol_bit(*r->at))
		r->at++;
	*len = (size_t)(r->at - start);
	while (r->at < r->end && !(seen & 4) && (bit = eol_bit(*r->at)) && !(seen & bit)) {
		seen |= bit;
		r->line += *r->at++ == '\n';
	}
	return start;
}

static int add_joint(struct text_reader *r, unsigned int line)
{
	if (r->joint_count == r->joint_capacity) {
		size_t capacity = r->joint_capacity ? r->joint_capacity * 2 : 8;
		struct unit_joint *more = realloc(r->joints, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		r->joints = more;
		r->joint_capacity = capacity;
	}
	r->joints[r->joint_count++] = (struct unit_joint){NULL, r->text.len, line};
	return 0;
}

unsigned int unit_line_at(const struct unit_line *l, const char *at)
{
	unsigned int line = l->line;

	for (size_t i = 0; i < l->joint_count && l->joints[i].at <= at; i++)
		line = l->joints[i].line;
	return line;
}

static char *strip(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len && is_blank(text[len - 1]))
		text[--len] = '\0';
	return text;
}

static bool is_section_name(const char *name)
{
	/* systemd's string_is_safe(): no control characters, backslashes or quotes. */
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || strchr("\\\"'", *p))
			return false;
	return true;
}

/* One whole logical line, in r->text. */
static int handle(struct text_reader *r, unit_line_fn *fn, void *context, enum unit_text_end *end)
{
	char *text, *equals, *value;
	struct unit_line l = {.section = buffer_string(&r->section)};

	if (r->text.failed)
		return -ENOMEM;
	if (!r->text.data)
		return 0;
	for (size_t i = 0; i < r->joint_count; i++)
		r->joints[i].at = r->text.data + r->joints[i].offset;
	text = strip(r->text.data);
	if (!*text)
		return 0;
	if (!env_text_is_utf8(text, strlen(text))) {
		*end = UNIT_TEXT_NOT_UTF8;
		return 0;
	}
	if (*text == '[') {
		size_t len = strlen(text);

		text[len - 1] = text[len - 1] == ']' ? '\0' : text[len - 1];
		if (text[len - 1] || !is_section_name(text + 1)) {
			*end = UNIT_TEXT_BAD_SECTION;
			return 0;
		}
		buffer_clear(&r->section);
		buffer_append_string(&r->section, text + 1);
		return r->section.failed ? -ENOMEM : 0;
	}
	equals = strchr(text, '=');
	if (!equals || equals == text)
		return 0;
	*equals = '\0';
	value = strip(equals + 1);
	l.key = strip(text);
	l.value = value;
	l.joints = r->joints;
	l.joint_count = r->joint_count;
	l.line = r->joint_count ? r->joints[0].line : r->line;
	/* A key may begin after joined empty lines: it stands where its first byte does. */
	l.line = unit_line_at(&l, l.key);
	return fn(context, &l);
}

/* Is the last byte of text a backslash that no other escapes? */
static bool is_continued(const char *text, size_t len)
{
	size_t count = 0;

	while (count < len && text[len - 1 - count] == '\\')
		count++;
	return count % 2;
}

static int parse(struct text_reader *r, unit_line_fn *fn, void *context, enum unit_text_end *end,
	unsigned int *end_line)
{
	bool joining = false;
	int err = 0;

	while (!err && r->at < r->end && *end == UNIT_TEXT_WHOLE) {
		unsigned int line = r->line;
		size_t len, blank = 0;
		const char *text = take_line(r, &len);

		*end_line = line;
		if (len >= LINE_BYTES_MAX || r->text.len + len > LINE_BYTES_MAX) {
			*end = UNIT_TEXT_LINE_TOO_LONG;
			break;
		}
		while (blank < len && is_blank(text[blank]))
			blank++;
		if (blank < len && (text[blank] == '#' || text[blank] == ';'))
			continue;
		if (r->first && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
			r->first = false;
			text += 3;
			len -= 3;
		}
		err = add_joint(r, line);
		buffer_append(&r->text, text, len);
		joining = is_continued(text, len);
		if (joining && r->text.data) {
			r->text.data[r->text.len - 1] = ' ';
			continue;
		}
		if (!err)
			err = handle(r, fn, context, end);
		buffer_clear(&r->text);
		r->joint_count = 0;
	}
	if (!err && joining && *end == UNIT_TEXT_WHOLE)
		err = handle(r, fn, context, end);
	if (*end == UNIT_TEXT_WHOLE)
		*end_line = 0;
	return err;
}

int unit_text_parse(const char *bytes, size_t len, unit_line_fn *fn, void *context,
	enum unit_text_end *end, unsigned int *end_line)
{
	struct text_reader r = {.at = bytes, .end = bytes + len, .line = 1, .first = true};
	int err;

	*end = UNIT_TEXT_WHOLE;
	*end_line = 0;
	err = parse(&r, fn, context, end, end_line);
	if (r.text.data)
		explicit_bzero(r.text.data, r.text.capacity);
	buffer_free(&r.text);
	buffer_free(&r.section);
	free(r.joints);
	return err;
}
