/* SPDX-License-Identifier: GPL-2.0-only */
/* Where reports go: text for a person, JSON lines for a pipeline.  A sink is a table of functions. */
#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include "diagnose/rules.h"
#include "model/environment_history.h"

#include <sys/types.h>

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

/* What was counted in one run, since its start. */
struct totals {
	uint64_t seen[EVENT_KINDS]; /* events, by kind */
	uint64_t lost[LOSS_KINDS];
	uint64_t dials[ROLES][DIAL_PATHS][DIAL_OUTCOMES]; /* by what was told of each last */
	uint64_t findings;				  /* distinct ones, by id */
	uint64_t errors, warnings, infos; /* distinct ones, by the worst severity told */
	/* By rule_index() and severity: distinct ones, and those that are kept and not resolved. */
	uint64_t found[RULES_MAX][SEVERITIES], open[RULES_MAX][SEVERITIES];
	uint64_t last_ns; /* when something of a traced process was last told */
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
	const struct environment_changes
		*changes;	       /* REPORT_EXEC of who pulls; NULL: no predecessor */
	const struct dial *dial;       /* REPORT_DIAL, REPORT_RELAY */
	const struct event_name *name; /* REPORT_RESOLVE */
	const struct finding *finding; /* REPORT_FINDING, REPORT_RESOLVED */
	const struct totals
		*totals; /* START, FINDING, RESOLVED, LOSS, HEARTBEAT, STOP: with this one */
	const struct summary_row *rows; /* REPORT_STOP: processes of interest, oldest first */
	size_t row_count, row_more;	/* row_more: processes of interest that have no row */
	uint16_t resolve_code;		/* REPORT_RESOLVE: name->code or DNS_CODE_* */
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
	/* Puts what format made where it belongs: 0 or -errno.  NULL: lines, appended to fd. */
	int (*write)(struct sink *s);
};

/* How a file of ours is made. */
struct sink_file {
	mode_t mode; /* 0: 0600 */
	bool has_group;
	gid_t group;	    /* of a new file, where has_group */
	uint64_t max_bytes; /* before a line would make it longer, FILE becomes FILE.1; 0: never */
};

/*
 * How long the outputs of a live run may keep it waiting, all of them together: a second, which comes
 * back in ten.
 */
struct sink_patience {
	uint64_t left_ns, reckoned_ns; /* CLOCK_MONOTONIC */
};

/* How lines get into a file descriptor. */
enum sink_way {
	SINK_WAITS, /* as long as it takes: a regular file, and whatever a replay writes to */
	SINK_TRIES, /* its description is ours alone and does not block */
	SINK_ASKS,  /* it blocks, and others have it too: asked before each piece */
	SINK_SENDS, /* a socket, which can be told for each piece not to block */
};

struct sink {
	const struct sink_ops *ops;
	struct sink_context context;
	/* Where the lines go; written by sink_report(). */
	int fd;
	char *path; /* NULL: standard output */
	struct sink_file file;
	struct sink_patience *patience; /* of the live run; NULL: it waits as long as it takes */
	enum sink_way way;
	bool failed;  /* the output refuses: told when that begins, and when it is over */
	bool stalled; /* its reader was waited for in vain: no more waiting until it reads again */
	bool half;    /* half a line stands at its end: a newline goes before the next */
	uint64_t written, refused;		 /* lines, or entries of a journal */
	uint64_t written_before, refused_before; /* those of them before this run's start */
	uint64_t logged_ns; /* when its refusal was last told on standard error; 0: never */
	uint64_t
		again_bytes; /* no new file could be begun: tried again at this size; 0: none was due */
	int no_room; /* why, -errno, for the caller to tell and to clear; 0: nothing is new */
	struct buffer line;
	struct buffer rest; /* a line that is half out: its end goes before the next */
	size_t rest_done;   /* so many bytes of it are out */
};

/* The sinks there are.  Each returns a new sink without an output, or NULL when out of memory. */
struct sink *sink_text_new(void);
struct sink *sink_json_new(void);

/*
 * Entries for journald, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), to the socket
 * that path names; and a file for node_exporter's textfile collector, replaced as a whole.
 */
struct sink *sink_journal_new(void);
struct sink *sink_metrics_new(void);

/* Shows no report: it takes the events themselves, by sink_record_event(). */
struct sink *sink_record_new(void);

/*
 * Formats and writes one report, handling short writes, ENOSPC and EPIPE: 0, or -errno when an
 * output begins to refuse (the caller prints it); later lines are counted as refused and tried again.
 * With patience, a reader that does not read is a refusal as well, -EAGAIN: waited for once, and not
 * with every line.  A line that is half out by then is completed before anything else.
 */
int sink_report(struct sink *s, const struct report *r);

/* The same for what stands in s->line, whole lines, which it empties. */
int sink_write_line(struct sink *s);

/*
 * One event to a recording: 0, or -errno as of sink_report().  Its first lines come with the first event
 * that its output takes; what was refused stands in it as a loss of each kind, before what comes next.
 */
int sink_record_event(struct sink *s, const struct event *event);

/* The end line of a recording that ends before its run does; the same. */
int sink_record_end(struct sink *s);

/* Closes the output unless it is standard output, frees s. */
void sink_free(struct sink *s);

/*
 * Opens path for appending, with how's mode and group where it is made (NULL: 0600), refusing what
 * is no regular file, pipe or device.  Where the last line is unfinished (the tracer was killed, the
 * disk was full) it is ended, so that nothing is glued to it.  The fd or -errno; -ENXIO: a pipe that
 * nobody reads.
 */
int sink_open_file(const char *path, const struct sink_file *how);

/*
 * Behind what gave s its fd: how lines get there without blocking, where s has patience and the fd a
 * reader.  It may be another fd afterwards; the description of the old one stays as it is.
 */
void sink_take_reader(struct sink *s);

/* The line of s, to an output that does not block: 0 when it is out or on its way, or -errno. */
int sink_write_reader(struct sink *s);

/* Where the reader of s hung: what is half out is completed if there is room, and s may go on. */
void sink_look_for_reader(struct sink *s);

/* What is half out is given up. */
void sink_forget_rest(struct sink *s);

/* A whole second again. */
void sink_patience_fill(struct sink_patience *p);

/* How long s may wait now, in ms, 0: not at all; and behind the waiting. */
int sink_patience_begin(struct sink *s);
void sink_patience_end(struct sink *s);

/*
 * Opens the file of s anew, where it has one: after logrotate renamed it, lines go to the new one.
 * 0; -errno, and s goes on with what it had.
 */
int sink_reopen(struct sink *s);

/*
 * Where s's file would become longer than it may with len more: FILE becomes FILE.1, a new one begins;
 * only that where somebody else moved FILE before.  0; -errno, once, where that cannot be, and then it
 * is tried again now and then while s goes on beyond the limit.
 */
int sink_make_room(struct sink *s, size_t len);

#endif
