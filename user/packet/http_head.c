// SPDX-License-Identifier: GPL-2.0-only
#include "packet/http_head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

/* No scheme that a relay is asked for is longer; it tells a URL from letters without end. */
#define HTTP_SCHEME_MAX 15

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Reads "HTTP/D.D" at the start of bytes.  0 with *version, -EAGAIN, -EBADMSG. */
static int http_version(const uint8_t *bytes, size_t len, uint8_t *version)
{
	static const char form[] = "HTTP/0.0";

	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (i >= len)
			return -EAGAIN;
		if (form[i] == '0' ? !is_digit(bytes[i]) : bytes[i] != form[i])
			return -EBADMSG;
	}
	*version = (uint8_t)((bytes[5] - '0') * 10 + bytes[7] - '0');
	return 0;
}

/* A port in decimal digits; *port stays where there are none. */
static int http_port(const uint8_t *digits, size_t len, uint16_t *port)
{
	uint32_t number = 0;

	for (size_t i = 0; i < len; i++) {
		if (!is_digit(digits[i]))
			return -EBADMSG;
		number = number * 10 + (digits[i] - '0');
		if (number > UINT16_MAX)
			return -EBADMSG;
	}
	if (len)
		*port = (uint16_t)number;
	return 0;
}

/* [userinfo@]host[:port] (RFC 3986 3.2), all of it; out->port holds the default. */
static int http_authority(const uint8_t *bytes, size_t len, struct http_request *out)
{
	const uint8_t *at = memrchr(bytes, '@', len), *colon, *host, *end;
	struct printable text;

	if (at) { /* a password, maybe: never kept */
		len -= (size_t)(at + 1 - bytes);
		bytes = at + 1;
	}
	if (len && bytes[0] == '[') {
		host = bytes + 1;
		end = memchr(bytes, ']', len);
		if (!end)
			return -EBADMSG;
		colon = end + 1 < bytes + len ? end + 1 : NULL;
		if (colon && *colon != ':')
			return -EBADMSG;
	} else {
		host = bytes;
		colon = memrchr(bytes, ':', len);
		end = colon ? colon : bytes + len;
	}
	if (host == end)
		return -EBADMSG;
	printable_start(&text, out->host, sizeof(out->host));
	for (; host < end; host++)
		printable_add_host(&text, *host);
	out->host_cut = text.cut;
	return colon ? http_port(colon + 1, (size_t)(bytes + len - colon - 1), &out->port) : 0;
}

/* How much stands before the first of the bytes in stop; -EAGAIN, or -EBADMSG at a control. */
static ssize_t http_until(const uint8_t *bytes, size_t len, const char *stop)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] < 0x20 || bytes[i] == 0x7f)
			return -EBADMSG;
		if (strchr(stop, bytes[i]))
			return (ssize_t)i;
	}
	return -EAGAIN;
}

static int http_connect_target(const uint8_t *bytes, size_t len, struct http_request *out)
{
	ssize_t end = http_until(bytes, len, " ");
	uint8_t version;
	int err;

	if (end < 0)
		return (int)end;
	err = http_authority(bytes, (size_t)end, out);
	if (err)
		return err;
	out->target = HTTP_TARGET_AUTHORITY;
	return http_version(bytes + end + 1, len - (size_t)end - 1, &version);
}

/* scheme://authority, up to what follows it. */
static int http_absolute_target(const uint8_t *bytes, size_t len, struct http_request *out)
{
	size_t scheme = 0;
	ssize_t end;

	while (scheme < len && scheme <= HTTP_SCHEME_MAX &&
		((bytes[scheme] | 0x20) >= 'a' && (bytes[scheme] | 0x20) <= 'z'))
		scheme++;
	if (scheme > HTTP_SCHEME_MAX || (scheme == 0 && len))
		return -EBADMSG;
	for (size_t i = 0; i < 3; i++) {
		if (scheme + i >= len)
			return -EAGAIN;
		if (bytes[scheme + i] != "://"[i])
			return -EBADMSG;
	}
	if (scheme == 4 && strncasecmp((const char *)bytes, "http", 4) == 0)
		out->port = 80;
	else if (scheme == 5 && strncasecmp((const char *)bytes, "https", 5) == 0)
		out->port = 443;
	bytes += scheme + 3;
	len -= scheme + 3;
	end = http_until(bytes, len, "/?# ");
	if (end < 0)
		return (int)end;
	out->target = HTTP_TARGET_ABSOLUTE;
	return http_authority(bytes, (size_t)end, out);
}

static int http_request_line(const uint8_t *bytes, size_t len, struct http_request *out)
{
	size_t at = 0, method;

	while (at < len && (bytes[at] == '\r' || bytes[at] == '\n'))
		at++;
	/* Any token is a method (RFC 9110 9.1); those in use are upper case, unlike noise. */
	for (method = 0; at < len && bytes[at] >= 'A' && bytes[at] <= 'Z'; at++) {
		if (method == sizeof(out->method) - 1)
			return -EBADMSG;
		out->method[method++] = (char)bytes[at];
	}
	if (at == len)
		return -EAGAIN;
	if (method == 0 || bytes[at++] != ' ')
		return -EBADMSG;
	if (strcmp(out->method, "CONNECT") == 0)
		return http_connect_target(bytes + at, len - at, out);
	if (at < len && (bytes[at] == '/' || bytes[at] == '*')) {
		out->target = HTTP_TARGET_ORIGIN;
		return 0;
	}
	return http_absolute_target(bytes + at, len - at, out);
}

int http_request_parse(const uint8_t *bytes, size_t len, struct http_request *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = http_request_line(bytes, len, out);
	if (err)
		memset(out, 0, sizeof(*out));
	return err;
}

/* " NNN" and what follows it. */
static int http_status_rest(const uint8_t *bytes, size_t len, struct http_status *out)
{
	struct printable text;
	uint16_t status = 0;

	for (size_t i = 0; i < 4; i++) {
		if (i >= len)
			return -EAGAIN;
		if (i == 0 ? bytes[i] != ' ' : !is_digit(bytes[i]))
			return -EBADMSG;
		if (i)
			status = (uint16_t)(status * 10 + (bytes[i] - '0'));
	}
	if (status < 100)
		return -EBADMSG;
	if (len > 4 && bytes[4] != ' ' && bytes[4] != '\r' && bytes[4] != '\n')
		return -EBADMSG;
	out->status = status;
	printable_start(&text, out->reason, sizeof(out->reason));
	for (size_t i = 4; i < len; i++) {
		if (bytes[i] == '\r' || bytes[i] == '\n')
			return 0;
		if (i > 4)
			printable_add(&text, bytes[i]);
		out->reason_cut = text.cut;
		if (text.cut)
			return 0;
	}
	return -EAGAIN;
}

int http_status_parse(const uint8_t *bytes, size_t len, struct http_status *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = http_version(bytes, len, &out->version);
	if (!err)
		err = http_status_rest(bytes + 8, len - 8, out);
	if (err == -EBADMSG)
		memset(out, 0, sizeof(*out));
	return err;
}
