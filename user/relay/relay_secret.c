// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_secret.h"

#include "relay/relay_address.h"
#include "relay/relay_mask.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What people wrap values in: quotes, blanks, CR. */
static bool is_wrapping(unsigned char c)
{
	return c <= ' ' || c == 0x7f || c == '"' || c == '\'';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
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

/* Of URLs that are no relay's and need no "//"; nobody is called so. */
static bool is_other_scheme(const char *word, size_t len)
{
	static const char *const words[] = {
		"about", "data", "file", "ftp", "mailto", "tcp", "unix", "urn", NULL};

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
	bool known = is_known_scheme(text, word) || is_other_scheme(text, word);

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
	if (!scheme) {
		while (i < len && value[i] == '/') /* "//relay:3128" */
			out->prefix = ++i;
		return;
	}
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

/* What is shown where there is no '@', see below. */
struct plain {
	const char *text;
	size_t len;
	size_t at;
	size_t slash; /* behind the first of "/?#\\": what has to be hidden is hidden from here; 0: none */
	bool address; /* the host is an address, which is nobody's name */
	bool port;    /* a ":" was seen, and what stands behind it may begin a password */
};

static bool is_address(const char *text, size_t len)
{
	struct go_ip address;

	return go_ip_parse((struct text){text, len}, &address);
}

/* Takes the host's beginning: an address, as far as its own ':' would be taken for another's. */
static void plain_host(struct plain *p)
{
	const char *text = p->text + p->at;
	size_t len = p->len - p->at, whole = 0, host;

	p->port = false;
	while (whole < len && !ends_authority((unsigned char)text[whole]))
		whole++;
	host = bracketed_length(text, len);
	p->address = host;
	if (!host && relay_is_bare_ipv6(text, whole)) {
		host = whole;
	} else if (!host) {
		whole = 0;
		while (whole < len && (isdigit((unsigned char)text[whole]) || text[whole] == '.'))
			whole++;
		p->address = (whole == len || text[whole] == ':' ||
				     ends_authority((unsigned char)text[whole])) &&
			     is_address(text, whole);
	}
	p->at += host;
}

/* Is it a comment that begins here: " # as in a shell"? */
static bool is_comment(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	return i && i < len && text[i] == '#';
}

static bool is_made_of(const char *text, size_t len, const char *chars)
{
	for (size_t i = 0; i < len; i++)
		if (!text[i] || !strchr(chars, text[i]))
			return false;
	return true;
}

/* At a ':'.  True: what stands behind it is hidden. */
static bool plain_colon(struct plain *p)
{
	const char *text = p->text + p->at + 1, *end = p->text + p->len;
	size_t digits = 0, rest, blank = 0;
	bool empty = p->at == 0;

	while (text + digits < end && digits < 5 && isdigit((unsigned char)text[digits]))
		digits++;
	text += digits;
	p->at += digits;
	rest = (size_t)(end - text);
	p->port = true;
	if (!rest || *text == ':' || ends_authority((unsigned char)*text) || p->address)
		return false;
	/* "relay:3128%", "relay:3128;" */
	if (digits && is_made_of(text, rest, "%;,"))
		return false;
	/* ":99999999999": there is no user before it. */
	if (empty && is_made_of(text, rest, "0123456789"))
		return false;
	/* "http://relay:3128,http://other:1" */
	while (digits && blank < rest && (text[blank] == ' ' || (!blank && *text == ',')))
		blank++;
	if (!blank || !has_full_scheme(text + blank, rest - blank)) {
		p->at -= digits;
		return true;
	}
	p->at += 1 + blank + scheme_length(text + blank, rest - blank, false);
	p->slash = 0;
	plain_host(p);
	p->at--;
	return false;
}

/*
 * At what ends a host.  Behind a number a password may go on ("user:12/ss", cut at an '&' by a
 * shell), but not behind a blank and a '#'.  True: the rest is hidden.
 */
static bool plain_end(struct plain *p)
{
	size_t run = p->at, first = p->at;
	bool comment = is_comment(p->text + p->at, p->len - p->at);
	bool guarded = p->port && !p->address;

	while (run < p->len &&
		(ends_authority((unsigned char)p->text[run]) || (p->text[run] == '\\' && !guarded)))
		run++;
	for (size_t i = first; i < run; i++) {
		if (p->text[i] > ' ' && !p->slash && !comment)
			p->slash = run;
		if (p->text[i] == ' ' && p->address) /* another word, to be judged for itself */
			p->address = p->port = false;
	}
	if (guarded && !comment && run < p->len) {
		p->at = run;
		return true;
	}
	p->port &= !comment;
	p->at = run - 1;
	return false;
}

/*
 * No '@', so no userinfo.  Shown is all but what stands behind a ':' and is no port, because the
 * value may have been cut inside a password (a shell stops at '&', ';' and blanks).
 */
static size_t plain_length(const char *text, size_t len)
{
	struct plain p = {.text = text, .len = len};

	for (plain_host(&p); p.at < len; p.at++) {
		unsigned char c = (unsigned char)text[p.at];
		bool hidden = false;

		if (c == ':')
			hidden = plain_colon(&p);
		else if (ends_authority(c) || c == '\\')
			hidden = plain_end(&p);
		if (!hidden)
			continue;
		if (p.slash)
			return p.slash;
		return c == ':' ? p.at + 1 : p.at;
	}
	return len;
}

/* "NAME=" or "export NAME=", or what was one before it was masked. */
static bool is_setting(const char *text, size_t len)
{
	size_t i = 0;

	if (len == 3 && memcmp(text, "***", 3) == 0)
		return true;
	if (len > 7 && memcmp(text, "export", 6) == 0 && is_blank(text[6]))
		for (i = 7; i < len && is_blank(text[i]);)
			i++;
	if (i == len || isdigit((unsigned char)text[i]) || text[i] == '=')
		return false;
	while (i < len && (isalnum((unsigned char)text[i]) || text[i] == '_'))
		i++;
	return i < len && text[i] == '=';
}

size_t relay_setting_find(const char *value, size_t from, size_t len, const char *more)
{
	for (size_t i = from ? from : 1; i < len; i++) {
		unsigned char before = (unsigned char)value[i - 1];

		if ((before <= ' ' || before == 0x7f || strchr(more, before)) &&
			is_setting(value + i, len - i))
			return i;
	}
	return len;
}

/*
 * Where the URL surely ends: at a control character with something behind it (Go takes no URL with one), or before another
 * setting.
 */
static size_t url_end(const char *value, size_t from, size_t len)
{
	size_t end = relay_setting_find(value, from, len, "");

	while (end < len && end > from && is_wrapping((unsigned char)value[end - 1]))
		end--;
	for (size_t i = from; i < end; i++) {
		unsigned char c = (unsigned char)value[i];
		size_t rest = i;

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		while (rest < len && is_wrapping((unsigned char)value[rest]))
			rest++;
		if (rest < len)
			return i;
	}
	return end;
}

/* What is hidden of the rest that begins at from: not the blanks, nor the '#' of a comment. */
static size_t tail_start(const char *value, size_t from, size_t len)
{
	while (from < len && (is_wrapping((unsigned char)value[from]) || strchr(";#", value[from])))
		from++;
	return from;
}

void relay_secret_find(const char *value, size_t len, struct relay_secret *out)
{
	const char *at, *below;
	size_t end, stop;

	memset(out, 0, sizeof(*out));
	find_prefix(value, len, out);
	end = stop = url_end(value, out->prefix, len);
	/* Who escaped the '@' that parts userinfo and host hid nothing. */
	at = relay_last_at(value + out->prefix, end - out->prefix);
	out->from = out->prefix;
	out->to = end;
	/* One behind the end may be what ends a userinfo: nothing before it is surely a host then. */
	below = relay_last_at(value + end, len - end);
	if (at && !below) {
		out->has_at = true;
		out->to = (size_t)(at - value);
		for (end = out->to; end < stop && !is_blank(value[end]) && value[end] != ';';)
			end++;
	} else if (!below) {
		out->from += plain_length(value + out->prefix, end - out->prefix);
	}
	out->tail = tail_start(value, end, len);
}

bool relay_secret_touches(const struct relay_secret *s, size_t from, size_t to)
{
	return (from < s->to && s->from < to) || s->tail < to;
}
