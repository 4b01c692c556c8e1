// SPDX-License-Identifier: GPL-2.0-only
/* Lines for a person in the middle of an outage: one an event, findings set off as blocks. */
#include "output/sink_text.h"

#include "output/escape.h"
#include "output/wall_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* Column widths: "credential-provider" and long names overflow, which is better than a gap in all. */
#define KIND_WIDTH    8
#define PROCESS_WIDTH 20
#define TARGET_WIDTH  34
#define PATH_WIDTH    9

/* A longer value is shown in part; JSON has it whole. */
#define VALUE_BYTES 160

void text_style(struct sink_text *s, struct buffer *out, enum text_style style)
{
	/* ECMA-48 8.3.117; only colours that can be read on a light and on a dark ground. */
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\x1b[0m",
		[STYLE_DIM] = "\x1b[2m",
		[STYLE_BOLD] = "\x1b[1m",
		[STYLE_RED] = "\x1b[1;31m",
		[STYLE_YELLOW] = "\x1b[33m",
		[STYLE_GREEN] = "\x1b[32m",
		[STYLE_CYAN] = "\x1b[36m",
	};

	if (s->sink.context.colour)
		buffer_append_string(out, codes[style]);
}

void text_escaped(struct buffer *out, const char *text)
{
	if (text)
		escape_text(out, text, strlen(text));
}

void text_padded(struct buffer *out, const char *text, size_t width)
{
	size_t before = out->len, shown = 0;

	text_escaped(out, text);
	for (size_t i = before; i < out->len; i++)
		shown += ((unsigned char)out->data[i] & 0xc0) != 0x80;
	while (shown++ < width)
		buffer_append_char(out, ' ');
}

void text_duration(struct buffer *out, uint64_t ns)
{
	uint64_t ms = ns / 1000000;

	if (ms < 1)
		buffer_printf(out, "%" PRIu64 " us", ns / 1000);
	else if (ms < 1000)
		buffer_printf(out, "%" PRIu64 " ms", ms);
	else if (ms < 120000)
		buffer_printf(out, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
	else if (ms < 7200000)
		buffer_printf(out, "%" PRIu64 " min %" PRIu64 " s", ms / 60000, ms / 1000 % 60);
	else
		buffer_printf(out, "%" PRIu64 " h %" PRIu64 " min", ms / 3600000, ms / 60000 % 60);
}

enum text_style text_severity_style(enum severity severity)
{
	return severity == SEVERITY_ERROR     ? STYLE_RED
	       : severity == SEVERITY_WARNING ? STYLE_YELLOW
					      : STYLE_CYAN;
}

void text_variable(struct sink_text *s, struct buffer *out, const struct variable *v)
{
	size_t len = strlen(v->value), shown = len;
	uint32_t faults = 0;

	if (len > VALUE_BYTES) {
		shown = VALUE_BYTES;
		while (shown && ((unsigned char)v->value[shown] & 0xc0) == 0x80)
			shown--;
	}
	text_escaped(out, v->name);
	buffer_append_char(out, '=');
	escape_text(out, v->value, shown);
	if (shown < len)
		buffer_printf(out, "... (%zu bytes)", len);
	if (v->is_relay && v->relay.kind != RELAY_KIND_NO)
		faults = v->url.faults & ~(uint32_t)RELAY_FAULTS_REMARKS;
	if (!faults && !v->value_cut)
		return;
	text_style(s, out, STYLE_YELLOW);
	buffer_append_string(out, " (");
	for (const char *comma = ""; faults; faults &= faults - 1, comma = ", ") {
		const char *name = relay_fault_name(faults & -faults);

		buffer_printf(out, "%s%s", comma, name ? name : "?");
	}
	if (v->value_cut)
		buffer_append_string(out, out->data[out->len - 1] == '(' ? "cut" : ", cut");
	buffer_append_char(out, ')');
	text_style(s, out, STYLE_PLAIN);
}

/* Time, kind and process: what every line begins with. */
static void line_begin(struct sink_text *s, const struct report *r, const char *kind,
	enum text_style style, struct buffer *out)
{
	int64_t wall_ns = (int64_t)r->time_ns + s->sink.context.wall_offset_ns;
	char text[WALL_TIME_TEXT];

	if (!s->clockless) {
		wall_time_date(wall_ns, text);
		if (s->date[0] && strcmp(s->date, text) != 0)
			buffer_printf(out, "-- %s --\n", text);
		strcpy(s->date, text);
		text_style(s, out, STYLE_DIM);
		buffer_append_string(out, wall_time_clock(wall_ns, text));
		text_style(s, out, STYLE_PLAIN);
		buffer_append_string(out, "  ");
	}
	text_style(s, out, style);
	text_padded(out, kind, KIND_WIDTH);
	text_style(s, out, STYLE_PLAIN);
	buffer_append_char(out, ' ');
	if (r->process) {
		struct buffer name = {0};

		buffer_printf(&name, "%s[%u]", r->process->name, r->process->pid);
		text_padded(out, buffer_string(&name), PROCESS_WIDTH);
		buffer_append_char(out, ' ');
		buffer_free(&name);
	}
}

static void put_start(struct sink_text *s, const struct report *r, struct buffer *out)
{
	char date[WALL_TIME_TEXT];

	s->start_ns = r->time_ns;
	s->told_count = s->told_more = 0;
	memset(s->lost, 0, sizeof(s->lost));
	line_begin(s, r, "START", STYLE_BOLD, out);
	buffer_append_string(out, "relaytrace ");
	text_escaped(out, r->start->version);
	buffer_append_string(out, " on ");
	text_escaped(out, s->sink.context.host);
	buffer_printf(out, ", %s",
		wall_time_date((int64_t)r->time_ns + s->sink.context.wall_offset_ns, date));
	if (r->start->hooks && *r->start->hooks) {
		buffer_append_string(out, "; hooks ");
		text_escaped(out, r->start->hooks);
	}
	buffer_append_char(out, '\n');
}

static void put_names(struct buffer *out, char sign, const struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		buffer_append_char(out, ' ');
		buffer_append_char(out, sign);
		text_escaped(out, list->names[i]);
	}
}

/* What its predecessor carried and it does not, and so on. */
static void put_changes(
	struct sink_text *s, const struct environment_changes *c, struct buffer *out)
{
	if (!c || !(c->added.count + c->removed.count + c->changed.count))
		return;
	text_style(s, out, c->removed.count ? STYLE_YELLOW : STYLE_PLAIN);
	buffer_append_string(out, "  (since the one before:");
	put_names(out, '-', &c->removed);
	put_names(out, '+', &c->added);
	put_names(out, '~', &c->changed);
	buffer_append_char(out, ')');
	text_style(s, out, STYLE_PLAIN);
}

static void put_exec(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct process *p = r->process;
	const struct environment *e = p->environment;
	bool any = false;

	line_begin(s, r, p->found ? "running" : "exec", STYLE_PLAIN, out);
	text_padded(out, role_name(p->role), 0);
	buffer_append_string(out, "  ");
	text_escaped(out, p->executable);
	if (p->unit[0]) {
		buffer_append_string(out, "  ");
		text_escaped(out, p->unit);
	}
	for (unsigned int i = 0; i < e->count; i++) {
		if (!e->variables[i].is_relay)
			continue;
		any = true;
		buffer_append_string(out, "  ");
		text_variable(s, out, &e->variables[i]);
	}
	if (e->unreadable)
		buffer_append_string(out, "  (its environment could not be read)");
	else if (!any && environment_proves_absence(e))
		buffer_append_string(out, "  no relay variable");
	else if (!any)
		buffer_append_string(out, "  no relay variable seen");
	if (e->truncated)
		buffer_append_string(out, "  (only a part of its environment was searched)");
	put_changes(s, r->changes, out);
	buffer_append_char(out, '\n');
}

static void put_exit(struct sink_text *s, const struct report *r, struct buffer *out)
{
	int status = r->process->exit_status;

	line_begin(s, r, "exit", STYLE_PLAIN, out);
	if (r->process->exit_missed)
		buffer_append_string(out, "gone: its exit was missed, its status is not known\n");
	else if (WIFEXITED(status))
		buffer_printf(out, "status %d\n", WEXITSTATUS(status));
	else
		buffer_printf(out, "ended by signal %d\n", status & 0x7f);
}

/* The port dialled, or "***" where Go found it in a password. */
static void text_port(const struct dial *d, char text[8])
{
	if (d->misread && !d->remote.port)
		strcpy(text, "***");
	else
		snprintf(text, 8, "%u", d->remote.port);
}

/* "registry:443 (203.0.113.10)", "203.0.113.10:443", "[2001:db8::1]:443". */
static void put_target(const struct dial *d, struct buffer *out)
{
	char text[ADDRESS_TEXT];
	const char *ip = address_text(&d->remote, text);
	struct buffer target = {0};
	char port[8];

	text_port(d, port);

	if (d->name_from != NAME_NONE && d->name[0]) {
		buffer_append_string(&target, d->name);
		if (d->outcome != DIAL_UNRESOLVED)
			buffer_printf(&target, ":%s (%s)", port, ip);
	} else {
		buffer_printf(&target, d->remote.is_v6 ? "[%s]:%s" : "%s:%s", ip, port);
	}
	text_padded(out, buffer_string(&target), TARGET_WIDTH);
	buffer_append_char(out, ' ');
	buffer_free(&target);
}

static void put_dial(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct dial *d = r->dial;
	enum text_style style = dial_outcome_failed(d->outcome)	 ? STYLE_RED
				: d->outcome == DIAL_ESTABLISHED ? STYLE_GREEN
								 : STYLE_DIM;
	char code[16];

	line_begin(s, r, "dial", style, out);
	put_target(d, out);
	text_padded(out, d->outcome == DIAL_UNRESOLVED ? "" : dial_path_name(d->path), PATH_WIDTH);
	text_style(s, out, style);
	buffer_append_string(out, dial_outcome_name(d->outcome));
	text_style(s, out, STYLE_PLAIN);
	if (d->end_ns > d->begin_ns) {
		buffer_append_string(out, d->at_least ? " after at least " : " after ");
		text_duration(out, d->end_ns - d->begin_ns);
	}
	if (d->outcome == DIAL_UNRESOLVED)
		buffer_printf(out, " (%s)", dns_code_name(d->dns_code, code));
	else if (d->error && error_name(d->error))
		buffer_printf(out, " (%s)", error_name(d->error));
	else if (d->error)
		buffer_printf(out, " (errno %d)", d->error);
	if (d->name_doubtful)
		buffer_append_string(out, ", the name is doubtful: another has this address too");
	if (d->relay_variable) {
		buffer_append_string(out, ", by ");
		text_escaped(out, d->relay_variable->name);
	}
	buffer_append_char(out, '\n');
}

static void put_resolve(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct event_name *n = r->name;
	char text[ADDRESS_TEXT], code[16];

	line_begin(s, r, "resolve", r->resolve_code ? STYLE_RED : STYLE_PLAIN, out);
	text_padded(out, n->name, TARGET_WIDTH);
	buffer_append_char(out, ' ');
	if (n->type == 1 || n->type == 28)
		text_padded(out, n->type == 1 ? "A" : "AAAA", PATH_WIDTH);
	else
		buffer_printf(out, "type %-4u", n->type);
	if (r->resolve_code || !n->address_count)
		buffer_append_string(out, dns_code_name(r->resolve_code, code));
	for (size_t i = 0; i < n->address_count && i < EVENT_ADDRESSES; i++)
		buffer_printf(out, "%s%s", i ? " " : "", address_text(&n->addresses[i], text));
	buffer_append_char(out, '\n');
}

static void put_relay(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct dial *d = r->dial;
	bool good = d->status >= 200 && d->status < 300;
	struct buffer relay = {0};
	char ip[ADDRESS_TEXT], port[8];

	text_port(d, port);
	address_text(&d->remote, ip);
	buffer_printf(&relay, "%s:%s", d->relay_variable ? d->relay_variable->url.host : ip, port);
	line_begin(s, r, "relay", good ? STYLE_GREEN : STYLE_RED, out);
	text_padded(out, buffer_string(&relay), TARGET_WIDTH);
	buffer_free(&relay);
	if (d->connect_port) {
		buffer_append_string(out, " asked for ");
		text_escaped(out, d->connect_host);
		buffer_printf(out, ":%u", d->connect_port);
	}
	buffer_append_string(out, d->status    ? " answered "
				  : d->replied ? " gave no answer that is HTTP"
					       : " got no answer");
	if (d->status) {
		buffer_printf(out, "%u ", d->status);
		text_escaped(out, d->reason);
	}
	while (out->data && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buffer_append_char(out, '\n');
}

/* Only what changed since the last line; the totals are in it. */
static void put_loss(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const char *comma = "";

	if (memcmp(s->lost, r->totals->lost, sizeof(s->lost)) == 0)
		return;
	line_begin(s, r, "LOSS", STYLE_YELLOW, out);
	buffer_append_string(out, "lost since the start: ");
	for (int i = 0; i < LOSS_KINDS; i++) {
		uint64_t total = r->totals->lost[i];

		if (!total)
			continue;
		buffer_printf(
			out, "%s%" PRIu64 " %s", comma, total, loss_kind_name((enum loss_kind)i));
		if (total > s->lost[i])
			buffer_printf(out, " (+%" PRIu64 ")", total - s->lost[i]);
		comma = ", ";
	}
	buffer_append_string(out, "; what follows may be incomplete\n");
	memcpy(s->lost, r->totals->lost, sizeof(s->lost));
}

static void put_stop(struct sink_text *s, const struct report *r, struct buffer *out)
{
	line_begin(s, r, "STOP", STYLE_BOLD, out);
	buffer_append_string(out, "after ");
	text_duration(out, r->time_ns > s->start_ns ? r->time_ns - s->start_ns : 0);
	buffer_append_char(out, '\n');
	text_summary(s, r, out);
}

static void text_format(struct sink *sink, const struct report *r, struct buffer *out)
{
	struct sink_text *s = (struct sink_text *)sink;

	if (sink->context.quiet && !report_is_for_quiet(r->kind))
		return;
	switch (r->kind) {
	case REPORT_START:
		put_start(s, r, out);
		break;
	case REPORT_EXEC:
		put_exec(s, r, out);
		break;
	case REPORT_EXIT:
		put_exit(s, r, out);
		break;
	case REPORT_DIAL:
		put_dial(s, r, out);
		break;
	case REPORT_RESOLVE:
		put_resolve(s, r, out);
		break;
	case REPORT_RELAY:
		put_relay(s, r, out);
		break;
	case REPORT_FINDING:
		line_begin(s, r, "FINDING", text_severity_style(r->finding->severity), out);
		text_finding(s, r, out);
		break;
	case REPORT_RESOLVED:
		line_begin(s, r, "RESOLVED", STYLE_GREEN, out);
		text_resolved(s, r, out);
		break;
	case REPORT_LOSS:
		put_loss(s, r, out);
		break;
	case REPORT_STOP:
		put_stop(s, r, out);
		break;
	case REPORT_HEARTBEAT: /* a person sees that it runs */
	case REPORT_KINDS:
		break;
	}
}

static void text_free(struct sink *sink)
{
	free(sink);
}

struct sink *sink_text_clockless_new(void)
{
	struct sink *s = sink_text_new();

	if (s)
		((struct sink_text *)s)->clockless = true;
	return s;
}

struct sink *sink_text_new(void)
{
	static const struct sink_ops ops = {"text", text_format, text_free, NULL};
	struct sink_text *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	tzset(); /* localtime_r() need not */
	s->sink.ops = &ops;
	s->sink.fd = -1;
	return &s->sink;
}
