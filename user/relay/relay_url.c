// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_url.h"

#include "base/address.h"
#include "base/table.h"
#include "relay/go_url.h"
#include "relay/relay_secret.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	const char *words;
} fault_names[] = {
	{"credentials", "it has a user and a password"},
	{"quotes", "a quote is part of the value"},
	{"leading-space", "it begins with a blank"},
	{"trailing-space", "it ends in a blank"},
	{"control", "a CR or another control character is in it"},
	{"bad-escape", "a % in it has no two hex digits behind it"},
	{"host-cut", "a #, / or ? in the password ends the host early"},
	{"no-scheme", "it has no scheme, http:// is assumed"},
	{"unknown-scheme", "its scheme is neither http, https nor socks5"},
	{"no-port", "it has no port, the scheme's own is assumed"},
	{"empty-host", "there is no host in it"},
	{"dollar", "a $NAME in it, and nobody expanded that"},
	{"https-scheme", "the relay itself is spoken to over TLS"},
	{"socks-scheme", "it is a SOCKS relay"},
	{"bad-port", "its port is no number from 1 to 65535"},
	{"backslash", "a backslash is in it"},
	{"unparsed", "url.Parse refuses it"},
	{"host-masked", "what Go takes for the host is masked: it is part of user and password"},
	{"scheme-as-host", "Go puts http:// in front of it, and its scheme becomes the host"},
	{"no-brackets", "an IPv6 address without brackets is cut at its last colon"},
	{"odd-host", "a character that no host's name has"},
	{"word-as-host", "a word that was meant as no relay is taken for a host"},
	{"comment", "no comment begins behind a value"},
	{"odd-userinfo", "a character in user or password that Go refuses there"},
};

#define FAULT_COUNT (sizeof(fault_names) / sizeof(*fault_names))

_Static_assert(1u << (FAULT_COUNT - 1) == RELAY_FAULT_ODD_USERINFO, "every fault has a name");

const char *relay_fault_name(uint32_t fault)
{
	for (size_t i = 0; i < FAULT_COUNT; i++)
		if (fault & 1u << i)
			return fault_names[i].name;
	return NULL;
}

const char *relay_fault_words(uint32_t fault)
{
	for (size_t i = 0; i < FAULT_COUNT; i++)
		if (fault & 1u << i)
			return fault_names[i].words;
	return NULL;
}

uint32_t relay_fault_bit(const char *name, size_t len)
{
	for (size_t i = 0; i < FAULT_COUNT; i++)
		if (strlen(fault_names[i].name) == len &&
			memcmp(fault_names[i].name, name, len) == 0)
			return 1u << i;
	return 0;
}

bool relay_url_is_misread(const struct relay_url *u)
{
	const uint32_t elsewhere = RELAY_FAULT_QUOTES | RELAY_FAULT_DOLLAR |
				   RELAY_FAULT_TRAILING_SPACE | RELAY_FAULT_BACKSLASH;

	return u->use == RELAY_USABLE && u->faults & RELAY_FAULTS_MISREAD & ~elsewhere;
}

/* httpproxy.portMap; what it lacks (socks5h in Go 1.19) gets no port at all. */
static uint16_t default_port(const char *scheme)
{
	if (strcmp(scheme, "http") == 0)
		return 80;
	if (strcmp(scheme, "https") == 0)
		return 443;
	return strcmp(scheme, "socks5") == 0 ? 1080 : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool starts_variable(const char *at, const char *end)
{
	return end - at > 1 && *at == '$' &&
	       (isalpha((unsigned char)at[1]) || at[1] == '_' || at[1] == '{');
}

/* Is the text as a whole $NAME or ${NAME}? */
static bool is_variable(const char *at, const char *end)
{
	bool braces;

	if (!starts_variable(at, end))
		return false;
	braces = at[1] == '{';
	at += braces ? 2 : 1;
	while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
		at++;
	return braces ? at + 1 == end && *at == '}' : at == end;
}

/* A '$' in a password is often just that; where one is the whole of it, a variable was meant. */
static bool has_dollar(const char *value, size_t len, const struct relay_secret *secret)
{
	const char *end = value + len, *from = value + secret->from, *to = value + secret->to;
	const char *colon;

	if (secret->has_at && from < to) {
		colon = memchr(from, ':', (size_t)(to - from));
		if (is_variable(from, colon ? colon : to) || (colon && is_variable(colon + 1, to)))
			return true;
	}
	for (const char *p = value; p < end; p++)
		if (starts_variable(p, end) && !(secret->has_at && p >= from && p < to))
			return true;
	return false;
}

static bool has_bad_escape(const char *value, size_t len)
{
	const char *p = value, *end = value + len;

	while (p < end && (p = memchr(p, '%', (size_t)(end - p)))) {
		if (end - p < 3 || !isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))
			return true;
		p++;
	}
	return false;
}

/* The host and port that the writer meant: behind the last '@', up to '/', '?', '#' or a wrapping. */
struct meant {
	const char *at;
	size_t len;
};

static struct meant find_meant(const char *value, size_t len, const struct relay_secret *secret)
{
	size_t from = secret->prefix, to;

	if (secret->has_at)
		from = secret->to + (value[secret->to] == '@' ? 1 : 3);
	for (to = from; to < len; to++)
		if ((unsigned char)value[to] <= ' ' || strchr("/?#\"'\\", value[to]))
			break;
	return (struct meant){value + from, to - from};
}

static bool port_is_bad(struct meant m)
{
	const char *colon = m.len ? memrchr(m.at, ':', m.len) : NULL, *p;
	unsigned long port = 0;

	if (!colon || memchr(colon, ']', (size_t)(m.at + m.len - colon)) ||
		colon + 1 == m.at + m.len)
		return false;
	for (p = colon + 1; p < m.at + m.len; p++) {
		if (!isdigit((unsigned char)*p))
			return true;
		port = port > 65535 ? port : port * 10 + (unsigned long)(*p - '0');
	}
	return port == 0 || port > 65535;
}

/* What can be said of the text alone, whatever Go makes of it. */
static uint32_t text_faults(const char *value, size_t len, const struct relay_secret *secret)
{
	struct meant meant = find_meant(value, len, secret);
	uint32_t faults = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '#' && i && is_blank(value[i - 1]) && !memchr(value + i, '@', len - i))
			faults |= RELAY_FAULT_COMMENT;
		faults |= c == '"' || c == '\'' ? RELAY_FAULT_QUOTES : 0;
		faults |= c < ' ' || c == 0x7f ? RELAY_FAULT_CONTROL : 0;
		faults |= c == '\\' ? RELAY_FAULT_BACKSLASH : 0;
	}
	faults |= is_blank(value[0]) ? RELAY_FAULT_LEADING_SPACE : 0;
	faults |= is_blank(value[len - 1]) ? RELAY_FAULT_TRAILING_SPACE : 0;
	faults |= has_bad_escape(value, len) ? RELAY_FAULT_BAD_ESCAPE : 0;
	faults |= has_dollar(value, len, secret) ? RELAY_FAULT_DOLLAR : 0;
	faults |= secret->word && !secret->known ? RELAY_FAULT_UNKNOWN_SCHEME : 0;
	if (relay_is_bare_ipv6(meant.at, meant.len))
		faults |= RELAY_FAULT_NO_BRACKETS;
	else if (port_is_bad(meant))
		faults |= RELAY_FAULT_BAD_PORT;
	if (secret->has_at) {
		faults |= RELAY_FAULT_CREDENTIALS;
		for (size_t i = secret->from; i < secret->to; i++)
			if (strchr("#/?", value[i]) && value[i])
				faults |= RELAY_FAULT_HOST_CUT;
			else if (strchr(" <>[]^`{|}", value[i]) && value[i])
				faults |= RELAY_FAULT_ODD_USERINFO; /* net/url, validUserinfo() */
	}
	return faults;
}

/* httpproxy.parseProxy: a value that is no URL of a known scheme gets "http://" put in front. */
static enum go_url_error parse_as_go(
	const char *value, size_t len, struct go_url *url, bool *assumed)
{
	enum go_url_error err = go_url_parse(value, len, false, url);
	struct go_url again;

	*assumed = false;
	if (!err && default_port(url->scheme))
		return GO_URL_OK;
	if (go_url_parse(value, len, true, &again) == GO_URL_OK) {
		*assumed = true;
		*url = again;
		return GO_URL_OK;
	}
	return err;
}

uint64_t relay_host_hash(const char *host)
{
	char lower[sizeof(((struct relay_url *)0)->host)], text[ADDRESS_TEXT];
	struct address literal;
	size_t len = 0;

	if (address_parse(host, &literal))
		host = address_text(&literal, text);
	for (; host[len] && len < sizeof(lower); len++)
		lower[len] = (char)tolower((unsigned char)host[len]);
	return table_hash(lower, len);
}

static void mask_host(
	const struct go_url *url, const struct relay_secret *secret, struct relay_url *out)
{
	size_t to = url->host_to;

	/* Without an '@' a number behind the ':' is taken for the port that it says it is. */
	if (!secret->has_at)
		to -= strlen(url->port);
	if (relay_secret_touches(secret, url->host_from, to)) {
		out->masked_host = relay_host_hash(out->host);
		strcpy(out->host, "***");
		if (url->port[0]) {
			out->masked_port = out->port <= UINT16_MAX ? (uint16_t)out->port : 0;
			out->port = 0;
		}
		out->faults |= RELAY_FAULT_HOST_MASKED;
	}
	if (!default_port(out->scheme) && relay_secret_touches(secret, 0, url->scheme_len))
		strcpy(out->scheme, "***");
}

/* Nobody calls a machine so: it is a scheme that lacks what belongs behind it. */
static bool is_scheme_word(const char *host)
{
	return strcasecmp(host, "http") == 0 || strcasecmp(host, "https") == 0;
}

/*
 * What a web page puts where a blank or a quote was: U+00A0, U+3000, U+FEFF, and all of U+2000 to U+206F (the Unicode
 * block General Punctuation: curly quotes, dashes, blanks of no width).
 */
static bool is_typography(const unsigned char *c)
{
	return (c[0] == 0xc2 && c[1] == 0xa0) ||
	       (c[0] == 0xe2 && (c[1] == 0x80 || (c[1] == 0x81 && c[2] <= 0xaf))) ||
	       (c[0] == 0xe3 && c[1] == 0x80 && c[2] == 0x80) ||
	       (c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf);
}

/* A name, an address, or letters that IDNA maps: anything else was not meant as part of a host. */
static bool is_odd_host(const char *host)
{
	for (; *host; host++) {
		unsigned char c = (unsigned char)*host;

		if (c < 0x80 ? !isalnum(c) && !strchr("-._:%~", c)
			     : is_typography((const unsigned char *)host))
			return true;
	}
	return false;
}

/* Somebody's word for "no relay", or for "yes": Go looks it up as a host. */
static bool is_word(const char *host)
{
	static const char *const words[] = {"none", "null", "nil", "no", "false", "off", "disabled",
		"disable", "undefined", "unset", "empty", "n/a", "true", "yes"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(host, words[i]))
			return true;
	return false;
}

/* What Go dials, once it has parsed the value. */
static void fill_usable(const struct go_url *url, bool assumed, const struct relay_secret *secret,
	struct relay_url *out)
{
	unsigned long port = strtoul(url->port, NULL, 10);

	out->use = RELAY_USABLE;
	snprintf(out->scheme, sizeof(out->scheme), "%s", url->scheme);
	snprintf(out->host, sizeof(out->host), "%.*s", (int)sizeof(out->host) - 1, url->host);
	out->port = default_port(url->scheme);
	if (url->port[0])
		out->port = port > UINT32_MAX ? UINT32_MAX : (uint32_t)port;
	if (!out->host[0])
		out->faults |= RELAY_FAULT_EMPTY_HOST;
	else if (url->host_from < secret->word || is_scheme_word(out->host))
		out->faults |= RELAY_FAULT_SCHEME_AS_HOST;
	else if (url->host_to > url->host_from && url->host_to <= secret->prefix)
		out->faults |= RELAY_FAULT_SCHEME_AS_HOST;
	else if (!url->port[0])
		out->faults |= RELAY_FAULT_NO_PORT;
	if (assumed && !secret->word)
		out->faults |= RELAY_FAULT_NO_SCHEME;
	if (url->scheme[0] && !default_port(url->scheme))
		out->faults |= RELAY_FAULT_UNKNOWN_SCHEME;
	if (strcmp(url->scheme, "https") == 0)
		out->faults |= RELAY_FAULT_HTTPS_SCHEME;
	if (strcmp(url->scheme, "socks5") == 0)
		out->faults |= RELAY_FAULT_SOCKS_SCHEME;
	if (!(out->faults & RELAY_FAULT_SCHEME_AS_HOST) && is_odd_host(out->host))
		out->faults |= RELAY_FAULT_ODD_HOST;
	if (!url->port[0] && !secret->has_at && !secret->word && is_word(out->host))
		out->faults |= RELAY_FAULT_WORD_AS_HOST;
	mask_host(url, secret, out);
}

void relay_url_parse(const char *value, size_t len, struct relay_url *out)
{
	struct relay_secret secret;
	enum go_url_error err;
	struct go_url url;
	bool assumed;

	memset(out, 0, sizeof(*out));
	if (!len)
		return;
	relay_secret_find(value, len, &secret);
	out->faults = text_faults(value, len, &secret);
	err = parse_as_go(value, len, &url, &assumed);
	if (!err) {
		fill_usable(&url, assumed, &secret, out);
		return;
	}
	out->use = RELAY_DROPPED;
	if (err == GO_URL_ESCAPE)
		out->faults |= RELAY_FAULT_BAD_ESCAPE;
	if (!(out->faults & ~RELAY_FAULTS_REMARKS))
		out->faults |= RELAY_FAULT_UNPARSED;
}
