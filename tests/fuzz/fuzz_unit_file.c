// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a unit file, its drop-in and an env file: the judge comes to a consistent view.  The
 * input is cut at "\n====\n" into the three.
 */
#include "node/unit_environment.h"
#include "node/unit_record.h"

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

static int take(void *context, const struct event_fact *fact)
{
	require(unit_record_is(fact));
	require(unit_record_take(context, fact) == 0);
	return 0;
}

/* Through a recording: the same listed variables with the same sources. */
static void check_record(const struct unit_facts *f, const struct unit_view *v)
{
	struct environment *e = unit_view_environment(f, v), *taken_e;
	struct unit_facts taken = {0};
	struct unit_view taken_view;

	/* UnsetEnvironment=NAME=VALUE compares values, and a recording holds them without secrets. */
	for (size_t k = 0; k < f->statement_count; k++) {
		if (f->statements[k].verb == UNIT_UNSET && f->statements[k].value) {
			environment_unref(e);
			return;
		}
	}
	require(unit_record_tell(f, take, &taken) == 0 && unit_record_is_whole(&taken));
	require(unit_view_make(&taken, &taken_view) == 0);
	check(&taken, &taken_view);
	taken_e = unit_view_environment(&taken, &taken_view);
	require(e && taken_e && e->count == taken_e->count);
	for (unsigned int i = 0; i < e->count; i++) {
		require(strcmp(e->variables[i].name, taken_e->variables[i].name) == 0);
		require(strcmp(e->variables[i].source, taken_e->variables[i].source) == 0);
		require(e->variables[i].url.faults == taken_e->variables[i].url.faults);
	}
	environment_unref(e);
	environment_unref(taken_e);
	unit_view_free(&taken_view);
	unit_facts_free(&taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum unit_file_role roles[] = {
		UNIT_FILE_FRAGMENT, UNIT_FILE_DROP_IN, UNIT_FILE_ENV};
	const char *at = (const char *)data, *end = at + size;
	struct unit_facts f = {.unit = strdup("rke2-a@b\\x2dc.service"), .fragment = 0};
	struct unit_host host = {0};
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
	check_record(&f, &v);
	unit_view_free(&v);
	unit_facts_free(&f);
	unit_host_free(&host);
	return 0;
}
