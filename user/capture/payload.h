/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the first bytes of a conversation to what they say: a DNS question or answer, a request to
 * a relay, its answer, the server name of a ClientHello.
 */
#ifndef CAPTURE_PAYLOAD_H
#define CAPTURE_PAYLOAD_H

#include "capture/event.h"
#include "packet/dns_message.h"
#include "packet/http_head.h"
#include "packet/tls_hello.h"

enum payload_part { PAYLOAD_DNS, PAYLOAD_REQUEST, PAYLOAD_HELLO, PAYLOAD_REPLY };

/* A part that came in several pieces and is not whole yet. */
#define PAYLOAD_PIECES	  64
#define PAYLOAD_PIECE_MAX 1280

struct payload_piece {
	uint64_t socket;
	enum payload_part part;
	bool outgoing;
	size_t len;
	uint8_t bytes[PAYLOAD_PIECE_MAX];
};

/* A zeroed struct is ready for use; it owns no memory. */
struct payload {
	struct payload_piece pieces[PAYLOAD_PIECES]; /* the oldest gives way */
	size_t next;
	/* What the last event points to. */
	struct dns_message dns;
	struct http_request request;
	struct http_status status;
	struct tls_hello hello;
};

/*
 * Takes len bytes that stand at offset of a part of socket's conversation.  1: out->kind and its
 * union are filled, pointing into p until the next call; 0: not whole yet, or nothing worth an
 * event.
 */
int payload_take(struct payload *p, uint64_t socket, enum payload_part part, bool outgoing,
	bool tcp, uint32_t offset, const uint8_t *bytes, size_t len, struct event *out);

#endif
