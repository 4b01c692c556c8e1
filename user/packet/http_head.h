/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first line of a request to a relay, and of its answer (RFC 9112 3 and 4).
 *
 * Headers are never looked at: Proxy-Authorization stands there.  Nor is the path of a URL kept,
 * nor its userinfo.
 */
#ifndef PACKET_HTTP_HEAD_H
#define PACKET_HTTP_HEAD_H

#include "packet/printable.h"

/* What the request line names (RFC 9112 3.2). */
enum http_target {
	HTTP_TARGET_NONE,
	HTTP_TARGET_AUTHORITY, /* CONNECT host:port: a tunnel through a relay */
	HTTP_TARGET_ABSOLUTE,  /* GET http://host/: plain http through a relay */
	HTTP_TARGET_ORIGIN,    /* GET /path, OPTIONS *: to a server, no relay */
};

struct http_request {
	enum http_target target;
	char method[16];
	char host
		[HOST_TEXT_SIZE]; /* lower case, printable, IPv6 without brackets; "" with ORIGIN */
	bool host_cut;		  /* it did not fit: not to be compared */
	uint16_t
		port; /* by scheme where the URL has none (http 80, https 443); else 0: none given */
};

/*
 * Reads the beginning of a client's stream.  Empty lines before the request are passed over, as
 * servers do (RFC 9112 2.2).
 * 0 as soon as host and port are known, which may be before the line ends (of CONNECT: the HTTP
 * version was seen too); -EAGAIN where it is a request so far; -EBADMSG where it is not HTTP.
 */
int http_request_parse(const uint8_t *bytes, size_t len, struct http_request *out);

struct http_status {
	uint8_t version; /* 10 for HTTP/1.0, 11 for HTTP/1.1 */
	uint16_t status; /* 100 to 999; 0 while it did not come; may be set on -EAGAIN */
	char reason[64]; /* printable; "" where there is none */
	bool reason_cut; /* it did not fit; also told where the line never ends */
};

/*
 * Reads the beginning of a server's stream: "HTTP/1.1 403 Forbidden", a reason being optional as
 * it is for Go (net/http ReadResponse).
 * 0 when the line ended or its reason is longer than what is kept; -EAGAIN where it is a status
 * line so far; -EBADMSG where it is not HTTP.
 */
int http_status_parse(const uint8_t *bytes, size_t len, struct http_status *out);

#endif
