// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_relays.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool relay_url_is_sound(const struct relay_url *url)
{
	return url->use == RELAY_USABLE && !relay_url_is_misread(url);
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void learn_variable(struct relay_knowledge *k, const char *tree, const char *holder,
	uint32_t pid, const struct variable *v)
{
	struct known_relay *r;

	if (!v->is_relay || v->relay.kind == RELAY_KIND_NO || !relay_url_is_sound(&v->url))
		return;
	for (size_t i = 0; i < k->count; i++) {
		r = &k->relays[i];
		if (!strcmp(r->variable, v->name) && !strcmp(r->tree, tree) &&
			!strcmp(r->holder, holder)) {
			r->pid = pid;
			r->url = v->url;
			copy_text(r->value, sizeof(r->value), v->value);
			copy_text(r->source, sizeof(r->source), v->source);
			return;
		}
	}
	if (k->count < RELAYS_KNOWN) {
		r = &k->relays[k->count++];
	} else {
		r = &k->relays[k->oldest];
		k->oldest = (k->oldest + 1) % RELAYS_KNOWN;
	}
	copy_text(r->tree, sizeof(r->tree), tree);
	copy_text(r->holder, sizeof(r->holder), holder);
	copy_text(r->variable, sizeof(r->variable), v->name);
	copy_text(r->value, sizeof(r->value), v->value);
	copy_text(r->source, sizeof(r->source), v->source);
	r->pid = pid;
	r->name = v->relay;
	r->url = v->url;
}

void relays_learn(struct relay_knowledge *k, const struct process *p)
{
	/* A shim outlives restarts (KillMode=process): what it carries may be long gone. */
	if (p->role == ROLE_SHIM)
		return;
	for (unsigned int i = 0; i < p->environment->count; i++)
		learn_variable(
			k, p->tree, p->name ? p->name : "", p->pid, &p->environment->variables[i]);
}

void relays_learn_file(struct relay_knowledge *k, const char *tree, const struct variable *v)
{
	learn_variable(k, tree, "", 0, v);
}

const struct variable *relays_variable_of_host(const struct environment *e, const char *host)
{
	static const enum relay_kind kinds[] = {RELAY_KIND_HTTPS, RELAY_KIND_HTTP, RELAY_KIND_ALL};
	static const enum relay_family families[] = {RELAY_FAMILY_PROXY, RELAY_FAMILY_RELAY};

	for (size_t f = 0; f < 2; f++) {
		for (size_t i = 0; i < 3; i++) {
			const struct variable *v = environment_effective(e, families[f], kinds[i]);

			if (v && relay_url_is_sound(&v->url) && !strcasecmp(v->url.host, host))
				return v;
		}
	}
	return NULL;
}

void relays_learn_dial(struct relay_knowledge *k, const struct dial *d)
{
	const struct variable *v = NULL;
	size_t i;

	if (d->path == DIAL_RELAY)
		v = d->relay_variable;
	else if (d->outcome == DIAL_UNRESOLVED && d->name[0])
		v = relays_variable_of_host(d->environment, d->name);
	if (!v || v->relay.family != RELAY_FAMILY_RELAY)
		return;
	for (enum relay_kind kind = RELAY_KIND_HTTP; kind <= RELAY_KIND_ALL; kind++) {
		const struct variable *other =
			kind == RELAY_KIND_NO
				? NULL
				: environment_effective(d->environment, RELAY_FAMILY_PROXY, kind);

		if (other && !strcasecmp(other->url.host, v->url.host) &&
			other->url.port == v->url.port)
			return;
	}
	for (i = 0; i < k->reader_count; i++)
		if (!strcmp(k->readers[i].tree, d->process->tree))
			break;
	if (i == RELAY_READERS)
		return;
	if (i == k->reader_count) {
		copy_text(k->readers[i].tree, sizeof(k->readers[i].tree), d->process->tree);
		k->readers[i].roles = 0;
		k->reader_count++;
	}
	k->readers[i].roles |= 1u << d->process->role;
}

bool relays_role_reads_relay(const struct relay_knowledge *k, const char *tree, enum role role)
{
	for (size_t i = 0; i < k->reader_count; i++)
		if (!strcmp(k->readers[i].tree, tree))
			return k->readers[i].roles >> role & 1;
	return false;
}

const struct known_relay *relays_known(const struct relay_knowledge *k, const char *tree)
{
	const struct known_relay *best = NULL;
	int best_worth = -1;

	for (size_t i = 0; i < k->count; i++) {
		const struct known_relay *r = &k->relays[i];
		int worth = (r->name.kind == RELAY_KIND_HTTPS) * 4 +
			    (r->name.family == RELAY_FAMILY_PROXY) * 2 + !r->name.containerd;

		if (tree && strcmp(r->tree, tree))
			continue;
		if (worth > best_worth) {
			best = r;
			best_worth = worth;
		}
	}
	return best;
}

bool relays_site_says_relay(const struct relay_knowledge *k, const char *tree)
{
	bool relay = false;

	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->relays[i].tree, tree))
			continue;
		if (k->relays[i].name.family == RELAY_FAMILY_PROXY)
			return false;
		relay = true;
	}
	return relay;
}
