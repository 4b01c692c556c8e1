/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One JSON line that must not be too long: what is cut, in which order, and the pieces that may be.
 */
#ifndef OUTPUT_JSON_LINE_H
#define OUTPUT_JSON_LINE_H

#include "output/json_writer.h"
#include "output/sink.h"

enum json_cut {
	JSON_CUT_ARGS = 1 << 0,	 /* arguments were left out */
	JSON_CUT_LISTS = 1 << 1, /* a NO_ list is shown in part */
	JSON_CUT_TEXT = 1 << 2,	 /* another text, or an array, is shown in part */
};

struct json_line {
	struct json json;
	const struct sink_context *context;
	uint64_t written, refused; /* by the sink in this run so far */
	size_t rung;		   /* which limits hold; 0: none */
	size_t args_room;	   /* bytes that all arguments may take, escaped */
	unsigned int cut;	   /* json_cut bits: what they cut */
	size_t rows;		   /* elements of the long arrays so far */
};

/* Writes one line, by the calls below. */
typedef void json_put_fn(struct json_line *l, const void *what);

/*
 * Appends what put(what) writes, as a line of JSON or as a journal's fields, in JSON_LINE_BYTES at
 * most: what is longer is written again, first with as many leading arguments as there is room for,
 * then with tighter limits.  Of as, context, written and refused count.
 */
void json_line_write(const struct json_line *as, bool fields, json_put_fn *put, const void *what,
	struct buffer *out);

/* A time of the events' clock (CLOCK_BOOTTIME) as RFC 3339, UTC, nanoseconds. */
void json_line_time(struct json_line *l, const char *key, uint64_t time_ns);

/* A text that someone else chose; NULL: "". */
void json_line_text(struct json_line *l, const char *key, const char *text);

/* "NAME=VALUE" within an array. */
void json_line_variable(struct json_line *l, const struct variable *v);

/* An array of the leading arguments that fit args_room. */
void json_line_args(struct json_line *l, const char *key, char *const *args, size_t count);

/* An array of sentences. */
void json_line_list(struct json_line *l, const char *key, const struct lines *lines);

/* May a long array have one more element?  Counts it in *shown. */
bool json_line_counts(struct json_line *l, size_t *shown);

/* What every line begins with: time, version, host, and event, which is left open for more. */
void json_line_begin(
	struct json_line *l, const struct report *r, const char *kind, const char *action);

/* Opens "relaytrace", the last member; json_line_end() closes it and the line. */
void json_line_ours(struct json_line *l);
void json_line_end(struct json_line *l);

/* Who it was, by what later lines refer to; and the unit, where there is one. */
void json_line_process(struct json_line *l, const struct process *p);
void json_line_unit(struct json_line *l, const struct process *p);

/* Any of domain, ip and port may be "" or 0. */
void json_line_destination(struct json_line *l, const char *domain, const char *ip, uint16_t port);

/* sink_json.c: the whole line of a struct report; a json_put_fn. */
void json_put_report(struct json_line *l, const void *report);

/* One line at most; containerd's and Docker's log drivers split a longer one. */
#define JSON_LINE_BYTES 16384

/* sink_json_finding.c: the lines of a finding, and those of the totals. */
void json_put_finding(struct json_line *l, const struct report *r, bool resolved);
void json_put_totals(
	struct json_line *l, const struct report *r, const char *kind, const char *action);

#endif
