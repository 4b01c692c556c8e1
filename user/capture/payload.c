// SPDX-License-Identifier: GPL-2.0-only
#include "capture/payload.h"

#include <errno.h>
#include <string.h>

/* ---- pieces ---- */

static struct payload_piece *piece_find(
	struct payload *p, uint64_t socket, enum payload_part part, bool outgoing)
{
	for (size_t i = 0; i < PAYLOAD_PIECES; i++) {
		struct payload_piece *piece = &p->pieces[i];

		if (piece->len && piece->socket == socket && piece->part == part &&
			piece->outgoing == outgoing)
			return piece;
	}
	return NULL;
}

/* Joins bytes to what came before: the kernel side hands them on in order.  NULL where a part is missing. */
static struct payload_piece *piece_join(struct payload *p, uint64_t socket, enum payload_part part,
	bool outgoing, uint32_t offset, const uint8_t *bytes, size_t len)
{
	struct payload_piece *piece = piece_find(p, socket, part, outgoing);

	if (offset == 0) {
		if (!piece)
			piece = &p->pieces[p->next++ % PAYLOAD_PIECES];
		*piece = (struct payload_piece){
			.socket = socket, .part = part, .outgoing = outgoing};
	} else if (!piece || piece->len != offset) {
		return NULL;
	}
	if (len > PAYLOAD_PIECE_MAX - piece->len)
		len = PAYLOAD_PIECE_MAX - piece->len;
	memcpy(piece->bytes + piece->len, bytes, len);
	piece->len += len;
	return piece;
}

/* ---- what they say: 1 an event, 0 none, -EAGAIN not whole yet ---- */

static int dns_read(struct payload *p, bool outgoing, bool tcp, const uint8_t *bytes, size_t len,
	struct event *out)
{
	struct event_name *name = &out->name;
	int err = tcp ? dns_message_parse_stream(bytes, len, &p->dns)
		      : dns_message_parse(bytes, len, &p->dns);

	if (err)
		return err == -EAGAIN ? err : 0;
	/* A question that comes in or an answer that goes out is a resolver's, not a puller's. */
	if (p->dns.is_answer == outgoing || !p->dns.name[0] || p->dns.name_cut)
		return 0;
	out->kind = p->dns.is_answer ? EVENT_ANSWER : EVENT_QUESTION;
	*name = (struct event_name){.tcp = tcp,
		.id = p->dns.id,
		.type = p->dns.type,
		.name = p->dns.name,
		.code = p->dns.response_code,
		.truncated = p->dns.truncated};
	for (size_t i = 0; i < p->dns.address_count && i < EVENT_ADDRESSES; i++)
		name->addresses[name->address_count++] = p->dns.addresses[i];
	return 1;
}

static int hello_read(struct payload *p, const uint8_t *bytes, size_t len, struct event *out)
{
	int err = tls_hello_parse(bytes, len, &p->hello);

	if (err == -EAGAIN && len < PAYLOAD_PIECE_MAX)
		return err;
	if (err && err != -EAGAIN)
		return 0;
	/* Longer than what leaves the kernel, and no name within: a hello all the same. */
	out->kind = EVENT_HELLO;
	out->request = (struct event_request){
		.host = err || p->hello.server_name_cut ? "" : p->hello.server_name};
	return 1;
}

static int request_read(struct payload *p, const uint8_t *bytes, size_t len, struct event *out)
{
	int err;

	if (bytes[0] == 0x16) /* a TLS handshake record: RFC 8446 5.1 */
		return hello_read(p, bytes, len, out);
	out->kind = EVENT_REQUEST;
	if (bytes[0] == 5 || bytes[0] == 4) { /* the version of SOCKS: RFC 1928 3 */
		out->request = (struct event_request){
			.method = bytes[0] == 5 ? "SOCKS5" : "SOCKS4", .host = ""};
		return 1;
	}
	err = http_request_parse(bytes, len, &p->request);
	if (err)
		return err == -EAGAIN ? err : 0;
	if (p->request.target != HTTP_TARGET_AUTHORITY && p->request.target != HTTP_TARGET_ABSOLUTE)
		return 0; /* to a server, not to a relay */
	out->request = (struct event_request){
		.method = p->request.method, .host = p->request.host, .port = p->request.port};
	return 1;
}

/*
 * A relay that refuses credentials may quote them in its phrase, which is free text (RFC 9112 4): of
 * 407 and 401 only the standard one is handed on.
 */
static const char *reply_reason(const struct http_status *status)
{
	if (status->status == 407)
		return "Proxy Authentication Required";
	return status->status == 401 ? "Unauthorized" : status->reason;
}

static int reply_read(struct payload *p, const uint8_t *bytes, size_t len, struct event *out)
{
	struct event_reply *reply = &out->reply;
	int err;

	out->kind = EVENT_REPLY;
	*reply = (struct event_reply){.kind = REPLY_GARBAGE, .reason = ""};
	if (bytes[0] == 0x15 || bytes[0] == 0x16) { /* TLS: an alert, a handshake */
		reply->kind = REPLY_TLS;
		return 1;
	}
	err = http_status_parse(bytes, len, &p->status);
	/* A line that never ends still has its number. */
	if (err == -EAGAIN && (len < 512 || !p->status.status))
		return len < 512 ? err : 1;
	if (!err || err == -EAGAIN)
		*reply = (struct event_reply){
			REPLY_HTTP, .status = p->status.status, .reason = reply_reason(&p->status)};
	return 1;
}

static int part_read(struct payload *p, enum payload_part part, bool outgoing, bool tcp,
	const uint8_t *bytes, size_t len, struct event *out)
{
	switch (part) {
	case PAYLOAD_DNS:
		return dns_read(p, outgoing, tcp, bytes, len, out);
	case PAYLOAD_REQUEST:
		return request_read(p, bytes, len, out);
	case PAYLOAD_HELLO:
		return hello_read(p, bytes, len, out);
	case PAYLOAD_REPLY:
		return reply_read(p, bytes, len, out);
	}
	return 0;
}

int payload_take(struct payload *p, uint64_t socket, enum payload_part part, bool outgoing,
	bool tcp, uint32_t offset, const uint8_t *bytes, size_t len, struct event *out)
{
	struct payload_piece *piece;
	int got;

	if (!len)
		return 0;
	/* Nearly always a part comes in one piece. */
	if (!offset) {
		got = part_read(p, part, outgoing, tcp, bytes, len, out);
		if (got != -EAGAIN || !tcp)
			return got > 0;
	}
	piece = piece_join(p, socket, part, outgoing, offset, bytes, len);
	if (!piece || !offset)
		return 0;
	got = part_read(p, part, outgoing, tcp, piece->bytes, piece->len, out);
	if (got != -EAGAIN)
		piece->len = 0;
	return got > 0;
}
