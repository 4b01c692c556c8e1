// SPDX-License-Identifier: GPL-2.0-only
#include "capture/recording_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S 1000000000ull

char *recording_skip_space(char *at, unsigned long *line)
{
	for (; *at == ' ' || *at == '\t' || *at == '\n'; at++)
		*line += *at == '\n';
	return at;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The escape whose backslash is at from; *to gets the byte.  Its length, or 0 where it is none. */
static size_t take_escape(const char *from, char *to)
{
	int high, low;

	switch (from[1]) {
	case '"':
	case '\\':
		*to = from[1];
		return 2;
	case 'n':
		*to = '\n';
		return 2;
	case 't':
		*to = '\t';
		return 2;
	case 'x':
		high = hex_digit(from[2]);
		low = high < 0 ? -1 : hex_digit(from[3]);
		if (low < 0 || !(high | low))
			return 0;
		*to = (char)(high << 4 | low);
		return 4;
	default:
		return 0;
	}
}

static int refuse(char *error, size_t size, const char *why)
{
	snprintf(error, size, "%s", why);
	return -EBADMSG;
}

static int take_quoted(char *value, char **next, char *error, size_t size)
{
	char *from = value + 1, *to = value;

	while (*from != '"') {
		size_t len = 1;

		if (!*from || *from == '\n')
			return refuse(error, size, "a quote is not closed on its line");
		if ((unsigned char)*from < ' ' || *from == 0x7f)
			return refuse(error, size, "a control character in quotes (write \\xNN)");
		if (*from == '\\')
			len = take_escape(from, to);
		else
			*to = *from;
		if (!len)
			return refuse(error, size,
				"a backslash that begins none of \\\" \\\\ \\n \\t \\xNN");
		from += len;
		to++;
	}
	from++;
	if (*from && *from != ' ' && *from != '\t' && *from != '\n')
		return refuse(error, size, "something follows a closing quote without a space");
	*next = from;
	*to = '\0';
	return 0;
}

int recording_take_value(char *value, char **next, unsigned long *line, char *error, size_t size)
{
	char *end = value;

	if (*value == '"')
		return take_quoted(value, next, error, size);
	while ((unsigned char)*end > ' ' && *end != '"' && *end != '\\' && *end != 0x7f)
		end++;
	if (*end && *end != ' ' && *end != '\t' && *end != '\n')
		return refuse(error, size,
			"a value with quotes, \\ or control characters is to be quoted");
	*next = end;
	if (*end) {
		*line += *end == '\n';
		*end = '\0';
		*next = end + 1;
	}
	return 0;
}

bool recording_parse_unsigned(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (digit > 9 || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool recording_parse_seconds(const char *text, uint64_t *ns)
{
	uint64_t value = 0, unit = NS_PER_S;

	if ((unsigned int)(*text - '0') > 9)
		return false;
	for (; (unsigned int)(*text - '0') <= 9; text++) {
		value = value * 10 + (unsigned int)(*text - '0');
		if (value >= UINT64_MAX / NS_PER_S)
			return false;
	}
	value *= NS_PER_S;
	if (*text == '.') {
		text++;
		if (!*text)
			return false;
		for (; (unsigned int)(*text - '0') <= 9; text++) {
			unit /= 10;
			if (!unit)
				return false;
			value += unit * (unsigned int)(*text - '0');
		}
	}
	if (*text)
		return false;
	*ns = value;
	return true;
}

bool recording_parse_endpoint(const char *text, struct address *out)
{
	const char *colon = strrchr(text, ':');
	char host[ADDRESS_TEXT];
	struct address a = {.hidden = true};
	uint64_t port;
	size_t len;

	if (!colon || !recording_parse_unsigned(colon + 1, UINT16_MAX, &port))
		return false;
	len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return false;
	}
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (strcmp(host, "***") && !address_parse(host, &a))
		return false;
	a.port = (uint16_t)port;
	*out = a;
	return true;
}

bool recording_parse_error(enum word_type type, const char *text, int *out)
{
	bool negative = *text == '-';
	uint64_t number;
	int named;

	text += negative;
	named = error_number(text);
	if (named)
		number = (uint64_t)named;
	else if (!recording_parse_unsigned(text, INT32_MAX, &number))
		return false;
	if (number && negative != (type == WORD_RESULT))
		return false;
	*out = negative ? -(int)number : (int)number;
	return true;
}

bool recording_parse_named(enum word_type type, const char *text, uint64_t max, uint64_t *out)
{
	const struct word_name *names = recording_names(type);

	for (; names && names->name; names++) {
		if (strcmp(names->name, text) == 0) {
			*out = names->number;
			return true;
		}
	}
	return recording_parse_unsigned(text, max, out);
}

static bool parse_state(const char *text, uint8_t *out)
{
	uint64_t number;

	for (unsigned int i = 1; i < 16; i++) {
		const char *name = recording_state_name(i);

		if (name && strcmp(name, text) == 0) {
			*out = (uint8_t)i;
			return true;
		}
	}
	if (!recording_parse_unsigned(text, UINT8_MAX, &number))
		return false;
	*out = (uint8_t)number;
	return true;
}

bool recording_parse_states(char *text, struct event_state *out)
{
	char *arrow = strchr(text, '>');
	bool good;

	if (!arrow)
		return false;
	*arrow = '\0';
	good = parse_state(text, &out->old_state) && parse_state(arrow + 1, &out->new_state);
	*arrow = '>';
	return good;
}

bool recording_parse_kind(const char *name, size_t len, enum event_kind *out)
{
	for (unsigned int kind = 0; kind < EVENT_KINDS; kind++) {
		const char *known = event_kind_name((enum event_kind)kind);

		if (strlen(known) == len && memcmp(known, name, len) == 0) {
			*out = (enum event_kind)kind;
			return true;
		}
	}
	return false;
}
