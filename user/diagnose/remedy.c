// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/remedy.h"

#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* docs.rke2.io/advanced "Configuring an HTTP proxy": loopback, the private networks, the cluster. */
static const char *const no_entries[] = {
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", ".svc", ".cluster.local"};

bool remedy_is_plain(const char *text)
{
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789:/.-_[]@")];
}

/*
 * sed that puts, below each line that sets from, one that sets the names in to (separated by
 * spaces) to the same value and extra; or with to NULL adds extra to the line itself.  The CR of a
 * CRLF file is left out.  In the same file, because a later file would win over another.
 */
static void add_sed(struct finding *out, const struct service *s, const char *from,
	const char *source, const char *to, const char *extra)
{
	struct buffer b = {0}, files = {0};
	const char *colon = source ? strrchr(source, ':') : NULL;
	size_t len = colon ? (size_t)(colon - source) : 0;

	buffer_printf(&b, "sed -i 's|^\\s*%s=\\([^\\r]*\\).*|", from);
	if (to) {
		buffer_append_char(&b, '&');
		while (*to) {
			size_t n = strcspn(to, " ");

			buffer_printf(&b, "\\n%.*s=\\1%s", (int)n, to, extra);
			to += n + (to[n] == ' ');
		}
	} else {
		buffer_printf(&b, "%s=\\1%s", from, extra);
	}
	buffer_append_string(&b, "|' ");
	if (len && source[0] == '/') {
		buffer_printf(&b, "%.*s", (int)len, source);
	} else {
		service_files(s, &files);
		buffer_printf(&b, "$(grep -ls '^\\s*%s=' %s)", from, buffer_string(&files));
	}
	lines_add(&out->remedy, "%s", buffer_string(&b));
	buffer_free(&b);
	buffer_free(&files);
}

/* As Go parts a list: by commas alone.  What stands between blanks is one entry, which matches nothing. */
static bool list_has(const char *list, const char *entry)
{
	size_t len = strlen(entry);

	while (*list) {
		size_t n, trimmed;

		list += strspn(list, " \t,");
		n = trimmed = strcspn(list, ",");
		while (trimmed && strchr(" \t", list[trimmed - 1]))
			trimmed--;
		if (trimmed == len && !strncasecmp(list, entry, len))
			return true;
		list += n;
	}
	return false;
}

/* Does one of no_entries hold all of that range? */
static bool is_covered(const struct address_range *r)
{
	struct path_settings own = {0};

	for (size_t i = 0; i < sizeof(no_entries) / sizeof(no_entries[0]); i++)
		path_settings_add_cluster(&own, no_entries[i]);
	for (size_t i = 0; i < own.cluster_count; i++)
		if (address_in_range(&r->first, &own.clusters[i]) &&
			r->bits >= own.clusters[i].bits)
			return true;
	return false;
}

/* The entries that list lacks, each with a comma before it. */
static void lacking_entries(const struct rule_input *in, const char *list, struct buffer *out)
{
	char text[ADDRESS_TEXT], range[ADDRESS_TEXT + 8];

	for (size_t i = 0; i < sizeof(no_entries) / sizeof(no_entries[0]); i++)
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

/* The last NO_ variable of that family and prefix, not empty. */
static const struct variable *no_variable(
	const struct environment *e, enum relay_family family, bool containerd)
{
	const struct variable *found = NULL;

	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (v->is_relay && v->relay.kind == RELAY_KIND_NO && v->relay.family == family &&
			v->relay.containerd == containerd && v->value[0] &&
			v->relay.spelling != RELAY_MIXED)
			found = v;
	}
	return found;
}

/*
 * The NO_ list that has to stand beside a relay variable which the node's own service gets: the one
 * that is there, with what it lacks; else a copy of one that this program does not read; else new.
 * With for_containerd all of them are the prefixed ones, of the supervisor.
 */
static void give_no_list(const struct rule_input *in, struct finding *out, const struct service *s,
	enum relay_family from_family, bool for_containerd)
{
	const struct environment *e =
		for_containerd ? started_by_unit(in->process)->environment : in->environment;
	const struct variable *v = no_variable(e, in->family, for_containerd), *copy = NULL;
	struct buffer extra = {0};
	char name[32];

	snprintf(name, sizeof(name), "%s%s", for_containerd ? "CONTAINERD_" : "",
		relay_name_plain(in->family, RELAY_KIND_NO));
	if (!v && !for_containerd)
		copy = no_variable(e, from_family, true);
	if (!v && !copy && from_family != in->family)
		copy = no_variable(e, from_family, for_containerd);
	lacking_entries(in, v ? v->value : copy ? copy->value : "", &extra);
	if (v ? extra.len > 0 : copy || extra.len)
		lines_add(&out->add, "%s=%s%s", v ? v->name : name,
			v      ? v->value
			: copy ? copy->value
			       : "",
			buffer_string(&extra) + (!v && !copy));
	if (v && extra.len)
		add_sed(out, s, v->name, remedy_place(in, s, v), NULL, buffer_string(&extra));
	else if (copy)
		add_sed(out, s, copy->name, remedy_place(in, s, copy), name, buffer_string(&extra));
	else if (!v)
		lines_add(&out->remedy, "printf '\\n%s=%s\\n' >> /etc/default/%s", name,
			buffer_string(&extra) + 1, s->name);
	buffer_free(&extra);
}

void remedy_extend_list(const struct rule_input *in, struct finding *out, const char *host,
	bool for_containerd, bool host_alone)
{
	const char *plain = relay_name_plain(in->family, RELAY_KIND_NO);
	const struct environment *e = started_by_unit(in->process)->environment;
	const struct variable *v;
	struct buffer extra = {0};
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
		lacking_entries(in, v ? v->value : "", &extra);
	/* A private address is covered by the networks, a name of the cluster by its suffix. */
	if ((!address_parse(host, &a) || a.is_v6 || address_is_public(&a)) &&
		remedy_is_plain(host) && !host_is_cluster(host, 0))
		buffer_printf(&extra, ",%s", host);
	if (s.kind == SERVICE_NONE || s.kind == SERVICE_OTHER || s.kind == SERVICE_POD)
		lines_add(&out->remedy, "# add to %s where %s gets it: %s", name, rule_who(in),
			buffer_string(&extra) + (extra.len > 0));
	else if (v && extra.len)
		add_sed(out, &s, name, remedy_source(in, v), NULL, buffer_string(&extra));
	else if (!v)
		lines_add(&out->remedy, "printf '\\n%s=%s\\n' >> /etc/default/%s", name,
			buffer_string(&extra) + 1, s.name);
	buffer_free(&extra);
	remedy_restart(in, out);
}

void remedy_restart(const struct rule_input *in, struct finding *out)
{
	struct service s;

	service_of(in->process, &s);
	if (s.kind == SERVICE_NONE)
		lines_add(&out->remedy, "# then run the command again");
	else if (s.kind == SERVICE_POD)
		lines_add(&out->remedy, "# then the pod has to be made anew");
	else
		lines_add(&out->remedy, "systemctl restart %s%s", s.name,
			s.guessed ? "   # on a server node: rke2-server, here and above" : "");
}

/* "http://relay:3128" where it may be shown and pasted, else a pattern to fill in. */
static const char *known_value(const struct rule_input *in)
{
	const struct known_relay *r = in->known ? in->known : relays_known(in->relays, NULL);

	if (!r || r->url.faults & RELAY_FAULT_CREDENTIALS || !remedy_is_plain(r->value))
		return "http://RELAY:PORT";
	return r->value;
}

/* A known relay whose value may not be shown, but whose line can be copied; or NULL. */
static const struct known_relay *known_line(const struct rule_input *in)
{
	const struct known_relay *r = in->known ? in->known : relays_known(in->relays, NULL);

	return r && r->url.faults & RELAY_FAULT_CREDENTIALS && remedy_can_copy(r->source) ? r
											  : NULL;
}

static void give_to_shell(
	const struct rule_input *in, struct finding *out, const struct variable *from)
{
	if (from)
		lines_add(&out->remedy, "export %s=\"$%s\"   # in the shell that runs %s",
			rule_needed(in), from->name, rule_who(in));
	else
		lines_add(&out->remedy, "export %s=%s   # in the shell that runs %s",
			rule_needed(in), known_value(in), rule_who(in));
}

/*
 * The unique name of the pod, as kubelet puts it into the cgroup's path: "...-podUID.slice" with '_' for '-',
 * or "/podUID/".
 */
static bool pod_uid(const struct process *p, char uid[40])
{
	const char *pods = strstr(p->cgroup, "/kubepods"), *at = NULL;
	size_t len;

	for (const char *c = pods; c && (c = strstr(c, "pod")); c++)
		at = strspn(c + 3, "0123456789abcdef_-") == 36 ? c + 3 : at;
	if (!at)
		return false;
	len = 36;
	memcpy(uid, at, len);
	uid[len] = '\0';
	for (char *c = uid; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return true;
}

static void give_to_pod(const struct rule_input *in, struct finding *out)
{
	struct buffer extra = {0};
	char uid[40];

	if (pod_uid(in->process, uid))
		lines_add(&out->remedy,
			"kubectl get pods -A -o "
			"custom-columns=NS:.metadata.namespace,POD:.metadata.name,"
			"UID:.metadata.uid | grep %s",
			uid);
	lines_add(&out->remedy, "# in the spec of what made that pod, env: %s=%s", rule_needed(in),
		known_value(in));
	if (!no_variable(in->environment, in->family, false)) {
		lacking_entries(in, "", &extra);
		lines_add(&out->remedy, "# and %s=%s", relay_name_plain(in->family, RELAY_KIND_NO),
			buffer_string(&extra) + 1);
	}
	buffer_free(&extra);
}

static void give_to_unit(const struct rule_input *in, struct finding *out, const struct service *s)
{
	lines_add(&out->remedy,
		"mkdir -p /etc/systemd/system/%s.service.d && printf "
		"'[Service]\\nEnvironment=\"%s=%%s\"\\n' '%s' > /etc/systemd/system/%s.service.d/"
		"relay.conf && systemctl daemon-reload",
		s->name, rule_needed(in), known_value(in), s->name);
}

/* The lines for the names in to, with the value of from unless that is secret. */
static void add_lines(const struct rule_input *in, struct finding *out, const struct service *s,
	const char *to, const struct variable *from)
{
	const char *source = from ? remedy_place(in, s, from) : NULL;

	while (*to) {
		size_t n = strcspn(to, " ");

		if (!from && known_line(in))
			lines_add(&out->add, "%.*s=...   (the value of %s, %s)", (int)n, to,
				known_line(in)->variable, known_line(in)->source);
		else if (!from)
			lines_add(&out->add, "%.*s=%s", (int)n, to, known_value(in));
		else if (from->url.faults & RELAY_FAULT_CREDENTIALS || strstr(from->value, "***"))
			lines_add(&out->add, "%.*s=...   (the value of %s%s%s)", (int)n, to,
				from->name, source ? ", " : "", source ? source : "");
		else
			lines_add(&out->add, "%.*s=%s", (int)n, to, from->value);
		to += n + (to[n] == ' ');
	}
}

void remedy_give(const struct rule_input *in, struct finding *out, const struct variable *from)
{
	const char *prefix = "";
	struct service s;
	char to[128], name[64];

	service_of(in->process, &s);
	if (s.kind == SERVICE_NONE) {
		give_to_shell(in, out, from);
		remedy_restart(in, out);
		return;
	}
	if (s.kind == SERVICE_POD) {
		give_to_pod(in, out);
		return;
	}
	if (s.kind == SERVICE_OTHER) {
		give_to_unit(in, out, &s);
		remedy_restart(in, out);
		return;
	}
	if (from && !from->relay.containerd) {
		const struct variable *v = remedy_prefixed(in->process, from, name);

		if (v) {
			from = v;
			prefix = "CONTAINERD_";
		}
	}
	snprintf(to, sizeof(to), "%s%s", prefix, rule_needed(in));
	if (in->site_says_relay && from && from->relay.containerd && !*prefix) {
		snprintf(to, sizeof(to), "%s %s", rule_needed(in),
			relay_name_plain(RELAY_FAMILY_RELAY, rule_kind(in)));
		lines_add(&out->remedy,
			"# stock RKE2 reads %s; %s serves only what was built to read it",
			rule_needed(in), relay_name_plain(RELAY_FAMILY_RELAY, rule_kind(in)));
	}
	add_lines(in, out, &s, to, from);
	if (from)
		add_sed(out, &s, from->name, remedy_place(in, &s, from), to, "");
	else if (known_line(in))
		remedy_copy_line(out, known_line(in)->source, to, s.name);
	else
		lines_add(&out->remedy, "printf '\\n%%s\\n' '%s=%s' >> /etc/default/%s", to,
			known_value(in), s.name);
	if (in->process->role != ROLE_SYSTEM_AGENT)
		give_no_list(in, out, &s, from ? from->relay.family : in->family, *prefix != '\0');
	remedy_restart(in, out);
	if (rule_is_snapshot_upload(in))
		lines_add(&out->remedy,
			"# or for the snapshots alone: etcd-s3-proxy: %s in "
			"/etc/rancher/rke2/config.yaml, where this version has it",
			known_value(in));
	else if (in->process->role == ROLE_SUPERVISOR && s.kind == SERVICE_RKE2)
		lines_add(&out->remedy, "# or without any pull by rke2: put the new version's "
					"rke2-images.linux-amd64.tar.zst (arm64: its own) into "
					"/var/lib/rancher/rke2/agent/images/ before the restart");
}

void remedy_correct(const struct rule_input *in, struct finding *out, const struct variable *v,
	const char *what)
{
	const char *name = v->name, *source;
	struct buffer files = {0};
	struct service s;
	char prefixed[64];

	service_of(in->process, &s);
	if (remedy_prefixed(in->process, v, prefixed))
		name = prefixed;
	service_files(&s, &files);
	source = remedy_place(in, &s, v);
	if (source_is_newer(in, v))
		lines_add(&out->remedy,
			"# %s has another value by now; if that is right, a restart is all it "
			"takes:",
			source);
	else if (source)
		lines_add(&out->remedy, "# %s: in %s, %s", name, source, what);
	else if (files.len)
		lines_add(&out->remedy, "# %s: %s, in the line that this finds:", name, what);
	else
		lines_add(&out->remedy, "# %s: %s, where it is set", name, what);
	if (!source && files.len)
		lines_add(&out->remedy, "grep -ns '^\\s*%s=' %s | sed 's/=.*/=/'", name,
			buffer_string(&files));
	buffer_free(&files);
	remedy_restart(in, out);
}
