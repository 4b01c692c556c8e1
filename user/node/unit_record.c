// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_record.h"

#include "relay/environment.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 14
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

static const char *const roles[] = {
	[UNIT_FILE_MANAGER] = "manager",
	[UNIT_FILE_FRAGMENT] = "fragment",
	[UNIT_FILE_DROP_IN] = "drop-in",
	[UNIT_FILE_SHADOWED] = "shadowed",
	[UNIT_FILE_ENV] = "env",
	[UNIT_FILE_USUAL] = "usual",
	[UNIT_FILE_ELSEWHERE] = "elsewhere",
	[UNIT_FILE_UNSEEN] = "unseen",
};
static const char *const verbs[] = {
	[UNIT_SET] = "set",
	[UNIT_RESET] = "reset",
	[UNIT_LOAD] = "load",
	[UNIT_PASS] = "pass",
	[UNIT_UNSET] = "unset",
	[UNIT_IGNORED] = "ignored",
};
static const char *const settings[] = {
	[UNIT_DEFAULT_ENVIRONMENT] = "DefaultEnvironment",
	[UNIT_ENVIRONMENT] = "Environment",
	[UNIT_ENVIRONMENT_FILE] = "EnvironmentFile",
	[UNIT_PASS_ENVIRONMENT] = "PassEnvironment",
	[UNIT_UNSET_ENVIRONMENT] = "UnsetEnvironment",
	[UNIT_ENV_LINE] = "line",
};
static const char *const uses[] = {
	[RELAY_EMPTY] = "empty",
	[RELAY_USABLE] = "usable",
	[RELAY_DROPPED] = "dropped",
};
/* The faults of unit files; those of env files are env_file_fault_name()'s. */
static const char *const unit_faults[] = {"bad-quoting", "unknown-specifier",
	"unresolved-specifier", "not-absolute", "bad-path", "not-normalized", "wrong-section",
	"no-section", "unquoted-space", "colon", "before-name"};

/* The fields of one fact: numbers get their text here. */
struct fields {
	const char *text[FIELDS_MAX];
	char numbers[FIELDS_MAX][24];
	size_t count;
};

static void field(struct fields *f, const char *text)
{
	f->text[f->count++] = text ? text : "-";
}

static void number(struct fields *f, long long value)
{
	snprintf(f->numbers[f->count], sizeof(f->numbers[0]), "%lld", value);
	f->text[f->count] = f->numbers[f->count];
	f->count++;
}

static int tell(const char *key, const struct fields *f, unit_fact_fn *fn, void *context)
{
	struct event_fact fact = {key, f->text, f->count};

	return fn(context, &fact);
}

static int tell_file(const struct unit_file *file, int load, unit_fact_fn *fn, void *context)
{
	struct fields f = {0};

	field(&f, roles[file->role]);
	field(&f, file->path);
	number(&f, file->error);
	number(&f, file->masked);
	number(&f, file->optional);
	number(&f, file->mtime_ns);
	field(&f, unit_text_end_name(file->end));
	number(&f, file->end_line);
	field(&f, env_file_fault_name(file->refused));
	number(&f, file->refused_line);
	number(&f, load);
	return tell("unit-file", &f, fn, context);
}

/* Does s go out: does it name a listed variable, or none? */
static bool is_told(const struct unit_statement *s)
{
	return !s->name || relay_name_is_listed(s->name, strlen(s->name));
}

static int tell_statement(const struct unit_statement *s, unit_fact_fn *fn, void *context)
{
	struct environment *e = NULL;
	struct buffer value = {0};
	struct fields f = {0};
	int err = 0;

	field(&f, verbs[s->verb]);
	field(&f, settings[s->setting]);
	number(&f, s->file);
	number(&f, s->line);
	number(&f, s->optional);
	field(&f, s->fault);
	field(&f, s->name);
	if (s->name && s->value && !s->judged) {
		/* The environment knows how to judge and to redact. */
		e = environment_new(ENVIRONMENT_GIVEN);
		err = e ? environment_add(e, s->name, strlen(s->name), s->value, strlen(s->value),
				  false, NULL)
			: -ENOMEM;
	}
	if (!err && e && e->count) {
		const struct variable *v = &e->variables[0];

		field(&f, v->value);
		if (v->is_relay && v->relay.kind != RELAY_KIND_NO) {
			field(&f, uses[v->url.use]);
			number(&f, v->url.faults);
			field(&f, v->url.scheme);
			field(&f, v->url.host);
			number(&f, v->url.port);
		}
	} else if (!err && s->value && s->verb != UNIT_LOAD && !s->judged) {
		relay_url_redact(s->value, strlen(s->value), &value);
		err = value.failed ? -ENOMEM : 0;
		field(&f, buffer_string(&value));
	} else {
		field(&f, s->value);
		if (s->judged) {
			field(&f, uses[s->judged->use]);
			number(&f, s->judged->faults);
			field(&f, s->judged->scheme);
			field(&f, s->judged->host);
			number(&f, s->judged->port);
		}
	}
	if (s->continued)
		field(&f, "continued");
	if (!err)
		err = tell("unit-statement", &f, fn, context);
	environment_unref(e);
	buffer_free(&value);
	return err;
}

int unit_record_tell(const struct unit_facts *f, unit_fact_fn *fn, void *context)
{
	int *index = calloc(f->statement_count + 1, sizeof(*index)), told = 0, err;
	struct fields unit = {0};

	if (!index)
		return -ENOMEM;
	for (size_t i = 0; i < f->statement_count; i++)
		index[i] = is_told(&f->statements[i]) ? told++ : -1;
	field(&unit, f->unit);
	field(&unit, f->id);
	field(&unit, f->fragment_real);
	number(&unit, f->fragment);
	number(&unit, f->cut);
	err = tell("unit", &unit, fn, context);
	for (size_t i = 0; !err && i < f->file_count; i++)
		err = tell_file(&f->files[i], f->files[i].load < 0 ? -1 : index[f->files[i].load],
			fn, context);
	for (size_t i = 0; !err && i < f->statement_count; i++)
		if (index[i] >= 0)
			err = tell_statement(&f->statements[i], fn, context);
	free(index);
	return err;
}

bool unit_record_is(const struct event_fact *fact)
{
	return strcmp(fact->key, "unit") == 0 || strcmp(fact->key, "unit-file") == 0 ||
	       strcmp(fact->key, "unit-statement") == 0;
}

/* The index of text in names, -1 where it is none. */
static int word(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

/* Reads a number from least to most; false where text is none. */
static bool read_number(const char *text, long long least, long long most, long long *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return !errno && *text && !*end && *out >= least && *out <= most;
}

static const char *optional_text(const char *text)
{
	return strcmp(text, "-") == 0 ? NULL : text;
}

static int copy(char **to, const char *text)
{
	if (!optional_text(text))
		return 0;
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

static int take_unit(struct unit_facts *f, const char *const *field, size_t count)
{
	long long fragment, cut;
	int err;

	unit_facts_free(f);
	if (count < 5 || !read_number(field[3], -1, INT32_MAX, &fragment) ||
		!read_number(field[4], 0, 1, &cut))
		return -EINVAL;
	f->fragment = (int)fragment;
	f->cut = cut;
	err = copy(&f->unit, field[0]);
	err = err ? err : copy(&f->id, field[1]);
	return err ? err : copy(&f->fragment_real, field[2]);
}

static int take_file(struct unit_facts *f, const char *const *field, size_t count)
{
	long long error, masked, optional, mtime, end_line, refused_line, load;
	int role, index, end = UNIT_TEXT_WHOLE, refused = ENV_FILE_FINE;
	struct unit_file *file;

	if (!f->unit || count < 11 || f->statement_count)
		return -EINVAL;
	role = word(roles, COUNT(roles), field[0]);
	while (end <= UNIT_TEXT_LINE_TOO_LONG && strcmp(unit_text_end_name(end), field[6]) != 0)
		end++;
	while (refused <= ENV_FILE_TOO_LARGE && strcmp(env_file_fault_name(refused), field[8]) != 0)
		refused++;
	if (role < 0 || end > UNIT_TEXT_LINE_TOO_LONG || refused > ENV_FILE_TOO_LARGE ||
		!read_number(field[2], INT32_MIN, 0, &error) ||
		!read_number(field[3], 0, 1, &masked) || !read_number(field[4], 0, 1, &optional) ||
		!read_number(field[5], INT64_MIN, INT64_MAX, &mtime) ||
		!read_number(field[7], 0, UINT32_MAX, &end_line) ||
		!read_number(field[9], 0, UINT32_MAX, &refused_line) ||
		!read_number(field[10], -1, INT32_MAX, &load))
		return -EINVAL;
	index = unit_facts_add_file(f, (enum unit_file_role)role, field[1]);
	if (index < 0)
		return index;
	file = &f->files[index];
	file->error = (int)error;
	file->masked = masked;
	file->optional = optional;
	file->mtime_ns = mtime;
	file->end = (enum unit_text_end)end;
	file->end_line = (unsigned int)end_line;
	file->refused = (enum env_file_fault)refused;
	file->refused_line = (unsigned int)refused_line;
	file->load = (int)load;
	return 0;
}

/* The constant string of a fault; NULL where text is none. */
static const char *fault_word(const char *text)
{
	int unit_fault = word(unit_faults, COUNT(unit_faults), text);

	if (unit_fault >= 0)
		return unit_faults[unit_fault];
	for (int i = ENV_FILE_FINE; i < ENV_FILE_FAULTS; i++)
		if (strcmp(env_file_fault_name(i), text) == 0)
			return env_file_fault_name(i);
	return NULL;
}

/* The judgement that stands behind a value: five fields. */
static bool read_judged(const char *const *field, struct relay_url *out)
{
	int use = word(uses, COUNT(uses), field[0]);
	long long faults, port;

	memset(out, 0, sizeof(*out));
	if (use < 0 || !read_number(field[1], 0, UINT32_MAX, &faults) ||
		!read_number(field[4], 0, UINT32_MAX, &port) ||
		strlen(field[2]) >= sizeof(out->scheme) || strlen(field[3]) >= sizeof(out->host))
		return false;
	out->use = (enum relay_use)use;
	out->faults = (uint32_t)faults;
	out->port = (uint32_t)port;
	strcpy(out->scheme, field[2]);
	strcpy(out->host, field[3]);
	return true;
}

static int take_statement(struct unit_facts *f, const char *const *field, size_t count)
{
	long long file, line, optional;
	struct unit_statement s = {0};
	struct buffer value = {0};
	struct relay_url judged;
	int verb, setting, err;

	s.continued = (count == 9 || count == 14) && !strcmp(field[count - 1], "continued");
	count -= s.continued;
	if (!f->unit || (count != 8 && count != 13))
		return -EINVAL;
	verb = word(verbs, COUNT(verbs), field[0]);
	setting = word(settings, COUNT(settings), field[1]);
	s.fault = fault_word(field[5]);
	if (verb < 0 || setting < 0 || !s.fault ||
		!read_number(field[2], 0, (long long)f->file_count - 1, &file) ||
		!read_number(field[3], 0, UINT32_MAX, &line) ||
		!read_number(field[4], 0, 1, &optional) ||
		(count == 13 && !read_judged(field + 8, &judged)))
		return -EINVAL;
	s.verb = (enum unit_verb)verb;
	s.setting = (enum unit_setting)setting;
	s.file = (unsigned int)file;
	s.line = (unsigned int)line;
	s.optional = optional;
	s.name = (char *)optional_text(field[6]);
	/* A variable may well be set to "-". */
	s.value = (char *)(verb == UNIT_SET ? field[7] : optional_text(field[7]));
	s.judged = count == 13 ? &judged : NULL;
	if ((verb == UNIT_SET || verb == UNIT_PASS || verb == UNIT_UNSET) && !s.name)
		return -EINVAL;
	if (verb == UNIT_LOAD && !s.value)
		return -EINVAL;
	if (!s.judged || !s.value)
		return unit_facts_add(f, &s);
	/* Once more: someone may have put a judgement behind a value that was never redacted. */
	relay_url_redact(s.value, strlen(s.value), &value);
	s.value = (char *)buffer_string(&value);
	err = value.failed ? -ENOMEM : unit_facts_add(f, &s);
	buffer_free(&value);
	return err;
}

int unit_record_take(struct unit_facts *f, const struct event_fact *fact)
{
	if (strcmp(fact->key, "unit") == 0)
		return take_unit(f, fact->fields, fact->field_count);
	if (strcmp(fact->key, "unit-file") == 0)
		return take_file(f, fact->fields, fact->field_count);
	if (strcmp(fact->key, "unit-statement") == 0)
		return take_statement(f, fact->fields, fact->field_count);
	return -EINVAL;
}

bool unit_record_is_whole(const struct unit_facts *f)
{
	if (!f->unit || f->fragment >= (int)f->file_count)
		return false;
	for (size_t i = 0; i < f->file_count; i++)
		if (f->files[i].load >= (int)f->statement_count)
			return false;
	return true;
}
