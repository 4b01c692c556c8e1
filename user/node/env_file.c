// SPDX-License-Identifier: GPL-2.0-only
#include "node/env_file.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* MAX_ARG_STRLEN, include/uapi/linux/binfmts.h: 32 pages, the NUL included. */
#define ARGUMENT_BYTES_MAX (32 * 4096)

/* sysconf(_SC_ARG_MAX) in systemd: a quarter of its stack limit of 8 MiB.  What is longer it drops. */
#define ASSIGNMENT_BYTES_MAX (2 * 1024 * 1024 - 1)

static const struct {
	const char *name, *text;
} faults[] = {
	[ENV_FILE_FINE] = {"", ""},
	[ENV_FILE_NUL_BYTE] = {"nul-byte", "the file holds a NUL byte: systemd reads none of it"},
	[ENV_FILE_NOT_UTF8] = {"not-utf8",
		"a name or value in the file is not UTF-8: systemd reads none of it"},
	[ENV_FILE_TOO_LARGE] = {"too-large", "the file is over 64 MiB: systemd reads none of it"},
	[ENV_FILE_NO_EQUALS] = {"no-equals", "no '=' in the line: systemd ignores it silently"},
	[ENV_FILE_EXPORT] = {"export", "systemd is not a shell: a line with export is ignored"},
	[ENV_FILE_BOM] = {"byte-order-mark",
		"a byte order mark stands before the name: systemd ignores the line"},
	[ENV_FILE_BAD_NAME] = {"bad-name",
		"not a name that systemd accepts (letters, digits and _): the line is ignored"},
	[ENV_FILE_COMMENT_CONTINUED] = {"comment-continued",
		"the comment above ends in a backslash, so this line is a comment too before "
		"systemd 254"},
	[ENV_FILE_SWALLOWED] = {"swallowed", "a quote or a backslash above it is still open: the "
					     "line became part of that value"},
	[ENV_FILE_UNCLOSED_QUOTE] = {"unclosed-quote",
		"the quote is never closed: all lines that follow became part of the value"},
	[ENV_FILE_VALUE_TOO_LONG] = {"value-too-long",
		"name and value are over 128 KiB: the kernel refuses to start the service"},
	[ENV_FILE_BACKSLASH] = {"backslash-lost",
		"out of quotes systemd takes a backslash away: write %5C in a URL (DOMAIN%5Cuser)"},
};

const char *env_file_fault_name(enum env_file_fault fault)
{
	return faults[fault].name;
}

const char *env_file_fault_text(enum env_file_fault fault)
{
	return faults[fault].text;
}

bool env_name_is_valid(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i], lower = c | 0x20;
		bool letter = (lower >= 'a' && lower <= 'z') || c == '_';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return len > 0;
}

/* The length of the UTF-8 sequence at p, 0 where systemd's unichar_is_valid() would not have it. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > left)
		return 0;
	code = p[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ||
		(code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe)
		return 0;
	return len;
}

bool env_text_is_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_sequence(p + i, len - i);
		if (!step)
			return false;
	}
	return true;
}

/* The reading head: where it is, and the value that is being put together. */
struct reader {
	const char *at, *end;
	unsigned int line;
	struct buffer value;
	bool unclosed;
	bool backslash; /* one before a letter or digit went */
	bool plain;	/* the value ends out of quotes */
};

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || is_newline(c);
}

static bool is_letter_or_digit(char c)
{
	char lower = (char)(c | 0x20);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* Takes one byte, counting the lines; a CR counts none, so that CRLF is one. */
static char reader_take(struct reader *r)
{
	char c = *r->at++;

	if (c == '\n')
		r->line++;
	return c;
}

/* '...': everything is literal, line ends too. */
static void read_single_quoted(struct reader *r)
{
	while (r->at < r->end) {
		char c = reader_take(r);

		if (c == '\'')
			return;
		buffer_append_char(&r->value, c);
	}
	r->unclosed = true;
}

/* "...": a backslash escapes what a shell would need escaped, joins lines, else is itself. */
static void read_double_quoted(struct reader *r)
{
	while (r->at < r->end) {
		char c = reader_take(r);

		if (c == '"')
			return;
		if (c != '\\') {
			buffer_append_char(&r->value, c);
			continue;
		}
		if (r->at == r->end)
			break;
		c = reader_take(r);
		if (c == '\n')
			continue;
		if (!memchr("\"\\`$", c, 4))
			buffer_append_char(&r->value, '\\');
		buffer_append_char(&r->value, c);
	}
	r->unclosed = true;
}

/*
 * The plain rest of a value: quotes are literal from here on, a backslash takes the next byte as
 * it is and joins lines, blanks at the end go unless escaped.  Stands behind the line end after.
 */
static void read_plain(struct reader *r)
{
	size_t keep = r->value.len;

	while (r->at < r->end) {
		char c = reader_take(r);

		if (is_newline(c))
			break;
		if (c == '\\') {
			/* A file that ends in a backslash keeps the blanks before it. */
			keep = r->value.len;
			if (r->at == r->end)
				break;
			c = reader_take(r);
			if (is_newline(c))
				continue;
			r->backslash = r->backslash || is_letter_or_digit(c);
			buffer_append_char(&r->value, c);
			keep = r->value.len;
			continue;
		}
		buffer_append_char(&r->value, c);
		if (!is_space(c))
			keep = r->value.len;
	}
	if (r->value.len > keep) {
		r->value.len = keep;
		r->value.data[keep] = '\0';
	}
}

/* What follows '=': quoted pieces with blanks between them, then perhaps a plain rest. */
static void read_value(struct reader *r)
{
	r->unclosed = false;
	r->backslash = false;
	r->plain = false;
	while (r->at < r->end) {
		char c = *r->at;

		if (c == '\'' || c == '"') {
			reader_take(r);
			if (c == '\'')
				read_single_quoted(r);
			else
				read_double_quoted(r);
		} else if (is_newline(c)) {
			reader_take(r);
			return;
		} else if (is_space(c)) {
			reader_take(r);
		} else {
			r->plain = true;
			read_plain(r);
			return;
		}
	}
}

/*
 * A comment, to its line end; a backslash carries it over one byte, so also over a newline, until
 * systemd 253.  Returns at the start of a line that only such a backslash made a comment, telling
 * so, or behind the comment.
 */
static bool read_comment(struct reader *r)
{
	while (r->at < r->end) {
		char c = reader_take(r);

		if (is_newline(c))
			return false;
		if (c == '\\' && r->at < r->end && is_newline(reader_take(r)))
			return true;
	}
	return false;
}

/* Reads to '=' or the line end; trims blanks at the end of the name.  Was there a '='? */
static bool read_name(struct reader *r, struct env_file_entry *e)
{
	bool equals = false;

	e->name = r->at;
	/* A '=' in the first place does not end the name: systemd has no empty names. */
	do {
		e->name_len = (size_t)(r->at - e->name) + 1;
		reader_take(r);
	} while (r->at < r->end && *r->at != '=' && !is_newline(*r->at));
	if (r->at < r->end)
		equals = reader_take(r) == '=';
	while (e->name_len && is_space(e->name[e->name_len - 1]))
		e->name_len--;
	return equals;
}

static void strip_from_name(struct env_file_entry *e, size_t len, enum env_file_fault fault)
{
	e->name += len;
	e->name_len -= len;
	while (e->name_len && is_space(*e->name)) {
		e->name++;
		e->name_len--;
	}
	e->fault = fault;
}

static void judge(struct env_file_entry *e, const struct reader *r)
{
	if (env_name_is_valid(e->name, e->name_len)) {
		e->ignored = e->name_len + 1 + e->value_len > ASSIGNMENT_BYTES_MAX;
		/* NAME, '=', VALUE and the NUL are one string of the new program. */
		if (e->name_len + e->value_len + 2 > ARGUMENT_BYTES_MAX)
			e->fault = ENV_FILE_VALUE_TOO_LONG;
		else if (r->unclosed)
			e->fault = ENV_FILE_UNCLOSED_QUOTE;
		else if (r->backslash)
			e->fault = ENV_FILE_BACKSLASH;
		return;
	}
	e->ignored = true;
	e->fault = ENV_FILE_BAD_NAME;
	if (e->name_len > 3 && memcmp(e->name, "\xef\xbb\xbf", 3) == 0)
		strip_from_name(e, 3, ENV_FILE_BOM);
	if (e->name_len > 7 && memcmp(e->name, "export", 6) == 0 && is_space(e->name[6]))
		strip_from_name(e, 6, ENV_FILE_EXPORT);
}

/* A line that a comment or a value swallowed: told where it looks like an assignment, then passed over. */
static int swallowed_line(
	const struct reader *r, enum env_file_fault fault, env_file_fn *fn, void *context)
{
	const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
	struct reader line = {.at = r->at, .end = end ? end : r->end, .line = r->line};
	struct env_file_entry e = {.line = r->line, .value = "", .ignored = true};
	int err = 0;

	while (line.at < line.end && is_space(*line.at))
		line.at++;
	if (line.at == line.end || *line.at == '#' || *line.at == ';' || !read_name(&line, &e))
		return 0;
	if (!env_name_is_valid(e.name, e.name_len))
		return 0;
	read_value(&line);
	e.value = buffer_string(&line.value);
	e.value_len = line.value.len;
	e.last_line = line.line;
	e.fault = fault;
	if (line.value.failed)
		err = -ENOMEM;
	else if (fn)
		err = fn(context, &e);
	if (line.value.data)
		explicit_bzero(line.value.data, line.value.capacity);
	buffer_free(&line.value);
	return err;
}

static int comment(struct reader *r, env_file_fn *fn, void *context)
{
	int err = 0;

	while (!err && read_comment(r))
		if (r->at < r->end)
			err = swallowed_line(r, ENV_FILE_COMMENT_CONTINUED, fn, context);
	return err;
}

/* The lines below its first that an entry's value went on over; a closed quote at its end says that this is meant. */
static int swallowed_lines(
	const struct env_file_entry *e, const struct reader *behind, env_file_fn *fn, void *context)
{
	struct reader r = {.at = e->name, .end = behind->at, .line = e->line};
	int err = 0;

	while (!err && (r.at = memchr(r.at, '\n', (size_t)(r.end - r.at))) && ++r.at < r.end) {
		r.line++;
		err = swallowed_line(&r, ENV_FILE_SWALLOWED, fn, context);
	}
	return err;
}

/* One entry, its name at r->at.  Finds out whether it makes systemd refuse the file. */
static int entry(struct reader *r, env_file_fn *fn, void *context, struct env_file_result *result)
{
	struct env_file_entry e = {.line = r->line, .value = ""};
	int err;

	if (!read_name(r, &e)) {
		e.fault = ENV_FILE_NO_EQUALS;
		e.ignored = true;
		e.last_line = e.line;
		return fn ? fn(context, &e) : 0;
	}
	buffer_clear(&r->value);
	read_value(r);
	if (r->value.failed)
		return -ENOMEM;
	e.value = buffer_string(&r->value);
	e.value_len = r->value.len;
	e.last_line = r->at > e.name && r->at[-1] == '\n' ? r->line - 1 : r->line;
	if (!result->refused && (!env_text_is_utf8(e.name, e.name_len) ||
					!env_text_is_utf8(e.value, e.value_len))) {
		result->refused = ENV_FILE_NOT_UTF8;
		result->refused_line = e.line;
	}
	judge(&e, r);
	err = fn ? fn(context, &e) : 0;
	if (err || !fn || e.last_line == e.line || (!r->plain && !r->unclosed))
		return err;
	return swallowed_lines(&e, r, fn, context);
}

static int parse(const char *bytes, size_t len, env_file_fn *fn, void *context,
	struct env_file_result *result)
{
	struct reader r = {.at = bytes, .end = bytes + len, .line = 1};
	int err = 0;

	while (!err && r.at < r.end) {
		if (*r.at == '#' || *r.at == ';')
			err = comment(&r, fn, context);
		else if (is_space(*r.at))
			reader_take(&r);
		else
			err = entry(&r, fn, context, result);
	}
	if (r.value.data)
		explicit_bzero(r.value.data, r.value.capacity);
	buffer_free(&r.value);
	return err;
}

struct refusal {
	env_file_fn *fn;
	void *context;
	enum env_file_fault fault;
};

static int refused_entry(void *context, const struct env_file_entry *entry)
{
	struct refusal *refusal = context;
	struct env_file_entry e = *entry;

	if (!e.ignored)
		e.fault = refusal->fault;
	e.ignored = true;
	return refusal->fn(refusal->context, &e);
}

int env_file_parse(const char *bytes, size_t len, env_file_fn *fn, void *context,
	struct env_file_result *result)
{
	struct refusal refusal = {fn, context, ENV_FILE_FINE};
	struct env_file_result ignored;
	const char *nul = len ? memchr(bytes, '\0', len) : NULL;
	int err = 0;

	memset(result, 0, sizeof(*result));
	if (len > ENV_FILE_BYTES_MAX) {
		result->refused = ENV_FILE_TOO_LARGE;
		return 0;
	}
	if (nul) {
		result->refused = ENV_FILE_NUL_BYTE;
		result->refused_line = 1;
		for (const char *p = bytes; (p = memchr(p, '\n', (size_t)(nul - p))); p++)
			result->refused_line++;
	} else {
		/* Whether the file counts at all is known only at its end: look ahead once. */
		err = parse(bytes, len, NULL, NULL, result);
	}
	if (err || !fn)
		return err;
	if (!result->refused)
		return parse(bytes, len, fn, context, result);
	refusal.fault = result->refused;
	ignored = *result;
	return parse(bytes, len, refused_entry, &refusal, &ignored);
}
