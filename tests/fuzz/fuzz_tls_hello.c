// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as the beginning of a TLS stream.  A verdict must not change when more bytes come. */
#include "packet/tls_hello.h"
#include "fuzz.h"

#include <errno.h>

static void parse_at(const uint8_t *data, size_t len, int err, const struct tls_hello *whole)
{
	uint8_t *copy = fuzz_copy(data, len);
	struct tls_hello part;
	int early = tls_hello_parse(copy, len, &part);

	free(copy);
	if (early != -EAGAIN)
		fuzz_require(early == err && memcmp(&part, whole, sizeof(part)) == 0);
	else
		fuzz_require(part.server_name[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_answer answer, first;
	struct tls_hello whole;
	int err = tls_hello_parse(data, size, &whole);

	fuzz_require(err == 0 || err == -EAGAIN || err == -EBADMSG);
	fuzz_require(fuzz_is_host(whole.server_name, sizeof(whole.server_name)));
	fuzz_require(!err || (whole.server_name[0] == '\0' && !whole.server_name_cut));
	for (size_t len = 0; len < size; len += 1 + (size - len) / 8)
		parse_at(data, len, err, &whole);

	if (!err) { /* a hello is a handshake, and nothing else is told of it */
		fuzz_require(tls_answer_parse(data, size, &answer) == 0);
		fuzz_require(answer.kind == TLS_ANSWER_HANDSHAKE && answer.alert == 0);
	}
	err = tls_answer_parse(data, size, &answer);
	fuzz_require(err == 0 || err == -EAGAIN || err == -EBADMSG);
	fuzz_require(err ? true : answer.kind != TLS_ANSWER_NONE);
	for (size_t len = 0; len < size && len < 8; len++) {
		int early = tls_answer_parse(data, len, &first);

		if (early != -EAGAIN)
			fuzz_require(early == err && first.kind == answer.kind);
	}
	return 0;
}
