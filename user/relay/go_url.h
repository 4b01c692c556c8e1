/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A URL as Go's net/url.Parse reads it, as far as choosing a relay needs: the rules are those of
 * Go 1.19 (Debian's golang-go), whose refusals decide whether a relay variable counts at all.
 */
#ifndef RELAY_GO_URL_H
#define RELAY_GO_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Why Parse refuses a text. */
enum go_url_error {
	GO_URL_OK,
	GO_URL_CONTROL,	 /* a control character before the '#' */
	GO_URL_SCHEME,	 /* it begins with ':' */
	GO_URL_COLON,	 /* no scheme, and a ':' in the first segment of the path */
	GO_URL_ESCAPE,	 /* '%' without two hex digits, or one that the place forbids */
	GO_URL_HOST,	 /* a character that a host cannot have */
	GO_URL_PORT,	 /* what follows the ':' of the host is not digits */
	GO_URL_BRACKET,	 /* '[' without ']' */
	GO_URL_USERINFO, /* a character that userinfo cannot have unescaped */
};

struct go_url {
	size_t scheme_len;	   /* of the text; 0: none, or http:// was assumed */
	char scheme[16];	   /* lower case, cut to fit; "" where none */
	size_t host_from, host_to; /* where host and port stand in the text; equal: nowhere */
	char host[512];		   /* Hostname(): unescaped, no brackets, cut to fit */
	char port[16];		   /* Port(): digits or "", cut to fit */
};

/*
 * Parses text (len bytes).  With assume_http as if "http://" stood before it, which is Go's second
 * try at a relay variable; offsets still count from the start of text.  out is valid on GO_URL_OK.
 */
enum go_url_error go_url_parse(const char *text, size_t len, bool assume_http, struct go_url *out);

#endif
