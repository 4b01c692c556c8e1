// SPDX-License-Identifier: GPL-2.0-only
/* The NO_ list that has to stand beside a relay: what a node needs in it, and what must not be in it. */
#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"
#include "relay/no_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WIDE_MAX 8
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* docs.rke2.io/advanced "Configuring an HTTP proxy": loopback, the private networks, the cluster. */
static const char *const no_entries[] = {
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", ".svc", ".cluster.local"};

/* A relay is there for these (facts: host names): a list that holds one of them turns it off. */
static const char *const registries[] = {"index.docker.io", "registry-1.docker.io",
	"auth.docker.io", "production.cloudflare.docker.com", "production.cloudfront.docker.com",
	"registry.rancher.com"};

/* The list that a process will have, where it is known which. */
struct no_list {
	char name[64];	   /* as it is spelt where it stands, prefix and all */
	const char *value; /* redacted */
	const char *source;
};

static bool list_has(const char *list, const char *entry)
{
	struct text rest = {list, strlen(list)}, t;

	while (no_list_next(&rest, &t))
		if (t.len == strlen(entry) && !strncasecmp(t.at, entry, t.len))
			return true;
	return false;
}

/* Does one of no_entries hold all of that range? */
static bool is_covered(const struct address_range *r)
{
	struct path_settings own = {0};

	for (size_t i = 0; i < COUNT(no_entries); i++)
		path_settings_add_cluster(&own, no_entries[i]);
	for (size_t i = 0; i < own.cluster_count; i++)
		if (address_in_range(&r->first, &own.clusters[i]) &&
			r->bits >= own.clusters[i].bits)
			return true;
	return false;
}

void remedy_lacking(const struct rule_input *in, const char *list, struct buffer *out)
{
	char text[ADDRESS_TEXT], range[ADDRESS_TEXT + 8];

	for (size_t i = 0; i < COUNT(no_entries); i++)
		if (!list_has(list, no_entries[i]))
			buffer_printf(out, ",%s", no_entries[i]);
	/* Pods and services of this cluster, where they are none of the above. */
	for (size_t i = 0; i < in->cluster->cluster_count; i++) {
		const struct address_range *r = &in->cluster->clusters[i];

		snprintf(range, sizeof(range), "%s/%u", address_text(&r->first, text), r->bits);
		if (!is_covered(r) && !list_has(list, range))
			buffer_printf(out, ",%s", range);
	}
	/* A node with an address of its own outside of these must not reach itself by the relay. */
	if (in->dial && in->dial->local.port && address_is_public(&in->dial->local) &&
		!list_has(list, address_text(&in->dial->local, text)))
		buffer_printf(out, ",%s", text);
}

static bool matches(struct text entry, const char *host, uint16_t port)
{
	char list[256], number[8];
	struct text found;

	if (entry.len >= sizeof(list))
		return false;
	memcpy(list, entry.at, entry.len);
	list[entry.len] = '\0';
	snprintf(number, sizeof(number), "%u", port);
	return no_list_match(list, (struct text){host, strlen(host)},
		(struct text){number, strlen(number)}, &found);
}

/* Does the entry send past the relay what the relay is there for?  One that names just a host was meant so. */
static bool is_wide(const struct rule_input *in, struct text entry)
{
	for (size_t i = 0; i < COUNT(registries); i++)
		if (matches(entry, registries[i], 443) && !text_equals(entry, registries[i]))
			return true;
	return in->dial && in->public_target && in->dial->name[0] && rule_is_direct(in) &&
	       matches(entry, in->dial->name, in->dial->remote.port) &&
	       !text_equals(entry, in->dial->name);
}

/* Can text stand within '...' of a command, and in the right half of sed's s|||? */
static bool is_plain(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    ".*:/-_[]",
			    t.at[i]))
			return false;
	return t.len > 0;
}

/* The entries that are wide, and the others with a comma before each; false where some cannot be pasted. */
static bool sort_entries(const struct rule_input *in, const char *list, char (*wide)[REMEDY_ENTRY],
	size_t *wide_count, struct buffer *kept)
{
	struct text rest = {list, strlen(list)}, t;
	bool plain = true;

	*wide_count = 0;
	while (no_list_next(&rest, &t)) {
		if (!t.len)
			continue;
		if (is_plain(t) && t.len < REMEDY_ENTRY && *wide_count < WIDE_MAX &&
			is_wide(in, t)) {
			memcpy(wide[*wide_count], t.at, t.len);
			wide[(*wide_count)++][t.len] = '\0';
			continue;
		}
		plain &= is_plain(t);
		buffer_append_char(kept, ',');
		buffer_append(kept, t.at, t.len);
	}
	return plain;
}

/* The NO_ variable of that family and prefix that Go would take: upper case first, empty is unset. */
static const struct variable *no_variable(
	const struct environment *e, enum relay_family family, bool containerd)
{
	const struct variable *found = NULL;

	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (v->is_relay && v->relay.kind == RELAY_KIND_NO && v->relay.family == family &&
			v->relay.containerd == containerd && v->value[0] &&
			(v->relay.spelling == RELAY_UPPER ||
				(v->relay.spelling == RELAY_LOWER && !found)))
			found = v;
	}
	return found;
}

static bool is_service(const struct unit_variable *u, const struct service *s)
{
	size_t len = strlen(s->name);

	return !strncmp(u->unit, s->name, len) && !strcmp(u->unit + len, ".service");
}

/* What the files give the unit by now, though the process has it not. */
static const struct unit_variable *no_statement(const struct rule_input *in,
	const struct service *s, enum relay_family family, bool containerd)
{
	struct relay_name name;

	for (size_t i = 0; in->facts && i < in->facts->count; i++) {
		const struct unit_variable *u = &in->facts->variables[i];

		if (u->fate == UNIT_FATE_EFFECTIVE && u->worth == WORTH_LIST && is_service(u, s) &&
			relay_name_parse(u->name, strlen(u->name), &name) &&
			name.kind == RELAY_KIND_NO && name.family == family &&
			name.containerd == containerd && name.spelling != RELAY_MIXED)
			return u;
	}
	return NULL;
}

/*
 * The list v of the process as the unit's files gave it: containerd's own (own), or that of the supervisor, which
 * a server extends in itself and hands on.
 */
static const struct variable *as_given(
	const struct rule_input *in, const struct variable *v, const struct variable **own)
{
	const struct environment *e = started_by_unit(in->process)->environment;
	const struct variable *given;
	char name[64];

	*own = v ? remedy_prefixed(in->process, v, name) : NULL;
	if (*own)
		return *own;
	given = v ? environment_get(e, v->name) : no_variable(e, in->family, false);
	return given && given->value[0] ? given : environment_proves_absence(e) ? NULL : v;
}

/* Fills out with the list that the process has, or that its files will give it. */
static bool current(const struct rule_input *in, const struct service *s, bool for_containerd,
	struct no_list *out)
{
	const struct variable *v = no_variable(in->environment, in->family, false), *own;
	const struct unit_variable *u = NULL;

	v = as_given(in, v, &own);
	if (v) {
		snprintf(out->name, sizeof(out->name), "%s", v->name);
		out->value = v->value;
		out->source = remedy_place(in, s, v);
		return true;
	}
	if (for_containerd)
		u = no_statement(in, s, in->family, true);
	if (!u)
		u = no_statement(in, s, in->family, false);
	if (!u)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", u->name);
	out->value = u->value;
	out->source = u->source;
	return true;
}

/* Takes out of the list where it stands what is wide, and puts in what it lacks. */
static void settle(const struct rule_input *in, struct finding *out, const struct remedy_spot *at,
	const char *value)
{
	struct buffer kept = {0}, extra = {0};
	char wide[WIDE_MAX][REMEDY_ENTRY];
	size_t wide_count;

	sort_entries(in, value, wide, &wide_count, &kept);
	remedy_lacking(in, buffer_string(&kept), &extra);
	if (wide_count || extra.len)
		lines_add(&out->add, "%s=%s%s", at->name,
			extra.len ? buffer_string(&extra) + 1 : buffer_string(&kept) + 1,
			extra.len ? buffer_string(&kept) : "");
	if (wide_count && !kept.len && !at->in_unit) {
		remedy_set(in, out, at, buffer_string(&extra) + 1);
	} else {
		if (wide_count)
			remedy_drop(out, at, wide, wide_count);
		if (extra.len)
			remedy_prepend(out, at, buffer_string(&extra) + 1);
	}
	buffer_free(&kept);
	buffer_free(&extra);
}

static bool list_matches(const char *list, const char *host)
{
	struct text found;

	return no_list_match(
		list, (struct text){host, strlen(host)}, (struct text){"443", 3}, &found);
}

/* Does the list keep pods and services from the relay? */
static bool holds_cluster(const struct rule_input *in, const char *list)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < in->cluster->cluster_count; i++)
		if (!list_matches(list, address_text(&in->cluster->clusters[i].first, text)))
			return false;
	return in->cluster->cluster_count ||
	       (list_matches(list, "10.42.0.0") && list_matches(list, "10.43.0.0"));
}

/* A list that this program does not read, copied as name, with what it lacks and without what is wide. */
static void copy_list(const struct rule_input *in, struct finding *out, const struct service *s,
	const struct variable *copy, const char *name)
{
	struct buffer kept = {0}, extra = {0};
	char wide[WIDE_MAX][REMEDY_ENTRY];
	struct remedy_spot at;
	size_t wide_count;
	bool plain;

	plain = sort_entries(in, copy->value, wide, &wide_count, &kept);
	remedy_lacking(in, buffer_string(&kept), &extra);
	remedy_spot(in, s, copy->name, remedy_place(in, s, copy), &at);
	lines_add(&out->add, "%s=%s%s", name, kept.len ? buffer_string(&kept) + 1 : "",
		buffer_string(&extra) + (!kept.len && extra.len));
	remedy_clear(in, out, s, name);
	if (plain && kept.len + extra.len < REMEDY_LIST) {
		buffer_append_string(&kept, buffer_string(&extra));
		remedy_set_beside(out, &at, name, buffer_string(&kept) + 1);
	} else {
		remedy_copy(out, &at, name);
		snprintf(at.name, sizeof(at.name), "%s", name);
		if (wide_count)
			remedy_drop(out, &at, wide, wide_count);
		if (extra.len)
			remedy_prepend(out, &at, buffer_string(&extra) + 1);
		snprintf(at.name, sizeof(at.name), "%s", copy->name);
	}
	/* Containerd goes on reading the other one. */
	if (copy->relay.containerd && copy->relay.family == in->family &&
		!holds_cluster(in, copy->value))
		settle(in, out, &at, copy->value);
	buffer_free(&kept);
	buffer_free(&extra);
}

static void new_list(
	const struct rule_input *in, struct finding *out, const struct service *s, const char *name)
{
	struct buffer all = {0};

	remedy_lacking(in, "", &all);
	lines_add(&out->add, "%s=%s", name, buffer_string(&all) + 1);
	remedy_give_plain(in, out, s, name, buffer_string(&all) + 1);
	buffer_free(&all);
}

void remedy_give_list(const struct rule_input *in, struct finding *out, const struct service *s,
	enum relay_family from_family, bool for_containerd, const struct remedy_spot *arriving,
	const char *arriving_value)
{
	const struct variable *copy = NULL;
	struct remedy_spot at;
	struct no_list list;
	char name[64];

	if (arriving) {
		settle(in, out, arriving, arriving_value);
		return;
	}
	if (current(in, s, for_containerd, &list)) {
		remedy_spot(in, s, list.name, list.source, &at);
		settle(in, out, &at, list.value);
		return;
	}
	if (!for_containerd)
		copy = no_variable(in->environment, from_family, true);
	if (!copy && from_family != in->family) {
		const struct variable *own;

		copy = no_variable(in->environment, from_family, false);
		own = copy ? remedy_prefixed(in->process, copy, name) : NULL;
		copy = own ? own : copy;
	}
	snprintf(name, sizeof(name), "%s%s", for_containerd ? "CONTAINERD_" : "",
		relay_name_plain(in->family, RELAY_KIND_NO));
	if (copy)
		copy_list(in, out, s, copy, name);
	else
		new_list(in, out, s, name);
}

void remedy_extend_list(const struct rule_input *in, struct finding *out, const char *host,
	bool for_containerd, bool host_alone)
{
	const char *plain = relay_name_plain(in->family, RELAY_KIND_NO);
	const struct environment *e = started_by_unit(in->process)->environment;
	struct buffer extra = {0};
	const struct variable *v;
	struct remedy_spot at;
	struct service s;
	struct address a;
	char name[64];

	/* What the files gave rke2, not what a server adds to it in itself. */
	if (for_containerd || !environment_proves_absence(e))
		e = in->environment;
	v = no_variable(e, in->family, false);
	service_of(in->process, &s);
	snprintf(name, sizeof(name), "%s%s", for_containerd ? "CONTAINERD_" : "",
		v ? v->name : plain);
	if (!host_alone)
		remedy_lacking(in, v ? v->value : "", &extra);
	/* A private address is covered by the networks, a name of the cluster by its suffix. */
	if ((!address_parse(host, &a) || a.is_v6 || address_is_public(&a)) &&
		remedy_is_plain(host) && !host_is_cluster(host, 0))
		buffer_printf(&extra, ",%s", host);
	if (s.kind == SERVICE_NONE || s.kind == SERVICE_OTHER || s.kind == SERVICE_POD) {
		lines_add(&out->remedy, "# add to %s where %s gets it: %s", name, rule_who(in),
			buffer_string(&extra) + (extra.len > 0));
	} else if (v && extra.len) {
		remedy_spot(in, &s, name, remedy_source(in, v), &at);
		remedy_prepend(out, &at, buffer_string(&extra) + 1);
	} else if (!v && extra.len) {
		remedy_give_plain(in, out, &s, name, buffer_string(&extra) + 1);
	}
	buffer_free(&extra);
	remedy_restart(in, out);
}

/*
 * The list no as its statement has it (given), and that; false: it is not known where it stands, or it says
 * something else by now.
 */
static bool list_spot(const struct rule_input *in, const struct variable *no,
	const struct variable **given, struct remedy_spot *out)
{
	const struct variable *own;
	struct service s;

	service_of(in->process, &s);
	*given = as_given(in, no, &own);
	return *given && remedy_spot_at(in, (*given)->name, remedy_place(in, &s, *given), out) &&
	       !source_is_newer(in, no);
}

size_t remedy_drop_wide(const struct rule_input *in, struct finding *out, const struct variable *no)
{
	char wide[WIDE_MAX][REMEDY_ENTRY];
	const struct variable *given;
	struct buffer kept = {0};
	struct remedy_spot at;
	size_t count;

	sort_entries(in, no->value, wide, &count, &kept);
	buffer_free(&kept);
	if (count && out && list_spot(in, no, &given, &at))
		remedy_drop(out, &at, wide, count);
	return count;
}

/* A server joins no_proxy to NO_PROXY, and containerd gets both as one: the one that has the entry loses it. */
static bool narrow_joined(const struct rule_input *in, struct finding *out, const char *entry)
{
	const struct environment *e = started_by_unit(in->process)->environment;

	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (v->is_relay && v->relay.kind == RELAY_KIND_NO && !v->relay.containerd &&
			v->relay.family == in->family && v->relay.spelling == RELAY_LOWER &&
			list_has(v->value, entry) && remedy_drop_wide(in, out, v))
			return true;
	}
	return false;
}

/* Containerd's own list is told as the same finding, and is narrowed with the supervisor's. */
static void narrow_containerd(const struct rule_input *in, struct finding *out)
{
	const struct environment *e = in->environment;
	struct remedy_spot at;

	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (in->process->role == ROLE_SUPERVISOR && v->is_relay && v->relay.containerd &&
			v->relay.kind == RELAY_KIND_NO && v->relay.family == in->family &&
			v->relay.spelling != RELAY_MIXED && remedy_drop_wide(in, NULL, v) &&
			remedy_spot_at(in, v->name, remedy_source(in, v), &at))
			settle(in, out, &at, v->value);
	}
}

void remedy_narrow(const struct rule_input *in, struct finding *out, const struct variable *no,
	const char *entry)
{
	const struct variable *given;
	struct remedy_spot at;

	if (is_wide(in, (struct text){entry, strlen(entry)}) && list_spot(in, no, &given, &at) &&
		(list_has(given->value, entry) || narrow_joined(in, out, entry)))
		settle(in, out, &at, given->value);
	else
		remedy_tell(in, out, no,
			!strcmp(entry, "*")
				? "\"*\" turns every relay off: list only what is internal"
				: "take that entry out, or narrow it to the internal hosts");
	narrow_containerd(in, out);
	remedy_restart(in, out);
}
