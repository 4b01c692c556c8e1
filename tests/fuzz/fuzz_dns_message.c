// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a DNS message, in a datagram and in a stream.  What the first bytes of a message
 * told must stay true when more of it is there.
 */
#include "packet/dns_message.h"
#include "fuzz.h"

#include <errno.h>

typedef int dns_parser(const uint8_t *, size_t, struct dns_message *);

static void require_sane(int err, const struct dns_message *m, bool stream, size_t size)
{
	fuzz_require(err == 0 || err == -EAGAIN || err == -EBADMSG);
	if (err)
		return;
	fuzz_require(fuzz_is_host(m->name, sizeof(m->name)));
	fuzz_require(m->question_count == 0 ? m->is_answer : m->name[0] != '\0' || m->name_cut);
	fuzz_require(m->response_code < 16);
	fuzz_require(m->address_count <= DNS_ADDRESSES);
	fuzz_require(!m->more_addresses || m->address_count == DNS_ADDRESSES);
	fuzz_require(m->is_answer || m->address_count == 0);
	fuzz_require(!(m->cut && m->damaged));
	for (unsigned int i = 0; i < m->address_count; i++)
		fuzz_require(m->ttl_s[i] <= INT32_MAX);
	/* Each record of an address takes 15 bytes or more: none is counted twice. */
	fuzz_require(m->address_count * 15 <= size);
	if (!stream)
		fuzz_require(m->stream_len == 0);
	else if (m->cut)
		fuzz_require(m->stream_len > size);
}

static void parse_growing(dns_parser *parse, bool stream, const uint8_t *data, size_t size)
{
	struct dns_message whole, part;
	int err = parse(data, size, &whole);

	require_sane(err, &whole, stream, size);
	for (size_t len = size / 2; len < size; len += 1 + (size - len) / 4) {
		uint8_t *copy = fuzz_copy(data, len);
		int early = parse(copy, len, &part);

		free(copy);
		require_sane(early, &part, stream, len);
		if (early == -EBADMSG)
			fuzz_require(err == -EBADMSG);
		if (early)
			continue;
		fuzz_require(err == 0 && part.id == whole.id && part.type == whole.type);
		fuzz_require(strcmp(part.name, whole.name) == 0);
		fuzz_require(part.damaged == whole.damaged || part.cut);
		fuzz_require(part.cut || part.address_count == whole.address_count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_growing(dns_message_parse, false, data, size);
	parse_growing(dns_message_parse_stream, true, data, size);
	return 0;
}
