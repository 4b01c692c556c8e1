/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of a recording, with the lines that go on from it, becomes one event. */
#ifndef CAPTURE_RECORDING_PARSE_H
#define CAPTURE_RECORDING_PARSE_H

#include "base/buffer.h"
#include "capture/recording_words.h"

/* An env= word whose judged=, source= ... may still follow. */
struct pending_variable {
	const char *name; /* NULL: none is open */
	size_t name_len;
	const char *value, *source;
	bool cut, judged;
	struct relay_url url;
};

/* Keeps its memory from line to line, so that reading allocates nothing but environments. */
struct recording_parser {
	struct event event;   /* the result; points into the line and the parser */
	struct buffer args;   /* redacted arguments, each with its NUL */
	const char **strings; /* what args or fields point to */
	size_t string_count, string_capacity;
	char comm[16]; /* made from file where the line has none */
	struct pending_variable variable;
	bool origin_given;
	unsigned long line;  /* number of the line in which the reader is */
	unsigned long where; /* number of the line in which the last word stood */
	char error[256];     /* what is wrong, without place; may quote the line */
};

/*
 * Parses text (len bytes, a NUL behind them; overwritten; '\n' between the lines that go on) whose
 * first line has the number first_line.  0; -EBADMSG with error and where set; -ENOMEM.
 * parser->event is valid until the next call; its environment, in an exec, until then too.
 */
int recording_parse(
	struct recording_parser *parser, char *text, size_t len, unsigned long first_line);

void recording_parser_free(struct recording_parser *parser);

/* For the files of the parser: sets the error and returns -EBADMSG. */
int recording_fail(struct recording_parser *parser, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Takes a word of an environment. */
int recording_environment_word(
	struct recording_parser *parser, const struct word *word, const char *value);

/* Closes the open env= word: it goes into the environment, judged and redacted. */
int recording_variable_close(struct recording_parser *parser);

#endif
