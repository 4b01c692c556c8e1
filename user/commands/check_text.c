// SPDX-License-Identifier: GPL-2.0-only
/* The answer of `relaytrace check` on a screen. */
#include "commands/check.h"
#include "diagnose/remedy.h"
#include "diagnose/rules.h"
#include "node/pull_targets.h"
#include "output/sink_text.h"

#include <string.h>
#include <unistd.h>

/* A variable's place; longer ones push the value to the right. */
#define SOURCE_WIDTH 40
#define NAME_WIDTH   26

/* Statements that do not count: so many of a unit are shown. */
#define VAIN_SHOWN 12

static void put_unit_head(const struct check_unit *u, struct sink_text *s, struct buffer *out)
{
	text_style(s, out, STYLE_BOLD);
	text_escaped(out, u->facts.id);
	text_style(s, out, STYLE_PLAIN);
	buffer_printf(out, "  %s%s", u->enabled ? "enabled" : "not enabled",
		u->running ? ", running" : "");
	if (u->main_pid)
		buffer_printf(out, " (pid %u)", u->main_pid);
	if (u->view.state != UNIT_STATE_FINE) {
		text_style(s, out, STYLE_YELLOW);
		buffer_printf(out, ", cannot be started as its files stand (%s)",
			unit_state_name(u->view.state));
		text_style(s, out, STYLE_PLAIN);
	}
	if (check_changed(u)) {
		text_style(s, out, STYLE_YELLOW);
		buffer_append_string(out, ", started before ");
		text_escaped(out, check_changed(u));
		buffer_append_string(out, " changed: that counts from its next start on");
		text_style(s, out, STYLE_PLAIN);
	}
	if (u->reload) {
		text_style(s, out, STYLE_YELLOW);
		buffer_append_string(out, ", its files changed: systemctl daemon-reload is due");
		text_style(s, out, STYLE_PLAIN);
	}
	if (u->files && u->files->version[0] && u->self->role == ROLE_SUPERVISOR) {
		buffer_append_string(out, "  ");
		text_escaped(out, u->files->version);
	}
	if (!u->judged)
		buffer_append_string(out, "  (not in use: not judged)");
	buffer_append_char(out, '\n');
}

static bool is_elsewhere(const struct check_unit *u, size_t i)
{
	return u->facts.files[u->facts.statements[i].file].role == UNIT_FILE_ELSEWHERE;
}

/* Has the unit a relay of its own?  Then nobody asks for those of others. */
static bool has_relay(const struct check_unit *u)
{
	const struct environment *e = u->self->environment;

	for (unsigned int i = 0; i < e->count; i++)
		if (e->variables[i].is_relay && e->variables[i].relay.kind != RELAY_KIND_NO &&
			e->variables[i].url.use == RELAY_USABLE)
			return true;
	return false;
}

/* "overridden by /etc/default/x:4", "ignored by systemd: export". */
static void put_fate(const struct check_unit *u, size_t i, struct sink_text *s, struct buffer *out)
{
	const struct unit_statement *st = &u->facts.statements[i];
	int by = u->view.of[i].by;

	text_style(s, out, STYLE_YELLOW);
	switch (u->view.of[i].fate) {
	case UNIT_FATE_EFFECTIVE:
		if (st->fault && *st->fault)
			buffer_printf(out, "  (%s)", st->fault);
		break;
	case UNIT_FATE_UNLOADED:
		buffer_append_string(
			out, is_elsewhere(u, i)
				     ? "  (a relay is known here, but this unit does not load it)"
				     : "  (the unit does not load this file)");
		break;
	case UNIT_FATE_IGNORED:
		buffer_printf(out, "  (systemd ignores this: %s)", remedy_fault_text(st->fault));
		break;
	default:
		buffer_printf(out, "  (%s", unit_fate_name(u->view.of[i].fate));
		if (by >= 0) {
			const struct unit_statement *other = &u->facts.statements[by];

			buffer_append_string(out, " by ");
			text_escaped(out, u->facts.files[other->file].path);
			buffer_printf(out, ":%u", other->line);
		}
		buffer_append_char(out, ')');
	}
	text_style(s, out, STYLE_PLAIN);
}

static void put_statements(const struct check_unit *u, struct sink_text *s, struct buffer *out)
{
	size_t more = 0, shown = 0;
	bool any = false;

	for (size_t i = 0; i < u->facts.statement_count; i++) {
		const struct unit_statement *st = &u->facts.statements[i];
		struct buffer place = {0};
		struct environment *one;

		if (!st->name ||
			(st->verb != UNIT_SET && st->verb != UNIT_IGNORED && st->verb != UNIT_PASS))
			continue;
		if (is_elsewhere(u, i) && (!u->judged || has_relay(u)))
			continue;
		any = true;
		/* What counts is shown; of what does not, as much as a screen has room for. */
		if (u->view.of[i].fate != UNIT_FATE_EFFECTIVE && ++shown > VAIN_SHOWN) {
			more++;
			continue;
		}
		buffer_printf(&place, "%s:%u", u->facts.files[st->file].path, st->line);
		buffer_append_string(out, "  ");
		text_padded(out, buffer_string(&place), SOURCE_WIDTH);
		buffer_append_char(out, ' ');
		buffer_free(&place);
		/* Judged and redacted on the way, as everywhere. */
		one = environment_new(ENVIRONMENT_GIVEN);
		if (one && st->value &&
			!environment_add(one, st->name, strlen(st->name), st->value,
				strlen(st->value), false, NULL) &&
			one->count) {
			text_variable(s, out, &one->variables[0]);
		} else {
			text_escaped(out, st->name);
			if (st->verb == UNIT_PASS)
				buffer_append_string(out, "  (from the manager's environment)");
		}
		environment_unref(one);
		put_fate(u, i, s, out);
		buffer_append_char(out, '\n');
	}
	if (more)
		buffer_printf(out, "  and %zu more that do not count\n", more);
	if (!any)
		buffer_append_string(out, "  no relay variable in its files\n");
}

/* "rke2[4121]", or the name of one that its unit would start. */
static void put_who(const struct process *p, struct sink_text *s, struct buffer *out)
{
	struct buffer who = {0};

	buffer_append_string(&who, p->name);
	if (p->pid)
		buffer_printf(&who, "[%u]", p->pid);
	buffer_append_string(out, "  ");
	text_style(s, out, STYLE_BOLD);
	text_padded(out, buffer_string(&who), NAME_WIDTH);
	text_style(s, out, STYLE_PLAIN);
	buffer_free(&who);
}

static bool same_choice(const struct choice *a, const struct choice *b)
{
	return a->decision == b->decision && a->reason == b->reason && a->variable == b->variable &&
	       !strcmp(a->no_entry, b->no_entry);
}

static void put_choice(const struct check_subject *subject, const struct choice *choice,
	struct sink_text *s, struct buffer *out)
{
	char reason[1024];

	if (choice->decision == CHOICE_RELAY) {
		text_style(s, out, STYLE_GREEN);
		buffer_append_string(out, "relay ");
		text_escaped(out, choice->relay.host);
		if (choice->relay.port || !(choice->relay.faults & RELAY_FAULT_HOST_MASKED))
			buffer_printf(out, ":%u", choice->relay.port);
	} else {
		text_style(s, out, STYLE_YELLOW);
		buffer_append_string(out, choice->decision == CHOICE_DIRECT ? "direct" : "error");
	}
	text_style(s, out, STYLE_PLAIN);
	buffer_append_string(out, " (");
	text_escaped(out, check_reason(subject, choice, reason, sizeof(reason)));
	buffer_append_string(out, ")\n");
}

/* Hosts that go the same way share a line. */
static void put_subject(const struct check *c, const struct check_subject *subject,
	struct sink_text *s, struct buffer *out)
{
	struct pull_target targets[PULL_TARGETS];
	const char *words = subject->doubt == NODE_DOUBT_PULL	   ? " may pull, "
			    : subject->doubt == NODE_DOUBT_TARGETS ? " pulls, from where "
			    : subject->pulls			   ? " will pull "
								   : " pulls nothing now: ";
	size_t judged, count;

	count = node_pull_targets(subject->config, subject->process->role, targets, &judged);
	put_who(subject->process, s, out);
	buffer_append_string(out, words);
	text_escaped(out, subject->why);
	buffer_append_char(out, '\n');
	/* Hosts that may be others are none to go by. */
	for (size_t i = 0, end; i < count && !subject->doubt; i = end) {
		struct choice choice, next;

		check_choice(c, subject, &targets[i], &choice);
		buffer_append_string(out, "      ");
		for (end = i; end < count; end++) {
			check_choice(c, subject, &targets[end], &next);
			if (end > i && !same_choice(&choice, &next))
				break;
			buffer_append_string(out, end > i ? ", " : "");
			text_escaped(out, targets[end].host);
			if (targets[end].port != 443)
				buffer_printf(out, ":%u", targets[end].port);
		}
		buffer_append_string(out, ": ");
		put_choice(subject, &choice, s, out);
	}
	if (diagnosis_list_is_left_out(subject->process)) {
		text_style(s, out, STYLE_YELLOW);
		buffer_append_string(out, "      no NO_ list: a network plugin that asks the API "
					  "server (canal, calico) "
					  "inherits the relay\n");
		text_style(s, out, STYLE_PLAIN);
	}
}

/* What a running process has of what its unit would give it. */
static void put_has(
	const struct check *c, const struct process *p, struct sink_text *s, struct buffer *out)
{
	static const struct {
		enum check_has has;
		const char *word;
	} words[] = {{CHECK_HAS, "has"}, {CHECK_DIFFERS, "has another value of"},
		{CHECK_LACKS, "lacks"}, {CHECK_UNSEEN, "may lack"}};
	const struct environment *wanted = check_wanted(c, p);
	bool any = false;

	put_who(p, s, out);
	buffer_append_char(out, ' ');
	if (p->environment->unreadable) {
		buffer_append_string(out, "its environment could not be read\n");
		return;
	}
	for (size_t w = 0; wanted && w < sizeof(words) / sizeof(words[0]); w++) {
		bool first = true;

		for (unsigned int i = 0; i < wanted->count; i++) {
			const struct variable *v = &wanted->variables[i];

			if (!v->is_relay || check_has(p, v) != words[w].has)
				continue;
			if (first && words[w].has != CHECK_HAS)
				text_style(s, out, STYLE_YELLOW);
			buffer_printf(out, "%s%s", first ? any ? "; " : "" : ", ",
				first ? words[w].word : "");
			buffer_append_string(out, first ? " " : "");
			text_escaped(out, v->name);
			any = true;
			first = false;
		}
		text_style(s, out, STYLE_PLAIN);
	}
	for (unsigned int i = 0; i < p->environment->count; i++) {
		const struct variable *v = &p->environment->variables[i];

		if (!v->is_relay || (wanted && environment_get(wanted, v->name)))
			continue;
		buffer_append_string(out, any ? "; " : "");
		buffer_append_string(out, wanted ? "has, not from its unit's files, " : "has ");
		text_variable(s, out, v);
		any = true;
	}
	if (!any)
		buffer_append_string(out, environment_proves_absence(p->environment)
						  ? "has no relay variable"
						  : "no relay variable was seen");
	if (p->environment->first_lost)
		buffer_append_string(out, "  (it wrote its title over the first entry of its "
					  "environment: absence is no proof)");
	buffer_append_char(out, '\n');
}

static void put_finding(const struct finding *f, struct sink_text *s, struct buffer *out)
{
	text_style(s, out, f->severity == SEVERITY_INFO ? STYLE_CYAN : STYLE_RED);
	buffer_printf(out, "%s  %s: ", severity_name(f->severity), f->rule->id);
	text_escaped(out, f->message);
	text_style(s, out, STYLE_PLAIN);
	buffer_append_char(out, '\n');
	/* The first link says that nothing was dialled: known here. */
	for (size_t i = 1; i < f->chain.count; i++) {
		text_style(s, out, STYLE_DIM);
		buffer_append_string(out, "    \xe2\x86\x90 ");
		text_escaped(out, f->chain.text[i]);
		text_style(s, out, STYLE_PLAIN);
		buffer_append_char(out, '\n');
	}
	if (f->incomplete)
		buffer_append_string(out,
			"    not all that it gets is known here (a file that was not read, "
			"PassEnvironment=): it may be wrong\n");
	for (size_t i = 0; i < f->add.count; i++) {
		buffer_append_string(out, i ? "           " : "    to add ");
		text_style(s, out, STYLE_GREEN);
		text_escaped(out, f->add.text[i]);
		text_style(s, out, STYLE_PLAIN);
		buffer_append_char(out, '\n');
	}
	if (f->remedy.count)
		buffer_append_string(out, "    what to do:\n");
	for (size_t i = 0; i < f->remedy.count; i++) {
		buffer_append_string(out, "      ");
		text_style(s, out, STYLE_CYAN);
		text_escaped(out, f->remedy.text[i]);
		text_style(s, out, STYLE_PLAIN);
		buffer_append_char(out, '\n');
	}
}

static void put_end(const struct check *c, struct sink_text *s, struct buffer *out)
{
	for (size_t i = 0; i < c->faults.count; i++) {
		text_style(s, out, STYLE_RED);
		buffer_append_string(out, "to mend   ");
		text_escaped(out, c->faults.text[i]);
		text_style(s, out, STYLE_PLAIN);
		buffer_append_char(out, '\n');
	}
	for (size_t i = 0; i < c->unread.count; i++) {
		text_style(s, out, STYLE_YELLOW);
		buffer_append_string(out, "not read  ");
		text_style(s, out, STYLE_PLAIN);
		text_escaped(out, c->unread.text[i]);
		buffer_append_char(out, '\n');
	}
	if (geteuid() != 0 && (c->unread.count || !*c->prefix))
		buffer_append_string(out, "not root: environments of other users' processes and "
					  "files of mode 0600 were not seen\n");
	if (!c->unit_count && !c->running_count)
		buffer_append_string(out, "no unit and no process of rke2, k3s, containerd or "
					  "rancher-system-agent here\n");
	else if (c->faults.count)
		buffer_printf(out, "%zu finding%s, %zu line%s to mend\n", c->finding_count,
			c->finding_count == 1 ? "" : "s", c->faults.count,
			c->faults.count == 1 ? "" : "s");
	else if (!c->finding_count)
		buffer_append_string(out, c->unread.count ? "nothing to mend in what was read\n"
							  : "nothing to mend\n");
	else
		buffer_printf(
			out, "%zu finding%s\n", c->finding_count, c->finding_count == 1 ? "" : "s");
}

void check_text(const struct check *c, struct sink_text *s, struct buffer *out)
{
	bool head = false;

	for (size_t i = 0; i < c->unit_count; i++) {
		const struct check_unit *u = &c->units[i];

		put_unit_head(u, s, out);
		put_statements(u, s, out);
		for (size_t k = 0; k < c->subject_count; k++)
			if (c->subjects[k].unit == u && !c->subjects[k].process->pid)
				put_subject(c, &c->subjects[k], s, out);
		for (size_t k = 0; k < c->running_count; k++)
			if (role_pulls(c->running[k]->role) &&
				!strcmp(c->running[k]->unit, u->self->unit))
				put_has(c, c->running[k], s, out);
	}
	for (size_t k = 0; k < c->subject_count; k++) {
		if (c->subjects[k].unit)
			continue;
		if (!head)
			buffer_append_string(out, "processes outside of these units\n");
		head = true;
		put_has(c, c->subjects[k].process, s, out);
		put_subject(c, &c->subjects[k], s, out);
	}
	for (size_t i = 0; i < c->finding_count; i++)
		put_finding(c->findings[i], s, out);
	put_end(c, s, out);
}
