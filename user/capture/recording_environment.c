// SPDX-License-Identifier: GPL-2.0-only
/* env= and the words that belong to it: what a process carried, raw or judged before. */
#include "capture/recording_parse.h"
#include "capture/recording_text.h"

#include <errno.h>
#include <string.h>

/* A hostile program can carry thousands of spellings of one name; more than this no one has. */
#define VARIABLES_MAX 4096

/* Masked again, which changes nothing where it was: a recording may come from an older version, or from somebody's hand. */
static void judged_value(const struct variable *v, const char *value, struct buffer *out)
{
	size_t len = strlen(value);

	if (!v->is_relay || v->relay.kind == RELAY_KIND_NO)
		relay_list_redact(value, len, out);
	else if (v->value_cut)
		relay_url_redact_cut(value, len, out);
	else
		relay_url_redact(value, len, out);
}

int recording_variable_close(struct recording_parser *p)
{
	struct pending_variable *open = &p->variable;
	struct environment *e = p->event.exec.environment;
	struct variable v = {.value_cut = open->cut, .source = (char *)open->source};
	struct buffer value = {0};
	char name[64];
	int err;

	if (!open->name)
		return 0;
	if (e->count >= VARIABLES_MAX)
		return recording_fail(p, "more than %d env=", VARIABLES_MAX);
	if (!open->judged) {
		err = environment_add(e, open->name, open->name_len, open->value,
			strlen(open->value), open->cut, open->source);
		open->name = NULL;
		return err;
	}
	if (!relay_name_is_listed(open->name, open->name_len) || open->name_len >= sizeof(name)) {
		open->name = NULL;
		return 0;
	}
	memcpy(name, open->name, open->name_len);
	name[open->name_len] = '\0';
	v.name = name;
	v.is_relay = relay_name_parse(name, open->name_len, &v.relay);
	if (v.is_relay && v.relay.kind != RELAY_KIND_NO)
		v.url = open->url;
	judged_value(&v, open->value, &value);
	v.value = (char *)buffer_string(&value);
	err = value.failed ? -ENOMEM : environment_add_judged(e, &v);
	buffer_free(&value);
	open->name = NULL;
	return err;
}

static int judged_read(struct recording_parser *p, const char *value)
{
	static const char *const uses[] = {
		[RELAY_EMPTY] = "empty", [RELAY_USABLE] = "usable", [RELAY_DROPPED] = "dropped"};
	struct pending_variable *open = &p->variable;
	size_t len = strcspn(value, ","), use = 0;

	open->judged = true;
	if (strcmp(value, "plain") == 0)
		return 0;
	while (use < 3 && (strlen(uses[use]) != len || memcmp(uses[use], value, len) != 0))
		use++;
	if (use == 3)
		return recording_fail(p, "judged= begins with plain, empty, usable or dropped");
	open->url.use = (enum relay_use)use;
	for (value += len; *value == ','; value += len) {
		uint32_t bit;

		len = strcspn(++value, ",");
		bit = relay_fault_bit(value, len);
		if (!bit)
			return recording_fail(p, "judged=: \"%.*s\" is no fault",
				(int)(len < 40 ? len : 40), value);
		open->url.faults |= bit;
	}
	return 0;
}

static int copy_text(struct recording_parser *p, const struct word *word, const char *value,
	char *to, size_t size)
{
	if (strlen(value) >= size)
		return recording_fail(p, "%s= is longer than %zu bytes", word->key, size - 1);
	strcpy(to, value);
	return 0;
}

int recording_environment_word(
	struct recording_parser *p, const struct word *word, const char *value)
{
	struct pending_variable *open = &p->variable;
	struct environment *e = p->event.exec.environment;
	uint64_t port;
	int err;

	switch (word->key[0]) {
	case 'e':
		if (word->type == WORD_ENVIRONMENT) {
			const char *equals = strchr(value, '=');

			err = recording_variable_close(p);
			if (err)
				return err;
			if (!equals || equals == value)
				return recording_fail(p, "env= takes NAME=VALUE");
			*open = (struct pending_variable){.name = value,
				.name_len = (size_t)(equals - value),
				.value = equals + 1};
			return 0;
		}
		e->truncated |= strcmp(word->key, "env-truncated") == 0;
		e->unreadable |= strcmp(word->key, "env-unreadable") == 0;
		e->first_lost |= strcmp(word->key, "env-first-lost") == 0;
		return 0;
	case 'o':
		p->origin_given = true;
		if (strcmp(value, "exec") == 0)
			e->origin = ENVIRONMENT_EXEC;
		else if (strcmp(value, "snapshot") == 0)
			e->origin = ENVIRONMENT_SNAPSHOT;
		else if (strcmp(value, "given") == 0)
			e->origin = ENVIRONMENT_GIVEN;
		else
			return recording_fail(p, "origin= is exec, snapshot or given");
		return 0;
	}
	if (!open->name)
		return recording_fail(p, "%s belongs behind an env=", word->key);
	switch (word->key[0]) {
	case 'j':
		return judged_read(p, value);
	case 'c':
		open->cut = true;
		return 0;
	}
	if (strcmp(word->key, "source") == 0) {
		open->source = value;
		return 0;
	}
	if (!open->judged)
		return recording_fail(p, "%s= belongs behind a judged=", word->key);
	if (strcmp(word->key, "scheme") == 0)
		return copy_text(p, word, value, open->url.scheme, sizeof(open->url.scheme));
	if (strcmp(word->key, "host") == 0)
		return copy_text(p, word, value, open->url.host, sizeof(open->url.host));
	if (!recording_parse_unsigned(value, UINT32_MAX, &port))
		return recording_fail(p, "port= is no number");
	open->url.port = (uint32_t)port; /* Go takes one over 65535, and then cannot dial it */
	return 0;
}
