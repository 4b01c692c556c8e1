// SPDX-License-Identifier: GPL-2.0-only
/* Where a process has its variables from: its unit, and the line of the unit's files. */
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <string.h>

static bool has_argument(const struct process *p, const char *argument)
{
	for (size_t i = 1; i < p->arg_count; i++)
		if (!strcmp(p->args[i], argument))
			return true;
	/* rke2 rewrites its title to "/usr/local/bin/rke2 agent", one argument (facts 3.6). */
	if (p->arg_count) {
		const char *space = strrchr(p->args[0], ' ');

		return space && !strcmp(space + 1, argument);
	}
	return false;
}

static bool service_by_unit(const struct process *p, struct service *out)
{
	static const struct {
		const char *unit;
		enum service_kind kind;
	} known[] = {
		{"rke2-server", SERVICE_RKE2},
		{"rke2-agent", SERVICE_RKE2},
		{"k3s", SERVICE_K3S},
		{"k3s-agent", SERVICE_K3S},
		{"rancher-system-agent", SERVICE_AGENT},
	};
	const char *dot = strrchr(p->unit, '.');
	size_t len = dot ? (size_t)(dot - p->unit) : 0;

	if (!dot || strcmp(dot, ".service") || !len || len >= sizeof(out->name))
		return false;
	memcpy(out->name, p->unit, len);
	out->name[len] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(out->name, known[i].unit)) {
			out->kind = known[i].kind;
			return true;
		}
	}
	/* A shell under ssh.service or user@0.service is no service of its own. */
	if (p->role == ROLE_CLIENT || p->role == ROLE_OTHER || !remedy_is_plain(out->name))
		return false;
	out->kind = SERVICE_OTHER;
	return true;
}

static bool service_by_arguments(const struct process *p, struct service *out)
{
	bool server = has_argument(p, "server"), agent = has_argument(p, "agent");

	if (!p->name)
		return false;
	if (!strcmp(p->name, "rke2")) {
		out->kind = SERVICE_RKE2;
		out->guessed = !server && !agent;
		strcpy(out->name, server ? "rke2-server" : "rke2-agent");
	} else if (!strcmp(p->name, "k3s") && (server || agent)) {
		out->kind = SERVICE_K3S;
		strcpy(out->name, server ? "k3s" : "k3s-agent");
	} else if (p->role == ROLE_SYSTEM_AGENT) {
		out->kind = SERVICE_AGENT;
		strcpy(out->name, "rancher-system-agent");
	} else {
		return false;
	}
	return true;
}

static bool is_in_pod(const struct process *p)
{
	return p->cgroup && strstr(p->cgroup, "/kubepods");
}

/* Of the containers that RKE2 makes itself; comm has 15 bytes. */
static bool has_copies(const struct process *p)
{
	static const char *const names[] = {"kube-apiserver", "kube-controller", "kube-scheduler",
		"kube-proxy", "etcd", "cloud-controlle", "helm", "klipper-helm"};

	for (size_t i = 0; p->name && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(p->name, names[i], strlen(names[i])))
			return true;
	return false;
}

void service_of(const struct process *p, struct service *out)
{
	bool pod = is_in_pod(p);
	int depth = 0;

	memset(out, 0, sizeof(*out));
	if (!pod && service_by_unit(p, out))
		return;
	out->kind = pod ? SERVICE_POD : SERVICE_NONE;
	/* A client's environment is that of the shell it was called from. */
	if (pod ? !has_copies(p) : p->role == ROLE_CLIENT)
		return;
	for (; p && depth < 16; p = p->parent, depth++) {
		if (service_by_arguments(p, out)) {
			out->copied = pod;
			return;
		}
	}
	memset(out, 0, sizeof(*out));
	out->kind = pod ? SERVICE_POD : SERVICE_NONE;
}

void service_files(const struct service *s, struct buffer *out)
{
	const char *n = s->name;

	if (s->kind == SERVICE_NONE || s->kind == SERVICE_OTHER || s->kind == SERVICE_POD)
		return;
	buffer_printf(out, "/etc/default/%s /etc/sysconfig/%s", n, n);
	if (s->kind == SERVICE_RKE2)
		buffer_printf(out,
			" /usr/local/lib/systemd/system/%s.env /usr/lib/systemd/system/%s.env"
			" /opt/rke2/lib/systemd/system/%s.env"
			" /var/lib/rancher/rke2/system-agent-installer/rke2-sa.env",
			n, n, n);
	else if (s->kind == SERVICE_K3S)
		buffer_printf(out, " /etc/systemd/system/%s.service.env", n);
	else
		buffer_printf(out, " /etc/systemd/system/%s.env", n);
}

/* The containerd that p is, or whose environment p inherited (facts 3.1: shims, CNI plugins). */
static const struct process *containerd_of(const struct process *p)
{
	while (p && (p->role == ROLE_CNI || p->role == ROLE_SHIM))
		p = p->parent;
	return p && p->role == ROLE_CONTAINERD ? p : NULL;
}

const struct variable *remedy_prefixed(
	const struct process *p, const struct variable *from, char name[64])
{
	const struct process *containerd = containerd_of(p);
	const struct variable *v;

	snprintf(name, 64, "CONTAINERD_%s", from->name);
	if (!containerd || !containerd->parent || containerd->parent->role != ROLE_SUPERVISOR)
		return NULL;
	v = environment_get(containerd->parent->environment, name);
	return v && v->value[0] && !strcmp(v->value, from->value) ? v : NULL;
}

/* The statement that gives v to the unit of s now. */
static const struct unit_variable *statement_of(
	const struct rule_input *in, const struct service *s, const struct variable *v)
{
	char unit[80];

	if (v->source || !in->facts)
		return NULL;
	snprintf(unit, sizeof(unit), "%s.service", s->name);
	return facts_effective(in->facts, unit, v->name);
}

const char *remedy_place(
	const struct rule_input *in, const struct service *s, const struct variable *v)
{
	const struct unit_variable *u = statement_of(in, s, v);

	return u ? u->source : v->source;
}

const char *remedy_source(const struct rule_input *in, const struct variable *v)
{
	const struct variable *own;
	struct service s;
	char name[64];

	service_of(in->process, &s);
	own = remedy_prefixed(in->process, v, name);
	return remedy_place(in, &s, own ? own : v);
}

const struct process *started_by_unit(const struct process *p)
{
	for (const struct process *q = p; q; q = q->parent)
		if (q->role == ROLE_SUPERVISOR)
			return q;
	return p;
}

uint64_t unit_started_ns(const struct rule_input *in)
{
	const struct process *p = started_by_unit(in->process);

	return in->wall_offset_ns && p->start_ns ? p->start_ns + (uint64_t)in->wall_offset_ns : 0;
}

/* Does u, as it stands now, give another value than the process carries?  Passwords are not compared. */
static bool says_otherwise(const struct unit_variable *u, const struct variable *v)
{
	return u->value[0] && strlen(v->value) < sizeof(u->value) && strcmp(u->value, v->value);
}

bool source_is_newer(const struct rule_input *in, const struct variable *v)
{
	const struct variable *own;
	const struct unit_variable *u;
	uint64_t started_ns = unit_started_ns(in);
	struct service s;
	char name[64];

	service_of(in->process, &s);
	own = remedy_prefixed(in->process, v, name);
	u = statement_of(in, &s, own ? own : v);
	return u && started_ns && u->mtime_ns > started_ns && says_otherwise(u, v);
}

void chain_source(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	const struct process *holder = started_by_unit(in->process);
	const struct unit_variable *u;
	const struct variable *own;
	const char *source;
	struct service s;
	char name[64];

	service_of(in->process, &s);
	own = remedy_prefixed(in->process, v, name);
	if (own)
		v = own;
	source = remedy_place(in, &s, v);
	if (!source)
		return;
	u = statement_of(in, &s, v);
	if (source_is_newer(in, v))
		lines_add(&out->chain,
			"%s sets %s=%s now, but the file is newer than %s (pid %u): an environment "
			"is "
			"fixed when a process starts",
			source, v->name, u->value, holder->name, holder->pid);
	else
		lines_add(&out->chain, "%s sets %s", source, v->name);
	for (size_t i = 0; u && i < in->facts->count; i++) {
		const struct unit_variable *other = &in->facts->variables[i];

		if (other->fate == UNIT_FATE_OVERRIDDEN && !strcmp(other->unit, u->unit) &&
			!strcmp(other->name, u->name) && !strcmp(other->by, u->source) &&
			says_otherwise(other, v))
			lines_add(&out->chain, "it overrides %s, which sets %s=%s", other->source,
				other->name, other->value);
	}
}

bool remedy_own_file(const struct rule_input *in, const struct service *s, char *out, size_t size)
{
	char unit[80], wanted[96];
	const char *file = wanted;

	snprintf(unit, sizeof(unit), "%s.service", s->name);
	snprintf(wanted, sizeof(wanted), "/etc/default/%s", s->name);
	if (in->facts)
		file = facts_env_file(in->facts, unit, wanted);
	if (!file || strlen(file) >= size || !remedy_is_plain(file))
		return false;
	strcpy(out, file);
	return true;
}
