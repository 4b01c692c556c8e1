// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments in any order, put together and compared with a plain model that keeps one byte a cell.
 * The input is four bytes of initial sequence number, one of flags (1: no SYN was seen; 2: the
 * segments disagree about their bytes), then segments of four bytes: offset, from -256, and length.
 */
#include "packet/stream_head.h"
#include "fuzz.h"

#define LEN_MAX	  4096
#define SIZE_READ 69 /* 16 segments: more would only be slower */

/* A byte that tells its place; salt makes two segments differ about it. */
static uint8_t stream_byte(int64_t at, uint8_t salt)
{
	return (uint8_t)(at * 7 + at / 256 + salt);
}

struct model {
	int cells[STREAM_HEAD_MAX]; /* -1: not there */
	size_t len;
};

static void model_add(struct model *m, int64_t at, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++, at++)
		if (at >= 0 && at < STREAM_HEAD_MAX && m->cells[at] < 0)
			m->cells[at] = bytes[i];
	while (m->len < STREAM_HEAD_MAX && m->cells[m->len] >= 0)
		m->len++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[LEN_MAX];
	struct stream_head s = {0};
	struct model m = {0};
	int64_t first = 0; /* the place of the stream's first byte; not 0 where no SYN told it */
	bool started;
	uint32_t seq;

	if (size < 5)
		return 0;
	memcpy(&seq, data, 4);
	started = !(data[4] & 1);
	if (started)
		stream_head_start(&s, seq);
	memset(m.cells, 0xff, sizeof(m.cells));
	for (size_t i = 5; i + 4 <= size && i < SIZE_READ; i += 4) {
		int64_t at = (data[i] << 8 | data[i + 1]) % (STREAM_HEAD_MAX * 2) - 256;
		size_t len = (size_t)(data[i + 2] << 8 | data[i + 3]) % LEN_MAX, before = m.len;
		uint8_t *copy;
		bool grew;

		for (size_t k = 0; k < len; k++)
			bytes[k] = stream_byte(at + (int64_t)k, data[4] & 2 ? (uint8_t)i : 0);
		if (!started && len) {
			started = true;
			first = at;
		}
		copy = fuzz_copy(bytes, len);
		grew = stream_head_add(&s, seq + (uint32_t)at, copy, len);
		free(copy);
		model_add(&m, at - first, bytes, len);
		fuzz_require(s.len == m.len && grew == (m.len > before));
		fuzz_require(stream_head_is_full(&s) == (m.len == STREAM_HEAD_MAX));
	}
	for (size_t k = 0; k < s.len; k++)
		fuzz_require(s.bytes[k] == m.cells[k]);
	return 0;
}
