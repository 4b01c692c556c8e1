// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_choice.h"

#include "relay/go_url.h"
#include "relay/no_list.h"
#include "relay/relay_address.h"

#include <stdio.h>
#include <string.h>

static void choose(struct choice *c, enum choice_decision decision, enum choice_reason reason,
	const struct variable *variable)
{
	c->decision = decision;
	c->reason = reason;
	c->variable = variable;
}

/* net.JoinHostPort and back: what does not survive the round trip is dialled directly. */
static bool split_again(struct buffer *joined, const char *host, const char *port,
	struct text *host_out, struct text *port_out)
{
	struct buffer ascii = {0};
	struct text plain = {host, strlen(host)};

	if (text_append_idna(&ascii, plain))
		plain = (struct text){buffer_string(&ascii), ascii.len};
	if (memchr(plain.at, ':', plain.len))
		buffer_printf(joined, "[%.*s]:%s", (int)plain.len, plain.at, port);
	else
		buffer_printf(joined, "%.*s:%s", (int)plain.len, plain.at, port);
	buffer_free(&ascii);
	return text_split_host_port(
		(struct text){buffer_string(joined), joined->len}, host_out, port_out);
}

/* httpproxy.useProxy: no relay for loopback, and for what the NO_ list names. */
static void choose_by_host(struct choice *c, const struct environment *e,
	const struct variable *relay, const char *host_text, const char *port_text)
{
	const struct variable *no = environment_effective(e, c->family, RELAY_KIND_NO);
	struct buffer joined = {0};
	struct text host, port, entry;
	struct go_ip address;

	if (!split_again(&joined, host_text, port_text, &host, &port)) {
		choose(c, CHOICE_DIRECT, CHOICE_BAD_HOST, NULL);
	} else if (text_equals(host, "localhost") ||
		   (go_ip_parse(host, &address) && go_ip_is_loopback(&address))) {
		choose(c, CHOICE_DIRECT, CHOICE_LOOPBACK, NULL);
	} else if (no && no_list_match(no->value, host, port, &entry)) {
		choose(c, CHOICE_DIRECT, CHOICE_NO_LIST, no);
		if (entry.len >= sizeof(c->no_entry))
			entry.len = sizeof(c->no_entry) - 1;
		memcpy(c->no_entry, entry.at, entry.len);
	} else {
		choose(c, CHOICE_RELAY, CHOICE_BY_VARIABLE, relay);
		c->relay = relay->url;
	}
	buffer_free(&joined);
}

/* One for this scheme under a name that is not read: prefixed, of the other family, Mixed_Case. */
static const struct variable *find_unread(const struct environment *e, enum relay_kind kind)
{
	for (unsigned int i = 0; e && i < e->count; i++)
		if (e->variables[i].is_relay && e->variables[i].relay.kind == kind &&
			e->variables[i].value[0])
			return &e->variables[i];
	return NULL;
}

/* Direct for want of a variable; is there one that its owner may have thought would do? */
static void choose_none(struct choice *c, const struct environment *e)
{
	enum relay_kind other = c->kind == RELAY_KIND_HTTPS ? RELAY_KIND_HTTP : RELAY_KIND_HTTPS;

	choose(c, CHOICE_DIRECT, CHOICE_SCHEME_UNCOVERED, NULL);
	c->unused = environment_effective(e, c->family, other);
	if (!c->unused)
		c->unused = environment_effective(e, c->family, RELAY_KIND_ALL);
	if (c->unused)
		return;
	c->reason = CHOICE_NO_VARIABLE;
	c->unused = find_unread(e, c->kind);
}

static void choose_by_scheme(struct choice *c, const struct environment *e, const char *scheme,
	const char *host, const char *port)
{
	const struct variable *relay, *method = environment_get(e, "REQUEST_METHOD");
	bool https = strcmp(scheme, "https") == 0;

	if (!https && strcmp(scheme, "http") != 0) {
		choose(c, CHOICE_DIRECT, CHOICE_SCHEME_UNKNOWN, NULL);
		return;
	}
	c->kind = https ? RELAY_KIND_HTTPS : RELAY_KIND_HTTP;
	relay = environment_effective(e, c->family, c->kind);
	if (!relay) {
		choose_none(c, e);
	} else if (relay->url.use == RELAY_DROPPED) {
		choose(c, CHOICE_DIRECT, CHOICE_VALUE_DROPPED, relay);
	} else if (!https && method && method->value[0]) {
		choose(c, CHOICE_ERROR, CHOICE_REQUEST_METHOD, relay);
	} else {
		choose_by_host(c, e, relay, host, port[0] ? port : https ? "443" : "80");
	}
}

void choice_for_url(
	const struct environment *e, enum relay_family family, const char *url, struct choice *out)
{
	struct go_url parsed;

	memset(out, 0, sizeof(*out));
	out->family = family;
	if (go_url_parse(url, strlen(url), false, &parsed) != GO_URL_OK) {
		choose(out, CHOICE_ERROR, CHOICE_BAD_URL, NULL);
		return;
	}
	choose_by_scheme(out, e, parsed.scheme, parsed.host, parsed.port);
}

void choice_for_host(const struct environment *e, enum relay_family family, const char *scheme,
	const char *host, uint16_t port, struct choice *out)
{
	char digits[8] = "";

	memset(out, 0, sizeof(*out));
	out->family = family;
	if (port)
		snprintf(digits, sizeof(digits), "%u", port);
	choose_by_scheme(out, e, scheme, host, digits);
}

static void no_variable_text(const struct choice *c, const char *plain, char *text, size_t size)
{
	const struct variable *unused = c->unused;

	if (!unused)
		snprintf(text, size, "%s is not set", plain);
	else if (unused->relay.containerd)
		snprintf(text, size, "%s is not set; %s reaches rke2's containerd alone", plain,
			unused->name);
	else if (unused->relay.family != c->family)
		snprintf(text, size, "%s is not set; %s is not what this program reads", plain,
			unused->name);
	else
		snprintf(text, size, "%s is not set; Go does not read the spelling %s", plain,
			unused->name);
}

static const char *scheme_name(const struct choice *c)
{
	return c->kind == RELAY_KIND_HTTPS ? "https" : "http";
}

const char *choice_reason_text(const struct choice *c, char *text, size_t size)
{
	const char *plain = relay_name_plain(c->family, c->kind);
	const char *name = c->variable ? c->variable->name : plain;

	switch (c->reason) {
	case CHOICE_BY_VARIABLE:
		snprintf(text, size, "%s names it", name);
		break;
	case CHOICE_NO_VARIABLE:
		no_variable_text(c, plain, text, size);
		break;
	case CHOICE_VALUE_DROPPED:
		snprintf(text, size, "%s is set, but Go cannot parse it and silently goes direct",
			name);
		break;
	case CHOICE_LOOPBACK:
		snprintf(text, size, "localhost and loopback addresses are never relayed");
		break;
	case CHOICE_NO_LIST:
		snprintf(text, size, "the entry %s of %s matches", c->no_entry, name);
		break;
	case CHOICE_SCHEME_UNCOVERED:
		snprintf(text, size, "%s is set, but does nothing for %s, which needs %s",
			c->unused->name, scheme_name(c), plain);
		break;
	case CHOICE_SCHEME_UNKNOWN:
		snprintf(text, size, "only http and https are relayed");
		break;
	case CHOICE_REQUEST_METHOD:
		snprintf(text, size,
			"REQUEST_METHOD is set, so Go refuses %s as a CGI program must", name);
		break;
	case CHOICE_BAD_URL:
		snprintf(text, size, "Go cannot parse this URL");
		break;
	case CHOICE_BAD_HOST:
		snprintf(text, size, "Go cannot part host and port of this URL, and goes direct");
		break;
	}
	return text;
}
