// SPDX-License-Identifier: GPL-2.0-only
#include "node/image_reference.h"

#include "base/buffer.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GROUPS 10

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One of a path's components: [a-z0-9]+, joined by '.', '_', '__' or any number of '-'. */
static bool is_component(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t start = i, n;

		while (i < len && is_lower_or_digit(text[i]))
			i++;
		if (i == start)
			return false;
		if (i == len)
			return true;
		n = strspn(text + i, "-");
		if (!n)
			n = text[i] == '.' ? 1 : text[i] == '_' ? 1 + (text[i + 1] == '_') : 0;
		if (!n)
			return false;
		i += n;
	}
	return false;
}

static bool is_path(const char *text, size_t len)
{
	for (size_t i = 0; i <= len;) {
		const char *slash = memchr(text + i, '/', len - i);
		size_t n = slash ? (size_t)(slash - text) - i : len - i;

		if (!is_component(text + i, n))
			return false;
		i += n + 1;
	}
	return true;
}

static bool is_tag(const char *text, size_t len)
{
	if (!len || len > 128 || !(isalnum((unsigned char)*text) || *text == '_'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
			return false;
	return true;
}

/* ALGORITHM:HEX, 32 digits at least. */
static bool is_digest(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t digits;

	if (!colon || !isalpha((unsigned char)*text))
		return false;
	for (const char *p = text; p < colon; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_+.", *p))
			return false;
	digits = strspn(colon + 1, "0123456789abcdefABCDEF");
	return digits >= 32 && !colon[1 + digits];
}

/* Is the colon at that place followed by digits alone, up to the end? */
static bool is_port(const char *text, size_t len)
{
	if (len < 2 || *text != ':')
		return false;
	for (size_t i = 1; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* host[:port] of a registry: letters, digits and '-' between dots, or an IPv6 address in brackets. */
static bool is_registry(const char *text, size_t len)
{
	size_t i = 0;

	if (len && *text == '[') {
		i = 1 + strspn(text + 1, "0123456789abcdefABCDEF:");
		if (i < 3 || i >= len || text[i++] != ']')
			return false;
	} else {
		for (; i < len && text[i] != ':'; i++) {
			bool inner = i && i + 1 < len && text[i + 1] != ':';

			if (isalnum((unsigned char)text[i]))
				continue;
			if (!inner || (text[i] != '-' && text[i] != '.') || text[i - 1] == '.' ||
				(text[i] == '.' && text[i - 1] == '-'))
				return false;
		}
		if (!i)
			return false;
	}
	return i == len || is_port(text + i, len - i);
}

/* Docker's rule for the first component of a path. */
static bool names_registry(const char *text, size_t len)
{
	return memchr(text, '.', len) || memchr(text, ':', len) ||
	       (len == 9 && !memcmp(text, "localhost", 9));
}

static bool take(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool reference_parse(const char *word, struct image_reference *out)
{
	const char *at = strchr(word, '@'), *slash, *colon, *path = word;
	size_t len = at ? (size_t)(at - word) : strlen(word);

	memset(out, 0, sizeof(*out));
	if (at && (!is_digest(at + 1) ||
			  !take(out->digest, sizeof(out->digest), at + 1, strlen(at + 1))))
		return false;
	slash = memchr(word, '/', len);
	if (slash && names_registry(word, (size_t)(slash - word))) {
		if (!is_registry(word, (size_t)(slash - word)) ||
			!take(out->registry, sizeof(out->registry), word, (size_t)(slash - word)))
			return false;
		out->named = true;
		path = slash + 1;
		len -= (size_t)(path - word);
	}
	colon = memchr(path, ':', len);
	if (colon) {
		size_t tag = len - (size_t)(colon + 1 - path);

		if (!is_tag(colon + 1, tag) || !take(out->tag, sizeof(out->tag), colon + 1, tag))
			return false;
		len = (size_t)(colon - path);
	}
	if (!is_path(path, len) || !take(out->repository, sizeof(out->repository), path, len))
		return false;
	/* Docker's old name for itself; what has no tag is :latest. */
	if (!out->named || !strcmp(out->registry, "index.docker.io"))
		strcpy(out->registry, "docker.io");
	if (!strcmp(out->registry, "docker.io") && !strchr(out->repository, '/')) {
		if (len + sizeof("library/") > sizeof(out->repository))
			return false;
		memmove(out->repository + 8, out->repository, len + 1);
		memcpy(out->repository, "library/", 8);
	}
	if (!out->tag[0] && !out->digest[0])
		strcpy(out->tag, "latest");
	return strlen(out->registry) + strlen(out->repository) < IMAGE_NAME_MAX;
}

enum image_word image_word_of(const char *word, struct image_reference *out)
{
	size_t name = strcspn(word, ":@");

	if (strstr(word, "://") || !strncasecmp(word, "http:", 5) ||
		!strncasecmp(word, "https:", 6))
		return IMAGE_WORD_URL;
	if (!strchr(word, '/') && !strchr(word, '@') && is_registry(word, strlen(word)) &&
		(*word == '[' || names_registry(word, name)))
		return IMAGE_WORD_HOST;
	return reference_parse(word, out) ? IMAGE_WORD_REFERENCE : IMAGE_WORD_NEITHER;
}

void image_reference_text(const struct image_reference *image, char *text, size_t size)
{
	snprintf(text, size, "%s/%s%s%s%s%s", image->registry, image->repository,
		image->tag[0] ? ":" : "", image->tag, image->digest[0] ? "@" : "", image->digest);
}

/* ---- rewrite ---- */

/* Does the pattern mean the same to POSIX as to Go?  (With x{255} in it glibc's regcomp() may take all memory.) */
static bool pattern_is_common(const char *p)
{
	if (strstr(p, "(?") || strstr(p, "*?") || strstr(p, "+?") || strstr(p, "??") ||
		strchr(p, '{'))
		return false;
	for (; (p = strchr(p, '\\')); p += 2)
		if (!p[1] || isalnum((unsigned char)p[1]))
			return false;
	return true;
}

/* Go's Regexp.Expand: $1, ${1}, $$; a name that is no group, $1x among them, is empty. */
static void append_replacement(
	struct buffer *out, const char *template, const char *text, const regmatch_t *groups)
{
	for (const char *p = template; *p; p++) {
		bool braces;
		size_t len, digits;

		if (*p != '$') {
			buffer_append_char(out, *p);
			continue;
		}
		if (p[1] == '$') {
			buffer_append_char(out, *p++);
			continue;
		}
		braces = p[1] == '{';
		for (len = 0;
			isalnum((unsigned char)p[1 + braces + len]) || p[1 + braces + len] == '_';)
			len++;
		if (!len || (braces && p[2 + len] != '}')) {
			buffer_append_char(out, *p);
			continue;
		}
		digits = strspn(p + 1 + braces, "0123456789");
		if (digits == 1 && len == 1 && groups[p[1 + braces] - '0'].rm_so >= 0) {
			const regmatch_t *g = &groups[p[1 + braces] - '0'];

			buffer_append(out, text + g->rm_so, (size_t)(g->rm_eo - g->rm_so));
		}
		p += len + 2 * braces;
	}
}

bool image_repository_rewrite(const char *repository, const char *pattern, const char *replacement,
	char *out, size_t size)
{
	struct buffer b = {0};
	regmatch_t groups[GROUPS];
	const char *at = repository;
	regex_t regex;
	int flags = 0;
	bool fits, behind = false;

	if (!pattern_is_common(pattern) || regcomp(&regex, pattern, REG_EXTENDED))
		return false;
	while (!regexec(&regex, at, GROUPS, groups, flags)) {
		size_t end = (size_t)groups[0].rm_eo;
		bool empty = groups[0].rm_eo == groups[0].rm_so;

		buffer_append(&b, at, (size_t)groups[0].rm_so);
		/* An empty match right behind another is none. */
		if (!empty || groups[0].rm_so || !behind)
			append_replacement(&b, replacement, at, groups);
		behind = !empty;
		/* An empty match moves on by one byte. */
		if (empty && at[end])
			buffer_append_char(&b, at[end]);
		at += end;
		flags = REG_NOTBOL;
		if (!*at)
			break;
		at += empty;
	}
	buffer_append_string(&b, at);
	regfree(&regex);
	fits = !b.failed && b.len < size;
	if (fits)
		memcpy(out, buffer_string(&b), b.len + 1);
	buffer_free(&b);
	return fits;
}
