// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/cluster.h"
#include "diagnose/diagnosis_facts.h"
#include "diagnose/rules_input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void rule_input_free(struct rule_input *in)
{
	environment_unref(in->effective);
	in->effective = NULL;
}

enum relay_kind rule_kind(const struct rule_input *in)
{
	return strcmp(in->scheme, "http") ? RELAY_KIND_HTTPS : RELAY_KIND_HTTP;
}

const char *rule_needed(const struct rule_input *in)
{
	return relay_name_plain(in->family, rule_kind(in));
}

const char *rule_went(const struct rule_input *in)
{
	return in->latent ? "would go" : "went";
}

void rule_endpoint(const struct rule_input *in, struct finding *out)
{
	char text[ADDRESS_TEXT];
	const char *host = rule_host(in->dial, text);
	const char *registry = facts_registry_of(in->facts_kept, host);

	if (registry && strcasecmp(registry, host))
		lines_add(&out->chain, "registries.yaml names %s as an endpoint for %s", host,
			strcmp(registry, "*") ? registry : "all registries");
}

bool rule_is_snapshot_upload(const struct rule_input *in)
{
	return in->process->role == ROLE_SUPERVISOR && facts_is_s3(in->facts_kept, in->dial->name);
}

bool rule_is_direct(const struct rule_input *in)
{
	return in->dial->path == DIAL_DIRECT ||
	       (in->dial->outcome == DIAL_UNRESOLVED && in->dial->path != DIAL_RELAY);
}

bool rule_to_relay(const struct rule_input *in)
{
	const struct variable *v = in->dial->relay_variable;

	return in->dial->path == DIAL_RELAY && (!v || relay_url_is_sound(&v->url));
}

bool rule_reached(const struct dial *d)
{
	switch (d->outcome) {
	case DIAL_RESET:
	case DIAL_NO_ANSWER:
	case DIAL_ESTABLISHED:
		return true;
	case DIAL_PENDING:
		return d->established_ns != 0;
	default:
		return false;
	}
}

const char *rule_who(const struct rule_input *in)
{
	return in->process->name && in->process->name[0] ? in->process->name : "the process";
}

const struct variable *rule_effective(const struct rule_input *in)
{
	return environment_effective(in->environment, in->family, rule_kind(in));
}

bool dial_is_local_matter(const struct dial *d)
{
	if (d->path == DIAL_LOOPBACK || d->path == DIAL_CLUSTER)
		return true;
	if (d->path == DIAL_RELAY || d->outcome == DIAL_UNRESOLVED)
		return false;
	return port_is_cluster(d->remote.port) || d->remote.port == 53 ||
	       address_is_link_local(&d->remote);
}

size_t rule_carried(const struct environment *e, enum relay_family family, enum carried sort,
	const struct variable **found, size_t max)
{
	size_t count = 0;

	for (unsigned int i = 0; i < e->count && count < max; i++) {
		const struct variable *v = &e->variables[i];
		enum carried own = CARRIED_READ;

		if (!v->is_relay || v->relay.kind == RELAY_KIND_NO || !v->value[0])
			continue;
		if (v->relay.containerd)
			own = CARRIED_PREFIXED;
		else if (v->relay.family != family || v->relay.spelling == RELAY_MIXED)
			own = CARRIED_UNREAD;
		if (own == sort)
			found[count++] = v;
	}
	return count;
}

void words_names(struct buffer *b, const struct variable *const *v, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_printf(b, "%s%s", !i ? "" : i + 1 == count ? " and " : ", ", v[i]->name);
}

void words_duration(struct buffer *b, uint64_t ns)
{
	if (ns < 1000000)
		buffer_append_string(b, "less than 1 ms");
	else if (ns < 1000000000)
		buffer_printf(b, "%" PRIu64 " ms", ns / 1000000);
	else
		buffer_printf(b, "%" PRIu64 ".%" PRIu64 " s", ns / 1000000000, ns / 100000000 % 10);
}

void words_endpoint(struct buffer *b, const char *host, uint16_t port)
{
	buffer_printf(b, strchr(host, ':') && port ? "[%s]" : "%s", host);
	if (port)
		buffer_printf(b, ":%u", port);
}

const char *words_errno(int error, char text[16])
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{EPERM, "EPERM"},
		{EACCES, "EACCES"},
		{EINVAL, "EINVAL"},
		{ENOMEM, "ENOMEM"},
		{ENOBUFS, "ENOBUFS"},
		{EMFILE, "EMFILE"},
		{EAFNOSUPPORT, "EAFNOSUPPORT"},
		{EADDRNOTAVAIL, "EADDRNOTAVAIL"},
		{ENETDOWN, "ENETDOWN"},
		{ENETUNREACH, "ENETUNREACH"},
		{EHOSTUNREACH, "EHOSTUNREACH"},
		{EHOSTDOWN, "EHOSTDOWN"},
		{ECONNREFUSED, "ECONNREFUSED"},
		{ECONNRESET, "ECONNRESET"},
		{ECONNABORTED, "ECONNABORTED"},
		{EPIPE, "EPIPE"},
		{EPROTO, "EPROTO"},
		{ETIMEDOUT, "ETIMEDOUT"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error)
			return names[i].name;
	snprintf(text, 16, "errno %d", error);
	return text;
}

void words_process(struct buffer *b, const struct process *p)
{
	const char *name = p->name && p->name[0] ? p->name : "a process";

	if (p->pid)
		buffer_printf(b, "%s (pid %u)", name, p->pid);
	else
		buffer_printf(b, "%s of %s", name, p->unit); /* as its unit would start it */
}

void words_outcome(struct buffer *b, const struct dial *d)
{
	char text[16];
	const char *after = d->at_least ? " after at least " : " after ";
	uint64_t took = d->end_ns > d->begin_ns ? d->end_ns - d->begin_ns : 0;

	switch (d->outcome) {
	case DIAL_REFUSED:
		buffer_append_string(b, "was refused");
		break;
	case DIAL_TIMEOUT:
		buffer_append_string(b, "the kernel gave up");
		break;
	case DIAL_ABANDONED:
		buffer_append_string(b, "gave up");
		break;
	case DIAL_UNREACHABLE:
		buffer_printf(b, "found it unreachable (%s)", words_errno(d->error, text));
		break;
	case DIAL_DENIED:
		buffer_printf(b, "was denied (%s)", words_errno(d->error, text));
		break;
	case DIAL_RESET:
		buffer_append_string(b, "was reset before any answer");
		break;
	case DIAL_NO_ANSWER:
		buffer_append_string(b, "got no answer");
		after = d->at_least ? " in at least " : " in ";
		break;
	case DIAL_PENDING:
		buffer_append_string(b, "was still waiting");
		break;
	case DIAL_UNRESOLVED:
		buffer_printf(b, "got no address (%s)", dns_code_name(d->dns_code, text));
		if (d->dns_code != DNS_CODE_TIMEOUT)
			return;
		break;
	case DIAL_ESTABLISHED:
		if (d->status)
			buffer_printf(b, "was answered with %u%s%s", d->status,
				d->reason[0] ? " " : "", d->reason);
		else
			buffer_append_string(b, "was connected");
		return;
	default:
		if (d->error)
			buffer_printf(b, "failed (%s)", words_errno(d->error, text));
		else
			buffer_append_string(b, "failed");
		break;
	}
	buffer_append_string(b, after);
	words_duration(b, took);
}

const char *rule_host(const struct dial *d, char text[ADDRESS_TEXT])
{
	return d->name[0] ? d->name : address_text(&d->remote, text);
}

/*
 * The name that was looked up.  Where Go takes a part of the secret as the relay's host, it is what
 * the process asked for, and is not to be shown.
 */
static const char *shown_name(const struct rule_input *in)
{
	const struct dial *d = in->dial;
	const struct variable *v = d->relay_variable;

	if (!v)
		v = environment_effective(in->environment, in->family, rule_kind(in));
	if (v && v->is_relay && v->url.faults & RELAY_FAULT_HOST_MASKED &&
		(d->path == DIAL_RELAY || !strchr(d->name, '.')))
		return "***";
	return d->name;
}

/* What it would do. */
static void words_plan(struct buffer *b, const struct rule_input *in)
{
	const struct dial *d = in->dial;

	if (in->when == PULL_NEXT_UPGRADE)
		buffer_append_string(b, "at the next upgrade ");
	words_process(b, in->process);
	buffer_append_string(b, in->when == PULL_NEXT_UPGRADE ? " will " : " would ");
	if (d->path == DIAL_RELAY && d->connect_port) {
		buffer_append_string(b, "ask the relay ");
		words_endpoint(b, d->relay_variable->url.host, d->relay_variable->url.port);
		buffer_append_string(b, " for ");
		words_endpoint(b, d->connect_host, d->connect_port);
	} else if (d->path == DIAL_RELAY) {
		buffer_printf(b, "dial what %s says", d->relay_variable->name);
	} else {
		buffer_append_string(b, "dial ");
		words_endpoint(b, d->name, d->remote.port);
		buffer_append_string(b, " directly");
	}
	if (in->when == PULL_PERHAPS)
		buffer_append_string(b, ", if it pulls");
}

void words_dial(struct buffer *b, const struct rule_input *in)
{
	const struct dial *d = in->dial;
	char text[ADDRESS_TEXT];

	if (in->latent) {
		words_plan(b, in);
		return;
	}
	words_process(b, in->process);
	if (d->outcome == DIAL_UNRESOLVED) {
		buffer_printf(b, " looked up %s and ",
			*shown_name(in) ? shown_name(in) : "a name that was not seen");
	} else if (d->path == DIAL_RELAY && d->relay_variable &&
		   relay_url_is_misread(&d->relay_variable->url)) {
		buffer_printf(b, " dialled what %s says and ", d->relay_variable->name);
	} else if (d->path == DIAL_RELAY) {
		buffer_append_string(b, " dialled the relay ");
		words_endpoint(b,
			d->relay_variable ? d->relay_variable->url.host
					  : address_text(&d->remote, text),
			d->remote.port);
		if (d->connect_port) {
			buffer_append_string(b, " for ");
			words_endpoint(b, d->connect_host, d->connect_port);
		}
		buffer_append_string(b, " and ");
	} else {
		buffer_append_string(b, " dialled ");
		words_endpoint(b, rule_host(d, text), d->remote.port);
		buffer_append_string(b, d->path == DIAL_DIRECT ? " directly and " : " and ");
	}
	words_outcome(b, d);
}

/* What the kernel saw, in one sentence without an interpretation. */
static void chain_evidence(const struct rule_input *in, struct finding *out)
{
	static const char *const saw[DIAL_OUTCOMES] = {
		[DIAL_REFUSED] = "answered with a reset (ECONNREFUSED)",
		[DIAL_TIMEOUT] = "no SYN was answered until the kernel gave up (ETIMEDOUT)",
		[DIAL_ABANDONED] =
			"no SYN was answered until the program gave up, as when a firewall drops",
		[DIAL_UNREACHABLE] = "no route, or a router said so",
		[DIAL_DENIED] = "this node itself refused the connect()",
		[DIAL_FAILED] = "the connect() failed",
		[DIAL_RESET] = "established, then reset before the peer had answered a byte",
		[DIAL_NO_ANSWER] = "established, and the peer never answered a byte",
		[DIAL_UNRESOLVED] = "no address, so no connect()",
		[DIAL_PENDING] = "still open when this was told",
		[DIAL_ESTABLISHED] = "established",
	};
	const struct dial *d = in->dial;
	struct buffer b = {0};
	char text[ADDRESS_TEXT];

	if (in->latent) {
		lines_add(&out->chain, "nothing was dialled yet: this is what %s %s would do",
			d->connect_port ? "a network plugin that asks for" : "a pull from",
			d->name);
		return;
	}
	if (d->outcome == DIAL_UNRESOLVED) {
		buffer_printf(&b, "the lookup of %s failed", shown_name(in));
	} else {
		buffer_append_string(&b, "the dial to ");
		words_endpoint(&b, address_text(&d->remote, text), d->remote.port);
		if (dial_outcome_failed(d->outcome) && d->outcome != DIAL_PENDING)
			buffer_append_string(&b, " failed");
	}
	buffer_printf(&b, ": %s", saw[d->outcome] ? saw[d->outcome] : "failed");
	if (d->name_doubtful && d->name[0])
		buffer_append_string(&b, "; another name was asked for that has the same address");
	lines_add(&out->chain, "%s", buffer_string(&b));
	buffer_free(&b);
}

void rule_message(const struct rule_input *in, struct finding *out, const char *fmt, ...)
{
	struct buffer b = {0};
	va_list ap;

	words_dial(&b, in);
	buffer_append_string(&b, ": ");
	va_start(ap, fmt);
	buffer_vprintf(&b, fmt, ap);
	va_end(ap);
	free(out->message);
	out->message = b.failed ? NULL : strdup(buffer_string(&b));
	buffer_free(&b);
	chain_evidence(in, out);
}

void rule_absent(const struct rule_input *in, struct finding *out)
{
	const char *who = rule_who(in);
	const struct environment *e = in->environment;

	if (e->origin == ENVIRONMENT_GIVEN && !environment_proves_absence(e))
		lines_add(&out->chain,
			"%s is not in what could be read of the files of %s; others were not",
			rule_needed(in), in->process->unit);
	else if (e->origin == ENVIRONMENT_GIVEN)
		lines_add(&out->chain, "%s is not in the environment that %s gives %s",
			rule_needed(in), in->process->unit, who);
	else if (environment_proves_absence(e))
		lines_add(&out->chain, "%s is not in %s's environment (%s)", rule_needed(in), who,
			e->origin == ENVIRONMENT_EXEC ? "read at exec, whole"
						      : "a snapshot of /proc, whole");
	else
		lines_add(&out->chain, "%s was not seen in %s's environment (%s)", rule_needed(in),
			who,
			e->unreadable	? "it could not be read"
			: e->truncated	? "it was not searched to its end"
			: e->first_lost ? "a snapshot of /proc whose first entry is lost"
					: "a snapshot of /proc, which proves no absence");
}

void rule_missing(const struct rule_input *in, struct finding *out)
{
	lines_add(&out->missing, "%s", rule_needed(in));
	if (in->site_says_relay)
		lines_add(&out->missing, "%s", relay_name_plain(RELAY_FAMILY_RELAY, rule_kind(in)));
	else if (in->family == RELAY_FAMILY_RELAY)
		lines_add(&out->missing, "%s", relay_name_plain(RELAY_FAMILY_PROXY, rule_kind(in)));
}

const char *rule_set(const struct rule_input *in, size_t count)
{
	if (environment_proves_absence(in->environment))
		return count == 1 ? "is set" : "are set";
	return count == 1 ? "was seen in its environment" : "were seen in its environment";
}

void rule_targets(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *v = d->relay_variable;
	char text[ADDRESS_TEXT];
	bool resolved = d->outcome != DIAL_UNRESOLVED;

	if (in->latent) {
		snprintf(out->host, sizeof(out->host), "%s", d->name);
		out->port = d->remote.port;
		return;
	}
	if (d->path == DIAL_RELAY) {
		if (resolved && !d->remote.hidden)
			address_text(&d->remote, out->relay_ip);
		snprintf(out->relay_host, sizeof(out->relay_host), "%s",
			v ? v->url.host : out->relay_ip);
		out->relay_port = resolved || !v ? d->remote.port : v->url.port;
		out->relay_status = d->status;
		if (d->connect_port) {
			struct address a;

			snprintf(out->host, sizeof(out->host), "%s", d->connect_host);
			if (address_parse(d->connect_host, &a))
				address_text(&a, out->ip);
			out->port = d->connect_port;
			return;
		}
	}
	snprintf(out->host, sizeof(out->host), "%s",
		d->remote.hidden ? "***"
		: resolved	 ? d->name
				 : shown_name(in));
	if (resolved) {
		if (!d->remote.hidden)
			snprintf(out->ip, sizeof(out->ip), "%s", address_text(&d->remote, text));
		out->port = d->remote.port;
	}
}
