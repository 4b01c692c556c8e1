// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};

	return names[severity];
}

void lines_add(struct lines *l, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	if (l->count == FINDING_LINES)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n >= 0)
		l->text[l->count++] = text;
}

static void lines_free(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->text[i]);
	l->count = 0;
}

struct dial *dial_keep(const struct dial *d)
{
	struct dial *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *d;
	process_ref(copy->process);
	environment_ref(copy->environment);
	return copy;
}

void dial_drop(struct dial *d)
{
	if (!d)
		return;
	process_unref(d->process);
	environment_unref(d->environment);
	free(d);
}

static bool lines_copy(struct lines *to, const struct lines *from)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++)
		lines_add(to, "%s", from->text[i]);
	return to->count == from->count;
}

struct finding *finding_copy(const struct finding *f)
{
	struct finding *copy = malloc(sizeof(*copy));
	bool whole;

	if (!copy)
		return NULL;
	*copy = *f;
	copy->message = f->message ? strdup(f->message) : NULL;
	copy->over = f->over ? strdup(f->over) : NULL;
	copy->process = process_ref(f->process);
	copy->dial = f->dial ? dial_keep(f->dial) : NULL;
	whole = lines_copy(&copy->chain, &f->chain);
	whole = lines_copy(&copy->missing, &f->missing) && whole;
	whole = lines_copy(&copy->add, &f->add) && whole;
	whole = lines_copy(&copy->remedy, &f->remedy) && whole;
	if (whole && (copy->message || !f->message) && (copy->over || !f->over) &&
		(copy->dial || !f->dial))
		return copy;
	finding_free(copy);
	return NULL;
}

void finding_free(struct finding *f)
{
	if (!f)
		return;
	free(f->message);
	free(f->over);
	lines_free(&f->chain);
	lines_free(&f->missing);
	lines_free(&f->add);
	lines_free(&f->remedy);
	dial_drop(f->dial);
	process_unref(f->process);
	free(f);
}
