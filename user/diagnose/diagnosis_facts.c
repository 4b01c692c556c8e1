// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_facts.h"

#include "diagnose/diagnosis_relays.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const worths[] = {
	[WORTH_BAD] = "bad",
	[WORTH_EMPTY] = "empty",
	[WORTH_LIST] = "list",
	[WORTH_SOUND] = "sound",
	[WORTH_UNSEEN] = "unseen",
};

void facts_free(struct node_facts_kept *k)
{
	free(k->variables);
	memset(k, 0, sizeof(*k));
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static void take_unit(struct node_facts_kept *k, const struct event_fact *f)
{
	size_t kept = 0, i;

	for (i = 0; i < k->count; i++)
		if (strcmp(k->variables[i].unit, f->fields[0]))
			k->variables[kept++] = k->variables[i];
	k->count = kept;
	for (i = 0; i < k->unit_count; i++)
		if (!strcmp(k->units[i].unit, f->fields[0]))
			break;
	if (i == UNITS_MAX)
		return;
	if (i == k->unit_count)
		k->unit_count++;
	copy_text(k->units[i].unit, sizeof(k->units[i].unit), f->fields[0]);
	k->units[i].reload = !strcmp(f->fields[2], "reload");
}

static const struct unit_variable *take_variable(
	struct node_facts_kept *k, const struct event_fact *f)
{
	struct unit_variable *v;

	if (!k->variables)
		k->variables = calloc(UNIT_FACTS_MAX, sizeof(*k->variables));
	if (!k->variables || k->count == UNIT_FACTS_MAX)
		return NULL;
	v = &k->variables[k->count++];
	memset(v, 0, sizeof(*v));
	copy_text(v->unit, sizeof(v->unit), f->fields[0]);
	copy_text(v->name, sizeof(v->name), f->fields[1]);
	copy_text(v->value, sizeof(v->value), f->fields[2]);
	for (size_t i = 0; i < sizeof(worths) / sizeof(worths[0]); i++)
		if (!strcmp(f->fields[3], worths[i]))
			v->worth = i;
	for (enum unit_fate fate = UNIT_FATE_NONE; fate <= UNIT_FATE_IGNORED; fate++)
		if (!strcmp(f->fields[4], unit_fate_name(fate)))
			v->fate = fate;
	copy_text(v->source, sizeof(v->source), f->fields[5]);
	v->mtime_ns = strtoull(f->fields[6], NULL, 10);
	copy_text(v->fault, sizeof(v->fault), f->fields[7]);
	copy_text(v->by, sizeof(v->by), f->fields[8]);
	return v;
}

const struct unit_variable *facts_take(struct node_facts_kept *k, const struct event_fact *f)
{
	if (!strcmp(f->key, "unit") && f->field_count >= 3) {
		take_unit(k, f);
	} else if (!strcmp(f->key, "unit-variable") && f->field_count >= 9) {
		return take_variable(k, f);
	} else if (!strcmp(f->key, "mirror") && f->field_count >= 2 &&
		   k->mirror_count < MIRROR_FACTS_MAX) {
		copy_text(k->mirrors[k->mirror_count].registry, sizeof(k->mirrors[0].registry),
			f->fields[0]);
		copy_text(k->mirrors[k->mirror_count++].host, sizeof(k->mirrors[0].host),
			f->fields[1]);
	}
	return NULL;
}

bool facts_need_reload(const struct node_facts_kept *k, const char *unit)
{
	for (size_t i = 0; i < k->unit_count; i++)
		if (!strcmp(k->units[i].unit, unit))
			return k->units[i].reload;
	return false;
}

const struct unit_variable *facts_effective(
	const struct node_facts_kept *k, const char *unit, const char *name)
{
	for (size_t i = 0; i < k->count; i++) {
		const struct unit_variable *v = &k->variables[i];

		if (v->fate == UNIT_FATE_EFFECTIVE && !strcmp(v->unit, unit) &&
			!strcmp(v->name, name))
			return v;
	}
	return NULL;
}

bool facts_is_mirror(const struct node_facts_kept *k, const char *host, const char *default_host)
{
	/* Docker Hub's names: rke2 dials the first, containerd the second (facts: host names). */
	bool hub = !strcasecmp(default_host, "index.docker.io") ||
		   !strcasecmp(default_host, "registry-1.docker.io");

	for (size_t i = 0; i < k->mirror_count; i++) {
		const char *registry = k->mirrors[i].registry;

		if (strcasecmp(k->mirrors[i].host, host))
			continue;
		if (!strcmp(registry, "*") || !strcasecmp(registry, default_host) ||
			(hub && !strcasecmp(registry, "docker.io")))
			return true;
	}
	return false;
}

/* What a raw value is worth, and the value without its secret. */
static const char *judge(const struct relay_name *name, const char *value, struct buffer *redacted)
{
	struct relay_url url;

	if (!value || !*value)
		return worths[WORTH_EMPTY];
	if (name->kind == RELAY_KIND_NO) {
		relay_list_redact(value, strlen(value), redacted);
		return worths[WORTH_LIST];
	}
	relay_url_parse(value, strlen(value), &url);
	relay_url_redact(value, strlen(value), redacted);
	return worths[relay_url_is_sound(&url) ? WORTH_SOUND : WORTH_BAD];
}

static void place(const struct unit_facts *f, int statement, char *out, size_t size)
{
	const struct unit_statement *s = statement < 0 ? NULL : &f->statements[statement];

	*out = '\0';
	if (s)
		snprintf(out, size, "%s:%u", f->files[s->file].path, s->line);
}

void unit_facts_tell(const struct unit_facts *f, const struct unit_view *v, bool need_reload,
	uint64_t time_ns, event_handler handler, void *context)
{
	const char *unit[] = {
		f->id ? f->id : f->unit, unit_state_name(v->state), need_reload ? "reload" : ""};
	struct event event = {.kind = EVENT_FACT, .time_ns = time_ns};
	struct buffer value = {0};

	event.fact = (struct event_fact){.key = "unit", .fields = unit, .field_count = 3};
	handler(context, &event);
	for (size_t i = 0; i < f->statement_count; i++) {
		const struct unit_statement *s = &f->statements[i];
		char source[288], by[288], mtime[24];
		struct relay_name name;
		const char *fields[9];

		if ((s->verb != UNIT_SET && s->verb != UNIT_IGNORED) || !s->name ||
			!relay_name_parse(s->name, strlen(s->name), &name))
			continue;
		buffer_clear(&value);
		place(f, (int)i, source, sizeof(source));
		place(f, v->of[i].by, by, sizeof(by));
		snprintf(mtime, sizeof(mtime), "%lld", f->files[s->file].mtime_ns);
		fields[0] = unit[0];
		fields[1] = s->name;
		fields[3] = s->verb == UNIT_IGNORED && !s->value ? worths[WORTH_UNSEEN]
								 : judge(&name, s->value, &value);
		fields[2] = buffer_string(&value);
		fields[4] = unit_fate_name(v->of[i].fate);
		fields[5] = source;
		fields[6] = mtime;
		fields[7] = s->fault ? s->fault : "";
		fields[8] = by;
		event.fact = (struct event_fact){
			.key = "unit-variable", .fields = fields, .field_count = 9};
		handler(context, &event);
	}
	buffer_free(&value);
}
