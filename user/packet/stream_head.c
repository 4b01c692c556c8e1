// SPDX-License-Identifier: GPL-2.0-only
#include "packet/stream_head.h"

static bool stream_head_holds(const struct stream_head *s, size_t i)
{
	return s->held[i / 8] & (1u << i % 8);
}

void stream_head_start(struct stream_head *s, uint32_t first_seq)
{
	if (s->started)
		return;
	s->started = true;
	s->first_seq = first_seq;
}

bool stream_head_add(struct stream_head *s, uint32_t seq, const uint8_t *bytes, size_t len)
{
	size_t before = s->len;
	int64_t at;

	if (len == 0)
		return false;
	stream_head_start(s, seq);
	/* Sequence numbers wrap: the signed distance is the offset (RFC 9293 3.4). */
	at = (int32_t)(seq - s->first_seq);
	for (size_t i = 0; i < len && at < STREAM_HEAD_MAX; i++, at++) {
		if (at < (int64_t)s->len || stream_head_holds(s, (size_t)at))
			continue;
		s->bytes[at] = bytes[i];
		s->held[at / 8] |= (uint8_t)(1u << at % 8);
	}
	while (s->len < STREAM_HEAD_MAX && stream_head_holds(s, s->len))
		s->len++;
	return s->len > before;
}

bool stream_head_is_full(const struct stream_head *s)
{
	return s->len == STREAM_HEAD_MAX;
}
