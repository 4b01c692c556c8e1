// SPDX-License-Identifier: GPL-2.0-only
/* What no finding tells and is to be mended all the same: a unit that cannot start, a line that loses part of its value. */
#include "commands/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void check_sort(struct unit_list *l)
{
	size_t kept = 0;

	if (l->count)
		qsort(l->text, l->count, sizeof(*l->text), compare_texts);
	for (size_t i = 0; i < l->count; i++) {
		if (kept && !strcmp(l->text[kept - 1], l->text[i]))
			free(l->text[i]);
		else
			l->text[kept++] = l->text[i];
	}
	l->count = kept;
}

/* Of a unit that is not used here it is only told. */
static int add(struct check *c, const struct check_unit *u, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int add(struct check *c, const struct check_unit *u, const char *fmt, ...)
{
	struct buffer b = {0};
	va_list args;
	int err;

	va_start(args, fmt);
	buffer_vprintf(&b, fmt, args);
	va_end(args);
	err = b.failed ? -ENOMEM : unit_list_add(u->judged ? &c->faults : &c->unread, b.data);
	buffer_free(&b);
	return err;
}

/* An env file that a statement without "-" names and systemd cannot read. */
static int env_file(struct check *c, const struct check_unit *u, const struct unit_file *f)
{
	const struct unit_statement *load = &u->facts.statements[f->load];
	const char *place = u->facts.files[load->file].path;

	if (f->error == -ENOENT)
		return add(c, u,
			"%s: it is not there, and %s cannot start without it: make the file, or "
			"write "
			"EnvironmentFile=-%s in %s:%u",
			f->path, u->facts.id, f->path, place, load->line);
	if (unit_file_fails(f))
		return add(c, u,
			"%s: systemd cannot read it (%s), and %s cannot start without it: put a "
			"file in its "
			"place, or write EnvironmentFile=-%s in %s:%u",
			f->path, check_why(c, f), u->facts.id, f->path, place, load->line);
	if (f->refused)
		return add(c, u,
			"%s:%u: %s, and %s cannot start without it (%s:%u): correct the file",
			f->path, f->refused_line, env_file_fault_text(f->refused), u->facts.id,
			place, load->line);
	return 0;
}

/* A line that stands, or is passed over, and says another thing than was meant. */
static int statement(struct check *c, const struct check_unit *u, const struct unit_statement *s)
{
	const char *path = u->facts.files[s->file].path;

	if (!s->name || !relay_name_is_listed(s->name, strlen(s->name)))
		return 0;
	if (!strcmp(s->fault, "unquoted-space"))
		return add(c, u,
			"%s:%u: what stands behind a space in the value of %s is lost: put quotes "
			"around it, "
			"Environment=\"%s=...\"",
			path, s->line, s->name, s->name);
	if (!strcmp(s->fault, env_file_fault_name(ENV_FILE_BACKSLASH)))
		return add(c, u, "%s:%u: %s: %s", path, s->line, s->name,
			env_file_fault_text(ENV_FILE_BACKSLASH));
	if (!strcmp(s->fault, env_file_fault_name(ENV_FILE_VALUE_TOO_LONG)))
		return add(c, u, "%s:%u: %s: %s", path, s->line, s->name,
			env_file_fault_text(ENV_FILE_VALUE_TOO_LONG));
	return 0;
}

static int unit_faults(struct check *c, const struct check_unit *u)
{
	const struct unit_facts *f = &u->facts;
	int err = 0;

	if (u->view.state == UNIT_STATE_MASKED)
		return 0;
	if (u->view.state == UNIT_STATE_BROKEN)
		err = add(c, u,
			"%s:%u: systemd reads no further, and %s cannot start: correct that line",
			f->files[f->fragment].path, f->files[f->fragment].end_line, f->id);
	for (size_t i = 0; i < f->file_count && !err; i++)
		if (f->files[i].role == UNIT_FILE_ENV && !f->files[i].optional &&
			f->files[i].load >= 0 &&
			u->view.of[f->files[i].load].fate == UNIT_FATE_EFFECTIVE)
			err = env_file(c, u, &f->files[i]);
	for (size_t i = 0; i < f->statement_count && !err; i++)
		if (f->statements[i].fault && *f->statements[i].fault &&
			(u->view.of[i].fate == UNIT_FATE_EFFECTIVE ||
				u->view.of[i].fate == UNIT_FATE_IGNORED))
			err = statement(c, u, &f->statements[i]);
	return err;
}

int check_faults(struct check *c)
{
	int err = 0;

	for (size_t i = 0; i < c->unit_count && !err; i++)
		err = unit_faults(c, &c->units[i]);
	check_sort(&c->faults);
	check_sort(&c->unread);
	return err;
}

const char *check_reason(
	const struct check_subject *s, const struct choice *choice, char *text, size_t size)
{
	const char *passed = NULL;
	size_t len;

	choice_reason_text(choice, text, size);
	/* Of a process that runs it is known what it got. */
	if (s->unit && !s->process->pid)
		passed = unit_view_passed(&s->unit->facts, &s->unit->view, choice->family,
			choice->kind, s->process->role == ROLE_CONTAINERD);
	len = strlen(text);
	if (passed)
		snprintf(text + len, size - len,
			"; %s is passed on from the service manager's own environment, which is "
			"not known here",
			passed);
	return text;
}
