// SPDX-License-Identifier: GPL-2.0-only
/* Both cases of a name, with different values. */
#include "diagnose/remedy.h"

#include <string.h>
#include <strings.h>

struct pair {
	const struct variable *upper, *lower;
};

/* A server joins no_proxy to NO_PROXY, so that neither is ignored (k3s setNoProxyEnv). */
static bool is_joined(const struct rule_input *in, const struct variable *v)
{
	return in->supervisor.server && in->process->role == ROLE_SUPERVISOR &&
	       v->relay.kind == RELAY_KIND_NO && v->relay.family == RELAY_FAMILY_PROXY;
}

static bool is_pair(const struct rule_input *in, const struct variable *a, const struct variable *b)
{
	return a->is_relay && b->is_relay && a->relay.spelling == RELAY_UPPER &&
	       b->relay.spelling == RELAY_LOWER && a->relay.family == b->relay.family &&
	       a->relay.kind == b->relay.kind && a->relay.containerd == b->relay.containerd &&
	       a->value[0] && b->value[0] && strcmp(a->value, b->value) && !is_joined(in, a);
}

static bool same_relay(const struct relay_url *a, const struct relay_url *b)
{
	return !strcasecmp(a->host, b->host) && a->port == b->port && !strcmp(a->scheme, b->scheme);
}

/* Would the lower case one have this host go another way? */
static bool decides(const struct rule_input *in, const struct variable *upper)
{
	struct environment *e = environment_new(in->environment->origin);
	char text[ADDRESS_TEXT];
	struct choice other = {0};
	bool differs = false;
	int err = e ? 0 : -1;

	for (unsigned int i = 0; !err && i < in->environment->count; i++)
		if (&in->environment->variables[i] != upper)
			err = environment_add_judged(e, &in->environment->variables[i]);
	if (!err) {
		choice_for_host(e, in->family, in->scheme, rule_host(in->dial, text),
			in->dial->remote.port, &other);
		differs = other.decision != in->choice.decision ||
			  (other.decision == CHOICE_RELAY &&
				  !same_relay(&other.relay, &in->choice.relay));
	}
	environment_unref(e);
	return differs;
}

static bool find_pair(const struct rule_input *in, struct pair *out)
{
	const struct environment *e = in->environment;

	for (unsigned int i = 0; i < e->count; i++)
		for (unsigned int j = 0; j < e->count; j++) {
			if (!is_pair(in, &e->variables[i], &e->variables[j]) ||
				(in->alone && !decides(in, &e->variables[i])))
				continue;
			*out = (struct pair){&e->variables[i], &e->variables[j]};
			return true;
		}
	return false;
}

/*
 * Which of the two is right is not known; but where http:// has the relay that the loser names, or what is within is
 * sent to the relay by the list that wins, it is most likely not the winner.
 */
static bool winner_is_doubtful(const struct rule_input *in, const struct pair *p)
{
	const struct variable *other;

	if (p->upper->relay.kind == RELAY_KIND_NO)
		return in->choice.decision == CHOICE_RELAY && !in->public_target;
	other = environment_effective(in->environment, p->upper->relay.family,
		p->upper->relay.kind == RELAY_KIND_HTTPS ? RELAY_KIND_HTTP : RELAY_KIND_HTTPS);
	return other && same_relay(&other->url, &p->lower->url) &&
	       !same_relay(&other->url, &p->upper->url);
}

bool rule_case_conflict(const struct rule_input *in, struct finding *out)
{
	struct pair p;

	if (!find_pair(in, &p))
		return false;
	out->severity = in->alone && !winner_is_doubtful(in, &p) ? SEVERITY_INFO : SEVERITY_WARNING;
	rule_message(in, out,
		"%s and %s are both set, to different values; Go takes the upper case one",
		p.upper->name, p.lower->name);
	lines_add(&out->chain, "%s=%s wins", p.upper->name, p.upper->value);
	lines_add(&out->chain, "%s=%s is ignored by Go (curl does the reverse for http_proxy)",
		p.lower->name, p.lower->value);
	remedy_correct(in, out, p.lower, "keep one spelling, upper case, and take this one away");
	return true;
}
