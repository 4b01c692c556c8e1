// SPDX-License-Identifier: GPL-2.0-only
#include "output/pipeline.h"

#include "base/log.h"
#include "output/outlets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The summary names at most so many processes, the first of interest. */
#define PIPELINE_ROWS 64

/* A flood of dials makes the tracker give up one with each that is new: told no more often than this. */
#define DROPS_TELL_NS 1000000000ULL

struct pipeline {
	struct outlets outlets;
	struct process_table processes;
	struct environment_history environments;
	struct tracker *tracker;
	struct diagnosis *diagnosis;
	struct totals totals;		   /* of this run */
	uint64_t found_before[SEVERITIES]; /* in the runs before this one */
	struct event_start start;	   /* a copy; its strings are owned */
	uint64_t start_ns;
	struct summary_row rows[PIPELINE_ROWS];
	size_t row_count, row_more; /* those that found no room */
	uint64_t beat_ns;	    /* when the next heartbeat is due */
	uint64_t dropped; /* by the tracker of this run, of which lost[LOSS_MEMORY] has all */
	bool drops_untold;
	uint64_t drops_told_ns;		     /* 0: never */
	uint64_t evicted, refused_processes; /* of the process table: counted so far in this run */
};

/* ---- outputs ---- */

static void pipeline_report(struct pipeline *p, const struct report *r)
{
	if (r->process && r->time_ns > p->totals.last_ns)
		p->totals.last_ns = r->time_ns;
	if (r->totals && p->diagnosis)
		diagnosis_count_open(p->diagnosis, p->totals.open);
	outlets_report(&p->outlets, r);
}

static void start_keep(struct pipeline *p, const struct event *event)
{
	const char **texts[] = {&p->start.host, &p->start.boot_id, &p->start.version,
		&p->start.names, &p->start.hooks};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free((char *)*texts[i]);
	memset(&p->start, 0, sizeof(p->start));
	if (!event)
		return;
	p->start = event->start;
	p->start_ns = event->time_ns;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = *texts[i] ? strdup(*texts[i]) : NULL;
	outlets_dress(&p->outlets, (int64_t)(event->start.wall_ns - event->time_ns), p->start.host);
}

void pipeline_set_outputs(struct pipeline *p, const struct pipeline_options *options)
{
	struct report r = {.kind = REPORT_START,
		.time_ns = p->start_ns,
		.start = &p->start,
		.totals = &p->totals};

	if (options->heartbeat_ns != p->outlets.options.heartbeat_ns)
		p->beat_ns = options->heartbeat_ns ? p->outlets.now_ns + options->heartbeat_ns
						   : UINT64_MAX;
	outlets_set(&p->outlets, options, p->tracker ? &r : NULL);
}

bool pipeline_has_reader(const struct pipeline *p)
{
	return outlets_have_reader(&p->outlets);
}

/* ---- the summary's rows ---- */

static struct summary_row *row_of(struct pipeline *p, struct process *process)
{
	for (size_t i = 0; i < p->row_count; i++)
		if (p->rows[i].process == process)
			return &p->rows[i];
	if (p->row_count == PIPELINE_ROWS) {
		p->row_more += !process->left_out;
		process->left_out = true;
		return NULL;
	}
	p->rows[p->row_count].process = process_ref(process);
	return &p->rows[p->row_count++];
}

static void rows_clear(struct pipeline *p)
{
	for (size_t i = 0; i < p->row_count; i++)
		process_unref((struct process *)p->rows[i].process);
	memset(p->rows, 0, sizeof(p->rows));
	p->row_count = p->row_more = 0;
}

/* ---- losses ---- */

/* What the tracker and the process table gave up since the last look becomes a loss, before any verdict is told. */
static void drops_count(struct pipeline *p)
{
	const struct process_table *t = &p->processes;
	uint64_t dropped = tracker_dropped(p->tracker);

	if (dropped == p->dropped && t->evicted == p->evicted && t->refused == p->refused_processes)
		return;
	p->totals.lost[LOSS_MEMORY] += dropped - p->dropped + t->refused - p->refused_processes;
	p->totals.lost[LOSS_PROCESS] += t->evicted - p->evicted;
	p->dropped = dropped;
	p->evicted = t->evicted;
	p->refused_processes = t->refused;
	p->drops_untold = true;
	diagnosis_loss(p->diagnosis, p->totals.lost, p->outlets.now_ns);
}

/* By the events' own time, so that a replay tells it where the live run did. */
static uint64_t drops_due(const struct pipeline *p)
{
	if (!p->drops_untold)
		return UINT64_MAX;
	return p->drops_told_ns ? p->drops_told_ns + DROPS_TELL_NS : 0;
}

static void loss_report(struct pipeline *p)
{
	struct report r = {.kind = REPORT_LOSS, .time_ns = p->outlets.now_ns, .totals = &p->totals};

	p->drops_untold = false;
	p->drops_told_ns = p->outlets.now_ns;
	pipeline_report(p, &r);
}

/* The source's totals know neither what was given up on this side of it nor what outputs refused. */
static void on_loss(struct pipeline *p, const struct event *event)
{
	uint64_t refused = p->totals.lost[LOSS_SINK];

	memcpy(p->totals.lost, event->loss.lost, sizeof(p->totals.lost));
	p->totals.lost[LOSS_SINK] = refused;
	p->totals.lost[LOSS_MEMORY] += p->dropped + p->refused_processes;
	p->totals.lost[LOSS_PROCESS] += p->evicted;
	diagnosis_loss(p->diagnosis, p->totals.lost, event->time_ns);
	loss_report(p);
}

/* ---- what the stages tell ---- */

/*
 * A dial counts once, under what was told of it last: it moves from pending to its outcome, and from
 * established to a failure that came after all.
 */
static void dial_count(uint64_t counts[DIAL_OUTCOMES], const struct dial *d)
{
	enum dial_outcome before = DIAL_OPEN;

	if (d->pending_told && d->outcome != DIAL_PENDING)
		before = DIAL_PENDING;
	else if (d->established_ns && d->end_ns != d->established_ns)
		before = DIAL_ESTABLISHED;
	if (before != DIAL_OPEN && counts[before])
		counts[before]--;
	counts[d->outcome]++;
}

static void on_dial(void *context, const struct dial *d)
{
	struct pipeline *p = context;
	struct report r = {
		.kind = REPORT_DIAL, .time_ns = d->end_ns, .process = d->process, .dial = d};
	struct summary_row *row = row_of(p, d->process);

	drops_count(p);
	dial_count(p->totals.dials[d->process->role][d->path], d);
	if (row)
		dial_count(row->dials[d->path], d);
	pipeline_report(p, &r);
	diagnosis_dial(p->diagnosis, d);
}

static void on_resolve(void *context, struct process *process, const struct event_name *name,
	uint16_t code, uint64_t time_ns)
{
	struct pipeline *p = context;
	struct report r = {.kind = REPORT_RESOLVE,
		.time_ns = time_ns,
		.process = process,
		.name = name,
		.resolve_code = code};

	if (process)
		pipeline_report(p, &r);
}

static void on_relay(void *context, const struct dial *d)
{
	struct pipeline *p = context;
	struct report r = {.kind = REPORT_RELAY,
		.time_ns = p->outlets.now_ns,
		.process = d->process,
		.dial = d};

	pipeline_report(p, &r);
	if (d->replied)
		diagnosis_relay(p->diagnosis, d, p->outlets.now_ns);
}

/* One more or one less of that severity; each id counts once, as the worst that was told of it. */
static void found_count(
	struct pipeline *p, const struct finding *f, enum severity severity, int step)
{
	uint64_t *const counts[SEVERITIES] = {[SEVERITY_INFO] = &p->totals.infos,
		[SEVERITY_WARNING] = &p->totals.warnings,
		[SEVERITY_ERROR] = &p->totals.errors};
	size_t rule = rule_index(f->rule->id);

	*counts[severity] += (uint64_t)step;
	if (rule < RULES_MAX)
		p->totals.found[rule][severity] += (uint64_t)step;
}

static void on_finding(void *context, const struct finding *f, bool resolved)
{
	struct pipeline *p = context;
	struct report r = {.kind = resolved ? REPORT_RESOLVED : REPORT_FINDING,
		.time_ns = p->outlets.now_ns,
		.process = f->process,
		.finding = f,
		.totals = &p->totals};

	if (!resolved && !f->again) {
		p->totals.findings++;
		found_count(p, f, f->severity, 1);
	} else if (!resolved && f->severity > f->worst) {
		found_count(p, f, f->worst, -1);
		found_count(p, f, f->severity, 1);
	}
	pipeline_report(p, &r);
}

/* ---- a run: from EVENT_START to EVENT_STOP ---- */

static void run_end(struct pipeline *p)
{
	tracker_free(p->tracker);
	diagnosis_free(p->diagnosis);
	p->tracker = NULL;
	p->diagnosis = NULL;
	rows_clear(p);
	environment_history_free(&p->environments);
	process_table_free(&p->processes);
	memset(&p->processes, 0, sizeof(p->processes));
}

/* A run counts anew; what outputs refuse does not end with it. */
static void totals_begin(struct pipeline *p)
{
	uint64_t refused = p->totals.lost[LOSS_SINK];

	p->found_before[SEVERITY_INFO] += p->totals.infos;
	p->found_before[SEVERITY_WARNING] += p->totals.warnings;
	p->found_before[SEVERITY_ERROR] += p->totals.errors;
	memset(&p->totals, 0, sizeof(p->totals));
	p->totals.lost[LOSS_SINK] = refused;
}

static void run_begin(struct pipeline *p, const struct event *event)
{
	struct tracker_options tracking = {.pending_ns = event->start.pending_ns};
	struct diagnosis_options diagnosing = {.names = event->start.names,
		.wall_offset_ns = (int64_t)(event->start.wall_ns - event->time_ns)};
	struct tracker_handler on_track = {p, on_dial, on_resolve, on_relay};
	struct diagnosis_handler on_diagnose = {p, on_finding};
	struct report r = {.kind = REPORT_START,
		.time_ns = event->time_ns,
		.start = &event->start,
		.totals = &p->totals};
	uint64_t beat_ns = p->outlets.options.heartbeat_ns;

	run_end(p);
	p->tracker = tracker_new(&tracking, &p->processes, &on_track);
	diagnosing.tracker = p->tracker;
	p->diagnosis = diagnosis_new(&diagnosing, &on_diagnose);
	if (!p->tracker || !p->diagnosis) {
		log_error("out of memory before the first event");
		run_end(p);
		return;
	}
	start_keep(p, event);
	p->dropped = p->drops_told_ns = p->evicted = p->refused_processes = 0;
	p->drops_untold = false;
	p->beat_ns = beat_ns ? event->time_ns + beat_ns : UINT64_MAX;
	pipeline_report(p, &r);
}

static void run_stop(struct pipeline *p, const struct event *event)
{
	struct report r = {.kind = REPORT_STOP, .time_ns = event->time_ns, .totals = &p->totals};

	tracker_flush(p->tracker, event->time_ns);
	drops_count(p);
	if (p->drops_untold)
		loss_report(p);
	diagnosis_flush(p->diagnosis, event->time_ns);
	outlets_tell(&p->outlets, true);
	r.rows = p->rows;
	r.row_count = p->row_count;
	r.row_more = p->row_more;
	pipeline_report(p, &r);
	run_end(p);
}

static void heartbeat(struct pipeline *p, uint64_t now_ns)
{
	struct report r = {.kind = REPORT_HEARTBEAT, .time_ns = now_ns, .totals = &p->totals};
	uint64_t every_ns = p->outlets.options.heartbeat_ns;

	/* The next one that is not over yet: the clock may have jumped by years. */
	if (p->beat_ns <= now_ns)
		p->beat_ns += ((now_ns - p->beat_ns) / every_ns + 1) * every_ns;
	pipeline_report(p, &r);
}

static void on_process(struct pipeline *p, const struct event *event, struct process *process)
{
	struct report r = {.time_ns = event->time_ns, .process = process};
	struct environment_changes changes = {0};

	if (event->kind == EVENT_EXEC) {
		r.kind = REPORT_EXEC;
		/* In the summary: whoever pulls, and whoever carries a relay variable. */
		if (role_pulls(process->role) && process->environment->count)
			row_of(p, process);
		if (role_pulls(process->role) && environment_history_exec(&p->environments, process,
							 event->time_ns, &changes))
			r.changes = &changes;
		pipeline_report(p, &r);
		environment_changes_free(&changes);
		diagnosis_process(p->diagnosis, event->time_ns, process);
	} else if (event->kind == EVENT_EXIT) {
		r.kind = REPORT_EXIT;
		pipeline_report(p, &r);
	}
}

/*
 * The clock was set (a node that boots with a wrong one, and learns the time later): from here on the
 * times of day are the new ones.  The source tells it as a fact, so that a replay says the same.
 */
static void clock_set(struct pipeline *p, const struct event *event)
{
	if (strcmp(event->fact.key, "clock") != 0 || event->fact.field_count != 1)
		return;
	outlets_dress(&p->outlets,
		(int64_t)(strtoull(event->fact.fields[0], NULL, 10) - event->time_ns),
		p->start.host);
}

void pipeline_event(void *context, const struct event *event)
{
	struct pipeline *p = context;
	struct process *process;

	p->outlets.now_ns = event->time_ns;
	if (event->kind == EVENT_START)
		totals_begin(p);
	p->totals.seen[event->kind]++;
	/* Before anything is made of it. */
	outlets_record(&p->outlets, event);
	if (event->kind == EVENT_START) {
		run_begin(p, event);
		if (p->tracker)
			process_table_apply(&p->processes, event);
		return;
	}
	if (!p->tracker)
		return; /* before any start */
	/* What is due comes before what is new, in the order of time. */
	diagnosis_tick(p->diagnosis, event->time_ns);
	if (event->kind == EVENT_STOP) {
		outlets_wait_again(&p->outlets);
		run_stop(p, event);
		return;
	}
	process = process_table_apply(&p->processes, event);
	tracker_apply(p->tracker, event);
	if (process)
		on_process(p, event, process);
	if (event->kind == EVENT_FACT) {
		clock_set(p, event);
		diagnosis_fact(p->diagnosis, event);
	}
	drops_count(p);
	if (event->kind == EVENT_LOSS)
		on_loss(p, event);
	else if (drops_due(p) <= event->time_ns)
		loss_report(p);
	if (p->beat_ns <= event->time_ns)
		heartbeat(p, event->time_ns);
	outlets_tell(&p->outlets, false);
}

uint64_t pipeline_deadline(const struct pipeline *p)
{
	uint64_t deadline, other;

	if (!p->tracker)
		return UINT64_MAX;
	deadline = tracker_deadline(p->tracker);
	other = diagnosis_deadline(p->diagnosis);
	if (other < deadline)
		deadline = other;
	if (drops_due(p) < deadline)
		deadline = drops_due(p);
	if (outlets_due(&p->outlets) < deadline)
		deadline = outlets_due(&p->outlets);
	return p->beat_ns < deadline ? p->beat_ns : deadline;
}

const struct totals *pipeline_totals(const struct pipeline *p)
{
	return &p->totals;
}

uint64_t pipeline_found(const struct pipeline *p, enum severity severity)
{
	const uint64_t counts[SEVERITIES] = {[SEVERITY_INFO] = p->totals.infos,
		[SEVERITY_WARNING] = p->totals.warnings,
		[SEVERITY_ERROR] = p->totals.errors};

	return p->found_before[severity] + counts[severity];
}

int pipeline_output_error(const struct pipeline *p)
{
	return p->outlets.error;
}

struct pipeline *pipeline_new(const struct pipeline_options *options)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	if (p) {
		p->outlets.options = *options;
		p->outlets.totals = &p->totals;
		p->beat_ns = UINT64_MAX;
	}
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	run_end(p);
	start_keep(p, NULL);
	free(p);
}
