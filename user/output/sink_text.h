/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the text sink share. */
#ifndef OUTPUT_SINK_TEXT_H
#define OUTPUT_SINK_TEXT_H

#include "output/sink.h"

/* What a person reads at the end about a finding that was told on the way. */
struct told_finding {
	char id[17];
	char rule[48];
	char process[32];
	char target[300];
	enum severity severity;
	uint64_t count;
	bool resolved;
};

#define TOLD_FINDINGS 64

/* One that puts no time before its lines, because what shows them has its own. */
struct sink *sink_text_clockless_new(void);

struct sink_text {
	struct sink sink;
	bool clockless; /* no time before a line: what shows it has its own */
	uint64_t start_ns;
	char date[64]; /* of the last line: a new day gets a line of its own */
	uint64_t lost[LOSS_KINDS];
	struct told_finding told[TOLD_FINDINGS]; /* the first ones, in order of appearance */
	size_t told_count;
	size_t told_more; /* those beyond, as lines */
};

enum text_style {
	STYLE_PLAIN,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_RED,
	STYLE_YELLOW,
	STYLE_GREEN,
	STYLE_CYAN,
};

/* Appends the escape sequence of style (STYLE_PLAIN: back to normal) where colours are wanted. */
void text_style(struct sink_text *s, struct buffer *out, enum text_style style);

/* Appends text, escaped, and spaces up to width columns (characters); NULL: only spaces. */
void text_padded(struct buffer *out, const char *text, size_t width);

/* Appends text, escaped. */
void text_escaped(struct buffer *out, const char *text);

/* Appends "30.0 s", "12 ms", "5 min 10 s". */
void text_duration(struct buffer *out, uint64_t ns);

/* Appends NAME=VALUE, a long value shortened, and what is wrong with it. */
void text_variable(struct sink_text *s, struct buffer *out, const struct variable *v);

/* "red" of an error ... */
enum text_style text_severity_style(enum severity severity);

/* The block of a finding, and the line that closes one. */
void text_finding(struct sink_text *s, const struct report *r, struct buffer *out);
void text_resolved(struct sink_text *s, const struct report *r, struct buffer *out);

/* The summary that REPORT_STOP brings. */
void text_summary(struct sink_text *s, const struct report *r, struct buffer *out);

#endif
