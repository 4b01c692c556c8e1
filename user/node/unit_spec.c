// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char suffix[] = ".service";

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(":-_.\\@", c));
}

bool unit_name_parse(const char *name, struct unit_name *out)
{
	size_t len = strlen(name), tail = sizeof(suffix) - 1;
	bool has_suffix = len >= tail && strcmp(name + len - tail, suffix) == 0;
	const char *at;

	memset(out, 0, sizeof(*out));
	out->stem_len = has_suffix ? len - tail : len;
	if (out->stem_len == 0 || out->stem_len + tail >= UNIT_NAME_SIZE)
		return false;
	for (size_t i = 0; i < out->stem_len; i++)
		if (!is_name_byte(name[i]))
			return false;
	memcpy(out->text, name, out->stem_len);
	strcpy(out->text + out->stem_len, suffix);
	at = memchr(out->text, '@', out->stem_len);
	out->prefix_len = at ? (size_t)(at - out->text) : out->stem_len;
	if (at) {
		out->instance_at = out->prefix_len + 1;
		out->instance_len = out->stem_len - out->prefix_len - 1;
		out->is_instance = out->instance_len > 0;
		out->is_template = !out->is_instance;
	}
	return out->prefix_len > 0;
}

/* PREFIX[@INSTANCE].service; false where it is too long or no name. */
static bool unit_name_build(const char *prefix, size_t prefix_len, const struct unit_name *of,
	bool with_instance, struct unit_name *out)
{
	struct buffer text = {0};
	bool valid;

	buffer_append(&text, prefix, prefix_len);
	if (of->is_instance) {
		buffer_append_char(&text, '@');
		if (with_instance)
			buffer_append(&text, of->text + of->instance_at, of->instance_len);
	}
	buffer_append_string(&text, suffix);
	valid = !text.failed && unit_name_parse(text.data, out);
	buffer_free(&text);
	return valid;
}

bool unit_name_template(const struct unit_name *n, struct unit_name *out)
{
	return n->is_instance && unit_name_build(n->text, n->prefix_len, n, false, out);
}

bool unit_name_shorten(const struct unit_name *n, struct unit_name *out)
{
	size_t len = n->prefix_len;

	/* A dash at the end was how this name was made, or is chopped off once. */
	if (len && n->text[len - 1] == '-')
		len--;
	while (len && n->text[len - 1] != '-')
		len--;
	return len > 1 && unit_name_build(n->text, len, n, true, out);
}

void unit_host_free(struct unit_host *h)
{
	for (size_t i = 0; i < sizeof(h->value) / sizeof(h->value[0]); i++)
		free(h->value[i]);
	memset(h, 0, sizeof(*h));
}

int unit_host_set(struct unit_host *h, char letter, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(h->value[letter & 0x7f]);
	h->value[letter & 0x7f] = copy;
	return 0;
}

int unit_host_set_constants(struct unit_host *h)
{
	static const struct {
		char letter;
		const char *value;
	} constants[] = {
		{'C', "/var/cache"},
		{'E', "/etc"},
		{'L', "/var/log"},
		{'S', "/var/lib"},
		{'t', "/run"},
		{'T', "/tmp"},
		{'V', "/var/tmp"},
		{'h', "/root"},
		{'u', "root"},
		{'U', "0"},
		{'g', "root"},
		{'G', "0"},
		{'s', "/bin/bash"},
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(constants) / sizeof(constants[0]); i++)
		err = unit_host_set(h, constants[i].letter, constants[i].value);
	return err;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A part of a unit name back to what it was made from: '-' was '/', "\xNN" a byte. */
static int append_unescaped(struct buffer *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] == '-') {
			buffer_append_char(out, '/');
			continue;
		}
		if (text[i] != '\\') {
			buffer_append_char(out, text[i]);
			continue;
		}
		if (len - i < 4 || text[i + 1] != 'x')
			return -EBADSLT;
		high = hex_digit(text[i + 2]);
		low = hex_digit(text[i + 3]);
		if (high < 0 || low < 0)
			return -EBADSLT;
		buffer_append_char(out, (char)(high << 4 | low));
		i += 3;
	}
	return 0;
}

/* The name, or the instance, as an absolute path: "-" is the root itself. */
static int append_path(struct buffer *out, const char *text, size_t len)
{
	buffer_append_char(out, '/');
	return len == 1 && text[0] == '-' ? 0 : append_unescaped(out, text, len);
}

/* The specifiers that the unit answers itself; 1 where letter is none of them. */
static int append_of_unit(
	const struct unit_name *n, const char *fragment, char letter, struct buffer *out)
{
	const char *last = n->text, *slash;
	size_t last_len = n->prefix_len;

	for (size_t i = 0; i < n->prefix_len; i++)
		if (n->text[i] == '-') {
			last = n->text + i + 1;
			last_len = n->prefix_len - i - 1;
		}
	switch (letter) {
	case 'n':
		buffer_append_string(out, n->text);
		return 0;
	case 'N':
		buffer_append(out, n->text, n->stem_len);
		return 0;
	case 'p':
		buffer_append(out, n->text, n->prefix_len);
		return 0;
	case 'P':
		return append_unescaped(out, n->text, n->prefix_len);
	case 'i':
		buffer_append(out, n->text + n->instance_at, n->instance_len);
		return 0;
	case 'I':
		return append_unescaped(out, n->text + n->instance_at, n->instance_len);
	case 'j':
		buffer_append(out, last, last_len);
		return 0;
	case 'J':
		return append_unescaped(out, last, last_len);
	case 'f':
		if (n->is_instance)
			return append_path(out, n->text + n->instance_at, n->instance_len);
		return append_path(out, n->text, n->prefix_len);
	case 'd':
		buffer_printf(out, "/run/credentials/%s", n->text);
		return 0;
	case 'y':
	case 'Y':
		if (!fragment)
			return -ENODATA;
		slash = strrchr(fragment, '/');
		buffer_append(out, fragment,
			letter == 'y' || !slash ? strlen(fragment) : (size_t)(slash - fragment));
		return 0;
	}
	return 1;
}

/* All letters of systemd 252 that the node answers. */
static bool is_host_letter(char letter)
{
	return letter && strchr("aAbBHlqmMovwWgGuUTVCELSthscrR", letter);
}

int unit_spec_expand(const struct unit_name *unit, const struct unit_host *host,
	const char *fragment, const char *text, struct buffer *out)
{
	for (const char *p = text; *p; p++) {
		int known;

		if (*p != '%' || !p[1]) {
			buffer_append_char(out, *p);
			continue;
		}
		p++;
		if (*p == '%') {
			buffer_append_char(out, '%');
			continue;
		}
		if (!isalnum((unsigned char)*p)) {
			buffer_append_char(out, '%');
			buffer_append_char(out, *p);
			continue;
		}
		known = append_of_unit(unit, fragment, *p, out);
		if (known < 0)
			return known;
		if (known == 0)
			continue;
		if (!is_host_letter(*p))
			return -EBADSLT;
		if (!host->value[(int)*p])
			return -ENODATA;
		buffer_append_string(out, host->value[(int)*p]);
	}
	return out->failed ? -ENOMEM : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Reads count digits of base at p; -1 where there are fewer. */
static long digits(const char *p, int count, int base)
{
	long value = 0;

	for (int i = 0; i < count; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0 || digit >= base)
			return -1;
		value = value * base + digit;
	}
	return value;
}

static void append_code_point(struct buffer *out, uint32_t c)
{
	if (c < 0x80) {
		buffer_append_char(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buffer_append_char(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buffer_append_char(out, (char)(0xe0 | c >> 12));
		} else {
			buffer_append_char(out, (char)(0xf0 | c >> 18));
			buffer_append_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buffer_append_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buffer_append_char(out, (char)(0x80 | (c & 0x3f)));
}

/* One escape, p behind the backslash; how many bytes of p it took, 0 where systemd knows none such. */
static size_t c_escape(const char *p, struct buffer *out)
{
	static const char plain[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"''s ";
	long code = -1;

	for (size_t i = 0; *p && i + 1 < sizeof(plain); i += 2)
		if (plain[i] == *p) {
			buffer_append_char(out, plain[i + 1]);
			return 1;
		}
	switch (*p) {
	case 'x':
		code = digits(p + 1, 2, 16);
		if (code > 0)
			buffer_append_char(out, (char)code);
		return code > 0 ? 3 : 0;
	case 'u':
		code = digits(p + 1, 4, 16);
		if (code > 0)
			append_code_point(out, (uint32_t)code);
		return code > 0 ? 5 : 0;
	case 'U':
		code = digits(p + 1, 8, 16);
		if (code <= 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ||
			(code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe)
			return 0;
		append_code_point(out, (uint32_t)code);
		return 9;
	default:
		code = digits(p, 3, 8);
		if (code > 0 && code <= 255)
			buffer_append_char(out, (char)code);
		return code > 0 && code <= 255 ? 3 : 0;
	}
}

int unit_word(const char **at, bool c_escapes, struct buffer *out)
{
	const char *p = *at;
	char quote = 0;

	buffer_clear(out);
	while (is_blank(*p))
		p++;
	if (!*p)
		return 0;
	for (; *p && (quote || !is_blank(*p)); p++) {
		if (*p == '\\') {
			size_t taken = 1;

			if (!p[1])
				return -EINVAL;
			if (c_escapes)
				taken = c_escape(p + 1, out);
			else
				buffer_append_char(out, p[1]);
			if (!taken)
				return -EINVAL;
			p += taken;
		} else if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? 0 : *p;
		} else {
			buffer_append_char(out, *p);
		}
	}
	*at = p;
	if (quote)
		return -EINVAL;
	return out->failed ? -ENOMEM : 1;
}
