// SPDX-License-Identifier: GPL-2.0-only
/* Before any dial: what would go wrong. */
#include "diagnose/diagnosis_inside.h"

#include "diagnose/cluster.h"
#include "node/pull_targets.h"

#include <stdio.h>
#include <string.h>

/* What process would do for target, as a dial without an address.  rule_input_free() when done. */
static void imagine(const struct diagnosis *d, struct process *p, const struct pull_target *target,
	struct dial *dial, struct rule_input *in)
{
	struct address a;

	*dial = (struct dial){.process = p,
		.environment = p->environment,
		.outcome = DIAL_ABANDONED,
		.path = DIAL_DIRECT};
	snprintf(dial->name, sizeof(dial->name), "%s", target->host);
	dial->remote.port = target->port;
	*in = (struct rule_input){0};
	diagnosis_input(d, dial, in);
	in->latent = true;
	in->mirror = NULL;
	in->public_target = address_parse(target->host, &a) ? address_is_public(&a)
							    : name_is_public(target->host);
	in->scheme = target->http ? "http" : "https";
	choice_for_host(in->effective ? in->effective : in->environment, in->family, in->scheme,
		target->host, target->port, &in->choice);
	if (in->choice.decision == CHOICE_RELAY) {
		dial->path = DIAL_RELAY;
		dial->relay_variable = in->choice.variable;
	} else if (in->choice.reason == CHOICE_LOOPBACK) {
		dial->path = DIAL_LOOPBACK;
	}
}

/* To reach what is private a relay is the exception. */
static bool is_of_interest(const struct rule_input *in)
{
	return in->dial->path != DIAL_LOOPBACK &&
	       (in->dial->path != DIAL_DIRECT || in->public_target);
}

/* How much is known of what a process will pull. */
enum latent {
	LATENT_ASKED,	/* somebody asks what it would do: each time */
	LATENT_TARGETS, /* it starts and will dial these: once, until it is resolved */
	LATENT_DEFAULT, /* it starts and will dial something: a broken value is one whatever it is */
};

static bool is_latent(const struct rule *rule, enum latent known)
{
	if (known == LATENT_DEFAULT)
		return rule->applies == rule_value_misread || rule->applies == rule_value_dropped;
	return rule->latent;
}

struct question {
	struct process *process;
	const struct pull_target *targets;
	size_t count;
	enum latent known;
	enum pull_when when;
	const char *why; /* a sentence for the chain, or NULL */
	uint64_t now_ns;
};

static void learn(struct diagnosis *d, struct process *process)
{
	diagnosis_learn_facts(d);
	if (process->pid) /* else files give it what it has: they were learnt */
		relays_learn(&d->relays, process);
}

/* What is not sure, or not yet, is nothing to be alarmed about. */
static void soften(const struct question *q, struct finding *f)
{
	if (q->when == PULL_NOW || q->when == PULL_SOMEWHERE)
		return;
	f->severity = SEVERITY_INFO;
	if (q->when == PULL_NEXT_UPGRADE)
		lines_add(&f->remedy, "relaytrace check --rke2-version VERSION   # asks for the "
				      "version that is to be installed");
}

static void add(
	struct diagnosis *d, const struct question *q, struct finding *f, const struct dial *dial)
{
	if (q->why)
		lines_add(&f->chain, "%s", q->why);
	soften(q, f);
	diagnosis_add(d, f, dial, q->now_ns);
}

/* Both cases of a name have a host that is pulled from go different ways: told alone where nothing else is. */
static size_t conflict(struct diagnosis *d, const struct question *q)
{
	struct finding *f = NULL;
	struct rule_input in;
	struct dial dial;

	for (size_t i = 0; i < q->count && !f; i++) {
		imagine(d, q->process, &q->targets[i], &dial, &in);
		in.alone = true;
		in.when = q->when;
		if (dial.path != DIAL_LOOPBACK)
			f = diagnosis_apply(rule_find("case-conflict"), &in);
		rule_input_free(&in);
	}
	if (f && q->known != LATENT_ASKED && findings_is_open(&d->findings, f)) {
		finding_free(f);
		return 0;
	}
	if (f)
		add(d, q, f, &dial);
	return f != NULL;
}

static size_t latent(struct diagnosis *d, const struct question *q)
{
	const struct rule *told[16], *beside = rule_find("case-conflict");
	size_t rule_count, told_count = 0;
	const struct rule *rules = rules_all(&rule_count);
	bool any = false;

	learn(d, q->process);
	for (size_t i = 0; i < q->count; i++) {
		struct finding *f = NULL, *other = NULL;
		struct rule_input in;
		struct dial dial;
		bool again = false;

		imagine(d, q->process, &q->targets[i], &dial, &in);
		in.when = q->when;
		for (size_t k = 0; k < rule_count && !f && is_of_interest(&in); k++)
			if (is_latent(&rules[k], q->known) && !rules[k].aside)
				f = diagnosis_apply(&rules[k], &in);
		for (size_t k = 0; f && k < told_count; k++)
			again |= told[k] == f->rule;
		again |= f && q->known != LATENT_ASKED && findings_is_open(&d->findings, f);
		any |= f != NULL;
		if (f && !again && !told_count && q->known != LATENT_DEFAULT)
			other = diagnosis_apply(beside, &in);
		rule_input_free(&in);
		if (again || told_count == sizeof(told) / sizeof(told[0])) {
			finding_free(f);
			finding_free(other);
			continue;
		}
		if (f) {
			told[told_count++] = f->rule;
			add(d, q, f, &dial);
		}
		if (other)
			add(d, q, other, &dial);
	}
	if (!any && q->known != LATENT_DEFAULT)
		told_count += conflict(d, q);
	return told_count;
}

size_t diagnosis_latent(struct diagnosis *d, struct process *process,
	const struct pull_target *targets, size_t count, enum pull_when when, const char *why,
	uint64_t now_ns)
{
	const struct question q = {process, targets, count,
		when == PULL_SOMEWHERE ? LATENT_DEFAULT : LATENT_ASKED, when, why, now_ns};

	return latent(d, &q);
}

/* A process that has just begun to run will pull. */
static void pull_announced(struct diagnosis *d, const struct event *event)
{
	const struct event_fact *f = &event->fact;
	struct process *p = starts_take(&d->starts, event->pid, event->start_ns);
	struct pull_target targets[PULL_TARGETS];
	size_t count = 0;

	for (size_t i = 2; p && i < f->field_count && count < PULL_TARGETS; i++)
		count += pull_target_parse(f->fields[i], &targets[count]);
	if (count) {
		const struct question q = {p, targets, count,
			strcmp(f->fields[1], PULL_FACT_TARGETS) ? LATENT_DEFAULT : LATENT_TARGETS,
			PULL_NOW, f->fields[0], event->time_ns};

		latent(d, &q);
	}
	process_unref(p);
}

void diagnosis_fact(struct diagnosis *d, const struct event *event)
{
	if (!strcmp(event->fact.key, PULL_FACT)) {
		pull_announced(d, event);
		return;
	}
	facts_take(&d->facts, &event->fact);
	path_settings_fact(&d->cluster, &event->fact);
}

/* ---- the NO_ list ---- */

/* K3s's own network plugin asks nobody; RKE2's do (calico, multus): of a node's own rke2, in its unit. */
static bool starts_plugins(const struct process *p)
{
	return p->role == ROLE_CONTAINERD && p->parent && p->parent->role == ROLE_SUPERVISOR &&
	       !strncmp(p->parent->unit, "rke2-", 5);
}

static bool has_of_kind(const struct environment *e, enum relay_kind kind)
{
	return environment_effective(e, RELAY_FAMILY_PROXY, kind) ||
	       environment_effective(e, RELAY_FAMILY_RELAY, kind);
}

bool diagnosis_list_is_left_out(const struct process *p)
{
	const struct environment *own;

	if (!starts_plugins(p) || has_of_kind(p->environment, RELAY_KIND_NO))
		return false;
	own = p->parent->environment;
	return environment_proves_absence(own) && !has_of_kind(own, RELAY_KIND_HTTPS) &&
	       !has_of_kind(own, RELAY_KIND_HTTP) && has_of_kind(p->environment, RELAY_KIND_HTTPS);
}

static size_t judge_list(struct diagnosis *d, struct process *p, bool asked, uint64_t now_ns)
{
	struct pull_target api = {.port = 443};
	const char *services = d->facts.service_cidr;
	struct finding *f = NULL;
	struct rule_input in;
	struct dial dial;
	bool relay, open;

	learn(d, p);
	if (diagnosis_list_is_left_out(p))
		return 0;
	if (!cluster_api_address(*services ? services : "10.43.0.0/16", api.host))
		return 0;
	imagine(d, p, &api, &dial, &in);
	snprintf(dial.connect_host, sizeof(dial.connect_host), "%s", api.host);
	dial.connect_port = api.port;
	relay = in.choice.variable && in.choice.reason != CHOICE_VALUE_DROPPED;
	if (starts_plugins(p)) {
		f = diagnosis_apply(rule_find("cluster-via-relay"), &in);
		if (!f)
			findings_mended(&d->findings, "cluster-via-relay", p, now_ns);
	}
	if (!f && relay)
		f = diagnosis_apply(rule_find("entry-unread"), &in);
	rule_input_free(&in);
	open = f && !asked && findings_is_open(&d->findings, f);
	if (open)
		finding_free(f);
	else if (f)
		diagnosis_add(d, f, &dial, now_ns);
	return f && !open;
}

size_t diagnosis_list(struct diagnosis *d, struct process *process, uint64_t now_ns)
{
	return judge_list(d, process, true, now_ns);
}

void diagnosis_list_starts(struct diagnosis *d, struct process *p, uint64_t now_ns)
{
	if (starts_plugins(p) && p->environment->origin == ENVIRONMENT_EXEC &&
		environment_proves_absence(p->environment))
		judge_list(d, p, false, now_ns);
}

/* Those that failed without a packet: what their value would make of their first pull. */
void diagnosis_mutes(struct diagnosis *d, uint64_t now_ns, bool all)
{
	const struct pull_target rke2 = {.host = "index.docker.io", .port = 443},
				 containerd = {.host = "registry-1.docker.io", .port = 443};
	struct process *p;

	while ((p = mutes_next(&d->mutes, now_ns, all))) {
		diagnosis_latent(d, p, p->role == ROLE_CONTAINERD ? &containerd : &rke2, 1,
			PULL_NOW, NULL, now_ns);
		process_unref(p);
	}
}
