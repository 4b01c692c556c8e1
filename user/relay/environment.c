// SPDX-License-Identifier: GPL-2.0-only
#include "relay/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct environment *environment_new(enum environment_origin origin)
{
	struct environment *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->references = 1;
	e->origin = origin;
	return e;
}

struct environment *environment_ref(struct environment *e)
{
	if (e)
		e->references++;
	return e;
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool variable_equal(const struct variable *a, const struct variable *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->value, b->value) == 0 &&
	       a->value_cut == b->value_cut && text_equal(a->source, b->source) &&
	       a->url.use == b->url.use && a->url.faults == b->url.faults &&
	       a->url.port == b->url.port && strcmp(a->url.host, b->url.host) == 0 &&
	       strcmp(a->url.scheme, b->url.scheme) == 0;
}

bool environment_equal(const struct environment *a, const struct environment *b)
{
	if (a->origin != b->origin || a->truncated != b->truncated ||
		a->unreadable != b->unreadable || a->first_lost != b->first_lost ||
		a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++)
		if (!variable_equal(&a->variables[i], &b->variables[i]))
			return false;
	return true;
}

static void variable_free(struct variable *v)
{
	free(v->name);
	free(v->value);
	free(v->source);
}

void environment_unref(struct environment *e)
{
	if (!e || --e->references)
		return;
	for (unsigned int i = 0; i < e->count; i++)
		variable_free(&e->variables[i]);
	free(e->variables);
	free(e);
}

static struct variable *environment_find(const struct environment *e, const char *name, size_t len)
{
	for (unsigned int i = 0; i < e->count; i++)
		if (strlen(e->variables[i].name) == len &&
			memcmp(e->variables[i].name, name, len) == 0)
			return &e->variables[i];
	return NULL;
}

const struct variable *environment_get(const struct environment *e, const char *name)
{
	return e ? environment_find(e, name, strlen(name)) : NULL;
}

/* Takes over what v owns, also where it fails. */
static int environment_put(struct environment *e, struct variable *v)
{
	struct variable *same = NULL;

	if (v->name && v->value)
		same = environment_find(e, v->name, strlen(v->name));
	if (same) {
		variable_free(same);
		*same = *v;
		return 0;
	}
	if (v->name && v->value && e->count == e->capacity) {
		unsigned int capacity = e->capacity ? e->capacity * 2 : 8;
		struct variable *more = realloc(e->variables, capacity * sizeof(*more));

		if (more) {
			e->variables = more;
			e->capacity = capacity;
		}
	}
	if (!v->name || !v->value || e->count == e->capacity) {
		variable_free(v);
		return -ENOMEM;
	}
	e->variables[e->count++] = *v;
	return 0;
}

/* The value as it may be kept.  NULL when out of memory. */
static char *variable_redact(const struct variable *v, const char *value, size_t len)
{
	struct buffer out = {0};

	if (!v->is_relay || v->relay.kind == RELAY_KIND_NO)
		relay_list_redact(value, len, &out);
	else if (v->value_cut)
		relay_url_redact_cut(value, len, &out);
	else
		relay_url_redact(value, len, &out);
	if (!out.data && !out.failed)
		buffer_append_string(&out, "");
	if (out.failed) {
		buffer_free(&out);
		return NULL;
	}
	return out.data;
}

static void variable_judge(struct variable *v, const char *value, size_t len)
{
	v->is_relay = relay_name_parse(v->name, strlen(v->name), &v->relay);
	if (!v->is_relay || v->relay.kind == RELAY_KIND_NO)
		return;
	relay_url_parse(value, len, &v->url);
	if (v->value_cut) {
		/* The '@' that would tell secret from host may be in the missing part. */
		strcpy(v->url.host, "***");
		v->url.port = 0;
		v->url.faults |= RELAY_FAULT_HOST_MASKED;
	}
}

int environment_add(struct environment *e, const char *name, size_t name_len, const char *value,
	size_t value_len, bool value_cut, const char *source)
{
	struct variable v = {.value_cut = value_cut};

	if (!relay_name_is_listed(name, name_len))
		return 0;
	if (e->origin != ENVIRONMENT_GIVEN && environment_find(e, name, name_len))
		return 0;
	v.name = strndup(name, name_len);
	if (v.name) {
		variable_judge(&v, value, value_len);
		v.value = variable_redact(&v, value, value_len);
	}
	if (source) {
		v.source = strdup(source);
		if (!v.source) {
			variable_free(&v);
			return -ENOMEM;
		}
	}
	return environment_put(e, &v);
}

/* What k3s writes over the first entry (its title, or nothing but NULs) has no name before a '='. */
static bool is_assignment(const char *entry, size_t len)
{
	size_t i = 0;

	while (i < len && (isalnum((unsigned char)entry[i]) || entry[i] == '_'))
		i++;
	return i && i < len && entry[i] == '=' && !isdigit((unsigned char)entry[0]);
}

int environment_add_block(struct environment *e, const char *block, size_t len, const char *source)
{
	size_t at = 0;

	e->first_lost = len && !is_assignment(block, strnlen(block, len));
	while (at < len) {
		size_t entry = strnlen(block + at, len - at);
		const char *equals = memchr(block + at, '=', entry);

		if (equals) {
			size_t name = (size_t)(equals - block) - at;
			int err = environment_add(
				e, block + at, name, equals + 1, entry - name - 1, false, source);

			if (err)
				return err;
		}
		at += entry + 1;
	}
	return 0;
}

/* A copy of v under another name.  0 or -ENOMEM. */
static int environment_copy(struct environment *e, const struct variable *v, const char *name)
{
	struct variable copy = *v;

	copy.name = strdup(name);
	copy.value = strdup(v->value);
	copy.source = v->source ? strdup(v->source) : NULL;
	if (v->source && !copy.source) {
		variable_free(&copy);
		return -ENOMEM;
	}
	return environment_put(e, &copy);
}

int environment_add_judged(struct environment *e, const struct variable *v)
{
	return environment_copy(e, v, v->name);
}

const struct variable *environment_effective(
	const struct environment *e, enum relay_family family, enum relay_kind kind)
{
	static const enum relay_spelling order[] = {RELAY_UPPER, RELAY_LOWER};

	for (size_t o = 0; e && o < sizeof(order) / sizeof(*order); o++)
		for (unsigned int i = 0; i < e->count; i++) {
			const struct variable *v = &e->variables[i];

			if (v->is_relay && !v->relay.containerd && v->relay.family == family &&
				v->relay.kind == kind && v->relay.spelling == order[o] &&
				v->value[0])
				return v;
		}
	return NULL;
}

bool environment_proves_absence(const struct environment *e)
{
	if (!e || e->truncated || e->unreadable)
		return false;
	return e->origin != ENVIRONMENT_SNAPSHOT || !e->first_lost;
}

bool environment_is_cut(const struct environment *e)
{
	for (unsigned int i = 0; i < e->count; i++)
		if (e->variables[i].value_cut)
			return true;
	return e->truncated;
}
