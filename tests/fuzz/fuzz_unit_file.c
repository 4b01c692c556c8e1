// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a unit file, its drop-in and an env file: the judge comes to a consistent view.  The
 * input is cut at "\n====\n" into the three.
 */
#include "diagnose/unit_environment.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct unit_facts *f, const struct unit_view *v)
{
	const char *last = "";

	for (size_t i = 0; i < f->statement_count; i++) {
		const struct unit_statement *s = &f->statements[i];

		require(s->file < f->file_count && s->line > 0 && s->fault);
		require(s->verb != UNIT_SET || (s->name && s->value));
		require(s->verb != UNIT_SET || env_name_is_valid(s->name, strlen(s->name)));
		require((s->verb == UNIT_IGNORED) == (v->of[i].fate == UNIT_FATE_IGNORED));
		require(v->of[i].by < (int)f->statement_count);
		require(v->of[i].fate != UNIT_FATE_OVERRIDDEN || v->of[i].by >= 0);
		require(unit_fate_name(v->of[i].fate) && unit_state_name(v->state));
	}
	for (size_t i = 0; i < v->effective_count; i++) {
		const struct unit_statement *s = &f->statements[v->effective[i]];

		require(v->of[v->effective[i]].fate == UNIT_FATE_EFFECTIVE);
		require(strcmp(last, s->name) <= 0);
		last = s->name;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum unit_file_role roles[] = {
		UNIT_FILE_FRAGMENT, UNIT_FILE_DROP_IN, UNIT_FILE_ENV};
	const char *at = (const char *)data, *end = at + size;
	struct unit_facts f = {.fragment = 0};
	struct unit_host host = {0};
	struct environment *e;
	struct unit_name name;
	struct unit_view v;

	require(unit_name_parse("rke2-a@b\\x2dc.service", &name));
	require(unit_host_set_constants(&host) == 0);
	for (int i = 0; i < 3; i++) {
		const char *cut =
			i < 2 && at < end ? memmem(at, (size_t)(end - at), "\n====\n", 6) : NULL;
		size_t len = (size_t)((cut ? cut : end) - at);

		require(unit_facts_add_file(&f, roles[i], "/f") == i);
		if (i == 2)
			for (size_t k = 0; k < f.statement_count; k++)
				if (f.statements[k].verb == UNIT_LOAD)
					f.files[i].load = (int)k;
		require(unit_facts_parse(&f, (unsigned int)i, at, len, &name, &host, NULL) == 0);
		at = cut ? cut + 6 : end;
	}
	require(unit_view_make(&f, &v) == 0);
	check(&f, &v);
	e = unit_view_environment(&f, &v);
	require(e != NULL);
	environment_unref(e);
	unit_view_free(&v);
	unit_facts_free(&f);
	unit_host_free(&host);
	return 0;
}
