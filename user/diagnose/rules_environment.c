// SPDX-License-Identifier: GPL-2.0-only
/* What the process carries explains that it went direct. */
#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CARRIED_MAX 8

/* Of several, the one for the dial's own scheme, else the first. */
static const struct variable *best_of(
	const struct rule_input *in, const struct variable **v, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (v[i]->relay.kind == rule_kind(in))
			return v[i];
	return v[0];
}

/* The faults of a value: "quotes, host-cut"; whole: with what each is, in brackets. */
static void words_faults(struct buffer *b, uint32_t faults, bool whole)
{
	bool first = true;

	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(faults & bit))
			continue;
		buffer_printf(b, "%s%s", first ? "" : ", ", relay_fault_name(bit));
		if (whole)
			buffer_printf(b, " (%s)", relay_fault_words(bit));
		first = false;
	}
}

bool rule_value_misread(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *v = d->path == DIAL_RELAY ? d->relay_variable : rule_effective(in);
	bool masked, looked_up;
	struct buffer b = {0};
	char port[16] = "";

	if (!v || !relay_url_is_misread(&v->url))
		return false;
	masked = v->url.faults & RELAY_FAULT_HOST_MASKED;
	looked_up = d->outcome == DIAL_UNRESOLVED &&
		    (d->path == DIAL_RELAY || !strcasecmp(d->name, v->url.host) ||
			    (masked && !strchr(d->name, '.')));
	if (d->path != DIAL_RELAY && !looked_up)
		return false;
	words_faults(&b, v->url.faults & RELAY_FAULTS_MISREAD, false);
	if (!v->url.host[0])
		rule_message(in, out,
			"the value of %s is misread (%s): Go finds no host in it, and dials this "
			"machine itself",
			v->name, buffer_string(&b));
	else
		rule_message(in, out,
			"the value of %s is misread (%s): Go takes \"%s\" as the relay's host",
			v->name, buffer_string(&b), v->url.host);
	/* Something is called so, and answers: it may even be a relay. */
	if (d->outcome == DIAL_ESTABLISHED && !dial_answer_refuses(d))
		out->severity = SEVERITY_WARNING;
	buffer_clear(&b);
	words_faults(&b, v->url.faults & RELAY_FAULTS_MISREAD, true);
	lines_add(&out->chain, "%s=%s is not what was meant: %s", v->name, v->value,
		buffer_string(&b));
	if (!masked || v->url.port)
		snprintf(port, sizeof(port), ", port %u", (unsigned int)v->url.port);
	lines_add(&out->chain, "Go's url.Parse finds host \"%s\" in it%s, and asks no further",
		v->url.host, port);
	chain_source(in, out, v);
	remedy_mend_value(in, out, v);
	buffer_free(&b);
	return true;
}

bool rule_value_dropped(const struct rule_input *in, struct finding *out)
{
	const struct variable *v = in->choice.variable;
	struct buffer b = {0};

	if (!rule_is_direct(in) || in->choice.reason != CHOICE_VALUE_DROPPED)
		return false;
	if (!v)
		v = rule_effective(in);
	if (!v)
		return false;
	words_faults(&b, v->url.faults & ~RELAY_FAULTS_REMARKS, false);
	rule_message(in, out,
		"%s is set, but Go cannot parse its value (%s) and silently goes direct", v->name,
		buffer_string(&b));
	lines_add(&out->chain, "%s %s direct: a relay URL that url.Parse refuses counts as none",
		rule_who(in), rule_went(in));
	buffer_clear(&b);
	words_faults(&b, v->url.faults & ~RELAY_FAULTS_REMARKS, true);
	lines_add(&out->chain, "%s=%s has the fault %s", v->name, v->value, buffer_string(&b));
	chain_source(in, out, v);
	remedy_mend_value(in, out, v);
	buffer_free(&b);
	return true;
}

/*
 * --names RELAY says that *_RELAY is read, and the process, which carries a good one, dialled directly
 * all the same; so it is one that reads *_PROXY.
 */
static bool is_unread_after_all(const struct rule_input *in)
{
	const struct variable *found[1];

	return in->names_given && in->family == RELAY_FAMILY_RELAY && !in->latent &&
	       in->choice.decision == CHOICE_RELAY &&
	       !rule_carried(in->environment, RELAY_FAMILY_PROXY, CARRIED_READ, found, 1);
}

bool rule_name_unread(const struct rule_input *given, struct finding *out)
{
	struct rule_input copy = *given, *in = &copy;
	const struct variable *found[CARRIED_MAX], *v;
	struct buffer b = {0};
	size_t count;
	bool evident;

	if (!rule_is_direct(in))
		return false;
	evident = is_unread_after_all(in);
	if (evident)
		copy.family = RELAY_FAMILY_PROXY;
	if (rule_carried(in->environment, in->family, CARRIED_READ, found, 1))
		return false;
	count = rule_carried(in->environment, in->family, CARRIED_UNREAD, found, CARRIED_MAX);
	if (!count)
		return false;
	v = best_of(in, found, count);
	words_names(&b, found, count);
	if (evident)
		rule_message(in, out,
			"it carries %s, which --names RELAY takes as read; it went direct all the "
			"same, as a program does that reads %s only",
			buffer_string(&b), rule_needed(in));
	else
		rule_message(in, out, "it carries %s, which %s does not read; it reads %s",
			buffer_string(&b), rule_who(in), rule_needed(in));
	rule_absent(in, out);
	if (v->relay.family == RELAY_FAMILY_RELAY)
		lines_add(&out->chain,
			"%s=%s is carried: nothing in rke2, containerd or Go reads a name in "
			"_RELAY",
			v->name, v->value);
	else if (v->relay.family != in->family)
		lines_add(&out->chain,
			"%s=%s is carried: stock programs read it; %s takes %s for one that reads "
			"names in _%s instead",
			v->name, v->value,
			in->names_given ? "--names RELAY" : "what it was seen to dial",
			rule_who(in), relay_name_family(in->family));
	else
		lines_add(&out->chain,
			"%s=%s is carried: names are case-sensitive, Go reads %s in all upper or "
			"all "
			"lower case",
			v->name, v->value, rule_needed(in));
	chain_source(in, out, v);
	lines_add(&out->missing, "%s", rule_needed(in));
	remedy_give(in, out, v);
	buffer_free(&b);
	return true;
}

bool rule_scheme_uncovered(const struct rule_input *in, struct finding *out)
{
	const struct variable *found[CARRIED_MAX], *v;
	struct buffer b = {0};
	size_t count;

	if (!rule_is_direct(in) || rule_effective(in))
		return false;
	count = rule_carried(in->environment, in->family, CARRIED_READ, found, CARRIED_MAX);
	if (!count)
		return false;
	v = best_of(in, found, count);
	words_names(&b, found, count);
	rule_message(in, out, "%s %s, and %s needs %s", buffer_string(&b), rule_set(in, count),
		in->scheme, rule_needed(in));
	rule_absent(in, out);
	lines_add(&out->chain, "%s=%s is carried: Go takes it for %s alone", v->name, v->value,
		v->relay.kind == RELAY_KIND_ALL	   ? "nothing (curl reads ALL_)"
		: v->relay.kind == RELAY_KIND_HTTP ? "http://"
						   : "https://");
	chain_source(in, out, v);
	lines_add(&out->missing, "%s", rule_needed(in));
	remedy_give(in, out, v);
	buffer_free(&b);
	return true;
}

/* Would containerd, which gets the prefixed ones, go direct for this host too?  By an entry of the list name. */
static bool containerd_goes_direct(const struct rule_input *in, const char *host, char name[64],
	char entry[sizeof(((struct choice *)0)->no_entry)])
{
	struct environment *e = environment_of_containerd(in->environment, &in->supervisor);
	struct choice c = {0};

	if (!e)
		return false;
	choice_for_host(e, in->family, in->scheme, host, in->dial->remote.port, &c);
	if (c.reason == CHOICE_NO_LIST) {
		snprintf(name, 64, "CONTAINERD_%s", c.variable->name);
		if (!environment_get(in->environment, name))
			snprintf(name, 64, "%s", c.variable->name);
		strcpy(entry, c.no_entry);
	}
	environment_unref(e);
	return c.reason == CHOICE_NO_LIST;
}

/* The NO_ list that rke2 reads itself must not send it past the relay that it is about to get. */
static void narrow_own_list(const struct rule_input *in, struct finding *out)
{
	const struct environment *e = in->environment;
	const struct variable *first = environment_effective(e, in->family, RELAY_KIND_NO);

	for (unsigned int i = 0; i < e->count && in->public_target; i++) {
		const struct variable *v = &e->variables[i];

		/* A server reads both cases. */
		if (!v->is_relay || v->relay.kind != RELAY_KIND_NO || v->relay.containerd ||
			v->relay.family != in->family || v->relay.spelling == RELAY_MIXED ||
			(v != first && !in->effective) ||
			/* The first is made right as the list that goes with the relay. */
			!remedy_drop_wide(in, v == first ? NULL : out, v))
			continue;
		lines_add(&out->chain,
			"%s=%s sends registries past a relay: what is wide in it has to go",
			v->name, v->value);
	}
}

bool rule_containerd_scope(const struct rule_input *in, struct finding *out)
{
	const struct variable *found[CARRIED_MAX], *v;
	char list[64], entry[sizeof(in->choice.no_entry)], text[ADDRESS_TEXT];
	struct buffer b = {0};
	size_t count;
	bool direct;

	if (!rule_is_direct(in) ||
		rule_carried(in->environment, in->family, CARRIED_READ, found, 1))
		return false;
	count = rule_carried(in->environment, in->family, CARRIED_PREFIXED, found, CARRIED_MAX);
	if (!count)
		return false;
	direct = containerd_goes_direct(in, rule_host(in->dial, text), list, entry);
	/* Then the site means this host to be dialled directly: no relay has a part in it. */
	if (direct && (!in->public_target || rule_entry_is_exact(in, entry)))
		return false;
	/* So it is where the list has the network of a private registry, though Go asks no network for a name. */
	if (!in->public_target && !in->latent &&
		containerd_goes_direct(in, address_text(&in->dial->remote, text), list, entry))
		return false;
	v = best_of(in, found, count);
	words_names(&b, found, count);
	rule_message(in, out, "only %s %s, and %s containerd alone", buffer_string(&b),
		rule_set(in, count), count == 1 ? "that reaches" : "those reach");
	lines_add(&out->chain,
		"%s %s direct: it reads %s, and no variable without the prefix names "
		"a relay",
		rule_who(in), rule_went(in), rule_needed(in));
	rule_absent(in, out);
	lines_add(&out->chain,
		"%s=%s is carried: rke2 hands CONTAINERD_ variables, without the prefix, to its "
		"containerd child and uses them for nothing else",
		v->name, v->value);
	if (rule_is_snapshot_upload(in))
		lines_add(&out->chain, "etcd snapshots go to S3 from rke2 itself");
	else if (in->process->role == ROLE_SUPERVISOR)
		lines_add(&out->chain, "the rke2-runtime image of a new version is pulled by rke2 "
				       "itself, before containerd exists");
	chain_source(in, out, v);
	if (direct)
		lines_add(&out->chain,
			"containerd would go direct as well: the entry \"%s\" of %s covers %s",
			entry, list, rule_host(in->dial, text));
	rule_missing(in, out);
	narrow_own_list(in, out);
	remedy_give(in, out, v);
	buffer_free(&b);
	return true;
}

/* The unit's files were read, and no rule of files spoke: none of them sets it. */
static void chain_nowhere(const struct rule_input *in, struct finding *out)
{
	struct service s;
	char unit[80];

	service_of(in->process, &s);
	snprintf(unit, sizeof(unit), "%s.service", s.name);
	if (s.kind == SERVICE_POD)
		lines_add(&out->chain, "a pod has the environment of its spec: neither rke2's nor "
				       "containerd's variables reach it");
	else if (s.copied)
		lines_add(&out->chain,
			"RKE2 gives %s copies of rke2's own variables, not of containerd's",
			rule_who(in));
	if (s.kind == SERVICE_NONE || s.kind == SERVICE_POD || s.guessed || !in->facts ||
		!facts_unit_is_read(in->facts, unit) ||
		facts_effective(in->facts, unit, rule_needed(in)))
		return;
	lines_add(&out->chain, "no file that %s loads sets %s", unit, rule_needed(in));
}

bool rule_relay_missing(const struct rule_input *in, struct finding *out)
{
	const struct known_relay *known = in->known ? in->known : relays_known(in->relays, NULL);
	const struct variable *found[1];
	const struct variable *empty = environment_get(in->environment, rule_needed(in));

	/* Before any dial: a node where nobody has a relay needs none.  What was not read may hold one. */
	if (!rule_is_direct(in) || (in->environment->unreadable && !in->environment->count) ||
		!in->public_target || (in->latent && !known) ||
		rule_carried(in->environment, in->family, CARRIED_READ, found, 1) ||
		rule_carried(in->environment, in->family, CARRIED_UNREAD, found, 1) ||
		rule_carried(in->environment, in->family, CARRIED_PREFIXED, found, 1))
		return false;
	if (environment_proves_absence(in->environment))
		rule_message(in, out, "it carries no relay variable%s",
			known ? "" : ", and no relay is known here");
	else
		rule_message(in, out, "no relay variable was seen in its environment%s",
			known ? "" : ", and no relay is known here");
	lines_add(&out->chain, "%s %s direct: no variable names a relay", rule_who(in),
		rule_went(in));
	rule_absent(in, out);
	if (empty)
		lines_add(&out->chain, "%s is set to nothing, which counts as not set",
			rule_needed(in));
	chain_nowhere(in, out);
	if (in->process->role == ROLE_SYSTEM_AGENT)
		lines_add(&out->chain,
			"%s pulls the installer's images itself: neither containerd's variables "
			"nor "
			"the embedded registry serve it",
			rule_who(in));
	else if (in->process->role == ROLE_CREDENTIAL_PROVIDER)
		lines_add(&out->chain,
			"a credential provider has the environment of kubelet, which is rke2's");
	if (known && known->pid != in->process->pid && !strcmp(known->holder, rule_who(in)))
		lines_add(&out->chain, "an earlier %s (pid %u) had %s=%s", known->holder,
			known->pid, known->variable, known->value);
	else if (known)
		lines_add(&out->chain, "a relay is known on this node: %s has %s=%s",
			known->holder[0] ? known->holder : known->source, known->variable,
			known->value);
	rule_missing(in, out);
	if (!known)
		lines_add(&out->remedy, "# no relay is known here; if this site has one, put it in "
					"place of RELAY:PORT; else open the way to the registry:");
	remedy_give(in, out, NULL);
	return true;
}
