// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *unit_state_name(enum unit_state state)
{
	static const char *const names[] = {
		[UNIT_STATE_FINE] = "fine",
		[UNIT_STATE_ABSENT] = "absent",
		[UNIT_STATE_MASKED] = "masked",
		[UNIT_STATE_UNREADABLE] = "unreadable",
		[UNIT_STATE_BROKEN] = "broken",
		[UNIT_STATE_ENV_FILE] = "env-file",
		[UNIT_STATE_TOO_LONG] = "too-long",
	};

	return names[state];
}

const char *unit_fate_name(enum unit_fate fate)
{
	static const char *const names[] = {
		[UNIT_FATE_NONE] = "",
		[UNIT_FATE_EFFECTIVE] = "effective",
		[UNIT_FATE_OVERRIDDEN] = "overridden",
		[UNIT_FATE_RESET] = "reset",
		[UNIT_FATE_UNSET] = "unset",
		[UNIT_FATE_UNLOADED] = "unloaded",
		[UNIT_FATE_IGNORED] = "ignored",
	};

	return names[fate];
}

void unit_view_free(struct unit_view *v)
{
	free(v->of);
	free(v->effective);
	memset(v, 0, sizeof(*v));
}

static void set_fate(struct unit_view *v, size_t index, enum unit_fate fate, int by)
{
	v->of[index].fate = fate;
	v->of[index].by = by;
}

/* An empty assignment forgets what stood before it. */
static void judge_resets(const struct unit_facts *f, struct unit_view *v)
{
	int reset[UNIT_SETTINGS];

	for (size_t i = 0; i < UNIT_SETTINGS; i++)
		reset[i] = -1;
	for (size_t i = f->statement_count; i--;) {
		const struct unit_statement *s = &f->statements[i];

		set_fate(v, i, UNIT_FATE_EFFECTIVE, -1);
		if (f->files[s->file].role == UNIT_FILE_ELSEWHERE) {
			set_fate(v, i, UNIT_FATE_UNLOADED, -1);
		} else if (s->verb == UNIT_RESET) {
			set_fate(v, i, UNIT_FATE_NONE, -1);
			reset[s->setting] = (int)i;
		} else if (s->verb == UNIT_IGNORED) {
			set_fate(v, i, UNIT_FATE_IGNORED, -1);
		} else if (reset[s->setting] >= 0) {
			set_fate(v, i, UNIT_FATE_RESET, reset[s->setting]);
		}
	}
}

/* What env files hold counts only where an EnvironmentFile= that counts names them. */
static void judge_loads(const struct unit_facts *f, struct unit_view *v)
{
	for (size_t i = 0; i < f->statement_count; i++) {
		const struct unit_statement *s = &f->statements[i];
		int load = f->files[s->file].load;

		if (s->setting != UNIT_ENV_LINE || v->of[i].fate != UNIT_FATE_EFFECTIVE)
			continue;
		if (load < 0)
			set_fate(v, i, UNIT_FATE_UNLOADED, -1);
		else if (v->of[load].fate != UNIT_FATE_EFFECTIVE)
			set_fate(v, i, UNIT_FATE_UNLOADED, v->of[load].by);
	}
}

/* In which order the settings come: the higher overrides. */
static int rank(const struct unit_statement *s)
{
	return s->setting == UNIT_ENV_LINE	     ? 3
	       : s->setting == UNIT_ENVIRONMENT	     ? 2
	       : s->setting == UNIT_PASS_ENVIRONMENT ? 1
						     : 0;
}

static int compare(const void *a, const void *b, void *context)
{
	const struct unit_facts *f = context;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int by_name = strcmp(f->statements[i].name, f->statements[k].name);
	int by_rank = rank(&f->statements[i]) - rank(&f->statements[k]);

	return by_name ? by_name : by_rank ? by_rank : (i > k) - (i < k);
}

/*
 * Of each name the last counts.  A PASS is kept beside the DefaultEnvironment= below it, because
 * whether the manager has the variable is not known here.
 */
static int judge_overrides(const struct unit_facts *f, struct unit_view *v)
{
	size_t *order = calloc(f->statement_count + 1, sizeof(*order)), count = 0, kept = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < f->statement_count; i++) {
		const struct unit_statement *s = &f->statements[i];

		if ((s->verb == UNIT_SET || s->verb == UNIT_PASS) &&
			v->of[i].fate == UNIT_FATE_EFFECTIVE)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), compare, (void *)f);
	for (size_t begin = 0, end; begin < count; begin = end) {
		const char *name = f->statements[order[begin]].name;
		size_t winner;

		for (end = begin + 1; end < count; end++)
			if (strcmp(f->statements[order[end]].name, name) != 0)
				break;
		winner = order[end - 1];
		for (size_t i = begin; i < end - 1; i++) {
			bool beside =
				f->statements[winner].verb == UNIT_PASS &&
				f->statements[order[i]].verb == UNIT_SET &&
				(i + 2 == end || f->statements[order[i + 1]].verb == UNIT_PASS);

			if (beside)
				order[kept++] = order[i];
			else
				set_fate(v, order[i], UNIT_FATE_OVERRIDDEN, (int)winner);
		}
		order[kept++] = winner;
	}
	v->effective = order;
	v->effective_count = kept;
	return 0;
}

/* UnsetEnvironment= takes names, or one value of a name, out of what is left. */
static void judge_unsets(const struct unit_facts *f, struct unit_view *v)
{
	size_t kept = 0;

	for (size_t k = 0; k < f->statement_count; k++) {
		const struct unit_statement *unset = &f->statements[k];
		size_t low = 0, high = v->effective_count;

		if (unset->verb != UNIT_UNSET || v->of[k].fate != UNIT_FATE_EFFECTIVE)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (strcmp(f->statements[v->effective[middle]].name, unset->name) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < v->effective_count; low++) {
			size_t i = v->effective[low];
			const struct unit_statement *s = &f->statements[i];

			if (strcmp(s->name, unset->name) != 0)
				break;
			if (unset->value && (!s->value || strcmp(unset->value, s->value) != 0))
				continue;
			set_fate(v, i, UNIT_FATE_UNSET, (int)k);
		}
	}
	for (size_t i = 0; i < v->effective_count; i++)
		if (v->of[v->effective[i]].fate == UNIT_FATE_EFFECTIVE)
			v->effective[kept++] = v->effective[i];
	v->effective_count = kept;
}

static void judge_state(const struct unit_facts *f, struct unit_view *v)
{
	if (f->fragment < 0) {
		v->state = UNIT_STATE_ABSENT;
		return;
	}
	v->file = f->fragment;
	if (f->files[f->fragment].masked) {
		v->state = UNIT_STATE_MASKED;
		return;
	}
	if (f->files[f->fragment].error) {
		v->state = UNIT_STATE_UNREADABLE;
		return;
	}
	if (f->files[f->fragment].end != UNIT_TEXT_WHOLE) {
		v->state = UNIT_STATE_BROKEN;
		return;
	}
	for (size_t i = 0; i < f->file_count; i++) {
		const struct unit_file *file = &f->files[i];

		if (file->role != UNIT_FILE_ENV || file->optional || file->load < 0 ||
			v->of[file->load].fate != UNIT_FATE_EFFECTIVE ||
			(!unit_file_fails(file) && !file->refused))
			continue;
		v->state = UNIT_STATE_ENV_FILE;
		v->file = (int)i;
		return;
	}
	v->file = -1;
	for (size_t i = 0; i < v->effective_count; i++) {
		const struct unit_statement *s = &f->statements[v->effective[i]];

		if (s->verb != UNIT_SET || strcmp(s->fault, "value-too-long") != 0)
			continue;
		v->state = UNIT_STATE_TOO_LONG;
		v->statement = (int)v->effective[i];
		return;
	}
}

int unit_view_make(const struct unit_facts *f, struct unit_view *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	out->file = out->statement = -1;
	out->of = calloc(f->statement_count + 1, sizeof(*out->of));
	if (!out->of)
		return -ENOMEM;
	judge_resets(f, out);
	judge_loads(f, out);
	err = judge_overrides(f, out);
	if (err) {
		unit_view_free(out);
		return err;
	}
	judge_unsets(f, out);
	judge_state(f, out);
	return 0;
}

static int add_variable(struct environment *e, const struct unit_statement *s, const char *source)
{
	struct variable v = {.name = s->name, .value = s->value, .source = (char *)source};

	if (!s->judged)
		return environment_add(
			e, s->name, strlen(s->name), s->value, strlen(s->value), false, source);
	v.is_relay = relay_name_parse(s->name, strlen(s->name), &v.relay);
	v.url = *s->judged;
	return environment_add_judged(e, &v);
}

struct environment *unit_view_environment(const struct unit_facts *f, const struct unit_view *v)
{
	struct environment *e = environment_new(ENVIRONMENT_GIVEN);
	struct buffer source = {0};
	int err = 0;

	for (size_t i = 0; e && !err && i < v->effective_count; i++) {
		const struct unit_statement *s = &f->statements[v->effective[i]];

		if (s->verb != UNIT_SET)
			continue;
		buffer_clear(&source);
		buffer_printf(&source, "%s:%u", f->files[s->file].path, s->line);
		err = source.failed ? -ENOMEM : add_variable(e, s, source.data);
	}
	buffer_free(&source);
	if (err) {
		environment_unref(e);
		e = NULL;
	}
	return e;
}

const char *unit_view_passed(const struct unit_facts *f, const struct unit_view *v,
	enum relay_family family, enum relay_kind kind, bool for_containerd)
{
	for (size_t i = 0; i < v->effective_count; i++) {
		const struct unit_statement *s = &f->statements[v->effective[i]];
		struct relay_name name;

		if (s->verb == UNIT_PASS && relay_name_parse(s->name, strlen(s->name), &name) &&
			name.family == family && name.kind == kind &&
			name.spelling != RELAY_MIXED && (for_containerd || !name.containerd))
			return s->name;
	}
	return NULL;
}
