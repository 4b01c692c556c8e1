/* SPDX-License-Identifier: GPL-2.0-only */
/* What masks look like, and what the masking of values and of arguments has in common. */
#ifndef RELAY_RELAY_MASK_H
#define RELAY_RELAY_MASK_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

extern const char relay_mask_userinfo[]; /* in place of user and password */
extern const char relay_mask_rest[];	 /* in place of what is not known */

/* Is the value of an option or a variable of that name a secret, by a word in it? */
bool relay_names_secret(const char *name, size_t len);

/* The last '@' or %40; NULL if there is none. */
const char *relay_last_at(const char *value, size_t len);

/*
 * Appends what redact makes of text, again and again until that changes nothing more: what is masked may part the words
 * anew, and who reads a recording masks again and has to come to the same.  Where that does not end, nothing is shown.
 */
void relay_mask_settled(void (*redact)(const char *text, size_t len, struct buffer *out),
	const char *text, size_t len, struct buffer *out);

#endif
