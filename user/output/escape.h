/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a traced program chose must not act on the reader's terminal or log pipeline: which bytes may
 * be shown as they are, and how the others are written.
 */
#ifndef OUTPUT_ESCAPE_H
#define OUTPUT_ESCAPE_H

#include "base/buffer.h"

#include <stdint.h>

/*
 * Takes one character off text (len bytes, at least one): its length in bytes, with its code point
 * in *point, or 0 where no valid UTF-8 begins there (RFC 3629: no overlong form, no surrogate,
 * nothing above U+10FFFF).
 */
size_t utf8_next(const char *text, size_t len, uint32_t *point);

/*
 * Must this character not be shown as it is?  C0 and C1 controls and DEL, the line and paragraph
 * separators, the bidirectional controls (Unicode TR 36, "Trojan Source"), zero-width characters,
 * the byte order mark, tags and noncharacters.
 */
bool character_is_unsafe(uint32_t point);

/*
 * Appends text for a person: unsafe characters as \n, \r, \t, \xNN or \u{NNNN}, bytes that are not
 * UTF-8 as \xNN.  A backslash stays one: this is for reading, not for reading back.
 */
void escape_text(struct buffer *out, const char *text, size_t len);

#endif
