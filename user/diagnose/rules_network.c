// SPDX-License-Identifier: GPL-2.0-only
/* What the network, the resolver or the node itself explains, and what nothing explains. */
#include "diagnose/cluster.h"
#include "diagnose/remedy.h"

#include <errno.h>
#include <string.h>

/* An error that the node itself gave, before a packet could leave (facts: routes, LSM, nft). */
static bool refused_by_node(const struct dial *d)
{
	switch (d->error) {
	case EPERM:
	case EACCES:
	case EINVAL: /* a blackhole route */
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case ENETDOWN:
	case EMFILE:
	case ENOBUFS:
	case ENOMEM:
		return d->outcome == DIAL_DENIED || d->outcome == DIAL_FAILED;
	default:
		return false;
	}
}

/* An agent's way to the servers: direct, unless the agent is told otherwise (k3s #8976). */
static void join_remedy(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *found[1];
	char text[ADDRESS_TEXT];
	bool join = in->process->role == ROLE_SUPERVISOR && d->path == DIAL_CLUSTER &&
		    (d->remote.port == 9345 || d->remote.port == 6443);

	if (!join) {
		lines_add(&out->remedy,
			"# look at what should listen there; the relay variables are not it");
		return;
	}
	lines_add(&out->remedy,
		"timeout 5 bash -c '</dev/tcp/%s/%u' && echo open   # from this node",
		address_text(&d->remote, text), d->remote.port);
	if (rule_carried(in->environment, in->family, CARRIED_READ, found, 1) &&
		!environment_get(in->environment, "RKE2_AGENT_HTTP_PROXY_ALLOWED"))
		lines_add(&out->remedy,
			"# where the servers can be reached by the relay alone: "
			"RKE2_AGENT_HTTP_PROXY_ALLOWED=true (off by default) lets the agent's load "
			"balancer use it");
}

static bool local_matter(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	struct buffer b = {0};

	if (!dial_is_local_matter(d))
		return false;
	words_duration(&b, in->failed_for_ns);
	out->severity = SEVERITY_INFO;
	rule_message(in, out,
		"it is the %s own traffic, no relay is involved; %llu tries in %s failed",
		d->path == DIAL_LOOPBACK ? "node's" : "cluster's",
		(unsigned long long)in->failed_times, buffer_string(&b));
	lines_add(&out->chain, "such dials go direct by design, whatever the relay variables say");
	join_remedy(in, out);
	buffer_free(&b);
	return true;
}

bool rule_not_a_relay_matter(const struct rule_input *in, struct finding *out)
{
	if (local_matter(in, out))
		return true;
	if (in->dial->path == DIAL_RELAY || in->known || !refused_by_node(in->dial))
		return false;
	rule_message(in, out, "this node itself refused it, before any packet could meet a relay");
	lines_add(
		&out->chain, in->dial->error == EINVAL
				     ? "EINVAL from connect() to a good address: a blackhole route"
			     : in->dial->outcome == DIAL_DENIED
				     ? "a prohibit route, a packet filter of this node, SELinux or "
				       "another security module"
				     : "a lack of this node: an address, a socket, memory");
	lines_add(&out->chain, "no relay is known here");
	lines_add(&out->remedy, "ip route get %s",
		address_text(&in->dial->remote, (char[ADDRESS_TEXT]){0}));
	lines_add(&out->remedy, "nft list ruleset; ausearch -m avc -ts recent");
	return true;
}

/* Where the puller wrote what the mirror had said (docs.rke2.io, "known issues"; k3s the same). */
static void see_mirror(const struct rule_input *in, struct finding *out)
{
	struct service s;

	if (!remedy_is_plain(in->mirror))
		return;
	service_of(in->process, &s);
	if (in->process->role == ROLE_CONTAINERD &&
		(s.kind == SERVICE_RKE2 || s.kind == SERVICE_K3S))
		lines_add(&out->remedy,
			"grep -F %s /var/lib/rancher/%s/agent/containerd/containerd.log | tail",
			in->mirror, s.kind == SERVICE_RKE2 ? "rke2" : "k3s");
	else if (s.kind != SERVICE_NONE && s.kind != SERVICE_POD)
		lines_add(&out->remedy, "journalctl -u %s --since -1h | grep -F %s | tail", s.name,
			in->mirror);
}

bool rule_mirror_fallback(const struct rule_input *in, struct finding *out)
{
	if (!rule_is_direct(in) || !in->mirror)
		return false;
	if (in->mirror_reached) {
		rule_message(in, out,
			"the mirror %s had been reached before and, it seems, did not serve it; "
			"the "
			"default endpoint is always tried last",
			in->mirror);
		lines_add(&out->chain,
			"the configured mirror %s was tried first, and what it said is inside TLS "
			"or not "
			"looked at",
			in->mirror);
		see_mirror(in, out);
	} else {
		rule_message(in, out,
			"the mirror %s had failed before, and the default endpoint is always tried "
			"last",
			in->mirror);
		lines_add(&out->chain, "the configured mirror %s was tried first and failed",
			in->mirror);
	}
	lines_add(&out->remedy,
		"# mend the mirror %s; in config.yaml, disable-default-registry-endpoint: "
		"true keeps containerd from the default endpoint",
		in->mirror);
	return true;
}

bool rule_direct_reset(const struct rule_input *in, struct finding *out)
{
	if (!rule_is_direct(in) || in->dial->outcome != DIAL_RESET || in->known)
		return false;
	rule_message(in, out,
		"a filter on the way lets the connection be made and resets it when the "
		"server's name is sent; no relay is known here");
	lines_add(&out->chain, "the TCP handshake worked, so the address and port are open");
	lines_add(
		&out->chain, "a reset at the first data is how a filter on the server name works");
	lines_add(&out->chain, "%s went direct: no relay is known here", rule_who(in));
	rule_missing(in, out);
	lines_add(&out->remedy,
		"# if this site has a relay, put it in place of RELAY:PORT; else have "
		"the filter opened for this host:");
	remedy_give(in, out, NULL);
	return true;
}

bool rule_resolver_failed(const struct rule_input *in, struct finding *out)
{
	char text[16];

	if (in->dial->outcome != DIAL_UNRESOLVED || in->known)
		return false;
	rule_message(in, out, "the name did not resolve, and no relay is known here");
	lines_add(&out->chain, "the node's resolver: %s", dns_code_name(in->dial->dns_code, text));
	lines_add(&out->chain, "with a relay %s would not have asked: the relay resolves the name",
		rule_who(in));
	lines_add(&out->remedy, "getent ahosts '%s'; cat /etc/resolv.conf", in->dial->name);
	lines_add(&out->remedy, "# if this site has a relay, put it in place of RELAY:PORT:");
	remedy_give(in, out, NULL);
	return true;
}

/* What is known of a process's relay variables, in one line. */
static void chain_carried(const struct rule_input *in, struct finding *out)
{
	const struct environment *e = in->environment;
	struct buffer b = {0};

	for (unsigned int i = 0; i < e->count; i++)
		if (e->variables[i].is_relay)
			buffer_printf(&b, "%s%s=%s", b.len ? ", " : "", e->variables[i].name,
				e->variables[i].value);
	if (b.len)
		lines_add(&out->chain, "%s carries %s", rule_who(in), buffer_string(&b));
	else
		lines_add(&out->chain, "%s %s", rule_who(in),
			environment_proves_absence(e) ? "carries no relay variable"
			: e->unreadable		      ? "has an environment that could not be read"
						      : "showed no relay variable (a snapshot)");
	buffer_free(&b);
}

bool rule_unexplained(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	char text[ADDRESS_TEXT];
	const struct variable *v = d->relay_variable ? d->relay_variable : in->choice.variable;

	if (d->path == DIAL_UNKNOWN && v)
		rule_message(in, out,
			"it may be the relay %s that %s names, whose address was not seen",
			v->url.host, v->name);
	else if (rule_is_direct(in) && in->choice.decision == CHOICE_RELAY &&
		 in->family == RELAY_FAMILY_RELAY)
		rule_message(in, out, "%s is set, and %s; this dial went direct all the same",
			in->choice.variable ? in->choice.variable->name : rule_needed(in),
			in->names_given ? "--names RELAY takes it as read"
					: "a program of this role was seen to use it");
	else if (rule_is_direct(in) && in->choice.decision == CHOICE_RELAY)
		rule_message(in, out,
			"%s is set and Go would have used it; this dial does not follow "
			"Go's rules, or is direct by design",
			in->choice.variable ? in->choice.variable->name : rule_needed(in));
	else if (!in->public_target)
		rule_message(in, out,
			"a private address; nothing that was seen says that it needs a "
			"relay");
	else
		rule_message(in, out, "nothing that was seen explains it");
	rule_endpoint(in, out);
	chain_carried(in, out);
	if (in->known)
		lines_add(&out->chain, "a relay is known in this tree: %s=%s (%s)",
			in->known->variable, in->known->value,
			in->known->holder[0] ? in->known->holder : in->known->source);
	if (d->outcome != DIAL_UNRESOLVED)
		lines_add(&out->remedy,
			"timeout 5 bash -c '</dev/tcp/%s/%u' && echo open   # from this node",
			address_text(&d->remote, text), d->remote.port);
	else
		lines_add(&out->remedy, "getent ahosts '%s'; cat /etc/resolv.conf", d->name);
	return true;
}
