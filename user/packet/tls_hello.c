// SPDX-License-Identifier: GPL-2.0-only
#include "packet/tls_hello.h"

#include <errno.h>
#include <string.h>

/* RFC 8446 5.1, 4 and 4.2; RFC 6066 3. */
#define TLS_RECORD_ALERT	  21
#define TLS_RECORD_HANDSHAKE	  22
#define TLS_RECORD_HEADER_LEN	  5
#define TLS_RECORD_MAX		  16384
#define TLS_CLIENT_HELLO	  1
#define TLS_EXTENSION_SERVER_NAME 0
#define TLS_NAME_HOST		  0

/*
 * Is there a record header of that type at the start?  The bytes that are there decide, so that
 * one byte of something else is enough to tell.  0 with *payload, -EAGAIN, -EBADMSG.
 */
static int tls_record_header(const uint8_t *bytes, size_t len, uint8_t type, size_t *payload)
{
	if (len > 0 && bytes[0] != type)
		return -EBADMSG;
	if (len > 1 && bytes[1] != 3) /* SSL 3.0 to TLS 1.3 all write 3.x here */
		return -EBADMSG;
	if (len > 2 && bytes[2] > 4)
		return -EBADMSG;
	if (len < TLS_RECORD_HEADER_LEN)
		return -EAGAIN;
	*payload = (size_t)bytes[3] << 8 | bytes[4];
	/* Empty handshake and alert records are forbidden. */
	return *payload && *payload <= TLS_RECORD_MAX ? 0 : -EBADMSG;
}

/* A reader of handshake bytes that steps over record headers.  After an error it yields zeros. */
struct tls_reader {
	const uint8_t *bytes;
	size_t len;
	size_t at;
	size_t record_left; /* handshake bytes left in the current record */
	int err;
};

static uint8_t tls_read_byte(struct tls_reader *r)
{
	if (!r->err && r->record_left == 0) {
		r->err = tls_record_header(
			r->bytes + r->at, r->len - r->at, TLS_RECORD_HANDSHAKE, &r->record_left);
		if (!r->err)
			r->at += TLS_RECORD_HEADER_LEN;
	}
	if (!r->err && r->at >= r->len)
		r->err = -EAGAIN;
	if (r->err)
		return 0;
	r->record_left--;
	return r->bytes[r->at++];
}

/* Takes n bytes out of a vector of which *left remain: none overruns the one around it. */
static bool tls_take(struct tls_reader *r, size_t n, size_t *left)
{
	if (!r->err && n > *left)
		r->err = -EBADMSG;
	if (r->err)
		return false;
	*left -= n;
	return true;
}

static size_t tls_read_number(struct tls_reader *r, size_t bytes, size_t *left)
{
	size_t number = 0;

	if (!tls_take(r, bytes, left))
		return 0;
	while (bytes--)
		number = number << 8 | tls_read_byte(r);
	return number;
}

static void tls_skip(struct tls_reader *r, size_t n, size_t *left)
{
	if (!tls_take(r, n, left))
		return;
	while (n-- && !r->err)
		tls_read_byte(r);
}

/* The server_name extension, of left bytes: the first host name of its list. */
static void tls_read_server_name(struct tls_reader *r, size_t left, struct tls_hello *out)
{
	size_t list = tls_read_number(r, 2, &left);
	struct printable text;

	if (!r->err && list != left)
		r->err = -EBADMSG;
	while (!r->err && list) {
		size_t type = tls_read_number(r, 1, &list);
		size_t name = tls_read_number(r, 2, &list);

		if (type != TLS_NAME_HOST) {
			tls_skip(r, name, &list);
			continue;
		}
		if (name == 0 && !r->err)
			r->err = -EBADMSG;
		if (!tls_take(r, name, &list))
			return;
		printable_start(&text, out->server_name, sizeof(out->server_name));
		while (name-- && !r->err) {
			uint8_t byte = tls_read_byte(r);

			if (!r->err)
				printable_add_host(&text, byte);
		}
		out->server_name_cut = text.cut;
		return;
	}
}

static void tls_read_hello(struct tls_reader *r, struct tls_hello *out)
{
	size_t left = 4, extensions;

	if (tls_read_number(r, 1, &left) != TLS_CLIENT_HELLO && !r->err)
		r->err = -EBADMSG;
	left = tls_read_number(r, 3, &left);
	tls_skip(r, 2 + 32, &left);			  /* version and random */
	tls_skip(r, tls_read_number(r, 1, &left), &left); /* session id */
	tls_skip(r, tls_read_number(r, 2, &left), &left); /* cipher suites */
	tls_skip(r, tls_read_number(r, 1, &left), &left); /* compression methods */
	if (r->err || left == 0) /* TLS 1.2 and before: there may be no extensions */
		return;
	extensions = tls_read_number(r, 2, &left);
	if (!r->err && extensions != left)
		r->err = -EBADMSG;
	while (!r->err && extensions) {
		size_t type = tls_read_number(r, 2, &extensions);
		size_t len = tls_read_number(r, 2, &extensions);

		if (type != TLS_EXTENSION_SERVER_NAME) {
			tls_skip(r, len, &extensions);
			continue;
		}
		if (tls_take(r, len, &extensions))
			tls_read_server_name(r, len, out);
		return;
	}
}

int tls_hello_parse(const uint8_t *bytes, size_t len, struct tls_hello *out)
{
	struct tls_reader r = {.bytes = bytes, .len = len};

	memset(out, 0, sizeof(*out));
	tls_read_hello(&r, out);
	if (r.err) /* half a name is none */
		memset(out, 0, sizeof(*out));
	return r.err;
}

int tls_answer_parse(const uint8_t *bytes, size_t len, struct tls_answer *out)
{
	bool alert = len && bytes[0] == TLS_RECORD_ALERT;
	size_t payload;
	int err;

	memset(out, 0, sizeof(*out));
	err = tls_record_header(
		bytes, len, alert ? TLS_RECORD_ALERT : TLS_RECORD_HANDSHAKE, &payload);
	if (err == -EBADMSG || len == 0)
		return err;
	out->kind = alert ? TLS_ANSWER_ALERT : TLS_ANSWER_HANDSHAKE;
	if (err || !alert)
		return err;
	/* Before the handshake an alert is in the clear: level and description, no more. */
	if (payload != 2) {
		out->kind = TLS_ANSWER_NONE;
		return -EBADMSG;
	}
	if (len < TLS_RECORD_HEADER_LEN + 2)
		return -EAGAIN;
	out->alert_level = bytes[TLS_RECORD_HEADER_LEN];
	out->alert = bytes[TLS_RECORD_HEADER_LEN + 1];
	return 0;
}
