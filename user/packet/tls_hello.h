/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a TLS conversation begins: the server's name in the ClientHello, and whether what comes
 * back is TLS at all.  Only what is sent in the clear is read.
 */
#ifndef PACKET_TLS_HELLO_H
#define PACKET_TLS_HELLO_H

#include "packet/printable.h"

struct tls_hello {
	char server_name[HOST_TEXT_SIZE]; /* lower case, printable; "" where the hello has none, as
					     for an address (RFC 6066 3); with ECH the outer name */
	bool server_name_cut;		  /* it did not fit: not to be compared */
};

/*
 * Reads the beginning of a client's stream: a ClientHello (RFC 8446 4.1.2) in one or more
 * handshake records.
 * 0 as soon as the name is known, or known to be absent: the hello need not be there whole.
 * -EAGAIN where it is a ClientHello so far and the name did not come yet; -EBADMSG where it is
 * not one.
 */
int tls_hello_parse(const uint8_t *bytes, size_t len, struct tls_hello *out);

enum tls_answer_kind { TLS_ANSWER_NONE, TLS_ANSWER_HANDSHAKE, TLS_ANSWER_ALERT };

struct tls_answer {
	enum tls_answer_kind kind; /* also on -EAGAIN, as far as the bytes tell */
	uint8_t alert_level;	   /* of an alert: 1 warning, 2 fatal (RFC 8446 6) */
	uint8_t alert; /* of an alert: its description, 40 handshake_failure and so on */
};

/*
 * Recognizes the beginning of the other side's stream by its first record.
 * 0; -EAGAIN where it is TLS so far; -EBADMSG where it is not TLS.
 */
int tls_answer_parse(const uint8_t *bytes, size_t len, struct tls_answer *out);

#endif
