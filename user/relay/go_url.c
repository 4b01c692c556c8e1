// SPDX-License-Identifier: GPL-2.0-only
#include "relay/go_url.h"

#include <ctype.h>
#include <string.h>

struct span {
	const char *at;
	size_t len;
};

/* Where an escape stands decides which ones are good (url.go, unescape). */
enum go_url_place { PLACE_ANY, PLACE_HOST, PLACE_ZONE };

static const char *span_find(struct span s, char c)
{
	return s.len ? memchr(s.at, c, s.len) : NULL;
}

static const char *span_find_last(struct span s, char c)
{
	return s.len ? memrchr(s.at, c, s.len) : NULL;
}

/* What stands before the first c; all of it where there is none. */
static struct span span_before(struct span s, char c)
{
	const char *end = span_find(s, c);

	return end ? (struct span){s.at, (size_t)(end - s.at)} : s;
}

static struct span span_from(struct span s, const char *at)
{
	return (struct span){at, (size_t)(s.at + s.len - at)};
}

static bool is_control(unsigned char c)
{
	return c < ' ' || c == 0x7f;
}

static int hex_value(unsigned char c)
{
	return isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* RFC 3986's reg-name, and what Go allows beside it: []:<>" */
static bool is_host_char(unsigned char c)
{
	return c >= 0x80 || isalnum(c) || (c && strchr("-_.~!$&'()*+,;=:[]<>\"", c));
}

static enum go_url_error check_escape(struct span s, size_t i, enum go_url_place place)
{
	unsigned char byte;

	if (i + 2 >= s.len || !isxdigit((unsigned char)s.at[i + 1]) ||
		!isxdigit((unsigned char)s.at[i + 2]))
		return GO_URL_ESCAPE;
	byte = (unsigned char)(hex_value(s.at[i + 1]) << 4 | hex_value(s.at[i + 2]));
	if (place == PLACE_HOST && byte < 0x80 && byte != '%')
		return GO_URL_ESCAPE; /* RFC 3986: in a host for non-ASCII only; RFC 6874: and %25 */
	if (place == PLACE_ZONE && byte != '%' && byte != ' ' &&
		(byte >= 0x80 || !is_host_char(byte)))
		return GO_URL_ESCAPE;
	return GO_URL_OK;
}

static enum go_url_error check_text(struct span s, enum go_url_place place)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '%') {
			enum go_url_error err = check_escape(s, i, place);

			if (err)
				return err;
			i += 2;
		} else if (place != PLACE_ANY && !is_host_char((unsigned char)s.at[i])) {
			return GO_URL_HOST;
		}
	}
	return GO_URL_OK;
}

/* "" or ":" and digits, or ":" alone. */
static bool is_optional_port(const char *at, const char *end)
{
	if (at == end)
		return true;
	if (*at != ':')
		return false;
	for (at++; at < end; at++)
		if (!isdigit((unsigned char)*at))
			return false;
	return true;
}

static void copy_cut(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* Hostname() and Port() of an unescaped host: the port is cut at the last ':', then the brackets. */
static void split_host(const char *host, size_t len, struct go_url *out)
{
	const char *colon = memrchr(host, ':', len);

	if (colon && is_optional_port(colon, host + len)) {
		copy_cut(out->port, sizeof(out->port), colon + 1, (size_t)(host + len - colon - 1));
		len = (size_t)(colon - host);
	}
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	copy_cut(out->host, sizeof(out->host), host, len);
}

/* The longest host looked at; DNS allows 253, Go sets no bound. */
enum { HOST_MAX = 1024 };

static void unescape_host(struct span s, struct go_url *out)
{
	char host[HOST_MAX];
	size_t len = 0;

	for (size_t i = 0; i < s.len && len < sizeof(host); i++) {
		if (s.at[i] == '%') {
			host[len++] = (char)(hex_value(s.at[i + 1]) << 4 | hex_value(s.at[i + 2]));
			i += 2;
		} else {
			host[len++] = s.at[i];
		}
	}
	split_host(host, len, out);
}

static enum go_url_error parse_bracketed(struct span host)
{
	const char *close = span_find_last(host, ']'), *zone;
	struct span inside;
	enum go_url_error err;

	if (!close)
		return GO_URL_BRACKET;
	if (!is_optional_port(close + 1, host.at + host.len))
		return GO_URL_PORT;
	inside = (struct span){host.at, (size_t)(close - host.at)};
	zone = memmem(inside.at, inside.len, "%25", 3);
	if (!zone)
		return check_text(host, PLACE_HOST);
	err = check_text((struct span){inside.at, (size_t)(zone - inside.at)}, PLACE_HOST);
	if (!err)
		err = check_text(span_from(inside, zone), PLACE_ZONE);
	return err ? err : check_text(span_from(host, close), PLACE_HOST);
}

static enum go_url_error parse_host(struct span host)
{
	const char *colon;

	if (host.len && host.at[0] == '[')
		return parse_bracketed(host);
	colon = span_find_last(host, ':');
	if (colon && !is_optional_port(colon, host.at + host.len))
		return GO_URL_PORT;
	return check_text(host, PLACE_HOST);
}

static enum go_url_error check_userinfo(struct span user)
{
	const char *colon = span_find(user, ':');
	struct span name = colon ? (struct span){user.at, (size_t)(colon - user.at)} : user;
	enum go_url_error err;

	for (size_t i = 0; i < user.len; i++) {
		unsigned char c = (unsigned char)user.at[i];

		if (c >= 0x80 || !(isalnum(c) || (c && strchr("-._:~!$&'()*+,;=%@", c))))
			return GO_URL_USERINFO;
	}
	err = check_text(name, PLACE_ANY);
	if (!err && colon)
		err = check_text(span_from(user, colon), PLACE_ANY);
	return err;
}

static enum go_url_error parse_authority(struct span all, const char *text, struct go_url *out)
{
	const char *at = span_find_last(all, '@');
	struct span host = at ? span_from(all, at + 1) : all;
	enum go_url_error err = parse_host(host);

	if (err)
		return err;
	if (at) {
		err = check_userinfo((struct span){all.at, (size_t)(at - all.at)});
		if (err)
			return err;
	}
	out->host_from = (size_t)(host.at - text);
	out->host_to = out->host_from + host.len;
	unescape_host(host, out);
	return GO_URL_OK;
}

/* Takes "scheme:" off rest.  A text that merely has no scheme is fine. */
static enum go_url_error take_scheme(struct span *rest, struct go_url *out)
{
	for (size_t i = 0; i < rest->len; i++) {
		unsigned char c = (unsigned char)rest->at[i];

		if (isalpha(c) || (i && c && (isdigit(c) || strchr("+-.", c))))
			continue;
		if (c != ':')
			break;
		if (!i)
			return GO_URL_SCHEME;
		out->scheme_len = i;
		copy_cut(out->scheme, sizeof(out->scheme), rest->at, i);
		for (char *p = out->scheme; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		*rest = span_from(*rest, rest->at + i + 1);
		break;
	}
	return GO_URL_OK;
}

static bool starts_with(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.at, prefix, len) == 0;
}

/* The part behind the scheme, up to '?' and '#': authority and path, or neither ("opaque"). */
static enum go_url_error parse_rest(
	struct span rest, bool assume_http, const char *text, struct go_url *out)
{
	bool scheme = out->scheme[0] != '\0';

	if (!assume_http && !starts_with(rest, "/")) {
		if (scheme)
			return GO_URL_OK;
		if (span_find(span_before(rest, '/'), ':'))
			return GO_URL_COLON;
	}
	if (assume_http || (starts_with(rest, "//") && (scheme || !starts_with(rest, "///")))) {
		struct span from = assume_http ? rest : span_from(rest, rest.at + 2);
		struct span authority = span_before(from, '/');
		enum go_url_error err = parse_authority(authority, text, out);

		if (err)
			return err;
		rest = span_from(from, authority.at + authority.len);
	}
	return check_text(rest, PLACE_ANY);
}

enum go_url_error go_url_parse(const char *text, size_t len, bool assume_http, struct go_url *out)
{
	struct span all = {text, len}, rest = span_before(all, '#');
	const char *hash = span_find(all, '#');
	enum go_url_error err;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < rest.len; i++)
		if (is_control((unsigned char)rest.at[i]))
			return GO_URL_CONTROL;
	if (assume_http) {
		strcpy(out->scheme, "http");
	} else {
		err = take_scheme(&rest, out);
		if (err)
			return err;
	}
	err = parse_rest(span_before(rest, '?'), assume_http, text, out);
	if (!err && hash)
		err = check_text(span_from(all, hash + 1), PLACE_ANY);
	return err;
}
