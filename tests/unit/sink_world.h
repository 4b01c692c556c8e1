/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small world for the tests of the sinks.  Every JSON line that is made here is also appended to the
 * file that $SCHEMA_LINES names, which tests/suites/30-schema.fast.sh validates.
 */
#ifndef TESTS_SINK_WORLD_H
#define TESTS_SINK_WORLD_H

#include "diagnose/rules.h"
#include "output/sink.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define S_NS 1000000000ull

static const struct rule rule = {
	.id = "containerd-scope",
	.title = "CONTAINERD_ variables reach containerd alone",
	.reference = "https://github.com/rancher/rke2/issues/1834",
};

/* A small world: rke2, which carries what reached containerd alone, and its dial that failed. */
struct world {
	struct process process;
	struct dial dial;
	struct finding finding;
	struct totals totals;
	struct summary_row row;
	struct event_start start;
	struct event_name name;
	char *args[3];
	struct sink *json, *text;
	struct buffer out;
};

static inline void add(struct environment *e, const char *name, const char *value)
{
	UNIT_CHECK(environment_add(e, name, strlen(name), value, strlen(value), false, NULL) == 0);
}

static inline void world_open(struct world *w)
{
	struct address remote;

	memset(w, 0, sizeof(*w));
	address_parse("203.0.113.10", &remote);
	remote.port = 443;
	w->args[0] = "rke2";
	w->args[1] = "agent";
	w->process = (struct process){.references = 1,
		.pid = 4121,
		.start_ns = S_NS / 2,
		.parent_pid = 1,
		.entity_id = "6b1c2d3e-4121-500000000",
		.tree = "rke2",
		.role = ROLE_SUPERVISOR,
		.name = "rke2",
		.executable = "/usr/local/bin/rke2",
		.unit = "rke2-agent.service",
		.args = w->args,
		.arg_count = 2,
		.environment = environment_new(ENVIRONMENT_EXEC)};
	add(w->process.environment, "CONTAINERD_HTTPS_PROXY", "http://joe:hunter2@relay:3128");
	w->dial = (struct dial){.id = 17,
		.process = &w->process,
		.environment = w->process.environment,
		.remote = remote,
		.begin_ns = 1 * S_NS,
		.end_ns = 31 * S_NS + 412345,
		.outcome = DIAL_ABANDONED,
		.path = DIAL_DIRECT,
		.name = "index.docker.io",
		.name_from = NAME_DNS};
	w->finding = (struct finding){.id = "0123456789abcdef",
		.rule = &rule,
		.severity = SEVERITY_ERROR,
		.count = 1,
		.first_ns = 31 * S_NS,
		.last_ns = 31 * S_NS,
		.message = "rke2 (pid 4121) dialled index.docker.io:443 directly and gave up after "
			   "30.0 s",
		.over = "index.docker.io:443 is reached again",
		.chain = {3,
			{"dial failed", "went direct", "HTTPS_PROXY not in rke2's environment"}},
		.missing = {1, {"HTTPS_PROXY"}},
		.remedy = {2, {"sed -n 's/^CONTAINERD_//p' /etc/default/rke2-agent "
			       ">>/etc/default/rke2-agent",
				      "systemctl restart rke2-agent"}},
		.process = &w->process,
		.dial = &w->dial,
		.host = "index.docker.io",
		.ip = "203.0.113.10",
		.port = 443};
	w->totals.seen[EVENT_EXEC] = 1;
	w->totals.findings = w->totals.errors = 1;
	w->totals.dials[ROLE_SUPERVISOR][DIAL_DIRECT][DIAL_ABANDONED] = 3;
	w->row.process = &w->process;
	w->row.dials[DIAL_DIRECT][DIAL_ABANDONED] = 3;
	w->row.dials[DIAL_DIRECT][DIAL_ESTABLISHED] = 1;
	w->start = (struct event_start){.host = "node1",
		.boot_id = "6b1c2d3e",
		.version = "0.1.0",
		.names = "auto",
		.hooks = "connect=fexit tcp=tp_btf",
		.pending_ns = 20 * S_NS};
	w->name = (struct event_name){
		.type = 1, .id = 7, .name = "index.docker.io", .address_count = 1};
	w->name.addresses[0] = remote;
	address_parse("127.0.0.53", &w->name.server);
	w->name.server.port = 53;
	w->json = sink_json_new();
	w->text = sink_text_new();
	/* 2025-11-24T00:43:20Z */
	w->json->context = w->text->context = (struct sink_context){
		.wall_offset_ns = 1763945000ll * (int64_t)S_NS, .host = "node1"};
}

static inline void world_close(struct world *w)
{
	environment_unref(w->process.environment);
	sink_free(w->json);
	sink_free(w->text);
	buffer_free(&w->out);
}

static inline struct report report_of(struct world *w, enum report_kind kind)
{
	struct report r = {.kind = kind, .time_ns = 31 * S_NS + 412345};

	switch (kind) {
	case REPORT_START:
		r.time_ns = 0;
		r.start = &w->start;
		break;
	case REPORT_STOP:
		r.rows = &w->row;
		r.row_count = 1;
		/* fall through */
	case REPORT_LOSS:
	case REPORT_HEARTBEAT:
		r.totals = &w->totals;
		break;
	case REPORT_DIAL:
	case REPORT_RELAY:
		r.dial = &w->dial;
		r.process = &w->process;
		break;
	default:
		r.process = &w->process;
		r.name = &w->name;
		r.finding = &w->finding;
	}
	return r;
}

/* The report as JSON; the text is valid until the next. */
static inline const char *json_of(struct world *w, const struct report *r)
{
	const char *lines = getenv("SCHEMA_LINES");

	buffer_clear(&w->out);
	w->json->ops->format(w->json, r, &w->out);
	if (lines && w->out.len) {
		int fd = open(lines, O_WRONLY | O_APPEND | O_CREAT, 0600);

		UNIT_CHECK(write(fd, w->out.data, w->out.len) == (ssize_t)w->out.len);
		close(fd);
	}
	return buffer_string(&w->out);
}

static inline const char *text_of(struct world *w, const struct report *r)
{
	buffer_clear(&w->out);
	w->text->ops->format(w->text, r, &w->out);
	return buffer_string(&w->out);
}

static inline char *repeated(const char *piece, size_t len)
{
	char *text = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = piece[i % strlen(piece)];
	text[len] = '\0';
	return text;
}

#endif
