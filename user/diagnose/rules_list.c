// SPDX-License-Identifier: GPL-2.0-only
/* The NO_ list: what it sends past the relay, and what it ought to keep from it. */
#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"
#include "relay/no_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Does a NO_ entry hold a host name, which an address without a name cannot be matched with? */
static bool entry_is_name(const char *entry, size_t len)
{
	char text[256];
	struct address a;

	if (!len || len >= sizeof(text))
		return false;
	memcpy(text, entry, len);
	text[len] = '\0';
	text[strcspn(text, "/")] = '\0';
	return !address_parse(text, &a) && !host_is_cluster(text, 0) &&
	       strcasecmp(text, "localhost");
}

/* The entries that are names, joined by ", "; false where there is none. */
static bool named_entries(const char *list, struct buffer *b)
{
	while (*list) {
		size_t n;

		list += strspn(list, " ,\t");
		n = strcspn(list, " ,\t");
		if (entry_is_name(list, n))
			buffer_printf(b, "%s\"%.*s\"", b->len ? ", " : "", (int)n, list);
		list += n;
	}
	return b->len > 0;
}

bool rule_entry_is_exact(const struct rule_input *in, const char *entry)
{
	char text[ADDRESS_TEXT];
	const char *host = rule_host(in->dial, text);
	size_t len = strlen(host);

	return !strncasecmp(entry, host, len) && (!entry[len] || entry[len] == ':');
}

/* The variable of the process that holds entry; NULL: it is one that a server adds itself. */
static const struct variable *list_with(const struct rule_input *in, const char *entry)
{
	static const enum relay_spelling order[] = {RELAY_UPPER, RELAY_LOWER};
	const struct environment *e = in->environment;

	for (size_t o = 0; o < sizeof(order) / sizeof(*order); o++)
		for (unsigned int i = 0; i < e->count; i++) {
			const struct variable *v = &e->variables[i];
			struct text rest = {v->value, strlen(v->value)}, next;

			if (!v->is_relay || v->relay.kind != RELAY_KIND_NO || v->relay.containerd ||
				v->relay.family != in->family || v->relay.spelling != order[o])
				continue;
			while (no_list_next(&rest, &next))
				if (text_equals(next, entry))
					return v;
		}
	return NULL;
}

/* The entries of a list that no host can match, joined by ", "; false where there is none. */
static bool void_entries(const char *list, struct buffer *b)
{
	struct text rest = {list, strlen(list)}, next;

	while (no_list_next(&rest, &next))
		if (no_entry_is_void(next))
			buffer_printf(b, "%s\"%.*s\"", b->len ? ", " : "", (int)next.len, next.at);
	return b->len > 0;
}

static void chain_void(struct finding *out, const struct variable *no)
{
	struct buffer b = {0};

	if (void_entries(no->value, &b))
		lines_add(&out->chain,
			"no host can match %s: entries are parted by commas alone, and are a name, "
			".domain, *.domain, an address or a network like 10.43.0.0/16",
			buffer_string(&b));
	buffer_free(&b);
}

bool rule_entry_unread(const struct rule_input *in, struct finding *out)
{
	const struct variable *no =
		environment_effective(in->environment, in->family, RELAY_KIND_NO);
	struct buffer b = {0}, message = {0};

	if (!no || !void_entries(no->value, &b)) {
		buffer_free(&b);
		return false;
	}
	out->severity = SEVERITY_INFO;
	out->host[0] = '\0'; /* it is about no host */
	out->port = 0;
	words_process(&message, in->process);
	buffer_printf(&message, " reads %s, and no host can match its entry %s", no->name,
		buffer_string(&b));
	free(out->message);
	out->message = message.failed ? NULL : strdup(buffer_string(&message));
	lines_add(&out->chain, "%s=%s", no->name, no->value);
	chain_void(out, no);
	chain_source(in, out, no);
	remedy_correct(in, out, no,
		"commas between the entries, and each of them a name, .domain, an address or a "
		"network like 10.43.0.0/16");
	buffer_free(&message);
	buffer_free(&b);
	return true;
}

static void say_meant(const struct rule_input *in, struct finding *out, const char *no_name)
{
	char text[ADDRESS_TEXT];
	const char *host = rule_host(in->dial, text);

	rule_endpoint(in, out);
	lines_add(&out->chain, "that is most likely meant so: no relay has a part in it");
	lines_add(&out->remedy,
		"# leave %s as it is; see to %s: is it up, and is the way from this node open?",
		no_name, host);
	if (in->dial->remote.port)
		lines_add(&out->remedy,
			"timeout 5 bash -c '</dev/tcp/%s/%u' && echo open   # from this node",
			address_text(&in->dial->remote, text), in->dial->remote.port);
}

/*
 * A nameless dial that went direct though a relay is set and no entry matches the address: by Go's
 * rules only an entry that names the host can have done that.
 */
static bool match_by_elimination(
	const struct rule_input *in, const struct variable *no, struct finding *out)
{
	struct buffer b = {0};
	bool found;

	if (in->dial->name[0] || in->choice.reason != CHOICE_BY_VARIABLE || !no)
		return false;
	found = named_entries(no->value, &b);
	if (found) {
		rule_message(in, out,
			"%s would have sent it to the relay but for an entry of %s; the host's "
			"name "
			"was not seen, so it is one of %s",
			in->choice.variable->name, no->name, buffer_string(&b));
		lines_add(&out->chain, "%s %s direct although %s=%s is set", rule_who(in),
			rule_went(in), in->choice.variable->name, in->choice.variable->value);
		lines_add(&out->chain,
			"no entry of %s covers the address, but %s may cover its name", no->name,
			buffer_string(&b));
		if (in->public_target)
			remedy_correct(in, out, no, "narrow the entry that covers the registry");
		else
			say_meant(in, out, no->name);
	}
	buffer_free(&b);
	return found;
}

/* What follows --noproxy in the arguments of curl(1), which goes before NO_PROXY; or NULL. */
static const char *noproxy_argument(const struct process *p)
{
	if (!p->name || strcmp(p->name, "curl"))
		return NULL;
	for (size_t i = 1; i + 1 < p->arg_count; i++)
		if (!strcmp(p->args[i], "--noproxy"))
			return p->args[i + 1];
	return NULL;
}

/* The variables say relay; the caller said otherwise (system-agent's install.sh does: rancher #35913). */
static bool match_by_argument(const struct rule_input *in, struct finding *out)
{
	const char *list =
		in->choice.decision == CHOICE_RELAY ? noproxy_argument(in->process) : NULL;

	if (!list)
		return false;
	rule_message(in, out, "the argument --noproxy %s sent it past the relay that %s names",
		list, in->choice.variable->name);
	lines_add(&out->chain,
		"%s %s direct although %s=%s is set: it was called with --noproxy %s", rule_who(in),
		rule_went(in), in->choice.variable->name, in->choice.variable->value, list);
	if (in->process->parent && in->process->parent->name)
		lines_add(&out->chain, "%s (pid %u) called it", in->process->parent->name,
			in->process->parent->pid);
	if (!in->public_target) {
		say_meant(in, out, "--noproxy");
		return true;
	}
	lines_add(&out->remedy, "# call it without --noproxy; where an installer decides that from "
				"NO_PROXY: name hosts "
				"and domains there, no networks, and not what is outside");
	return true;
}

bool rule_no_relay_match(const struct rule_input *in, struct finding *out)
{
	const struct variable *no =
		environment_effective(in->environment, in->family, RELAY_KIND_NO);
	const char *entry = in->choice.no_entry;
	char text[ADDRESS_TEXT];
	bool added;

	if (!rule_is_direct(in))
		return false;
	if (match_by_argument(in, out))
		return true;
	if (in->choice.reason != CHOICE_NO_LIST || !in->choice.variable)
		return match_by_elimination(in, no, out);
	added = in->effective && !list_with(in, entry);
	no = list_with(in, entry);
	if (!no)
		no = in->choice.variable;
	if (!in->public_target || rule_entry_is_exact(in, entry)) {
		if (in->latent)
			return false; /* meant so */
		rule_message(in, out,
			"the entry \"%s\" of %s sent it there without the relay; what fails is the "
			"host, or the way to it",
			entry, no->name);
		lines_add(&out->chain, "%s %s direct: the entry \"%s\" of %s covers %s",
			rule_who(in), rule_went(in), entry, no->name, rule_host(in->dial, text));
		if (added)
			lines_add(&out->chain, "RKE2 adds that entry itself, on servers");
		say_meant(in, out, no->name);
		return true;
	}
	rule_message(in, out, "the entry \"%s\" of %s %s it past the relay", entry, no->name,
		in->latent ? "sends" : "sent");
	lines_add(&out->chain, "%s %s direct although %s is set: the entry \"%s\" of %s covers %s",
		rule_who(in), rule_went(in),
		rule_effective(in) ? rule_effective(in)->name : rule_needed(in), entry, no->name,
		rule_host(in->dial, text));
	lines_add(&out->chain, "%s=%s", no->name, no->value);
	if (in->effective && no->relay.spelling == RELAY_LOWER)
		lines_add(&out->chain, "a server joins %s to NO_PROXY: both count", no->name);
	chain_source(in, out, no);
	remedy_narrow(in, out, no, entry);
	return true;
}

/* What became of the CONTAINERD_NO_ of the supervisor above, in the list that this process has. */
enum list_origin { LIST_OWN, LIST_REPLACED, LIST_SHADOWED };

static enum list_origin list_origin(const struct rule_input *in, const struct variable *no,
	const struct variable **prefixed, const struct process **containerd)
{
	const struct process *p = in->process;
	char name[64];

	while (p && p->role != ROLE_CONTAINERD)
		p = p->parent;
	if (!p || !p->parent || p->parent->role != ROLE_SUPERVISOR)
		return LIST_OWN;
	snprintf(name, sizeof(name), "CONTAINERD_%s",
		no ? no->name : relay_name_plain(in->family, RELAY_KIND_NO));
	*containerd = p;
	*prefixed = environment_get(p->parent->environment, name);
	if (!*prefixed || !(*prefixed)->value[0])
		return LIST_OWN;
	return no && strcmp(no->value, (*prefixed)->value) ? LIST_SHADOWED : LIST_REPLACED;
}

/* Is it a node's address, which is in none of the cluster's ranges? */
static bool is_node(const struct rule_input *in, const char *host)
{
	struct address a;

	if (!address_parse(host, &a) || host_is_cluster(host, 0))
		return false;
	for (size_t i = 0; i < in->cluster->cluster_count; i++)
		if (address_in_range(&a, &in->cluster->clusters[i]))
			return false;
	return true;
}

/* Where the list comes from, and so why it lacks the host. */
static void chain_list(const struct rule_input *in, struct finding *out, enum list_origin origin,
	const struct variable *prefixed, const struct process *containerd)
{
	const char *name = relay_name_plain(in->family, RELAY_KIND_NO);
	struct service s;
	bool server;

	service_of(in->process, &s);
	server = !strcmp(s.name, "rke2-server") || !strcmp(s.name, "k3s");
	if (origin == LIST_REPLACED) {
		lines_add(&out->chain,
			"CONTAINERD_%s replaces rke2's own list in containerd and all that it "
			"starts, it does not extend it",
			name);
	} else if (origin == LIST_SHADOWED) {
		char version[64];
		bool known = rke2_version_of(containerd->executable, version, sizeof(version));

		lines_add(&out->chain,
			"%s=%s was meant for containerd, and containerd (pid %u%s%s) carries "
			"another "
			"list: before v1.22.11, v1.23.8 and v1.24.2 rke2's own won over it",
			prefixed->name, prefixed->value, containerd->pid, known ? ", " : "",
			known ? version : "");
	} else if (s.kind != SERVICE_RKE2 && s.kind != SERVICE_K3S) {
		return;
	} else if (is_node(in, out->host)) {
		lines_add(&out->chain, "RKE2 adds pods, services, .svc and .cluster.local to "
				       "NO_PROXY (on servers), "
				       "never the nodes' addresses");
	} else if (!server && !s.guessed) {
		lines_add(&out->chain, "RKE2 adds the cluster's ranges to NO_PROXY on servers "
				       "only, not on agents");
	}
}

/* The cluster's by RKE2's defaults, or by this node's configuration. */
static bool is_cluster(const struct rule_input *in, const char *host, uint16_t port)
{
	struct address a;

	if (host_is_cluster(host, port))
		return true;
	if (!address_parse(host, &a))
		return false;
	for (size_t i = 0; i < in->cluster->cluster_count; i++)
		if (address_in_range(&a, &in->cluster->clusters[i]))
			return true;
	for (size_t i = 0; i < in->cluster->node_count; i++)
		if (address_equal(&a, &in->cluster->nodes[i]))
			return port_is_cluster(port);
	return false;
}

/* An agent may be told to join by the relay (k3s pkg/agent/proxy, httpproxy.go). */
static bool join_may_use_relay(const struct rule_input *in)
{
	const struct variable *v =
		environment_get(in->environment, "RKE2_AGENT_HTTP_PROXY_ALLOWED");

	if (!v)
		v = environment_get(in->environment, "K3S_AGENT_HTTP_PROXY_ALLOWED");
	return v && !strcasecmp(v->value, "true") && in->process->role == ROLE_SUPERVISOR &&
	       (in->dial->connect_port == 9345 || in->dial->connect_port == 6443);
}

bool rule_cluster_via_relay(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *no;
	const char *name = relay_name_plain(in->family, RELAY_KIND_NO);
	const struct variable *prefixed = NULL;
	const struct process *containerd = NULL;
	enum list_origin origin;

	if (!rule_to_relay(in) || (!in->latent && !rule_reached(d)) || !d->connect_port ||
		!is_cluster(in, d->connect_host, d->connect_port) || join_may_use_relay(in))
		return false;
	no = environment_effective(in->environment, in->family, RELAY_KIND_NO);
	origin = list_origin(in, no, &prefixed, &containerd);
	rule_message(in, out, "%s belongs to the cluster, and %s does not cover it",
		d->connect_host, no ? no->name : name);
	if (no)
		lines_add(&out->chain,
			"%s=%s has no entry that covers %s (a CIDR covers only "
			"addresses, a name its subdomains)",
			no->name, no->value, d->connect_host);
	else if (in->process->role == ROLE_SUPERVISOR)
		lines_add(&out->chain, "%s was started without %s", rule_who(in), name);
	else
		lines_add(&out->chain, "%s carries no %s", rule_who(in), name);
	if (no)
		chain_void(out, no);
	chain_list(in, out, origin, prefixed, containerd);
	if (no)
		chain_source(in, out, no);
	if (!no)
		lines_add(&out->missing, "%s", name);
	if (origin == LIST_SHADOWED)
		lines_add(&out->remedy,
			"# an upgrade of RKE2 lets %s count; until then the entries go into %s:",
			prefixed->name, name);
	remedy_extend_list(in, out, d->connect_host, origin == LIST_REPLACED, false);
	return true;
}

/* Has the list an entry that is a network? */
static bool list_has_network(const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ", ");
		char entry[ADDRESS_TEXT];
		struct address a;

		if (memchr(list, '/', len) && (size_t)(strchr(list, '/') - list) < sizeof(entry)) {
			memcpy(entry, list, (size_t)(strchr(list, '/') - list));
			entry[strchr(list, '/') - list] = '\0';
			if (address_parse(entry, &a))
				return true;
		}
		list += len;
		list += strspn(list, ", ");
	}
	return false;
}

void rule_networks(const struct rule_input *in, struct finding *out)
{
	const struct variable *no =
		environment_effective(in->environment, in->family, RELAY_KIND_NO);
	const char *host = in->dial->connect_host;
	const struct variable *prefixed = NULL;
	const struct process *containerd = NULL;
	struct address a;

	if (!in->dial->connect_port || address_parse(host, &a) || !no ||
		!list_has_network(no->value) ||
		(name_is_public(host) && !facts_registry_of(in->facts_kept, host)))
		return;
	lines_add(&out->chain,
		"%s=%s holds networks: Go compares them with addresses only, and never looks up %s "
		"to "
		"do so",
		no->name, no->value, host);
	chain_source(in, out, no);
	lines_add(&out->remedy,
		"# if %s is to be reached without the relay, its name has to be in %s:", host,
		no->name);
	remedy_extend_list(
		in, out, host, list_origin(in, no, &prefixed, &containerd) == LIST_REPLACED, true);
}
