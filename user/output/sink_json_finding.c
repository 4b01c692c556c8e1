// SPDX-License-Identifier: GPL-2.0-only
/* The JSON lines of findings, and those that carry the totals. */
#include "output/json_line.h"

#include "diagnose/rules.h"

#include <string.h>

/* The severities of syslog, RFC 5424 6.2.1. */
static int syslog_severity(enum severity severity)
{
	return severity == SEVERITY_ERROR ? 3 : severity == SEVERITY_WARNING ? 4 : 6;
}

/* What happened, or of a finding that is over, how: its rule, and why. */
static void put_message(struct json_line *l, const struct finding *f, bool resolved)
{
	struct buffer b = {0};

	if (resolved)
		buffer_printf(&b, "%s: %s", f->rule->id, f->over ? f->over : "it is over");
	json_line_text(l, "message", resolved ? buffer_string(&b) : f->message);
	buffer_free(&b);
}

void json_put_finding(struct json_line *l, const struct report *r, bool resolved)
{
	const struct finding *f = r->finding;
	struct json *j = &l->json;

	json_line_begin(l, r, resolved ? "event" : "alert", resolved ? "resolved" : "finding");
	json_string(j, "code", f->rule->id);
	json_number(j, "severity", syslog_severity(f->severity));
	json_object_end(j);
	json_object(j, "rule");
	json_string(j, "id", f->rule->id);
	json_line_text(l, "name", f->rule->title);
	if (f->rule->reference)
		json_line_text(l, "reference", f->rule->reference);
	json_object_end(j);
	if (!j->fields) /* the journal's MESSAGE is for a person, and its sink writes it */
		put_message(l, f, resolved);
	if (f->process) {
		if (f->process->pid) /* else it is one that its unit would start */
			json_line_process(l, f->process);
		json_line_unit(l, f->process);
	}
	if (f->host[0] || f->ip[0])
		json_line_destination(l, strcmp(f->host, f->ip) ? f->host : "", f->ip, f->port);
	json_line_ours(l);
	if (f->process)
		json_string(j, "role", role_name(f->process->role));
	json_string(j, "severity", severity_name(f->severity));
	if (f->dial) {
		json_object(j, "dial");
		json_unsigned(j, "id", f->dial->id);
		json_string(j, "outcome", dial_outcome_name(f->dial->outcome));
		json_string(j, "path", dial_path_name(f->dial->path));
		json_number(j, "errno", f->dial->error);
		json_object_end(j);
	}
	if (f->relay_host[0] || f->relay_ip[0]) {
		json_object(j, "relay");
		json_line_text(l, "host", f->relay_host[0] ? f->relay_host : f->relay_ip);
		json_line_text(l, "ip", f->relay_ip);
		json_unsigned(j, "port", f->relay_port);
		json_unsigned(j, "status", f->relay_status);
		json_object_end(j);
	}
	json_line_list(l, "chain", &f->chain);
	json_line_list(l, "missing", &f->missing);
	json_line_list(l, "remedy", &f->remedy);
	json_unsigned(j, "count", f->count);
	json_bool(j, "incomplete", f->incomplete);
	json_object(j, "finding");
	json_string(j, "id", f->id);
	json_line_time(l, "first", f->first_ns);
	json_line_time(l, "last", f->last_ns);
	json_object_end(j);
	json_line_end(l);
}

static void put_dials(
	struct json_line *l, uint64_t counts[DIAL_PATHS][DIAL_OUTCOMES], const char *role)
{
	struct json *j = &l->json;

	for (int path = 0; path < DIAL_PATHS; path++) {
		for (int outcome = 0; outcome < DIAL_OUTCOMES; outcome++) {
			if (!counts[path][outcome] || !json_line_counts(l, &l->rows))
				continue;
			json_object(j, NULL);
			if (role)
				json_string(j, "role", role);
			json_string(j, "path", dial_path_name((enum dial_path)path));
			json_string(j, "outcome", dial_outcome_name((enum dial_outcome)outcome));
			json_unsigned(j, "count", counts[path][outcome]);
			json_object_end(j);
		}
	}
}

static void put_rows(struct json_line *l, const struct report *r)
{
	struct json *j = &l->json;
	size_t i;

	json_array(j, "processes");
	for (i = 0; i < r->row_count; i++) {
		const struct process *p = r->rows[i].process;

		if (!json_line_counts(l, &l->rows))
			break;
		json_object(j, NULL);
		json_unsigned(j, "pid", p->pid);
		json_line_text(l, "name", p->name);
		json_line_text(l, "entity_id", p->entity_id);
		json_string(j, "role", role_name(p->role));
		json_array(j, "dials");
		put_dials(l, (uint64_t(*)[DIAL_OUTCOMES])r->rows[i].dials, NULL);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
	if (r->row_more || i < r->row_count)
		json_unsigned(j, "processes_more", r->row_more + r->row_count - i);
}

void json_put_totals(
	struct json_line *l, const struct report *r, const char *kind, const char *action)
{
	const struct totals *t = r->totals;
	struct json *j = &l->json;

	json_line_begin(l, r, kind, action);
	json_object_end(j);
	json_line_ours(l);
	json_object(j, "loss");
	for (int i = 0; i < LOSS_KINDS; i++)
		json_unsigned(j, loss_kind_name((enum loss_kind)i), t->lost[i]);
	json_object_end(j);
	json_object(j, "seen");
	for (int i = 0; i < EVENT_KINDS; i++)
		json_unsigned(j, event_kind_name((enum event_kind)i), t->seen[i]);
	json_object_end(j);
	json_object(j, "output");
	json_unsigned(j, "written", l->written);
	json_unsigned(j, "refused", l->refused);
	json_object_end(j);
	json_object(j, "findings");
	json_unsigned(j, "total", t->findings);
	json_unsigned(j, "error", t->errors);
	json_unsigned(j, "warning", t->warnings);
	json_unsigned(j, "info", t->infos);
	json_object_end(j);
	if (r->kind == REPORT_STOP) {
		json_array(j, "dials");
		for (int role = 0; role < ROLES; role++)
			put_dials(l, (uint64_t(*)[DIAL_OUTCOMES])t->dials[role],
				role_name((enum role)role));
		json_array_end(j);
		put_rows(l, r);
	}
	json_line_end(l);
}
