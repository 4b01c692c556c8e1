/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of a recording's words, each read strictly: all of the text counts, or it is refused. */
#ifndef CAPTURE_RECORDING_TEXT_H
#define CAPTURE_RECORDING_TEXT_H

#include "capture/recording_words.h"

/* Skips space; *line counts the newlines that were passed.  Returns where the next word begins. */
char *recording_skip_space(char *at, unsigned long *line);

/*
 * Takes the value that begins at value, bare or in double quotes: afterwards value is it, unescaped
 * in place, with a NUL behind, and *next is where to go on.  0, or -EBADMSG with the reason in error.
 */
int recording_take_value(char *value, char **next, unsigned long *line, char *error, size_t size);

/* Digits only, at most max. */
bool recording_parse_unsigned(const char *text, uint64_t max, uint64_t *out);

/* "12" or "12.5" (at most nine digits behind the point) as nanoseconds. */
bool recording_parse_seconds(const char *text, uint64_t *ns);

/* "203.0.113.10:443", "[2001:db8::1]:443", "[::ffff:203.0.113.10]:443". */
bool recording_parse_endpoint(const char *text, struct address *out);

/* WORD_RESULT: 0, -115, -EINPROGRESS; WORD_ERROR: 0, 111, ECONNREFUSED. */
bool recording_parse_error(enum word_type type, const char *text, int *out);

/* A name of that type of word, or a number up to max. */
bool recording_parse_named(enum word_type type, const char *text, uint64_t max, uint64_t *out);

/* "close>syn-sent", "7>2". */
bool recording_parse_states(char *text, struct event_state *out);

/* The kind of that name (len bytes). */
bool recording_parse_kind(const char *name, size_t len, enum event_kind *out);

#endif
