// SPDX-License-Identifier: GPL-2.0-only
/* Before any dial: what would go wrong. */
#include "diagnose/diagnosis_inside.h"

#include "diagnose/cluster.h"
#include "diagnose/pull_targets.h"

#include <stdio.h>
#include <string.h>

/* What process would do for target, as a dial without an address. */
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
	diagnosis_input(d, dial, in);
	in->latent = true;
	in->mirror = NULL;
	in->public_target = address_parse(target->host, &a) ? address_is_public(&a)
							    : name_is_public(target->host);
	in->scheme = target->http ? "http" : "https";
	choice_for_host(
		in->environment, in->family, in->scheme, target->host, target->port, &in->choice);
	if (in->choice.decision == CHOICE_RELAY) {
		dial->path = DIAL_RELAY;
		dial->relay_variable = in->choice.variable;
	} else if (in->choice.reason == CHOICE_LOOPBACK) {
		dial->path = DIAL_LOOPBACK;
	}
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

/* why: a sentence for the chain, or NULL. */
static size_t latent(struct diagnosis *d, struct process *process,
	const struct pull_target *targets, size_t count, enum latent known, const char *why,
	uint64_t now_ns)
{
	const struct rule *told[16], *beside = rule_find("case-conflict");
	size_t rule_count, told_count = 0;
	const struct rule *rules = rules_all(&rule_count);

	diagnosis_learn_facts(d);
	if (process->pid) /* else files give it what it has: they were learnt */
		relays_learn(&d->relays, process);
	for (size_t i = 0; i < count; i++) {
		struct rule_input in = {0};
		struct finding *f = NULL, *other = NULL;
		struct dial dial;
		bool again = false;

		imagine(d, process, &targets[i], &dial, &in);
		/* To reach what is private a relay is the exception. */
		if (dial.path == DIAL_LOOPBACK || (dial.path == DIAL_DIRECT && !in.public_target))
			continue;
		for (size_t k = 0; k < rule_count && !f; k++)
			if (is_latent(&rules[k], known) && &rules[k] != beside)
				f = diagnosis_apply(&rules[k], &in);
		if (!f)
			continue;
		for (size_t k = 0; k < told_count; k++)
			again |= told[k] == f->rule;
		again |= known != LATENT_ASKED && findings_is_open(&d->findings, f);
		if (again || told_count == sizeof(told) / sizeof(told[0])) {
			finding_free(f);
			continue;
		}
		if (why)
			lines_add(&f->chain, "%s", why);
		if (!told_count && known != LATENT_DEFAULT)
			other = diagnosis_apply(beside, &in);
		told[told_count++] = f->rule;
		diagnosis_add(d, f, &dial, now_ns);
		if (other)
			diagnosis_add(d, other, &dial, now_ns);
	}
	return told_count;
}

size_t diagnosis_latent(struct diagnosis *d, struct process *process,
	const struct pull_target *targets, size_t count, uint64_t now_ns)
{
	return latent(d, process, targets, count, LATENT_ASKED, NULL, now_ns);
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
	if (count)
		latent(d, p, targets, count,
			strcmp(f->fields[1], PULL_FACT_TARGETS) ? LATENT_DEFAULT : LATENT_TARGETS,
			f->fields[0], event->time_ns);
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

/* Those that failed without a packet: what their value would make of their first pull. */
void diagnosis_mutes(struct diagnosis *d, uint64_t now_ns, bool all)
{
	const struct pull_target rke2 = {.host = "index.docker.io", .port = 443},
				 containerd = {.host = "registry-1.docker.io", .port = 443};
	struct process *p;

	while ((p = mutes_next(&d->mutes, now_ns, all))) {
		diagnosis_latent(d, p, p->role == ROLE_CONTAINERD ? &containerd : &rke2, 1, now_ns);
		process_unref(p);
	}
}
