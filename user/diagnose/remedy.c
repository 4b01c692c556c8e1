// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/remedy.h"

#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define QUOTE "[\"'\\'']"

bool remedy_is_plain(const char *text)
{
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789:/.-_[]@")];
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

	char file[288];

	return r && (r->url.faults & RELAY_FAULT_CREDENTIALS || !remedy_is_plain(r->value)) &&
			       remedy_file_of(r->source, file, sizeof(file))
		       ? r
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
	if (!environment_effective(in->environment, in->family, RELAY_KIND_NO)) {
		remedy_lacking(in, "", &extra);
		lines_add(&out->remedy, "# and %s=%s", relay_name_plain(in->family, RELAY_KIND_NO),
			buffer_string(&extra) + 1);
	}
	buffer_free(&extra);
}

/* Another unit, of which no env file is known: a drop-in, with %% for each % of a value that is copied. */
static void give_to_unit(const struct rule_input *in, struct finding *out, const struct service *s)
{
	const struct known_relay *line = known_line(in);
	char unit[80], assignment[REMEDY_LIST + 96];
	struct buffer list = {0};
	struct remedy_spot at;

	snprintf(unit, sizeof(unit), "%s.service", s->name);
	if (line && line->url.faults & RELAY_FAULT_QUOTES) {
		lines_add(&out->remedy,
			"# in a drop-in of %s: Environment=\"%s=...\" with the value of %s, %s, a "
			"quote in it as %%%%22 (\") or %%%%27 (')",
			unit, rule_needed(in), line->variable, line->source);
		remedy_reload(out);
	} else if (line && remedy_spot_at(in, line->variable, line->source, &at)) {
		lines_add(&out->remedy,
			"(umask 077; mkdir -p /etc/systemd/system/%s.d && { echo '[Service]'; sed "
			"-n "
			"'/^\\s*[#;]/d;s|^.*\\b%s\\s*=\\s*" QUOTE
			"\\?\\([^\"'\\'' \\r]*\\).*|\\1|;T;%s"
			"s|.*|Environment=\"%s=&\"|p' %s; } >> "
			"/etc/systemd/system/%s.d/zz-relay.conf)",
			unit, at.name, at.in_unit ? "" : "s|%|%%|g;", rule_needed(in), at.file,
			unit);
		remedy_reload(out);
	} else {
		snprintf(assignment, sizeof(assignment), "Environment=\"%s=%s\"", rule_needed(in),
			known_value(in));
		remedy_add_drop_in(out, unit, assignment);
	}
	if (!environment_effective(in->environment, in->family, RELAY_KIND_NO)) {
		remedy_lacking(in, "", &list);
		snprintf(assignment, sizeof(assignment), "Environment=\"%s=%s\"",
			relay_name_plain(in->family, RELAY_KIND_NO), buffer_string(&list) + 1);
		remedy_add_drop_in(out, unit, assignment);
	}
	buffer_free(&list);
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

/* Does source stand in what is this unit's alone and the operator's: no file that an installer or Rancher writes anew? */
static bool is_own(const struct unit_variable *v, const struct service *s)
{
	static const char *const folders[] = {"/etc/default/", "/etc/sysconfig/"};

	if (v->in_unit)
		return !strncmp(v->source, "/etc/systemd/system/", 20) && strstr(v->source, ".d/");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t folder = strlen(folders[i]), name = strlen(s->name);

		if (!strncmp(v->source, folders[i], folder) &&
			!strncmp(v->source + folder, s->name, name) &&
			v->source[folder + name] == ':')
			return true;
	}
	return false;
}

/*
 * A relay of the unit of s that arrives, of containerd's own or the other as name is: a line in front of it arrives
 * too, whatever the file ends in.
 */
static bool relay_spot(const struct rule_input *in, const struct service *s, const char *name,
	struct remedy_spot *out)
{
	const struct unit_variable *found = NULL;
	bool containerd = !strncmp(name, "CONTAINERD_", strlen("CONTAINERD_"));
	struct relay_name relay;
	char unit[80];

	snprintf(unit, sizeof(unit), "%s.service", s->name);
	for (size_t i = 0; in->facts && i < in->facts->count; i++) {
		const struct unit_variable *u = &in->facts->variables[i];

		if (u->fate != UNIT_FATE_EFFECTIVE || strcmp(u->unit, unit) ||
			u->worth == WORTH_EMPTY || !is_own(u, s) ||
			!relay_name_parse(u->name, strlen(u->name), &relay) ||
			relay.kind == RELAY_KIND_NO)
			continue;
		if (!found || relay.containerd == containerd)
			found = u;
	}
	return found && remedy_spot_at(in, found->name, found->source, out);
}

void remedy_give_plain(const struct rule_input *in, struct finding *out, const struct service *s,
	const char *name, const char *value)
{
	char own[288], unit[80], assignment[REMEDY_LIST + 96];
	struct remedy_spot at;

	remedy_clear(in, out, s, name);
	if (relay_spot(in, s, name, &at)) {
		remedy_set_beside(out, &at, name, value);
		return;
	}
	if (remedy_own_file(in, s, own, sizeof(own))) {
		remedy_append(in, out, own, name, value);
		return;
	}
	snprintf(unit, sizeof(unit), "%s.service", s->name);
	snprintf(assignment, sizeof(assignment), "Environment=\"%s=%s\"", name, value);
	remedy_add_drop_in(out, unit, assignment);
}

/* A value that is misread itself is mended before it is copied, or it is said what to write. */
static void give_value(const struct rule_input *in, struct finding *out, const struct service *s,
	const char *to, const struct variable *from)
{
	const struct known_relay *line = from ? NULL : known_line(in);
	struct remedy_spot at;
	char own[288];

	if (from && (!relay_url_is_sound(&from->url) || remedy_is_unclosed(in, from)) &&
		!remedy_mend(in, out, from)) {
		remedy_tell(in, out, from, remedy_what(in, from));
		lines_add(&out->remedy, "# and the same as %s", to);
		return;
	}
	if (from || line)
		remedy_clear(in, out, s, to);
	if (from) {
		remedy_spot(in, s, from->name, remedy_place(in, s, from), &at);
		remedy_copy(out, &at, to);
	} else if (line && remedy_spot_at(in, line->variable, line->source, &at) &&
		   remedy_own_file(in, s, own, sizeof(own))) {
		remedy_copy_to(in, out, &at, to, own);
	} else {
		remedy_give_plain(in, out, s, to, known_value(in));
	}
}

/* The other way out for rke2 itself: what it finds in its images folder it does not pull. */
static void give_images(const struct rule_input *in, struct finding *out)
{
	const char *dir = in->facts_kept ? in->facts_kept->data_dir : "";
	size_t len = strlen(dir);

	/* A path that is not absolute counts as none, as for node_files_read(). */
	if (*dir != '/') {
		dir = "/var/lib/rancher/rke2";
		len = strlen(dir);
	}
	while (len && dir[len - 1] == '/')
		len--;
	lines_add(&out->remedy,
		"# or without any pull by rke2: put the new version's "
		"rke2-images.linux-amd64.tar.zst (arm64: its own) into %.*s/agent/images/ before "
		"the restart",
		(int)len, dir);
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
	give_value(in, out, &s, to, from);
	if (!from || !remedy_look_again(in, out, from))
		remedy_give_list(in, out, &s, from ? from->relay.family : in->family,
			*prefix != '\0', NULL, NULL);
	remedy_restart(in, out);
	if (rule_is_snapshot_upload(in))
		lines_add(&out->remedy,
			"# or for the snapshots alone: etcd-s3-proxy: %s in "
			"/etc/rancher/rke2/config.yaml, where this version has it",
			known_value(in));
	else if (in->process->role == ROLE_SUPERVISOR && s.kind == SERVICE_RKE2)
		give_images(in, out);
}

void remedy_tell(const struct rule_input *in, struct finding *out, const struct variable *v,
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
		lines_add(&out->remedy, "grep -ns '^\\s*%s\\s*=' %s | sed 's/=.*/=/'", name,
			buffer_string(&files));
	buffer_free(&files);
}

void remedy_correct(const struct rule_input *in, struct finding *out, const struct variable *v,
	const char *what)
{
	remedy_tell(in, out, v, what);
	remedy_restart(in, out);
}
