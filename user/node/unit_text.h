/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lines of a unit file, a drop-in or system.conf, as systemd reads them.  Pure text.
 *
 * Source of the rules: systemd.syntax(7) and the behaviour of systemd 252 (config_parse() in
 * src/shared/conf-parser.c, read_line_full() in src/basic/fileio.c): LF, CR, NUL and their pairs end
 * a line; a backslash at the end joins lines with a blank, comments between them left out; '#' and
 * ';' begin a comment only at the start; what is wrong is ignored, but for three things that end the
 * reading of the file.
 */
#ifndef NODE_UNIT_TEXT_H
#define NODE_UNIT_TEXT_H

#include <stddef.h>

enum unit_text_end {
	UNIT_TEXT_WHOLE,
	/* systemd stopped here: a unit does not load, of a drop-in what stands before counts. */
	UNIT_TEXT_BAD_SECTION, /* "[Service" */
	UNIT_TEXT_NOT_UTF8,
	UNIT_TEXT_LINE_TOO_LONG, /* over 1 MiB */
};

struct unit_line {
	const char *section; /* "" before the first header: ignored by systemd */
	const char *key;
	const char *value;		 /* stripped; joined lines are one */
	unsigned int line;		 /* where it begins, from 1, as grep -n counts */
	const struct unit_joint *joints; /* for unit_line_at() */
	size_t joint_count;
};

/* Called for each KEY=VALUE in order; the texts are valid until it returns.  Not 0 ends the parsing. */
typedef int unit_line_fn(void *context, const struct unit_line *line);

/* The line in the file on which the byte at of l->value stands. */
unsigned int unit_line_at(const struct unit_line *l, const char *at);

/*
 * Parses len bytes.  *end says whether systemd reads to the end, *end_line where it stopped.
 * 0, -ENOMEM, or what the callback returned.
 */
int unit_text_parse(const char *bytes, size_t len, unit_line_fn *fn, void *context,
	enum unit_text_end *end, unsigned int *end_line);

/* "bad-section" ...: a constant string, "" for UNIT_TEXT_WHOLE. */
const char *unit_text_end_name(enum unit_text_end end);

#endif
