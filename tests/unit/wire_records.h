/* SPDX-License-Identifier: GPL-2.0-only */
/* Records as the kernel side writes them, for tests of decode. */
#ifndef TESTS_WIRE_RECORDS_H
#define TESTS_WIRE_RECORDS_H

#include "wire.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct record {
	union {
		struct wire_header header;
		struct wire_exec exec;
		struct wire_fork fork;
		struct wire_exit exit;
		struct wire_signal signal;
		struct wire_connect connect;
		struct wire_state state;
		struct wire_payload payload;
		unsigned char bytes[65536];
	};
};

static inline void record_start(struct record *r, unsigned int type, size_t size)
{
	memset(r, 0, size);
	r->header.type = type;
	r->header.size = (unsigned int)size;
	r->header.time_ns = 1000;
}

static inline void record_append(struct record *r, const void *bytes, size_t len)
{
	memcpy(r->bytes + r->header.size, bytes, len);
	r->header.size += (unsigned int)len;
}

/* A piece of one part of what 10.0.0.2 and 10.0.0.53:53 say to each other. */
static inline void record_payload(struct record *r, int protocol, unsigned long long cookie,
	enum wire_part part, bool outgoing, unsigned int offset, const void *bytes, size_t len)
{
	record_start(r, WIRE_PAYLOAD, sizeof(r->payload));
	r->payload.cookie = cookie;
	r->payload.address.family = AF_INET;
	r->payload.address.protocol = (unsigned char)protocol;
	r->payload.address.remote_port = 53;
	memcpy(r->payload.address.remote, "\x0a\x00\x00\x35", 4);
	r->payload.part = (unsigned char)part;
	r->payload.outgoing = outgoing;
	r->payload.offset = offset;
	r->payload.data_len = (unsigned short)len;
	record_append(r, bytes, len);
}

#endif
