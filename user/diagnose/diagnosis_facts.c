// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_facts.h"

#include "diagnose/diagnosis_relays.h"
#include "node/unit_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void facts_free(struct node_facts_kept *k)
{
	for (size_t i = 0; i < k->unit_count; i++)
		unit_facts_free(&k->units[i].facts);
	free(k->variables);
	memset(k, 0, sizeof(*k));
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static const char *unit_of(const struct unit_facts *f)
{
	return f->id ? f->id : f->unit ? f->unit : "";
}

static void take_unit(struct node_facts_kept *k, const struct event_fact *f)
{
	struct unit_facts *facts;

	k->stale = true;
	if (!strcmp(f->key, "unit") && f->field_count) {
		for (k->current = 0; k->current < k->unit_count; k->current++) {
			facts = &k->units[k->current].facts;
			if (facts->unit && !strcmp(facts->unit, f->fields[0]))
				break;
		}
		if (k->current == UNITS_MAX)
			return;
		if (k->current == k->unit_count)
			k->unit_count++;
		k->units[k->current].damaged = false;
	}
	if (k->current >= k->unit_count)
		return;
	facts = &k->units[k->current].facts;
	if (facts->statement_count >= UNIT_STATEMENTS_MAX ||
		facts->file_count >= UNIT_STATEMENTS_MAX || unit_record_take(facts, f))
		k->units[k->current].damaged = true;
}

static void take_reload(struct node_facts_kept *k, const struct event_fact *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->reload_count; i++)
		if (strcmp(k->reload[i], f->fields[0]))
			memmove(k->reload[kept++], k->reload[i], sizeof(k->reload[0]));
	k->reload_count = kept;
	if (!strcmp(f->fields[1], "yes") && k->reload_count < UNITS_MAX)
		copy_text(k->reload[k->reload_count++], sizeof(k->reload[0]), f->fields[0]);
}

static bool mirror_known(const struct node_facts_kept *k, const struct event_fact *f)
{
	for (size_t i = 0; i < k->mirror_count; i++)
		if (!strcmp(k->mirrors[i].registry, f->fields[0]) &&
			!strcmp(k->mirrors[i].host, f->fields[1]))
			return true;
	return false;
}

/* A setting of config.yaml, by its own name. */
static void take_setting(struct node_facts_kept *k, const char *name, const char *value)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} settings[] = {
		{"etcd-s3-endpoint", k->s3_endpoint, sizeof(k->s3_endpoint)},
		{"cluster-cidr", k->cluster_cidr, sizeof(k->cluster_cidr)},
		{"service-cidr", k->service_cidr, sizeof(k->service_cidr)},
		{"cluster-domain", k->cluster_domain, sizeof(k->cluster_domain)},
		{"data-dir", k->data_dir, sizeof(k->data_dir)},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!strcmp(settings[i].name, name))
			copy_text(settings[i].to, settings[i].size, value);
	/* Of the endpoint the host alone. */
	k->s3_endpoint[strcspn(k->s3_endpoint, ":/")] = '\0';
}

void facts_take(struct node_facts_kept *k, const struct event_fact *f)
{
	if (unit_record_is(f)) {
		take_unit(k, f);
	} else if (!strcmp(f->key, "unit-reload") && f->field_count >= 2) {
		take_reload(k, f);
	} else if (!strcmp(f->key, "config") && f->field_count >= 2) {
		take_setting(k, f->fields[0], f->fields[1]);
	} else if (!strcmp(f->key, "mirror") && f->field_count >= 2 &&
		   k->mirror_count < MIRROR_FACTS_MAX && !mirror_known(k, f)) {
		copy_text(k->mirrors[k->mirror_count].registry, sizeof(k->mirrors[0].registry),
			f->fields[0]);
		copy_text(k->mirrors[k->mirror_count++].host, sizeof(k->mirrors[0].host),
			f->fields[1]);
	}
}

static void place(const struct unit_facts *f, int statement, char *out, size_t size)
{
	const struct unit_statement *s = statement < 0 ? NULL : &f->statements[statement];

	*out = '\0';
	if (s)
		snprintf(out, size, "%s:%u", f->files[s->file].path, s->line);
}

static void judge(
	const struct unit_statement *s, const struct relay_name *name, struct unit_variable *v)
{
	struct buffer redacted = {0};

	if (!s->value && s->verb == UNIT_IGNORED) {
		v->worth = WORTH_UNSEEN;
	} else if (!s->value || !*s->value) {
		v->worth = WORTH_EMPTY;
	} else if (name->kind == RELAY_KIND_NO) {
		v->worth = WORTH_LIST;
		relay_list_redact(s->value, strlen(s->value), &redacted);
	} else {
		relay_url_parse(s->value, strlen(s->value), &v->url);
		if (s->judged)
			v->url = *s->judged;
		v->worth = relay_url_is_sound(&v->url) ? WORTH_SOUND : WORTH_BAD;
		relay_url_redact(s->value, strlen(s->value), &redacted);
	}
	copy_text(v->value, sizeof(v->value), buffer_string(&redacted));
	buffer_free(&redacted);
}

static void add_statements(
	struct node_facts_kept *k, const struct unit_facts *f, const struct unit_view *view)
{
	for (size_t i = 0; i < f->statement_count && k->count < UNIT_FACTS_MAX; i++) {
		const struct unit_statement *s = &f->statements[i];
		struct unit_variable *v = &k->variables[k->count];
		struct relay_name name;

		if ((s->verb != UNIT_SET && s->verb != UNIT_IGNORED) || !s->name ||
			!relay_name_parse(s->name, strlen(s->name), &name))
			continue;
		memset(v, 0, sizeof(*v));
		copy_text(v->unit, sizeof(v->unit), unit_of(f));
		copy_text(v->name, sizeof(v->name), s->name);
		judge(s, &name, v);
		v->fate = view->of[i].fate;
		v->elsewhere = f->files[s->file].role == UNIT_FILE_ELSEWHERE;
		v->in_unit = s->setting == UNIT_ENVIRONMENT;
		v->continued = s->continued;
		v->refused_line = f->files[s->file].refused_line;
		place(f, (int)i, v->source, sizeof(v->source));
		place(f, view->of[i].by, v->by, sizeof(v->by));
		v->mtime_ns = (uint64_t)f->files[s->file].mtime_ns;
		copy_text(v->fault, sizeof(v->fault), s->fault);
		k->count++;
	}
}

bool facts_refresh(struct node_facts_kept *k)
{
	if (!k->stale)
		return false;
	k->stale = false;
	k->count = 0;
	if (!k->variables)
		k->variables = calloc(UNIT_FACTS_MAX, sizeof(*k->variables));
	for (size_t i = 0; k->variables && i < k->unit_count; i++) {
		const struct unit_facts *f = &k->units[i].facts;
		struct unit_view view = {0};

		/* Half of a unit's files would tell half the truth. */
		if (k->units[i].damaged || !unit_record_is_whole(f) || unit_view_make(f, &view))
			continue;
		add_statements(k, f, &view);
		unit_view_free(&view);
	}
	return true;
}

bool facts_need_reload(const struct node_facts_kept *k, const char *unit)
{
	for (size_t i = 0; i < k->reload_count; i++)
		if (!strcmp(k->reload[i], unit))
			return true;
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

const char *facts_env_file(const struct node_facts_kept *k, const char *unit, const char *wanted)
{
	const char *first = NULL;

	for (size_t i = 0; i < k->unit_count; i++) {
		const struct unit_facts *f = &k->units[i].facts;

		if (strcmp(unit_of(f), unit) || k->units[i].damaged || f->fragment < 0)
			continue;
		for (size_t j = f->statement_count; j--;) {
			const struct unit_statement *s = &f->statements[j];

			if (s->setting != UNIT_ENVIRONMENT_FILE)
				continue;
			if (s->verb == UNIT_RESET)
				return first;
			if (s->verb == UNIT_LOAD && !strcmp(s->value, wanted))
				return wanted;
			if (s->verb == UNIT_LOAD && !strpbrk(s->value, "*?["))
				first = s->value;
		}
		return first;
	}
	return wanted;
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

const char *facts_registry_of(const struct node_facts_kept *k, const char *host)
{
	for (size_t i = 0; i < k->mirror_count; i++)
		if (!strcasecmp(k->mirrors[i].host, host))
			return k->mirrors[i].registry;
	return NULL;
}

bool facts_unit_is_read(const struct node_facts_kept *k, const char *unit)
{
	for (size_t i = 0; i < k->unit_count; i++) {
		const struct unit_facts *f = &k->units[i].facts;

		if (strcmp(unit_of(f), unit))
			continue;
		for (size_t j = 0; j < f->file_count; j++)
			if (f->files[j].error && f->files[j].error != -ENOENT &&
				!unit_file_is_unloaded(f->files[j].role))
				return false;
		return !k->units[i].damaged && !f->cut && f->fragment >= 0 &&
		       unit_record_is_whole(f);
	}
	return false;
}

/* Is host name, or a subdomain of it? */
static bool is_below(const char *host, const char *name)
{
	size_t h = strlen(host), n = strlen(name);

	return n && h >= n && !strcasecmp(host + h - n, name) && (h == n || host[h - n - 1] == '.');
}

bool facts_is_s3(const struct node_facts_kept *k, const char *host)
{
	/* [BUCKET.]s3.REGION.amazonaws.com, and without the region. */
	return is_below(host, k->s3_endpoint) ||
	       (is_below(host, "amazonaws.com") &&
		       (!strncasecmp(host, "s3.", 3) || strcasestr(host, ".s3.")));
}
