// SPDX-License-Identifier: GPL-2.0-only
/* What the process carries explains that it went direct. */
#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CARRIED_MAX 8

static const char *who(const struct rule_input *in)
{
	return in->process->name ? in->process->name : "the process";
}

/* The variable that Go takes for this dial's scheme, where it is set. */
static const struct variable *effective(const struct rule_input *in)
{
	return environment_effective(in->environment, in->family, rule_kind(in));
}

/* Of several, the one for the dial's own scheme, else the first. */
static const struct variable *best_of(
	const struct rule_input *in, const struct variable **v, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (v[i]->relay.kind == rule_kind(in))
			return v[i];
	return v[0];
}

/* The faults of a value in words: "quotes, host-cut". */
static void words_faults(struct buffer *b, uint32_t faults)
{
	bool first = true;

	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(faults & bit))
			continue;
		buffer_printf(b, "%s%s", first ? "" : ", ", relay_fault_name(bit));
		first = false;
	}
}

bool rule_value_misread(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *v = d->path == DIAL_RELAY ? d->relay_variable : effective(in);
	bool masked, looked_up;
	struct buffer b = {0};

	if (!v || !relay_url_is_misread(&v->url))
		return false;
	masked = v->url.faults & RELAY_FAULT_HOST_MASKED;
	looked_up = d->outcome == DIAL_UNRESOLVED &&
		    (d->path == DIAL_RELAY || !strcasecmp(d->name, v->url.host) ||
			    (masked && !strchr(d->name, '.')));
	if (d->path != DIAL_RELAY && !looked_up)
		return false;
	words_faults(&b, v->url.faults & RELAY_FAULTS_MISREAD);
	rule_message(in, out,
		"the value of %s is misread (%s): Go takes \"%s\" as the relay's host", v->name,
		buffer_string(&b), v->url.host);
	lines_add(&out->chain, "%s=%s is not what was meant: %s", v->name, v->value,
		buffer_string(&b));
	lines_add(&out->chain,
		"Go's url.Parse finds host \"%s\" in it, port %u, and asks no further", v->url.host,
		(unsigned int)v->url.port);
	chain_source(in, out, v);
	remedy_mend_value(in, out, v);
	remedy_correct(in, out, v,
		"http://HOST:PORT or http://USER:PASSWORD@HOST:PORT without quotes or spaces "
		"within, "
		"special characters of the password as %XX, nothing that a shell would expand");
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
		v = effective(in);
	if (!v)
		return false;
	words_faults(&b, v->url.faults & ~RELAY_FAULTS_REMARKS);
	rule_message(in, out,
		"%s is set, but Go cannot parse its value (%s) and silently goes direct", v->name,
		buffer_string(&b));
	lines_add(&out->chain, "%s %s direct: a relay URL that url.Parse refuses counts as none",
		who(in), rule_went(in));
	lines_add(&out->chain, "%s=%s has the fault %s", v->name, v->value, buffer_string(&b));
	chain_source(in, out, v);
	remedy_mend_value(in, out, v);
	remedy_correct(in, out, v,
		v->url.faults & RELAY_FAULT_BAD_ESCAPE
			? "write a % of the password as %25 (in a unit file's Environment= as %%25)"
		: v->url.faults & RELAY_FAULT_CONTROL
			? "take the control character (a CR, from a file with DOS line ends) off"
			: "no space before it, and nothing but a URL");
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
			buffer_string(&b), who(in), rule_needed(in));
	rule_absent(in, out);
	if (v->relay.family != in->family)
		lines_add(&out->chain,
			"%s=%s is carried: nothing in rke2, containerd or Go reads a name in _%s",
			v->name, v->value, relay_name_family(v->relay.family));
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

/* Does the entry name just this host, not a domain or a network that holds it? */
static bool entry_is_exact(const struct rule_input *in, const char *entry)
{
	char text[ADDRESS_TEXT];
	const char *host = rule_host(in->dial, text);
	size_t len = strlen(host);

	return !strncasecmp(entry, host, len) && (!entry[len] || entry[len] == ':');
}

static void say_meant(const struct rule_input *in, struct finding *out, const char *no_name)
{
	char text[ADDRESS_TEXT];
	const char *host = rule_host(in->dial, text);

	lines_add(&out->chain, "that is most likely meant so: the host itself does not answer");
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
		lines_add(&out->chain, "%s %s direct although %s=%s is set", who(in), rule_went(in),
			in->choice.variable->name, in->choice.variable->value);
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
		"%s %s direct although %s=%s is set: it was called with --noproxy %s", who(in),
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

	if (!rule_is_direct(in))
		return false;
	if (match_by_argument(in, out))
		return true;
	if (in->choice.reason != CHOICE_NO_LIST || !no)
		return match_by_elimination(in, no, out);
	if (!in->public_target || entry_is_exact(in, entry)) {
		if (in->latent)
			return false; /* meant so */
		rule_message(in, out,
			"the entry \"%s\" of %s sent it there without the relay, and the host does "
			"not "
			"answer",
			entry, no->name);
		lines_add(&out->chain, "%s %s direct: the entry \"%s\" of %s covers %s", who(in),
			rule_went(in), entry, no->name, rule_host(in->dial, text));
		say_meant(in, out, no->name);
		return true;
	}
	rule_message(in, out, "the entry \"%s\" of %s %s it past the relay", entry, no->name,
		in->latent ? "sends" : "sent");
	lines_add(&out->chain, "%s %s direct although %s is set: the entry \"%s\" of %s covers %s",
		who(in), rule_went(in), effective(in) ? effective(in)->name : rule_needed(in),
		entry, no->name, rule_host(in->dial, text));
	lines_add(&out->chain, "%s=%s", no->name, no->value);
	chain_source(in, out, no);
	remedy_drop_entry(in, out, no, entry);
	remedy_correct(in, out, no,
		!strcmp(entry, "*") ? "\"*\" turns every relay off: list only what is internal"
				    : "take that entry out, or narrow it to the internal hosts");
	return true;
}

bool rule_scheme_uncovered(const struct rule_input *in, struct finding *out)
{
	const struct variable *found[CARRIED_MAX], *v;
	struct buffer b = {0};
	size_t count;

	if (!rule_is_direct(in) || effective(in))
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

/* Would containerd, which gets the prefixed ones, go direct for this host by its NO_ list too? */
static bool containerd_goes_direct(const struct rule_input *in)
{
	struct environment *e = environment_of_containerd(in->environment);
	char text[ADDRESS_TEXT];
	struct choice c = {0};

	if (!e)
		return false;
	choice_for_host(
		e, in->family, in->scheme, rule_host(in->dial, text), in->dial->remote.port, &c);
	environment_unref(e);
	return c.reason == CHOICE_NO_LIST;
}

bool rule_containerd_scope(const struct rule_input *in, struct finding *out)
{
	const struct variable *found[CARRIED_MAX], *v;
	struct buffer b = {0};
	size_t count;

	if (!rule_is_direct(in) ||
		rule_carried(in->environment, in->family, CARRIED_READ, found, 1))
		return false;
	count = rule_carried(in->environment, in->family, CARRIED_PREFIXED, found, CARRIED_MAX);
	if (!count || containerd_goes_direct(in))
		return false;
	v = best_of(in, found, count);
	words_names(&b, found, count);
	rule_message(in, out, "only %s %s, and %s containerd alone", buffer_string(&b),
		rule_set(in, count), count == 1 ? "that reaches" : "those reach");
	lines_add(&out->chain,
		"%s %s direct: it reads %s, and no variable without the prefix names "
		"a relay",
		who(in), rule_went(in), rule_needed(in));
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
	rule_missing(in, out);
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
	if (s.kind == SERVICE_NONE || s.guessed || !in->facts ||
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

	/* Before any dial: a node where nobody has a relay needs none. */
	if (!rule_is_direct(in) || !in->public_target || (in->latent && !known) ||
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
	lines_add(&out->chain, "%s %s direct: no variable names a relay", who(in), rule_went(in));
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
			who(in));
	else if (in->process->role == ROLE_CREDENTIAL_PROVIDER)
		lines_add(&out->chain,
			"a credential provider has the environment of kubelet, which is rke2's");
	if (known && known->pid != in->process->pid && !strcmp(known->holder, who(in)))
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

bool rule_case_conflict(const struct rule_input *in, struct finding *out)
{
	const struct environment *e = in->environment;

	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *upper = &e->variables[i];

		if (!upper->is_relay || upper->relay.spelling != RELAY_UPPER || !upper->value[0])
			continue;
		for (unsigned int j = 0; j < e->count; j++) {
			const struct variable *lower = &e->variables[j];

			if (!lower->is_relay || lower->relay.spelling != RELAY_LOWER ||
				lower->relay.family != upper->relay.family ||
				lower->relay.kind != upper->relay.kind ||
				lower->relay.containerd != upper->relay.containerd ||
				!lower->value[0] || !strcmp(lower->value, upper->value))
				continue;
			out->severity = SEVERITY_WARNING;
			rule_message(in, out,
				"%s and %s are both set, to different values; Go takes "
				"the upper case one",
				upper->name, lower->name);
			lines_add(&out->chain, "%s=%s wins", upper->name, upper->value);
			lines_add(&out->chain,
				"%s=%s is ignored by Go (curl does the reverse for "
				"http_proxy)",
				lower->name, lower->value);
			remedy_correct(in, out, lower,
				"keep one spelling, upper case, and take this "
				"one away");
			return true;
		}
	}
	return false;
}
