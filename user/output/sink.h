/* SPDX-License-Identifier: GPL-2.0-only */
/* Where reports go: text for a person, JSON lines for a pipeline.  A sink is a table of functions. */
#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include "diagnose/finding.h"

enum report_kind {
	REPORT_START,
	REPORT_EXEC,
	REPORT_EXIT,
	REPORT_DIAL,
	REPORT_RESOLVE,
	REPORT_RELAY,
	REPORT_FINDING,
	REPORT_RESOLVED,
	REPORT_LOSS,
	REPORT_HEARTBEAT,
	REPORT_STOP,
	REPORT_KINDS
};

/* What was counted since the start. */
struct totals {
	uint64_t seen[EVENT_KINDS]; /* events, by kind */
	uint64_t lost[LOSS_KINDS];
	uint64_t dials[ROLES][DIAL_PATHS][DIAL_OUTCOMES]; /* concluded */
	uint64_t findings;				  /* distinct ones */
	uint64_t errors, warnings, infos;		  /* distinct ones, by severity */
};

/* A process of interest, for the summary at the end. */
struct summary_row {
	const struct process *process;
	uint64_t dials[DIAL_PATHS][DIAL_OUTCOMES];
};

struct report {
	enum report_kind kind;
	uint64_t time_ns;		 /* CLOCK_BOOTTIME */
	const struct event_start *start; /* REPORT_START */
	const struct process *process;	 /* all but START, LOSS, HEARTBEAT, STOP */
	const struct dial *dial;	 /* REPORT_DIAL, REPORT_RELAY */
	const struct event_name *name;	 /* REPORT_RESOLVE */
	const struct finding *finding;	 /* REPORT_FINDING, REPORT_RESOLVED */
	const struct totals *totals;	 /* REPORT_LOSS, REPORT_HEARTBEAT, REPORT_STOP */
	const struct summary_row *rows;	 /* REPORT_STOP: processes of interest, oldest first */
	size_t row_count;
	uint16_t resolve_code; /* REPORT_RESOLVE: name->code or DNS_CODE_* */
};

/* What all sinks need to know to put a report into words. */
struct sink_context {
	int64_t wall_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME at the start; set at REPORT_START */
	char host[256];
	bool quiet;
	bool colour;
};

/* Is it shown with --quiet: findings, resolved, loss, start and stop? */
bool report_is_for_quiet(enum report_kind kind);

struct sink;

struct sink_ops {
	const char *name; /* "text", "json" */
	/* Appends what this report looks like to out, whole lines; nothing where it does not show it. */
	void (*format)(struct sink *s, const struct report *r, struct buffer *out);
	void (*free)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	struct sink_context context;
	/* Where the lines go; written by sink_report(). */
	int fd;
	char *path;  /* NULL: standard output */
	bool failed; /* the output refused; told once */
	bool half;   /* half a line stands at its end: a newline goes before the next */
	uint64_t written, refused; /* lines */
	struct buffer line;
};

/* The sinks there are.  Each returns a new sink without an output, or NULL when out of memory. */
struct sink *sink_text_new(void);
struct sink *sink_json_new(void);

/* Shows no report: the pipeline puts events into its line and calls sink_write_line(). */
struct sink *sink_record_new(void);

/*
 * Formats and writes one report, handling short writes, ENOSPC and EPIPE: 0, or -errno the first
 * time an output refuses (the caller prints it); later lines are counted as refused and tried again.
 */
int sink_report(struct sink *s, const struct report *r);

/* The same for what stands in s->line, whole lines, which it empties. */
int sink_write_line(struct sink *s);

/* Closes the output unless it is standard output, frees s. */
void sink_free(struct sink *s);

/*
 * Opens path for appending, mode 0600 where it is made, refusing what is no regular file, pipe or
 * device.  Where the last line is unfinished (the tracer was killed, the disk was full) it is ended,
 * so that nothing is glued to it.  The fd or -errno; -ENXIO: a pipe that nobody reads.
 */
int sink_open_file(const char *path);

#endif
