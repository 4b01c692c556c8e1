/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names as Go compares them: white space, lower case, IDNA. */
#ifndef RELAY_RELAY_TEXT_H
#define RELAY_RELAY_TEXT_H

#include "base/buffer.h"

#include <stdint.h>

struct text {
	const char *at;
	size_t len;
};

bool text_is_ascii(struct text t);
bool text_equals(struct text t, const char *s);

/* Without white space at both ends, Unicode's too (strings.TrimSpace). */
struct text text_trim(struct text t);

/*
 * Appends t in lower case (strings.ToLower): Latin, Greek, Cyrillic and Armenian letters; a byte
 * that is not UTF-8 becomes U+FFFD, as in Go.
 */
void text_append_lower(struct buffer *out, struct text t);

/*
 * Appends t as the DNS has it (idna.Lookup.ToASCII): each label with non-ASCII letters in lower
 * case as "xn--" and punycode (RFC 3492).  Lower case and punycode only: UTS 46's other mappings,
 * normalization and the bidi rule are not done.  False, with nothing appended, where Go refuses t;
 * ASCII is appended as it is.
 */
bool text_append_idna(struct buffer *out, struct text t);

#endif
