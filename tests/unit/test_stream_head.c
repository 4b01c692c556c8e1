// SPDX-License-Identifier: GPL-2.0-only
#include "packet/http_head.h"
#include "packet/stream_head.h"
#include "unit.h"

#include <errno.h>

/* Bytes of a stream whose every byte is told by its place. */
static uint8_t stream[8192];

static void fill_stream(void)
{
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] = (uint8_t)(i * 31 + i / 256);
}

static bool add(struct stream_head *s, uint32_t first, size_t at, size_t len)
{
	return stream_head_add(s, first + (uint32_t)at, stream + at, len);
}

static void test_stream_in_order_each_twice(void)
{
	struct stream_head s = {0};

	fill_stream();
	for (size_t at = 0; at < 300; at += 100) {
		UNIT_CHECK(add(&s, 5000, at, 100));
		UNIT_CHECK(!add(&s, 5000, at, 100));
		UNIT_CHECK(s.len == at + 100);
	}
	UNIT_CHECK(memcmp(s.bytes, stream, 300) == 0);
}

static void test_stream_out_of_order_over_the_wrap(void)
{
	const uint32_t first = UINT32_MAX - 20;
	struct stream_head s = {0};

	fill_stream();
	stream_head_start(&s, first);
	UNIT_CHECK(!add(&s, first, 200, 100));
	UNIT_CHECK(!add(&s, first, 10, 100) && s.len == 0);
	UNIT_CHECK(add(&s, first, 0, 20) && s.len == 110); /* overlaps */
	stream_head_start(&s, 7);			   /* the SYN, sent again */
	UNIT_CHECK(add(&s, first, 50, 200) && s.len == 300);
	UNIT_CHECK(memcmp(s.bytes, stream, 300) == 0);
}

static void test_stream_is_bounded(void)
{
	struct stream_head s = {0};

	fill_stream();
	stream_head_start(&s, 1);
	UNIT_CHECK(!add(&s, 1, STREAM_HEAD_MAX, 1000));
	UNIT_CHECK(!add(&s, 1, STREAM_HEAD_MAX - 1, 1000) && !stream_head_is_full(&s));
	UNIT_CHECK(add(&s, 1, 0, sizeof(stream)) && stream_head_is_full(&s));
	UNIT_CHECK(s.len == STREAM_HEAD_MAX && memcmp(s.bytes, stream, s.len) == 0);
	UNIT_CHECK(!add(&s, 1, 0, sizeof(stream)));
}

static void test_stream_first_bytes_count(void)
{
	struct stream_head s = {0};

	stream_head_start(&s, 100);
	UNIT_CHECK(!stream_head_add(&s, 99, (const uint8_t *)"\0", 1)); /* a keep-alive probe */
	UNIT_CHECK(!stream_head_add(&s, 100, NULL, 0));
	UNIT_CHECK(stream_head_add(&s, 98, (const uint8_t *)"xyab", 4) && s.len == 2);
	UNIT_CHECK(stream_head_add(&s, 101, (const uint8_t *)"XYZ", 3) && s.len == 4);
	UNIT_CHECK(memcmp(s.bytes, "abYZ", 4) == 0);
	/* also of those that wait behind a gap */
	UNIT_CHECK(!stream_head_add(&s, 106, (const uint8_t *)"gh", 2));
	UNIT_CHECK(!stream_head_add(&s, 105, (const uint8_t *)"fGHi", 4));
	UNIT_CHECK(stream_head_add(&s, 104, (const uint8_t *)"e", 1) && s.len == 9);
	UNIT_CHECK(memcmp(s.bytes, "abYZefghi", 9) == 0);
}

/* What the stream is for: a status line that comes one byte at a time, backwards, each twice. */
static void test_stream_of_single_bytes(void)
{
	static const char line[] = "HTTP/1.1 403 Forbidden\r\n";
	struct stream_head s = {0};
	struct http_status status;

	stream_head_start(&s, 77);
	for (size_t i = sizeof(line) - 1; i-- > 0;) {
		UNIT_CHECK(http_status_parse(s.bytes, s.len, &status) == -EAGAIN);
		UNIT_CHECK(stream_head_add(&s, 77 + (uint32_t)i, (const uint8_t *)line + i, 1) ==
			   (i == 0));
		UNIT_CHECK(!stream_head_add(&s, 77 + (uint32_t)i, (const uint8_t *)line + i, 1));
	}
	UNIT_CHECK(http_status_parse(s.bytes, s.len, &status) == 0 && status.status == 403);
}

int main(void)
{
	UNIT_RUN(test_stream_in_order_each_twice);
	UNIT_RUN(test_stream_out_of_order_over_the_wrap);
	UNIT_RUN(test_stream_is_bounded);
	UNIT_RUN(test_stream_first_bytes_count);
	UNIT_RUN(test_stream_of_single_bytes);
	return unit_status();
}
