// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON lines in the names of the Elastic Common Schema 8.17, nested, what is ours below
 * "relaytrace".  tests/schema/relaytrace.schema.json says what each line looks like.
 */
#include "output/json_line.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void put_start(struct json_line *l, const struct report *r)
{
	struct json *j = &l->json;

	json_line_begin(l, r, "event", "start");
	json_object_end(j);
	json_line_ours(l);
	json_line_text(l, "version", r->start->version ? r->start->version : "");
	json_line_text(l, "names", r->start->names ? r->start->names : "auto");
	json_line_text(l, "hooks", r->start->hooks ? r->start->hooks : "");
	json_unsigned(j, "pending", r->start->pending_ns);
	json_line_end(l);
}

static void put_names(struct json_line *l, const char *key, const struct name_list *list)
{
	size_t shown = 0;

	json_array(&l->json, key);
	for (size_t i = 0; i < list->count && json_line_counts(l, &shown); i++)
		json_line_text(l, NULL, list->names[i]);
	json_array_end(&l->json);
}

static void put_changes(struct json_line *l, const struct environment_changes *c)
{
	struct json *j = &l->json;

	json_object(j, "changes");
	json_string(j, "since", c->since);
	json_bool(j, "incomplete", c->incomplete);
	put_names(l, "added", &c->added);
	put_names(l, "removed", &c->removed);
	put_names(l, "changed", &c->changed);
	json_object_end(j);
}

static void put_environment(
	struct json_line *l, const struct environment *e, const struct environment_changes *changes)
{
	static const char *const origins[] = {[ENVIRONMENT_EXEC] = "exec",
		[ENVIRONMENT_SNAPSHOT] = "snapshot",
		[ENVIRONMENT_GIVEN] = "given"};
	struct json *j = &l->json;
	size_t shown = 0;

	json_object(j, "environment");
	json_string(j, "origin", origins[e->origin]);
	json_bool(j, "truncated", environment_is_cut(e));
	if (e->unreadable)
		json_bool(j, "unreadable", true);
	if (e->first_lost)
		json_bool(j, "first_lost", true);
	json_array(j, "faults");
	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *v = &e->variables[i];
		uint32_t faults = v->is_relay && v->relay.kind != RELAY_KIND_NO ? v->url.faults : 0;

		for (uint32_t left = faults; left; left &= left - 1) {
			const char *name = relay_fault_name(left & -left);

			if (name && json_line_counts(l, &shown)) {
				json_object(j, NULL);
				json_line_text(l, "variable", v->name);
				json_string(j, "fault", name);
				json_object_end(j);
			}
		}
		if (v->value_cut && json_line_counts(l, &shown)) {
			json_object(j, NULL);
			json_line_text(l, "variable", v->name);
			json_string(j, "fault", "value-cut");
			json_object_end(j);
		}
	}
	json_array_end(j);
	if (changes)
		put_changes(l, changes);
	json_object_end(j);
}

static void put_exec(struct json_line *l, const struct report *r)
{
	const struct process *p = r->process;
	const struct environment *e = p->environment;
	struct json *j = &l->json;
	size_t shown = 0;

	json_line_begin(l, r, "event", "exec");
	json_object_end(j);
	json_object(j, "process");
	json_unsigned(j, "pid", p->pid);
	json_line_text(l, "name", p->name);
	json_line_text(l, "executable", p->executable);
	json_line_args(l, "args", p->args, p->arg_count);
	json_unsigned(j, "args_count", p->arg_count);
	json_line_text(l, "entity_id", p->entity_id);
	if (p->start_ns)
		json_line_time(l, "start", p->start_ns);
	json_object(j, "parent");
	json_unsigned(j, "pid", p->parent_pid);
	if (p->parent)
		json_line_text(l, "entity_id", p->parent->entity_id);
	json_object_end(j);
	json_array(j, "env_vars");
	for (unsigned int i = 0; i < e->count; i++)
		if (json_line_counts(l, &shown))
			json_line_variable(l, &e->variables[i]);
	json_array_end(j);
	json_object_end(j);
	json_line_unit(l, p);
	json_line_ours(l);
	json_line_text(l, "tree", p->tree);
	json_string(j, "role", role_name(p->role));
	if (p->version[0])
		json_line_text(
			l, strncmp(p->tree, "k3s", 3) ? "rke2_version" : "k3s_version", p->version);
	json_bool(j, "found", p->found);
	json_bool(j, "args_truncated", p->args_truncated || l->cut & JSON_CUT_ARGS);
	put_environment(l, e, r->changes);
	json_line_end(l);
}

static void put_exit(struct json_line *l, const struct report *r)
{
	const struct process *p = r->process;
	struct json *j = &l->json;
	int status = p->exit_status;

	json_line_begin(l, r, "event", "exit");
	json_object_end(j);
	json_object(j, "process");
	json_unsigned(j, "pid", p->pid);
	json_line_text(l, "name", p->name);
	json_line_text(l, "entity_id", p->entity_id);
	if (p->exit_ns && !p->exit_missed)
		json_line_time(l, "end", p->exit_ns);
	/* As a shell has it: 128 and the signal's number. */
	if (!p->exit_missed)
		json_number(j, "exit_code",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + (status & 0x7f));
	json_object_end(j);
	json_line_ours(l);
	json_string(j, "role", role_name(p->role));
	if (p->exit_missed)
		json_bool(j, "missed", true);
	if (!WIFEXITED(status))
		json_number(j, "signal", status & 0x7f);
	json_line_end(l);
}

/* Is there an address at all?  A name that did not resolve has none. */
static bool has_address(const struct address *a)
{
	static const uint8_t none[16];

	return !a->hidden && (a->port || memcmp(a->bytes, none, a->is_v6 ? 16 : 4) != 0);
}

static void put_network(struct json_line *l, const struct dial *d)
{
	struct json *j = &l->json;

	json_object(j, "network");
	json_string(j, "transport", "tcp");
	if (has_address(&d->remote))
		json_string(j, "type", d->remote.is_v6 ? "ipv6" : "ipv4");
	json_object_end(j);
}

/* The relay of a dial, what it was asked for and what it said; ip is "" where its name did not resolve. */
static void put_relay(struct json_line *l, const struct dial *d, bool asked)
{
	const struct variable *v = d->relay_variable;
	bool resolved = d->outcome != DIAL_UNRESOLVED;
	struct json *j = &l->json;
	char ip[ADDRESS_TEXT] = "";

	if (resolved && !d->remote.hidden)
		address_text(&d->remote, ip);
	json_object(j, "relay");
	json_line_text(l, "host", v ? v->url.host : ip);
	json_string(j, "ip", ip);
	json_unsigned(j, "port", resolved || !v ? d->remote.port : v->url.port);
	if (d->connect_port) {
		json_line_text(l, "connect_host", d->connect_host);
		json_unsigned(j, "connect_port", d->connect_port);
	}
	if (d->status || asked) /* 0: what came is no status line, or nothing came */
		json_unsigned(j, "status", d->status);
	if (d->reason[0])
		json_line_text(l, "reason", d->reason);
	json_object_end(j);
}

static const char *outcome_of(enum dial_outcome outcome)
{
	if (dial_outcome_failed(outcome))
		return "failure";
	return outcome == DIAL_ESTABLISHED ? "success" : "unknown";
}

static void put_dial(struct json_line *l, const struct report *r)
{
	const struct dial *d = r->dial;
	/* Through a relay the name is what was asked of it, not whose address this is. */
	bool asked =
		d->path == DIAL_RELAY && (d->name_from == NAME_CONNECT || d->name_from == NAME_SNI);
	struct json *j = &l->json;
	char text[ADDRESS_TEXT] = "", code[16];

	json_line_begin(l, r, "event", "dial");
	json_string(j, "outcome", outcome_of(d->outcome));
	json_string(j, "reason", dial_outcome_name(d->outcome));
	json_unsigned(j, "duration", d->end_ns > d->begin_ns ? d->end_ns - d->begin_ns : 0);
	json_object_end(j);
	json_line_process(l, d->process);
	put_network(l, d);
	if (has_address(&d->local)) {
		json_object(j, "source");
		json_string(j, "ip", address_text(&d->local, text));
		if (d->local.port) /* it has none yet when the SYN is made */
			json_unsigned(j, "port", d->local.port);
		json_object_end(j);
	}
	text[0] = '\0';
	if (has_address(&d->remote))
		address_text(&d->remote, text);
	json_line_destination(l,
		d->remote.hidden		     ? "***"
		: d->name_from == NAME_NONE || asked ? ""
						     : d->name,
		text, d->remote.port);
	if (d->error && error_name(d->error)) {
		json_object(j, "error");
		json_string(j, "code", error_name(d->error));
		json_object_end(j);
	}
	json_line_ours(l);
	json_string(j, "role", role_name(d->process->role));
	json_object(j, "dial");
	json_unsigned(j, "id", d->id);
	json_string(j, "outcome", dial_outcome_name(d->outcome));
	json_string(j, "path", dial_path_name(d->path));
	json_number(j, "errno", d->error);
	json_string(j, "name_from", name_from_name(d->name_from));
	if (d->name_doubtful)
		json_bool(j, "name_doubtful", true);
	if (d->at_least)
		json_bool(j, "at_least", true);
	if (d->outcome == DIAL_UNRESOLVED)
		json_string(j, "response_code", dns_code_name(d->dns_code, code));
	if (d->relay_variable)
		json_line_text(l, "variable", d->relay_variable->name);
	json_object_end(j);
	if (d->path == DIAL_RELAY)
		put_relay(l, d, false);
	json_line_end(l);
}

static void put_relay_answer(struct json_line *l, const struct report *r)
{
	const struct dial *d = r->dial;
	struct json *j = &l->json;

	json_line_begin(l, r, "event", "relay");
	json_string(j, "outcome", dial_answer_refuses(d) || !d->replied ? "failure" : "success");
	json_object_end(j);
	json_line_process(l, d->process);
	json_line_ours(l);
	json_string(j, "role", role_name(d->process->role));
	json_object(j, "dial");
	json_unsigned(j, "id", d->id);
	json_object_end(j);
	put_relay(l, d, true);
	json_line_end(l);
}

static void put_resolve(struct json_line *l, const struct report *r)
{
	const struct event_name *n = r->name;
	struct json *j = &l->json;
	char text[ADDRESS_TEXT], code[16];

	json_line_begin(l, r, "event", "resolve");
	json_string(j, "outcome", r->resolve_code ? "failure" : "success");
	json_object_end(j);
	json_line_process(l, r->process);
	if (has_address(&n->server)) {
		json_object(j, "server");
		json_string(j, "ip", address_text(&n->server, text));
		json_unsigned(j, "port", n->server.port);
		json_object_end(j);
	}
	json_object(j, "dns");
	json_object(j, "question");
	json_line_text(l, "name", n->name);
	if (n->type == 1 || n->type == 28)
		json_string(j, "type", n->type == 1 ? "A" : "AAAA");
	json_object_end(j);
	json_string(j, "response_code", dns_code_name(r->resolve_code, code));
	json_array(j, "resolved_ip");
	for (size_t i = 0; i < n->address_count && i < EVENT_ADDRESSES; i++)
		json_string(j, NULL, address_text(&n->addresses[i], text));
	json_array_end(j);
	json_object_end(j);
	json_line_ours(l);
	json_string(j, "role", role_name(r->process->role));
	json_line_end(l);
}

void json_put_report(struct json_line *l, const void *report)
{
	const struct report *r = report;

	switch (r->kind) {
	case REPORT_START:
		put_start(l, r);
		break;
	case REPORT_EXEC:
		put_exec(l, r);
		break;
	case REPORT_EXIT:
		put_exit(l, r);
		break;
	case REPORT_DIAL:
		put_dial(l, r);
		break;
	case REPORT_RESOLVE:
		put_resolve(l, r);
		break;
	case REPORT_RELAY:
		put_relay_answer(l, r);
		break;
	case REPORT_FINDING:
	case REPORT_RESOLVED:
		json_put_finding(l, r, r->kind == REPORT_RESOLVED);
		break;
	case REPORT_LOSS:
		json_put_totals(l, r, "metric", "loss");
		break;
	case REPORT_HEARTBEAT:
		json_put_totals(l, r, "metric", "heartbeat");
		break;
	case REPORT_STOP:
		json_put_totals(l, r, "event", "stop");
		break;
	case REPORT_KINDS:
		break;
	}
}

static void json_format(struct sink *s, const struct report *r, struct buffer *out)
{
	struct json_line line = {.context = &s->context,
		.written = s->written - s->written_before,
		.refused = s->refused - s->refused_before};

	if (!s->context.quiet || report_is_for_quiet(r->kind))
		json_line_write(&line, false, json_put_report, r, out);
}

static void json_free(struct sink *s)
{
	free(s);
}

struct sink *sink_json_new(void)
{
	static const struct sink_ops ops = {"json", json_format, json_free, NULL};
	struct sink *s = calloc(1, sizeof(*s));

	if (s) {
		s->ops = &ops;
		s->fd = -1;
	}
	return s;
}
