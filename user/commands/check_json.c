// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer of `relaytrace check` as JSON lines: `unit` for each unit, `exec` for each process, as the
 * tracer has it, `pull` for each host that somebody will pull from, `finding` as the tracer has it, `fault` for what is
 * to be mended in a file and no finding tells, `unread` for what could not be read.
 */
#include "commands/check.h"
#include "node/pull_targets.h"
#include "output/json_line.h"
#include "output/wall_time.h"

#include <string.h>

struct item {
	const struct check *check;
	const struct check_unit *unit;
	const struct check_subject *subject;
	const struct pull_target *target;
	bool judged;
	const char *action, *message; /* "fault", "unread" */
	struct report report;
};

static void put_line(struct sink *s, json_put_fn *put, const struct item *item, struct buffer *out)
{
	struct json_line line = {.context = &s->context};

	json_line_write(&line, false, put, item, out);
}

static void put_report(struct json_line *l, const void *item)
{
	json_put_report(l, &((const struct item *)item)->report);
}

static void put_place(
	struct json_line *l, const char *key, const struct unit_facts *f, int statement)
{
	struct buffer place = {0};

	if (statement < 0)
		return;
	buffer_printf(&place, "%s:%u", f->files[f->statements[statement].file].path,
		f->statements[statement].line);
	json_line_text(l, key, buffer_string(&place));
	buffer_free(&place);
}

static void put_statement(struct json_line *l, const struct check_unit *u, size_t i)
{
	const struct unit_statement *st = &u->facts.statements[i];
	struct environment *one = environment_new(ENVIRONMENT_GIVEN);
	struct json *j = &l->json;

	json_object(j, NULL);
	json_line_text(l, "variable", st->name);
	/* Judged and redacted on the way, as everywhere. */
	if (one && st->value &&
		!environment_add(one, st->name, strlen(st->name), st->value, strlen(st->value),
			false, NULL) &&
		one->count)
		json_line_text(l, "value", one->variables[0].value);
	environment_unref(one);
	put_place(l, "source", &u->facts, (int)i);
	json_string(j, "fate", unit_fate_name(u->view.of[i].fate));
	put_place(l, "by", &u->facts, u->view.of[i].by);
	if (st->fault && *st->fault)
		json_string(j, "fault", st->fault);
	json_object_end(j);
}

static void put_names(struct json_line *l, const char *key, const struct check *c,
	const struct process *p, enum check_has has)
{
	const struct environment *wanted = check_wanted(c, p);

	json_array(&l->json, key);
	for (unsigned int i = 0; wanted && i < wanted->count; i++)
		if (wanted->variables[i].is_relay && check_has(p, &wanted->variables[i]) == has)
			json_line_text(l, NULL, wanted->variables[i].name);
	json_array_end(&l->json);
}

static void put_processes(struct json_line *l, const struct item *item)
{
	const struct check *c = item->check;
	struct json *j = &l->json;
	size_t shown = 0;

	json_array(j, "processes");
	for (size_t i = 0; i < c->running_count; i++) {
		const struct process *p = c->running[i];

		if (!role_pulls(p->role) || strcmp(p->unit, item->unit->self->unit) ||
			!json_line_counts(l, &shown))
			continue;
		json_object(j, NULL);
		json_unsigned(j, "pid", p->pid);
		json_line_text(l, "name", p->name);
		put_names(l, "has", c, p, CHECK_HAS);
		put_names(l, "differs", c, p, CHECK_DIFFERS);
		put_names(l, "lacks", c, p, CHECK_LACKS);
		put_names(l, "unseen", c, p, CHECK_UNSEEN);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_unit(struct json_line *l, const void *what)
{
	const struct item *item = what;
	const struct check_unit *u = item->unit;
	struct json *j = &l->json;
	size_t shown = 0, begin = j->out->len;
	char started[WALL_TIME_TEXT];

	json_line_begin(l, &item->report, "event", "unit");
	json_object_end(j);
	json_line_unit(l, u->self);
	json_line_ours(l);
	json_object(j, "unit");
	json_string(j, "state", unit_state_name(u->view.state));
	json_bool(j, "enabled", u->enabled);
	json_bool(j, "running", u->running);
	json_bool(j, "judged", u->judged);
	json_bool(j, "need_reload", u->reload);
	if (u->main_pid)
		json_unsigned(j, "main_pid", u->main_pid);
	if (u->started_ns)
		json_string(j, "started", wall_time_rfc3339((int64_t)u->started_ns, started));
	if (check_changed(u))
		json_line_text(l, "changed", check_changed(u));
	if (u->files && u->self->role == ROLE_SUPERVISOR) {
		json_line_text(l, "version", u->files->version);
		json_line_text(l, "data_dir", u->files->data_dir);
		json_line_text(l, "staged", u->files->staged);
		json_line_text(l, "images", u->files->images);
	}
	json_array(j, "variables");
	for (size_t i = 0; i < u->facts.statement_count; i++) {
		const struct unit_statement *st = &u->facts.statements[i];

		/* It is too long already, and will be tried again with fewer. */
		if (j->out->len - begin > JSON_LINE_BYTES)
			break;
		if (st->name &&
			(st->verb == UNIT_SET || st->verb == UNIT_IGNORED ||
				st->verb == UNIT_PASS) &&
			json_line_counts(l, &shown))
			put_statement(l, u, i);
	}
	json_array_end(j);
	put_processes(l, item);
	json_object_end(j);
	json_line_end(l);
}

static void put_pull(struct json_line *l, const void *what)
{
	const struct item *item = what;
	static const char *const decisions[] = {
		[CHOICE_DIRECT] = "direct", [CHOICE_RELAY] = "relay", [CHOICE_ERROR] = "error"};
	const struct process *p = item->subject->process;
	struct json *j = &l->json;
	struct choice choice;
	char reason[1024];

	check_choice(item->check, item->subject, item->target, &choice);
	json_line_begin(l, &item->report, "event", "pull");
	json_object_end(j);
	if (p->pid)
		json_line_process(l, p);
	json_line_unit(l, p);
	json_line_destination(l, item->target->host, "", item->target->port);
	json_line_ours(l);
	json_string(j, "role", role_name(p->role));
	json_object(j, "pull");
	json_bool(j, "expected", item->subject->pulls);
	json_line_text(l, "why", item->subject->why);
	json_bool(j, "fallback", !item->judged);
	json_string(j, "decision", decisions[choice.decision]);
	if (choice.variable)
		json_line_text(l, "variable", choice.variable->name);
	if (choice.no_entry[0])
		json_line_text(l, "no_relay_entry", choice.no_entry);
	json_line_text(l, "reason", check_reason(item->subject, &choice, reason, sizeof(reason)));
	json_object_end(j);
	if (choice.decision == CHOICE_RELAY) {
		json_object(j, "relay");
		json_line_text(l, "host", choice.relay.host);
		json_unsigned(j, "port", choice.relay.port <= 65535 ? choice.relay.port : 0);
		json_object_end(j);
	}
	json_line_end(l);
}

static void put_message(struct json_line *l, const void *what)
{
	const struct item *item = what;

	json_line_begin(l, &item->report, "event", item->action);
	json_object_end(&l->json);
	json_line_text(l, "message", item->message);
	json_line_ours(l);
	json_line_end(l);
}

static void put_messages(struct sink *s, const char *action, const struct unit_list *l,
	struct item *item, struct buffer *out)
{
	item->action = action;
	for (size_t i = 0; i < l->count; i++) {
		item->message = l->text[i];
		put_line(s, put_message, item, out);
	}
}

void check_json(const struct check *c, struct sink *s, struct buffer *out)
{
	struct item item = {.check = c, .report = {.time_ns = c->now_ns}};

	item.report.kind = REPORT_EXEC;
	for (size_t i = 0; i < c->unit_count; i++) {
		item.unit = &c->units[i];
		put_line(s, put_unit, &item, out);
	}
	for (size_t i = 0; i < c->running_count; i++) {
		item.report.process = c->running[i];
		put_line(s, put_report, &item, out);
	}
	for (size_t i = 0; i < c->subject_count; i++) {
		struct pull_target targets[PULL_TARGETS];
		size_t judged, count;

		item.subject = &c->subjects[i];
		count = node_pull_targets(
			item.subject->config, item.subject->process->role, targets, &judged);
		for (size_t k = 0; k < count; k++) {
			item.target = &targets[k];
			item.judged = k < judged;
			put_line(s, put_pull, &item, out);
		}
	}
	item.report.kind = REPORT_FINDING;
	for (size_t i = 0; i < c->finding_count; i++) {
		item.report.finding = c->findings[i];
		item.report.process = c->findings[i]->process;
		put_line(s, put_report, &item, out);
	}
	put_messages(s, "fault", &c->faults, &item, out);
	put_messages(s, "unread", &c->unread, &item, out);
}
