// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the beginning of an HTTP request and of an answer.  A verdict must not change when
 * more bytes come, and what is kept is printable.
 */
#include "packet/http_head.h"
#include "fuzz.h"

#include <errno.h>

static void check_request(const uint8_t *data, size_t size)
{
	struct http_request whole, part;
	int err = http_request_parse(data, size, &whole);

	fuzz_require(err == 0 || err == -EAGAIN || err == -EBADMSG);
	fuzz_require(fuzz_is_host(whole.host, sizeof(whole.host)));
	fuzz_require(fuzz_is_printable(whole.method, sizeof(whole.method)));
	fuzz_require((err == 0) == (whole.target != HTTP_TARGET_NONE));
	fuzz_require(
		(whole.target == HTTP_TARGET_AUTHORITY) == (strcmp(whole.method, "CONNECT") == 0));
	fuzz_require((whole.target > HTTP_TARGET_NONE && whole.target < HTTP_TARGET_ORIGIN) ==
		     (whole.host[0] != '\0' || whole.host_cut));
	for (size_t len = 0; len < size; len += 1 + (size - len) / 16) {
		uint8_t *copy = fuzz_copy(data, len);
		int early = http_request_parse(copy, len, &part);

		free(copy);
		if (early != -EAGAIN)
			fuzz_require(early == err && memcmp(&part, &whole, sizeof(part)) == 0);
	}
}

static void check_status(const uint8_t *data, size_t size)
{
	struct http_status whole, part;
	int err = http_status_parse(data, size, &whole);

	fuzz_require(err == 0 || err == -EAGAIN || err == -EBADMSG);
	fuzz_require(fuzz_is_printable(whole.reason, sizeof(whole.reason)));
	fuzz_require(err ? whole.status == 0 || err == -EAGAIN : whole.status >= 100);
	fuzz_require(whole.status < 1000);
	for (size_t len = 0; len < size; len += 1 + (size - len) / 16) {
		uint8_t *copy = fuzz_copy(data, len);
		int early = http_status_parse(copy, len, &part);

		free(copy);
		if (early != -EAGAIN)
			fuzz_require(early == err && memcmp(&part, &whole, sizeof(part)) == 0);
		else if (part.status && err != -EBADMSG)
			fuzz_require(part.status == whole.status);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request(data, size);
	check_status(data, size);
	return 0;
}
