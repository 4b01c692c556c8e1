/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one DNS message asks or answers (RFC 1035 4), as far as a name and its addresses go.
 *
 * The bytes come from the network and may be anything, or end early because only the first ones
 * of a packet were captured.  Nothing is allocated; the bytes are not kept.
 */
#ifndef PACKET_DNS_MESSAGE_H
#define PACKET_DNS_MESSAGE_H

#include "base/address.h"
#include "packet/printable.h"

/* RFC 1035 3.2.2 and RFC 3596 2.1. */
#define DNS_TYPE_A     1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_AAAA  28

/* So many addresses of an answer are kept: all that an answer of WIRE_DATA_MAX bytes can have (16 an A record). */
#define DNS_ADDRESSES 80

struct dns_message {
	uint16_t id;
	bool is_answer;		   /* else it is a question */
	bool truncated;		   /* the TC flag: the asker will ask again over TCP */
	uint8_t response_code;	   /* of an answer: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
	uint16_t question_count;   /* as the header says; the first question is the one below */
	uint16_t type;		   /* of the question: DNS_TYPE_A and so on */
	char name[HOST_TEXT_SIZE]; /* of the question: lower case, printable, no final dot; "." for
				      the root; "" where there is no question */
	bool name_cut;		   /* the name did not fit: not to be compared */
	unsigned int address_count;
	struct address addresses[DNS_ADDRESSES]; /* of the name, in the answer's order; port 0 */
	uint32_t ttl_s[DNS_ADDRESSES]; /* of each: the smallest of its own and its CNAMEs' */
	bool more_addresses;	       /* there were more than fit */
	bool cut;     /* the bytes end before the answer records do: addresses may be missing */
	bool damaged; /* an answer record makes no sense: what came before it is kept */
	size_t stream_len; /* bytes of the stream up to the next message; 0 for a datagram */
};

/*
 * Reads the payload of one datagram.  Addresses are those of the first question's name, reached
 * over CNAMEs in whatever order the records stand; EDNS and the other sections are passed over.
 * 0; -EAGAIN where the bytes end within header or question; -EBADMSG where this is no DNS question
 * or answer.
 */
int dns_message_parse(const uint8_t *bytes, size_t len, struct dns_message *out);

/*
 * The same for the beginning of a TCP stream, where two bytes of length stand before a message
 * (RFC 1035 4.2.2).  Returns as above; with `cut` set, more of the stream can complete it.
 * glibc sends two questions in one write: the second begins at bytes + out->stream_len.
 */
int dns_message_parse_stream(const uint8_t *bytes, size_t len, struct dns_message *out);

#endif
