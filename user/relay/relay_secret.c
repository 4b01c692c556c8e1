// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_secret.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What people wrap values in: quotes, blanks, CR. */
static bool is_wrapping(unsigned char c)
{
	return c <= ' ' || c == 0x7f || c == '"' || c == '\'';
}

static bool is_one_of(const char *const *words, const char *word, size_t len)
{
	for (; *words; words++)
		if (strlen(*words) == len && strncasecmp(*words, word, len) == 0)
			return true;
	return false;
}

/* What Go 1.19 dials a relay by (httpproxy.parseProxy); newer versions know socks5h too. */
static bool is_go_scheme(const char *word, size_t len)
{
	static const char *const words[] = {"http", "https", "socks5", NULL};

	return is_one_of(words, word, len);
}

/* What people write before a relay. */
static bool is_known_scheme(const char *word, size_t len)
{
	static const char *const words[] = {
		"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h", NULL};

	return is_one_of(words, word, len);
}

static size_t word_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len &&
		(isalpha((unsigned char)text[i]) ||
			(i && text[i] &&
				(isdigit((unsigned char)text[i]) || strchr("+.-", text[i])))))
		i++;
	return i;
}

/*
 * Length of a scheme and what parts it from the host, 0 if there is none.  Any word before "://"
 * is one: at worst it is a user's name, since a password stands behind the first ':'.  A word
 * without "://" must be one that people mistype (http//relay, http:relay, http:\\relay).
 */
static size_t scheme_length(const char *text, size_t len, bool any_word)
{
	size_t word = word_length(text, len), i = word;
	bool known = is_known_scheme(text, word);

	if (!word || (!known && !any_word))
		return 0;
	if (i + 3 <= len && memcmp(text + i, "://", 3) == 0)
		i += 3;
	else if (known && i < len && text[i] == ':')
		i++;
	else if (known && i + 2 <= len && memcmp(text + i, "//", 2) == 0)
		i += 2;
	else
		return 0;
	while (i < len && text[i] == '/')
		i++;
	return i;
}

static bool has_full_scheme(const char *text, size_t len)
{
	size_t word = word_length(text, len);

	return is_known_scheme(text, word) && word + 3 <= len && !memcmp(text + word, "://", 3);
}

static void find_prefix(const char *value, size_t len, struct relay_secret *out)
{
	size_t i = 0, scheme;

	while (i < len && is_wrapping((unsigned char)value[i]))
		i++;
	out->prefix = i;
	scheme = scheme_length(value + i, len - i, true);
	if (!scheme)
		return;
	out->word = i + word_length(value + i, len - i);
	out->known = is_go_scheme(value + i, out->word - i);
	/* "http://http://relay", pasted twice. */
	for (i += scheme; out->known && has_full_scheme(value + i, len - i); i += scheme)
		scheme = scheme_length(value + i, len - i, false);
	out->prefix = i;
}

bool relay_is_bare_ipv6(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN + 8];
	unsigned char address[16];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return strlen(copy) == len && inet_pton(AF_INET6, copy, address) == 1;
}

static bool ends_authority(unsigned char c)
{
	return is_wrapping(c) || strchr("/?#", c);
}

/* Length of "[...]" with an address inside, else 0. */
static size_t bracketed_length(const char *text, size_t len)
{
	const char *close = len && *text == '[' ? memchr(text, ']', len) : NULL;
	const char *zone;
	size_t inside;

	if (!close)
		return 0;
	inside = (size_t)(close - text) - 1;
	zone = memchr(text + 1, '%', inside);
	if (!relay_is_bare_ipv6(text + 1, zone ? (size_t)(zone - text) - 1 : inside))
		return 0;
	return inside + 2;
}

/*
 * No '@': it may be a healthy relay, or a value that was cut inside a password (a shell stops at
 * '&', ';' and blanks).  Host, port and what wraps them are shown.
 */
static size_t plain_length(const char *text, size_t len)
{
	size_t i = 0, whole = 0, colon;

	while (whole < len && !ends_authority((unsigned char)text[whole]))
		whole++;
	if (relay_is_bare_ipv6(text, whole)) {
		i = whole;
	} else {
		i = bracketed_length(text, len);
		while (i < len && (unsigned char)text[i] > ' ' && !strchr(":/?#\\", text[i]))
			i++;
	}
	while (i < len && text[i] == ':') {
		colon = i++;
		while (i < len && i - colon <= 5 && isdigit((unsigned char)text[i]))
			i++;
		if (i < len && text[i] != ':' && !ends_authority((unsigned char)text[i]))
			return colon + 1;
	}
	while (i < len && ends_authority((unsigned char)text[i]))
		i++;
	return i;
}

void relay_secret_find(const char *value, size_t len, struct relay_secret *out)
{
	const char *at = NULL;

	memset(out, 0, sizeof(*out));
	find_prefix(value, len, out);
	/* The later of '@' and %40: who escaped the one that parts userinfo and host hid nothing. */
	for (size_t i = len; !at && i-- > out->prefix;)
		if (value[i] == '@' || (len - i >= 3 && memcmp(value + i, "%40", 3) == 0))
			at = value + i;
	if (at) {
		out->has_at = true;
		out->to = (size_t)(at - value);
		out->from = out->prefix;
	} else {
		out->from = out->prefix + plain_length(value + out->prefix, len - out->prefix);
		out->to = len;
	}
}

bool relay_secret_touches(const struct relay_secret *s, size_t from, size_t to)
{
	return from < s->to && s->from < to;
}
