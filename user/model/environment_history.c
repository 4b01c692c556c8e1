// SPDX-License-Identifier: GPL-2.0-only
#include "model/environment_history.h"

#include <stdio.h>
#include <string.h>

void environment_history_free(struct environment_history *h)
{
	for (size_t i = 0; i < ENVIRONMENT_PLACES; i++)
		environment_unref(h->places[i].environment);
	memset(h, 0, sizeof(*h));
}

void environment_changes_free(struct environment_changes *c)
{
	environment_unref(c->before);
	c->before = NULL;
}

/* Roles of which several programs work side by side, each with an environment of its own. */
static bool is_named_kind(enum role role)
{
	return role == ROLE_CLIENT || role == ROLE_CREDENTIAL_PROVIDER;
}

static uint64_t place_of(const struct process *p)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "%d/%s/%s", (int)p->role,
		p->unit[0] ? p->unit : p->tree, is_named_kind(p->role) ? p->name : "");
	uint64_t hash = table_hash(text, len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1);

	return hash ? hash : 1;
}

static void list_add(struct name_list *list, const char *name)
{
	if (list->count < ENVIRONMENT_CHANGES)
		list->names[list->count++] = name;
}

/* Empty is unset, as Go has it: name by name, whatever the other spelling says. */
static bool is_set(const struct variable *v)
{
	return v->is_relay && v->value[0];
}

static void compare(struct environment_changes *out, const struct environment *was,
	const struct environment *is)
{
	bool was_proves = environment_proves_absence(was),
	     is_proves = environment_proves_absence(is);

	out->incomplete = !was_proves || !is_proves;
	for (unsigned int i = 0; i < is->count; i++) {
		const struct variable *v = &is->variables[i], *old;

		if (!is_set(v))
			continue;
		old = environment_get(was, v->name);
		if (old ? !is_set(old) : was_proves)
			list_add(&out->added, v->name);
		else if (old &&
			 (strcmp(old->value, v->value) != 0 || old->value_cut != v->value_cut))
			list_add(&out->changed, v->name);
	}
	for (unsigned int i = 0; i < was->count; i++) {
		const struct variable *old = &was->variables[i], *v;

		if (!is_set(old))
			continue;
		v = environment_get(is, old->name);
		if (v ? !is_set(v) : is_proves)
			list_add(&out->removed, old->name);
	}
}

bool environment_history_exec(struct environment_history *h, const struct process *p,
	uint64_t time_ns, struct environment_changes *out)
{
	uint64_t place = place_of(p);
	struct environment_place *own = NULL, *oldest = &h->places[0];

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < ENVIRONMENT_PLACES && !own; i++) {
		if (h->places[i].place == place)
			own = &h->places[i];
		else if (h->places[i].used_ns < oldest->used_ns)
			oldest = &h->places[i];
	}
	if (own) {
		out->before = own->environment;
		memcpy(out->since, own->entity_id, sizeof(out->since));
		compare(out, out->before, p->environment);
	} else {
		own = oldest;
		environment_unref(own->environment);
	}
	own->place = place;
	own->used_ns = time_ns;
	own->environment = environment_ref(p->environment);
	memcpy(own->entity_id, p->entity_id, sizeof(own->entity_id));
	return out->before != NULL;
}
