// SPDX-License-Identifier: GPL-2.0-only
/* Findings as blocks, and the summary at the end. */
#include "output/sink_text.h"

#include "diagnose/rules.h"
#include "output/wall_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "index.docker.io:443", "[2001:db8::1]:443", "" where nothing was wanted yet. */
static void finding_target(const struct finding *f, char *text, size_t size)
{
	const char *host = f->host[0] ? f->host : f->ip;

	text[0] = '\0';
	if (*host && f->port)
		snprintf(text, size, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, f->port);
	else if (*host)
		snprintf(text, size, "%s", host);
}

/* Keeps what the summary says about it. */
static void remember(struct sink_text *s, const struct finding *f, bool resolved)
{
	struct told_finding *t = NULL;

	for (size_t i = 0; i < s->told_count && !t; i++)
		if (strcmp(s->told[i].id, f->id) == 0)
			t = &s->told[i];
	if (!t && s->told_count == TOLD_FINDINGS) {
		s->told_more++;
		return;
	}
	if (!t)
		t = &s->told[s->told_count++];
	memset(t, 0, sizeof(*t));
	snprintf(t->id, sizeof(t->id), "%s", f->id);
	snprintf(t->rule, sizeof(t->rule), "%s", f->rule->id);
	if (f->process)
		snprintf(t->process, sizeof(t->process), "%.19s[%u]", f->process->name,
			f->process->pid);
	finding_target(f, t->target, sizeof(t->target));
	t->severity = f->severity;
	t->count = f->count;
	t->resolved = resolved;
}

static void put_times(const struct sink_text *s, const struct finding *f, struct buffer *out)
{
	char text[WALL_TIME_TEXT];

	buffer_printf(out, "seen %" PRIu64 " time%s", f->count, f->count == 1 ? "" : "s");
	if (f->count > 1)
		buffer_printf(out, " since %.8s",
			wall_time_clock(
				(int64_t)f->first_ns + s->sink.context.wall_offset_ns, text));
}

/*
 * One block: the sentence, each step of the chain on a line of its own, what to do.  Remedies stand
 * alone on their lines, with nothing but space before them, so that they can be pasted.
 */
void text_finding(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct finding *f = r->finding;

	text_style(s, out, text_severity_style(f->severity));
	buffer_append_string(out, severity_name(f->severity));
	text_style(s, out, STYLE_PLAIN);
	buffer_append_string(out, "  ");
	text_style(s, out, STYLE_BOLD);
	text_escaped(out, f->rule->id);
	text_style(s, out, STYLE_PLAIN);
	buffer_append_string(out, ": ");
	text_escaped(out, f->rule->title);
	remember(s, f, false);
	if (f->count > 1) {
		/* A repeat: the block was shown, its numbers have changed. */
		char target[300];

		finding_target(f, target, sizeof(target));
		buffer_append_string(out, "; again");
		if (target[0])
			buffer_append_string(out, ", ");
		text_escaped(out, target);
		buffer_append_string(out, ", ");
		put_times(s, f, out);
		buffer_printf(out, ", id %s\n", f->id);
		return;
	}
	buffer_append_string(out, "\n  | ");
	text_escaped(out, f->message);
	buffer_append_char(out, '\n');
	for (size_t i = 0; i < f->chain.count; i++) {
		/* The first link is where the chain hangs: no arrow. */
		buffer_append_string(out, i ? "  |   \xe2\x86\x90 " : "  |   ");
		text_escaped(out, f->chain.text[i]);
		buffer_append_char(out, '\n');
	}
	if (f->missing.count) {
		buffer_append_string(out, "  | missing: ");
		for (size_t i = 0; i < f->missing.count; i++) {
			buffer_append_string(out, i ? ", " : "");
			text_escaped(out, f->missing.text[i]);
		}
		buffer_append_char(out, '\n');
	}
	if (f->incomplete)
		buffer_append_string(out, "  | events were lost around it: it may be wrong\n");
	if (f->remedy.count) {
		buffer_append_string(out, "  | what to do:\n");
		for (size_t i = 0; i < f->remedy.count; i++) {
			buffer_append_string(out, "      ");
			text_style(s, out, STYLE_CYAN);
			text_escaped(out, f->remedy.text[i]);
			text_style(s, out, STYLE_PLAIN);
			buffer_append_char(out, '\n');
		}
	}
	buffer_append_string(out, "  | ");
	text_style(s, out, STYLE_DIM);
	put_times(s, f, out);
	buffer_printf(out, ", id %s, more: relaytrace rules %s", f->id, f->rule->id);
	text_style(s, out, STYLE_PLAIN);
	buffer_append_char(out, '\n');
}

void text_resolved(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct finding *f = r->finding;

	remember(s, f, true);
	text_escaped(out, f->rule->id);
	buffer_append_string(out, ": ");
	text_escaped(out, f->over ? f->over : "it is over");
	buffer_append_string(out, "; it was ");
	put_times(s, f, out);
	buffer_printf(out, ", id %s\n", f->id);
}

/* "  direct: 3 abandoned, 1 established" for each path that was taken. */
static void put_dials(struct sink_text *s, const struct summary_row *row, struct buffer *out)
{
	bool any = false;

	for (int path = 0; path < DIAL_PATHS; path++) {
		const char *comma = "";

		for (int outcome = 0; outcome < DIAL_OUTCOMES; outcome++) {
			uint64_t count = row->dials[path][outcome];
			bool bad = dial_outcome_failed((enum dial_outcome)outcome);

			if (!count)
				continue;
			if (!*comma) {
				buffer_append_string(out, "      dials ");
				text_padded(out, dial_path_name((enum dial_path)path), 9);
			}
			buffer_append_string(out, comma);
			if (bad)
				text_style(s, out, STYLE_RED);
			buffer_printf(out, "%" PRIu64 " %s", count,
				dial_outcome_name((enum dial_outcome)outcome));
			if (bad)
				text_style(s, out, STYLE_PLAIN);
			comma = ", ";
			any = true;
		}
		if (*comma)
			buffer_append_char(out, '\n');
	}
	if (!any)
		buffer_append_string(out, "      no dials\n");
}

static void put_row(struct sink_text *s, const struct summary_row *row, struct buffer *out)
{
	const struct process *p = row->process;
	const struct environment *e = p->environment;
	size_t shown = 0;

	buffer_append_string(out, "  ");
	text_style(s, out, STYLE_BOLD);
	text_escaped(out, p->name);
	buffer_printf(out, "[%u]", p->pid);
	text_style(s, out, STYLE_PLAIN);
	buffer_printf(out, "  %s", role_name(p->role));
	if (p->unit[0]) {
		buffer_append_string(out, "  ");
		text_escaped(out, p->unit);
	}
	buffer_append_char(out, '\n');
	for (unsigned int i = 0; i < e->count; i++) {
		if (!e->variables[i].is_relay)
			continue;
		buffer_append_string(out, "      ");
		text_variable(s, out, &e->variables[i]);
		buffer_append_char(out, '\n');
		shown++;
	}
	if (!shown)
		buffer_append_string(out, environment_proves_absence(e)
						  ? "      no relay variable\n"
						  : "      no relay variable seen\n");
	put_dials(s, row, out);
}

static void put_told(struct sink_text *s, const struct told_finding *t, struct buffer *out)
{
	buffer_append_string(out, "      ");
	text_style(s, out, t->resolved ? STYLE_GREEN : text_severity_style(t->severity));
	text_padded(out, t->resolved ? "resolved" : severity_name(t->severity), 9);
	text_style(s, out, STYLE_PLAIN);
	text_padded(out, t->rule, 20);
	buffer_append_char(out, ' ');
	text_padded(out, t->process, 20);
	buffer_append_char(out, ' ');
	text_padded(out, t->target, 34);
	buffer_printf(
		out, " %" PRIu64 " time%s, id %s\n", t->count, t->count == 1 ? "" : "s", t->id);
}

void text_summary(struct sink_text *s, const struct report *r, struct buffer *out)
{
	const struct totals *t = r->totals;
	const char *comma = "";

	for (size_t i = 0; i < r->row_count; i++)
		put_row(s, &r->rows[i], out);
	if (r->row_more)
		buffer_printf(out, "  and %zu more process%s\n", r->row_more,
			r->row_more == 1 ? "" : "es");
	if (!t->findings) {
		buffer_append_string(out, "  no findings\n");
	} else {
		buffer_printf(out,
			"  %" PRIu64 " finding%s: %" PRIu64 " error%s, %" PRIu64
			" warning%s, %" PRIu64 " info\n",
			t->findings, t->findings == 1 ? "" : "s", t->errors,
			t->errors == 1 ? "" : "s", t->warnings, t->warnings == 1 ? "" : "s",
			t->infos);
		for (size_t i = 0; i < s->told_count; i++)
			put_told(s, &s->told[i], out);
		if (s->told_more)
			buffer_printf(out, "      and %zu more lines above\n", s->told_more);
	}
	buffer_append_string(out, "  lost: ");
	for (int i = 0; i < LOSS_KINDS; i++) {
		if (!t->lost[i])
			continue;
		buffer_printf(out, "%s%" PRIu64 " %s", comma, t->lost[i],
			loss_kind_name((enum loss_kind)i));
		comma = ", ";
	}
	buffer_append_string(out, *comma ? "; the above may be incomplete\n" : "nothing\n");
}
