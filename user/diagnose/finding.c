// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

void finding_free(struct finding *f)
{
	if (!f)
		return;
	free(f->message);
	lines_free(&f->chain);
	lines_free(&f->missing);
	lines_free(&f->remedy);
	dial_drop(f->dial);
	process_unref(f->process);
	free(f);
}
