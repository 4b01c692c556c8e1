// SPDX-License-Identifier: GPL-2.0-only
/* The relay was the target: it is not there, refuses, cannot or does not speak HTTP. */
#include "diagnose/cluster.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <string.h>

static const char *variable_name(const struct rule_input *in)
{
	return in->dial->relay_variable ? in->dial->relay_variable->name : rule_needed(in);
}

static void chain_variable(const struct rule_input *in, struct finding *out)
{
	const struct variable *v = in->dial->relay_variable;

	if (!v)
		return;
	lines_add(&out->chain, "%s=%s in %s's environment names that relay", v->name, v->value,
		rule_who(in));
	if (v->url.faults & RELAY_FAULT_NO_PORT)
		lines_add(&out->chain, "no port given in %s: %u assumed", v->name,
			(unsigned int)v->url.port);
	chain_source(in, out, v);
}

bool rule_relay_unresolved(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *v;

	if (d->outcome != DIAL_UNRESOLVED)
		return false;
	v = d->path == DIAL_RELAY ? d->relay_variable
				  : relays_variable_of_host(in->environment, d->name);
	if (!v || !relay_url_is_sound(&v->url))
		return false;
	rule_message(in, out, "that is the relay which %s names, and its name does not resolve",
		v->name);
	lines_add(
		&out->chain, "%s=%s in %s's environment names it", v->name, v->value, rule_who(in));
	chain_source(in, out, v);
	snprintf(out->host, sizeof(out->host), "%s", v->url.host);
	snprintf(out->relay_host, sizeof(out->relay_host), "%s", v->url.host);
	out->port = out->relay_port = v->url.port;
	lines_add(&out->remedy, "getent ahosts '%s'   # as this node resolves it", v->url.host);
	remedy_correct(in, out, v, "a full name that the node's resolver knows, or the address");
	return true;
}

bool rule_relay_unreachable(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *v = d->relay_variable;
	bool assumed = v && v->url.faults & RELAY_FAULT_NO_PORT;

	if (!rule_to_relay(in) || rule_reached(d))
		return false;
	if (assumed)
		rule_message(in, out,
			"the relay that %s names cannot be reached from this node (no port given, "
			"%u assumed)",
			variable_name(in), (unsigned int)v->url.port);
	else
		rule_message(in, out, "the relay that %s names cannot be reached from this node",
			variable_name(in));
	chain_variable(in, out);
	snprintf(out->host, sizeof(out->host), "%s", v ? v->url.host : out->relay_host);
	snprintf(out->ip, sizeof(out->ip), "%s", out->relay_ip);
	out->port = out->relay_port;
	lines_add(&out->remedy,
		"timeout 5 bash -c '</dev/tcp/%s/%u' && echo open   # from this node",
		out->relay_ip, out->relay_port);
	lines_add(&out->remedy,
		"# if it stays shut: the relay is down, or a firewall stands between");
	if (v)
		remedy_correct(in, out, v,
			assumed ? "give the relay's port" : "the relay's right host and port");
	return true;
}

/* A status that a relay answered to this dial; 0 where it is not for the relay-* rules. */
static unsigned int relay_status(const struct rule_input *in)
{
	return rule_to_relay(in) && dial_answer_refuses(in->dial) ? in->dial->status : 0;
}

/* "CONNECT host:443", "GET http://host" or "the request". */
static void words_request(struct buffer *b, const struct dial *d)
{
	bool forwards = dial_forwards(d);

	if (!d->connect_port) {
		buffer_append_string(b, "the request");
		return;
	}
	buffer_printf(b, "%s %s", forwards ? d->method : "CONNECT", forwards ? "http://" : "");
	words_endpoint(b, d->connect_host, d->connect_port);
}

/* "the relay 10.77.9.1:3128 refused CONNECT host:443 with 403 (Forbidden)": without who and when. */
static void answer_message(
	const struct rule_input *in, struct finding *out, const char *verb, const char *advice)
{
	const struct dial *d = in->dial;
	/* Whose answer it is cannot be told from the status line: no error is claimed. */
	bool anybody = dial_forwards(d) && d->status && d->status != 407;
	struct buffer b = {0};

	words_process(&b, in->process);
	buffer_append_string(&b, ": relay ");
	words_endpoint(&b, out->relay_host, out->relay_port);
	buffer_printf(&b, " %s ", anybody ? "answered" : verb);
	words_request(&b, d);
	if (d->status)
		buffer_printf(&b, " with %u%s%s%s", d->status, d->reason[0] ? " (" : "", d->reason,
			d->reason[0] ? ")" : "");
	buffer_printf(&b, ": %s", advice);
	out->message = b.failed ? NULL : strdup(buffer_string(&b));
	buffer_free(&b);
	chain_variable(in, out);
	if (anybody) {
		out->severity = SEVERITY_WARNING;
		lines_add(&out->chain,
			"the request is for plain http: the answer is the relay's own, or %s's, "
			"which the relay hands on",
			d->connect_port ? d->connect_host : "the host");
	}
}

bool rule_relay_auth(const struct rule_input *in, struct finding *out)
{
	const struct variable *v = in->dial->relay_variable;
	bool credentials = v && v->url.faults & RELAY_FAULT_CREDENTIALS;

	if (relay_status(in) != 407)
		return false;
	answer_message(in, out, "refused",
		credentials ? "the user and password given did not satisfy it"
			    : "it wants a user and password, and the URL has none");
	lines_add(&out->chain, "%s %s", variable_name(in),
		credentials ? "carries a user and password, and the relay refused them"
			    : "carries no user and password");
	if (credentials && v->url.faults & RELAY_FAULT_QUOTES) {
		lines_add(
			&out->chain, "quotes within the URL are part of the user or the password");
		remedy_unquote(in, out, v);
	}
	if (v)
		remedy_correct(in, out, v,
			credentials ? "correct the user and password (each special character as "
				      "%XX, no quotes within)"
				    : "write it as http://USER:PASSWORD@HOST:PORT (each special "
				      "character as %XX)");
	return true;
}

bool rule_relay_forbidden(const struct rule_input *in, struct finding *out)
{
	unsigned int status = relay_status(in);

	if (status != 403 && status != 401 && status != 429 && status != 451)
		return false;
	answer_message(in, out, "refused", "as when its allow list lacks that host or this node");
	if (dial_forwards(in->dial)) {
		rule_networks(in, out);
		lines_add(&out->remedy,
			"# on the relay: allow http://%s from this node, and see its log",
			in->dial->connect_host);
		return true;
	}
	lines_add(&out->chain, "the relay was reached and answered; the refusal is its policy");
	rule_networks(in, out);
	lines_add(&out->remedy, "# on the relay: allow CONNECT to %s%s from this node",
		in->dial->connect_port ? in->dial->connect_host : "the registry's hosts",
		in->dial->connect_port == 443 ? ":443" : "");
	lines_add(&out->remedy,
		"# Docker Hub needs: index.docker.io registry-1.docker.io auth.docker.io "
		"production.cloudflare.docker.com production.cloudfront.docker.com");
	return true;
}

/* The relay let the host pass, and the tunnel ended before the host had said a word of TLS. */
static bool tunnel_broke(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	struct buffer b = {0};

	if (!rule_to_relay(in) || d->status / 100 != 2 ||
		(d->outcome != DIAL_RESET && d->outcome != DIAL_NO_ANSWER))
		return false;
	words_process(&b, in->process);
	buffer_append_string(&b, " asked relay ");
	words_endpoint(&b, out->relay_host, out->relay_port);
	buffer_append_string(&b, " for CONNECT ");
	words_endpoint(&b, d->connect_host, d->connect_port);
	buffer_printf(&b, " and was answered %u; then, in the tunnel, it ", d->status);
	words_outcome(&b, d);
	buffer_append_string(&b, ": no ServerHello came through");
	out->message = b.failed ? NULL : strdup(buffer_string(&b));
	buffer_free(&b);
	chain_variable(in, out);
	lines_add(&out->chain,
		"the ClientHello was sent into the tunnel, and no ServerHello came back");
	lines_add(&out->chain,
		"the relay was reached and lets the host pass: what ended it is the relay's own "
		"way to "
		"%s, that host, or a filter that looks at its name",
		d->connect_host);
	lines_add(&out->remedy, "# on the relay: resolve and reach %s from there, and see its log",
		d->connect_host);
	lines_add(&out->remedy,
		"curl -sv -m 20 -o /dev/null -x http://%s:%u https://%s/v2/   # from this node",
		out->relay_ip, out->relay_port, d->connect_host);
	return true;
}

bool rule_relay_upstream(const struct rule_input *in, struct finding *out)
{
	unsigned int status = relay_status(in);

	if (tunnel_broke(in, out))
		return true;
	if (status < 500 || status > 599 || status == 501)
		return false;
	answer_message(in, out, "could not serve",
		status == 511 ? "the network there wants a login first (a captive portal)"
			      : "the relay works, but it could not reach or resolve that host");
	if (!dial_forwards(in->dial))
		lines_add(&out->chain,
			"the relay answered %u: the fault is behind it, not on this node", status);
	rule_networks(in, out);
	lines_add(&out->remedy, "# on the relay: resolve and reach %s from there, and see its log",
		in->dial->connect_port ? in->dial->connect_host : "the registry");
	return true;
}

bool rule_relay_protocol(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;
	const struct variable *v = d->relay_variable;
	unsigned int status = relay_status(in);
	uint32_t scheme =
		v ? v->url.faults & (RELAY_FAULT_HTTPS_SCHEME | RELAY_FAULT_SOCKS_SCHEME) : 0;
	bool tls = scheme & RELAY_FAULT_HTTPS_SCHEME;
	bool odd_status = status && status != 407;
	bool odd_bytes = d->replied &&
			 (d->reply_kind == REPLY_GARBAGE || (d->reply_kind == REPLY_TLS && !tls));
	bool mismatch =
		scheme && !d->replied && (d->outcome == DIAL_RESET || d->outcome == DIAL_NO_ANSWER);

	if (!rule_to_relay(in) || !(odd_status || odd_bytes || mismatch))
		return false;
	answer_message(in, out, "did not accept",
		tls ? "the URL says https://, and this relay does not speak TLS there"
		: scheme & RELAY_FAULT_SOCKS_SCHEME
			? "the URL says socks5://, and this relay does not speak SOCKS there"
		: status ? "this is no answer of a relay"
			 : "what it answered is not HTTP");
	lines_add(&out->chain,
		scheme ? "the scheme of %s decides what is spoken to the relay: http:// "
			 "is a plain relay, whatever is fetched through it"
		       : "what answers where %s points is no HTTP relay",
		variable_name(in));
	if (v && scheme)
		remedy_plain_scheme(in, out, v);
	if (v)
		remedy_correct(in, out, v,
			scheme ? "write http:// in front" : "the port of the HTTP relay");
	return true;
}

bool rule_relay_silent(const struct rule_input *in, struct finding *out)
{
	const struct dial *d = in->dial;

	if (!rule_to_relay(in) || !rule_reached(d) || d->replied || d->outcome == DIAL_ESTABLISHED)
		return false;
	rule_message(in, out, "the relay took the connection and %s",
		d->outcome == DIAL_RESET ? "closed it without an answer" : "answered nothing");
	chain_variable(in, out);
	lines_add(&out->remedy,
		"# on the relay: is it overloaded, can it resolve and reach the host; see its log");
	lines_add(&out->remedy,
		"curl -sv -m 20 -o /dev/null -x http://%s:%u https://%s/v2/   # from this node",
		out->relay_ip, out->relay_port,
		d->connect_port ? d->connect_host : "index.docker.io");
	return true;
}
