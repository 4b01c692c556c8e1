// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file for node_exporter's textfile collector, in Prometheus' text format 0.0.4 and by its naming
 * conventions (prometheus.io/docs/practices/naming).  No label has a pid, an address or a name of a
 * host: the number of series is bounded by roles, paths, outcomes and rules.
 *
 * The file is replaced as a whole, by rename, at the start, with each finding, loss and heartbeat and
 * at the end: a scrape sees the old one or the new one.
 */
#include "output/sink.h"

#include "diagnose/rules.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sink_metrics {
	struct sink sink;
	bool running;
	char version[32], hooks[128];
	uint64_t start_ns;
	struct totals totals; /* of the latest report that had them */
	struct totals before; /* of the runs before this one, where several are replayed */
	/*
	 * What was written last.  The totals count a dial under what was told of it last, so that one that
	 * was established and then reset moves, and a warning that a failed dial raises to an error does; a
	 * counter of Prometheus never falls: it stays, and the next of its kind does not raise it.
	 */
	uint64_t dials[ROLES][DIAL_PATHS][DIAL_OUTCOMES];
	uint64_t found[RULES_MAX][SEVERITIES];
};

static uint64_t counter(uint64_t *written, uint64_t total)
{
	if (total > *written)
		*written = total;
	return *written;
}

static void put_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(
		out, "# HELP relaytrace_%s %s\n# TYPE relaytrace_%s %s\n", name, help, name, type);
}

/* Within the quotes of a label: backslash, quote and newline are escaped. */
static void put_label(struct buffer *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n') {
			buffer_append_string(out, "\\n");
			continue;
		}
		if (*value == '\\' || *value == '"')
			buffer_append_char(out, '\\');
		buffer_append_char(out, *value);
	}
}

static void put_seconds(const struct sink_metrics *s, struct buffer *out, uint64_t time_ns)
{
	int64_t ms = ((int64_t)time_ns + s->sink.context.wall_offset_ns) / 1000000;

	buffer_printf(out, "%" PRId64 ".%03d\n", ms / 1000, (int)(ms % 1000));
}

/* "connect=fexit tcp=tp_btf ...": one series for each. */
static void put_hooks(const struct sink_metrics *s, struct buffer *out)
{
	char hooks[sizeof(s->hooks)], *rest = NULL;

	put_head(out, "hook_info", "gauge", "The kernel hook that is taken for each thing to see.");
	strcpy(hooks, s->hooks);
	for (char *word = strtok_r(hooks, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *name = strchr(word, '=');

		if (!name)
			continue;
		*name++ = '\0';
		buffer_append_string(out, "relaytrace_hook_info{sees=\"");
		put_label(out, word);
		buffer_append_string(out, "\",hook=\"");
		put_label(out, name);
		buffer_append_string(out, "\"} 1\n");
	}
}

static void put_dials(struct sink_metrics *s, struct buffer *out)
{
	put_head(out, "dials_total", "counter",
		"Dials of the traced processes, each under its latest outcome; one that is "
		"established and "
		"fails later leaves its place to the next that is established.");
	for (int role = 0; role < ROLES; role++)
		for (int path = 0; path < DIAL_PATHS; path++)
			for (int outcome = 0; outcome < DIAL_OUTCOMES; outcome++)
				if (outcome != DIAL_PENDING &&
					counter(&s->dials[role][path][outcome],
						s->before.dials[role][path][outcome] +
							s->totals.dials[role][path][outcome]))
					buffer_printf(out,
						"relaytrace_dials_total{role=\"%s\",path=\"%s\","
						"outcome=\"%s\"} %" PRIu64 "\n",
						role_name((enum role)role),
						dial_path_name((enum dial_path)path),
						dial_outcome_name((enum dial_outcome)outcome),
						s->dials[role][path][outcome]);
}

static void put_finding(
	struct buffer *out, const char *name, size_t rule, int severity, uint64_t value)
{
	size_t count;

	buffer_printf(out, "relaytrace_%s{rule=\"%s\",severity=\"%s\"} %" PRIu64 "\n", name,
		rules_all(&count)[rule].id, severity_name((enum severity)severity), value);
}

static void put_findings(struct sink_metrics *s, struct buffer *out)
{
	size_t count;

	rules_all(&count);
	/* Zeros too: rate() and increase() see the first finding only where there was a 0 before. */
	put_head(out, "findings_total", "counter",
		"Distinct findings, by rule: what comes back after it was resolved is no new one; "
		"a warning that becomes an error leaves its place to the next.");
	for (size_t i = 0; i < count; i++)
		for (int severity = 0; severity < SEVERITIES; severity++)
			put_finding(out, "findings_total", i, severity,
				counter(&s->found[i][severity],
					s->before.found[i][severity] +
						s->totals.found[i][severity]));
	put_head(out, "findings_open", "gauge",
		"Findings that were not resolved yet, by rule; a thousand are remembered.");
	for (size_t i = 0; i < count; i++)
		for (int severity = 0; severity < SEVERITIES; severity++)
			put_finding(out, "findings_open", i, severity, s->totals.open[i][severity]);
}

static void put_all(struct sink_metrics *s, struct buffer *out)
{
	put_head(out, "build_info", "gauge", "The version of relaytrace that writes this.");
	buffer_append_string(out, "relaytrace_build_info{version=\"");
	put_label(out, s->version);
	buffer_append_string(out, "\"} 1\n");
	put_head(out, "running", "gauge",
		"Whether the tracer is attached: 0 once it ended by itself.");
	buffer_printf(out, "relaytrace_running %d\n", s->running);
	put_head(out, "start_time_seconds", "gauge", "When the tracer was attached, in unixtime.");
	buffer_append_string(out, "relaytrace_start_time_seconds ");
	put_seconds(s, out, s->start_ns);
	put_head(out, "last_event_timestamp_seconds", "gauge",
		"When an event of a traced process was last seen, in unixtime.");
	buffer_append_string(out, "relaytrace_last_event_timestamp_seconds ");
	put_seconds(s, out, s->totals.last_ns > s->start_ns ? s->totals.last_ns : s->start_ns);
	put_hooks(s, out);
	put_dials(s, out);
	put_findings(s, out);
	put_head(out, "events_total", "counter", "Events seen, by kind.");
	for (int i = 0; i < EVENT_KINDS; i++)
		buffer_printf(out, "relaytrace_events_total{kind=\"%s\"} %" PRIu64 "\n",
			event_kind_name((enum event_kind)i), s->before.seen[i] + s->totals.seen[i]);
	put_head(out, "lost_total", "counter", "What was lost, by kind.");
	for (int i = 0; i < LOSS_KINDS; i++)
		buffer_printf(out, "relaytrace_lost_total{kind=\"%s\"} %" PRIu64 "\n",
			loss_kind_name((enum loss_kind)i), s->before.lost[i] + s->totals.lost[i]);
}

/* What the run that is over has counted.  What outputs refused is counted over all runs already. */
static void run_is_over(struct sink_metrics *s)
{
	for (int role = 0; role < ROLES; role++)
		for (int path = 0; path < DIAL_PATHS; path++)
			for (int outcome = 0; outcome < DIAL_OUTCOMES; outcome++)
				s->before.dials[role][path][outcome] +=
					s->totals.dials[role][path][outcome];
	for (size_t i = 0; i < RULES_MAX; i++)
		for (int severity = 0; severity < SEVERITIES; severity++)
			s->before.found[i][severity] += s->totals.found[i][severity];
	for (int i = 0; i < EVENT_KINDS; i++)
		s->before.seen[i] += s->totals.seen[i];
	for (int i = 0; i < LOSS_KINDS; i++)
		if (i != LOSS_SINK)
			s->before.lost[i] += s->totals.lost[i];
}

/* Counters go on over several runs of a replay, as Prometheus wants them to. */
static void metrics_format(struct sink *sink, const struct report *r, struct buffer *out)
{
	struct sink_metrics *s = (struct sink_metrics *)sink;

	if (r->kind == REPORT_START)
		run_is_over(s);
	if (r->totals)
		s->totals = *r->totals;
	switch (r->kind) {
	case REPORT_START:
		s->running = true;
		s->start_ns = r->time_ns;
		snprintf(s->version, sizeof(s->version), "%s",
			r->start->version ? r->start->version : RELAYTRACE_VERSION);
		snprintf(s->hooks, sizeof(s->hooks), "%s", r->start->hooks ? r->start->hooks : "");
		break;
	case REPORT_STOP:
		s->running = false;
		break;
	case REPORT_FINDING:
	case REPORT_RESOLVED:
	case REPORT_LOSS:
	case REPORT_HEARTBEAT:
		break;
	default:
		return;
	}
	put_all(s, out);
}

/* node_exporter reads *.prom only, so the name on the way must end otherwise. */
static int metrics_write(struct sink *s)
{
	char path[4096];
	ssize_t written;
	int fd, err = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s.new", s->path) >= sizeof(path))
		return -ENAMETOOLONG;
	/* What a killed tracer left there goes; nobody's link is followed. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	written = write(fd, s->line.data, s->line.len);
	if (written != (ssize_t)s->line.len)
		err = written < 0 ? -errno : -ENOSPC;
	else if (fchmod(fd, 0644) != 0 || rename(path, s->path) != 0)
		err = -errno;
	close(fd);
	if (err)
		unlink(path);
	return err;
}

static void metrics_free(struct sink *sink)
{
	free(sink);
}

struct sink *sink_metrics_new(void)
{
	static const struct sink_ops ops = {"metrics", metrics_format, metrics_free, metrics_write};
	struct sink_metrics *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sink.ops = &ops;
	s->sink.fd = -1;
	return &s->sink;
}
