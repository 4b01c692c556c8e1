// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_inside.h"

#include "diagnose/cluster.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name's question precedes its dial by at most this (resolver timeouts: resolv.conf(5)). */
#define NAME_WINDOW_NS 10000000000ULL

struct diagnosis *diagnosis_new(
	const struct diagnosis_options *options, const struct diagnosis_handler *handler)
{
	struct diagnosis *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->findings.handler = *handler;
	d->wall_offset_ns = options->wall_offset_ns;
	d->wait.tracker = options->tracker;
	if (options->names && !strcmp(options->names, "PROXY")) {
		d->names_fixed = true;
		d->names = RELAY_FAMILY_PROXY;
	} else if (options->names && !strcmp(options->names, "RELAY")) {
		d->names_fixed = true;
		d->names = RELAY_FAMILY_RELAY;
	}
	return d;
}

void diagnosis_free(struct diagnosis *d)
{
	struct dial *waiting;

	if (!d)
		return;
	for (size_t i = 0; i < d->pending_count; i++)
		dial_drop(d->pending[i].dial);
	wait_free(&d->wait);
	mutes_free(&d->mutes);
	starts_free(&d->starts);
	while ((waiting = answer_next(&d->answers, UINT64_MAX)))
		dial_drop(waiting);
	findings_free(&d->findings);
	facts_free(&d->facts);
	free(d);
}

/* The tree that a unit's processes are in, by its main program's name. */
static const char *tree_of_unit(const char *unit)
{
	if (!strncmp(unit, "rke2-", 5))
		return "rke2";
	if (!strncmp(unit, "k3s", 3))
		return "k3s";
	return !strcmp(unit, "rancher-system-agent.service") ? "rancher-system-agent"
							     : "containerd";
}

/* What stands in the files that a unit loads is known in its tree as well. */
void diagnosis_learn_facts(struct diagnosis *d)
{
	if (!facts_refresh(&d->facts))
		return;
	for (size_t i = 0; i < d->facts.count; i++) {
		const struct unit_variable *v = &d->facts.variables[i];
		struct environment *e;

		if (v->worth != WORTH_SOUND || v->fate == UNIT_FATE_UNLOADED)
			continue;
		e = environment_new(ENVIRONMENT_GIVEN);
		if (e &&
			!environment_add(e, v->name, strlen(v->name), v->value, strlen(v->value),
				false, v->source) &&
			e->count)
			relays_learn_file(&d->relays, tree_of_unit(v->unit), &e->variables[0]);
		environment_unref(e);
	}
}

void diagnosis_loss(struct diagnosis *d, const uint64_t lost[LOSS_KINDS], uint64_t now_ns)
{
	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		if (lost[kind] == d->lost[kind])
			continue;
		d->lost[kind] = lost[kind];
		d->lost_ns[kind] = now_ns;
	}
}

/* Was something lost that could have changed the verdict on this dial? */
static bool is_incomplete(const struct diagnosis *d, const struct dial *dial)
{
	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		uint64_t since =
			dial->begin_ns > NAME_WINDOW_NS ? dial->begin_ns - NAME_WINDOW_NS : 0;

		/* What was cut or not read of a process is flagged on it, and known to the rules. */
		if (kind == LOSS_SINK || kind == LOSS_TRUNCATED || kind == LOSS_UNREADABLE)
			continue;
		/* A program or a variable that was missed is missed for the process's whole life. */
		if (kind == LOSS_EXEC || kind == LOSS_FORK || kind == LOSS_PROCESS)
			since = dial->process->exec_ns;
		if (d->lost_ns[kind] && d->lost_ns[kind] >= since)
			return true;
	}
	return false;
}

static enum relay_family family_of(const struct diagnosis *d, const struct process *p)
{
	if (d->names_fixed)
		return d->names;
	return relays_role_reads_relay(&d->relays, p->tree, p->role) ? RELAY_FAMILY_RELAY
								     : RELAY_FAMILY_PROXY;
}

void diagnosis_process(struct diagnosis *d, uint64_t time_ns, struct process *process)
{
	relays_learn(&d->relays, process);
	starts_note(&d->starts, process);
	mutes_watch(&d->mutes, process, family_of(d, process), time_ns);
	diagnosis_list_starts(d, process, time_ns);
}

/* The rke2 or k3s that p is, or whose variables it has. */
static void supervisor_of(
	const struct diagnosis *d, const struct process *p, struct supervisor *out)
{
	struct service s;

	service_of(p, &s);
	out->server = !s.guessed && (!strcmp(s.name, "rke2-server") || !strcmp(s.name, "k3s"));
	out->version = started_by_unit(p)->version;
	out->cluster_cidr = d->facts.cluster_cidr;
	out->service_cidr = d->facts.service_cidr;
	out->cluster_domain = d->facts.cluster_domain;
}

void diagnosis_input(const struct diagnosis *d, const struct dial *dial, struct rule_input *in)
{
	const struct process *p = dial->process;
	char text[ADDRESS_TEXT];

	in->dial = dial;
	in->process = p;
	in->environment = dial->environment;
	in->names_given = d->names_fixed;
	in->family = family_of(d, p);
	in->relays = &d->relays;
	in->known = relays_known(&d->relays, p->tree);
	in->site_says_relay =
		in->family == RELAY_FAMILY_PROXY && relays_site_says_relay(&d->relays, p->tree);
	in->public_target = dial->outcome == DIAL_UNRESOLVED ? name_is_public(dial->name)
							     : address_is_public(&dial->remote);
	in->cluster = &d->cluster;
	in->facts = d->facts.unit_count ? &d->facts : NULL;
	in->facts_kept = &d->facts;
	in->wall_offset_ns = d->wall_offset_ns;
	in->mirror = mirrors_tried(&d->mirrors, &d->facts, dial, &in->mirror_reached);
	in->scheme = dial->remote.port == 80 ? "http" : "https";
	supervisor_of(d, p, &in->supervisor);
	if (p->role == ROLE_SUPERVISOR && in->supervisor.server)
		in->effective = environment_of_supervisor(in->environment, &in->supervisor);
	choice_for_host(in->effective ? in->effective : in->environment, in->family, in->scheme,
		rule_host(dial, text), dial->remote.port, &in->choice);
}

struct finding *diagnosis_apply(const struct rule *rule, const struct rule_input *in)
{
	struct finding *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->rule = rule;
	f->severity = SEVERITY_ERROR;
	f->process = process_ref(in->dial->process);
	f->dial = in->latent ? NULL : dial_keep(in->dial);
	rule_targets(in, f);
	if (rule->applies(in, f)) {
		if (in->latent && f->severity == SEVERITY_ERROR)
			f->severity = SEVERITY_WARNING;
		return f;
	}
	finding_free(f);
	return NULL;
}

void diagnosis_add(struct diagnosis *d, struct finding *f, const struct dial *dial, uint64_t now_ns)
{
	if (!f->message)
		f->message = strdup(f->rule->title);
	f->incomplete = is_incomplete(d, dial);
	findings_add(&d->findings, f, now_ns);
}

/* Finds the one primary cause, and what stands beside it. */
static void explain(struct diagnosis *d, const struct dial *dial, uint64_t now_ns)
{
	struct rule_input in = {0};
	const struct rule *rules, *beside = rule_find("case-conflict");
	struct finding *f = NULL, *other = NULL;
	size_t count;

	if (dial_is_local_matter(dial)) {
		const struct local_matter *m = local_matter_failed(&d->local, dial);

		if (!local_matter_persists(m))
			return;
		in.failed_times = m->times;
		in.failed_for_ns = m->last_ns - m->first_ns;
	}
	relays_learn(&d->relays, dial->process);
	diagnosis_learn_facts(d);
	diagnosis_input(d, dial, &in);
	rules = rules_all(&count);
	for (size_t i = 0; i < count && !f; i++)
		if (!rules[i].aside)
			f = diagnosis_apply(&rules[i], &in);
	mirrors_note(&d->mirrors, &d->facts, dial, false, dial->end_ns);
	if (f && f->severity == SEVERITY_ERROR)
		other = diagnosis_apply(beside, &in);
	rule_input_free(&in);
	if (f)
		diagnosis_add(d, f, dial, now_ns);
	if (other)
		diagnosis_add(d, other, dial, now_ns);
}

static void explain_waiting(struct diagnosis *d, uint64_t until_ns, uint64_t now_ns)
{
	struct dial *dial;

	while ((dial = wait_next(&d->wait, until_ns))) {
		explain(d, dial, now_ns);
		dial_drop(dial);
	}
}

/* Takes dial id out of those that were pending; was it told? */
static bool pending_take(struct diagnosis *d, uint64_t id)
{
	for (size_t i = 0; i < d->pending_count; i++) {
		bool told = !d->pending[i].dial;

		if (d->pending[i].id != id)
			continue;
		dial_drop(d->pending[i].dial);
		d->pending[i] = d->pending[--d->pending_count];
		return told;
	}
	return false;
}

/*
 * A dial that is still open: what is established and silent is told now, because containerd waits
 * minutes for a silent relay; what waits for its SYN to be answered is told with its outcome, once.
 */
static void dial_pending(struct diagnosis *d, const struct dial *dial)
{
	struct pending_dial *p;

	if (d->pending_count == PENDING_DIALS)
		return;
	p = &d->pending[d->pending_count++];
	p->id = dial->id;
	p->dial = dial->established_ns ? NULL : dial_keep(dial);
	if (dial->established_ns)
		explain(d, dial, dial->end_ns);
}

void diagnosis_dial(struct diagnosis *d, const struct dial *dial)
{
	bool told;

	relays_learn_dial(&d->relays, dial);
	mutes_heard(&d->mutes, dial->process);
	answer_came(&d->answers, dial->id);
	if (dial->outcome == DIAL_PENDING) {
		dial_pending(d, dial);
		return;
	}
	told = pending_take(d, dial->id);
	if (dial->outcome == DIAL_SUPERSEDED || dial->outcome == DIAL_INTERRUPTED)
		return;
	wait_note(&d->wait, dial);
	if (dial->outcome == DIAL_ESTABLISHED) {
		if (dial->path != DIAL_RELAY)
			mirrors_note(&d->mirrors, &d->facts, dial, true, dial->end_ns);
		if (dial_is_local_matter(dial))
			local_matter_works(&d->local, dial);
		findings_success(&d->findings, dial,
			dial->path != DIAL_RELAY || dial->replied ? SUCCESS_ANSWERED
								  : SUCCESS_REACHED,
			dial->end_ns);
		if (dial->path == DIAL_RELAY && !dial->replied && d->findings.open)
			answer_wait(&d->answers, dial, dial->end_ns);
	} else if (dial_outcome_failed(dial->outcome) && !told &&
		   wait_judge(&d->wait, dial) == WAIT_NOW) {
		explain(d, dial, dial->end_ns);
	}
	/* Its outcome may decide what its IPv6 sibling was. */
	explain_waiting(d, dial->end_ns, dial->end_ns);
}

void diagnosis_relay(struct diagnosis *d, const struct dial *dial, uint64_t now_ns)
{
	const uint32_t nowhere = RELAY_FAULT_SCHEME_AS_HOST | RELAY_FAULT_EMPTY_HOST;
	bool tls =
		dial->relay_variable && dial->relay_variable->url.faults & RELAY_FAULT_HTTPS_SCHEME;

	if (!dial->replied || dial->path != DIAL_RELAY)
		return;
	/* What is said within TLS to the relay is not seen. */
	if (dial->reply_kind == REPLY_TLS && tls)
		return;
	/* An interim answer is followed by the one that counts, which is not seen (RFC 9110, 15.2). */
	if (dial->reply_kind == REPLY_HTTP && dial->status < 200)
		return;
	answer_came(&d->answers, dial->id);
	if (dial->relay_variable && dial->relay_variable->url.faults & nowhere) {
		/* A machine called "http" by a wildcard, or this one: what it grants proves nothing. */
		explain(d, dial, now_ns);
	} else if (!dial_answer_refuses(dial)) {
		mirrors_note(&d->mirrors, &d->facts, dial, true, now_ns);
		findings_success(&d->findings, dial, SUCCESS_ANSWERED, now_ns);
		if (d->findings.open)
			answer_wait(&d->answers, dial, now_ns);
	} else {
		explain(d, dial, now_ns);
	}
}

static void settle(struct diagnosis *d, uint64_t until_ns, uint64_t now_ns)
{
	struct dial *dial;

	while ((dial = answer_next(&d->answers, until_ns))) {
		findings_success(&d->findings, dial, SUCCESS_LASTED, now_ns);
		dial_drop(dial);
	}
}

void diagnosis_tick(struct diagnosis *d, uint64_t now_ns)
{
	if (d->wait.count)
		explain_waiting(d, now_ns, now_ns);
	settle(d, now_ns, now_ns);
	if (d->mutes.count)
		diagnosis_mutes(d, now_ns, false);
	findings_tick(&d->findings, now_ns, false);
}

void diagnosis_count_open(const struct diagnosis *d, uint64_t open[][SEVERITIES])
{
	findings_count_open(&d->findings, open);
}

uint64_t diagnosis_deadline(const struct diagnosis *d)
{
	uint64_t deadline = wait_deadline(&d->wait), other = findings_deadline(&d->findings);

	if (other < deadline)
		deadline = other;
	other = answer_deadline(&d->answers);
	if (other < deadline)
		deadline = other;
	other = mutes_deadline(&d->mutes);
	return other < deadline ? other : deadline;
}

void diagnosis_flush(struct diagnosis *d, uint64_t now_ns)
{
	settle(d, UINT64_MAX, now_ns);
	diagnosis_mutes(d, now_ns, true);
	explain_waiting(d, UINT64_MAX, now_ns);
	for (size_t i = 0; i < d->pending_count; i++) {
		if (d->pending[i].dial)
			explain(d, d->pending[i].dial, now_ns);
		dial_drop(d->pending[i].dial);
	}
	d->pending_count = 0;
	findings_tick(&d->findings, now_ns, true);
}
