/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first bytes of one direction of a TCP stream, put together from segments as a packet hook
 * sees them: out of order, overlapping, sent again, and on loopback each one twice.
 *
 * A zeroed struct is a valid, empty stream.  Memory is bounded and nothing is allocated: the
 * bytes beyond STREAM_HEAD_MAX are never looked at.
 */
#ifndef PACKET_STREAM_HEAD_H
#define PACKET_STREAM_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Enough for what is read from it: a ClientHello with a post-quantum key share is about 1,800
 * bytes, a CONNECT line or a status line a tenth of that.
 */
#define STREAM_HEAD_MAX 2048

struct stream_head {
	bool started;
	uint32_t first_seq; /* sequence number of bytes[0] */
	size_t len;	    /* bytes[0..len) are there without a gap */
	uint8_t bytes[STREAM_HEAD_MAX];
	uint8_t held[STREAM_HEAD_MAX / 8]; /* one bit a byte, set where bytes[] holds it */
};

/*
 * Tells the sequence number of the first byte: that of the SYN, plus one.  Does nothing once the
 * stream has begun, because a SYN is seen again like any other segment.
 */
void stream_head_start(struct stream_head *s, uint32_t first_seq);

/*
 * Takes in a segment's payload; seq is the sequence number of bytes[0].  Where the start was not
 * told, this segment is taken for the first.  Of bytes that come twice the first count, as they
 * do for the receiving kernel (tcp_data_queue() drops what it has).
 * True where s->len grew, so that parsing again is worth while.
 */
bool stream_head_add(struct stream_head *s, uint32_t seq, const uint8_t *bytes, size_t len);

/* Is there room for nothing more: a parser that still asks for more will not get it? */
bool stream_head_is_full(const struct stream_head *s);

#endif
