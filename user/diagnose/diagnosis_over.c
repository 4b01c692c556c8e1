// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_over.h"

#include "base/buffer.h"
#include "diagnose/diagnosis_relays.h"
#include "diagnose/rules_input.h"

#include <string.h>
#include <strings.h>

/* How a finding came to be over. */
enum over {
	OVER_NOT,
	OVER_REACHED,	/* its target was reached */
	OVER_OTHER_WAY, /* another relay was reached, and nothing names its own any more */
	OVER_VARIABLE,	/* the variable that was missing or wrong is there, and a relay is asked */
	OVER_RELAY,	/* its relay lets requests through, if not yet one for its target */
};

static bool is_rule(const struct finding *f, const char *const *ids)
{
	for (; *ids; ids++)
		if (!strcmp(f->rule->id, *ids))
			return true;
	return false;
}

static bool same_host(const struct finding *f, const char *host, const char *ip, uint16_t port)
{
	if (f->port && port && f->port != port)
		return false;
	if (f->host[0] && host[0])
		return !strcasecmp(f->host, host);
	return f->ip[0] && !strcmp(f->ip, ip);
}

/* Is it about a tunnel that the relay had granted? */
static bool is_tunnel(const struct finding *f)
{
	return f->relay_status / 100 == 2;
}

static bool is_relay_of(const struct finding *f, const char *host, uint16_t port)
{
	return port == f->relay_port &&
	       (!strcasecmp(host, f->relay_host) || (f->relay_ip[0] && !strcmp(host, f->relay_ip)));
}

/* Does d go to the relay that f tells of, by its name or by its address? */
static bool same_relay(const struct finding *f, const struct dial *d, const char *ip)
{
	return is_relay_of(f, ip, d->remote.port) ||
	       (d->relay_variable && is_relay_of(f, d->relay_variable->url.host, d->remote.port));
}

/* Is it proved that nothing in e by which a program of that family chooses names f's relay? */
static bool names_no_more(
	const struct environment *e, enum relay_family family, const struct finding *f)
{
	static const enum relay_kind kinds[] = {RELAY_KIND_HTTP, RELAY_KIND_HTTPS, RELAY_KIND_ALL};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct variable *v = environment_effective(e, family, kinds[i]);

		if (v && (v->value_cut || is_relay_of(f, v->url.host, v->url.port)))
			return false;
	}
	return environment_proves_absence(e);
}

/*
 * What a success by way of a relay proves.  A cause that lies in the way to a relay is gone once that
 * relay is reached, or another one in its place; one in the variables once the same role uses a relay
 * for the scheme; one in the list, the relay's policy or the host only once the relay has let that
 * host through.
 */
static enum over over_by_relay(
	const struct finding *f, const struct dial *d, enum success success, const char *ip)
{
	static const char *const by_variable[] = {"containerd-scope", "relay-missing",
		"name-unread", "scheme-uncovered", "value-dropped", "value-misread", "direct-reset",
		"resolver-failed", "env-file-invalid", "env-file-unloaded", "env-file-stale", NULL};
	static const char *const by_way[] = {"relay-unreachable", "relay-unresolved", NULL};
	static const char *const by_relay[] = {
		"relay-auth", "relay-protocol", "relay-silent", NULL};
	bool through = d->replied && d->status >= 200 && !dial_answer_refuses(d);
	const struct variable *v;

	if (is_rule(f, by_way)) {
		if (same_relay(f, d, ip))
			return OVER_REACHED;
		/* A machine called "http" by a wildcard is no relay. */
		if (!d->relay_variable || !relay_url_is_sound(&d->relay_variable->url))
			return OVER_NOT;
		return names_no_more(d->environment, d->relay_variable->relay.family, f)
			       ? OVER_OTHER_WAY
			       : OVER_NOT;
	}
	if (success == SUCCESS_REACHED || (is_tunnel(f) && success != SUCCESS_LASTED))
		return OVER_NOT;
	if (through && d->connect_port && f->host[0] &&
		same_host(f, d->connect_host, "", d->connect_port))
		return OVER_REACHED;
	if (is_rule(f, by_variable)) {
		v = environment_effective(d->environment,
			d->relay_variable ? d->relay_variable->relay.family : RELAY_FAMILY_PROXY,
			f->port == 80 ? RELAY_KIND_HTTP : RELAY_KIND_HTTPS);
		if (v && relay_url_is_sound(&v->url))
			return OVER_VARIABLE;
	}
	return through && is_rule(f, by_relay) && same_relay(f, d, ip) ? OVER_RELAY : OVER_NOT;
}

static enum over over_by_direct(const struct finding *f, const struct dial *d, const char *ip)
{
	/* A finding about a connection that was made and then failed is not closed by one more. */
	if (f->dial && f->dial->path != DIAL_RELAY &&
		(f->dial->outcome == DIAL_RESET || f->dial->outcome == DIAL_NO_ANSWER ||
			f->dial->established_ns))
		return OVER_NOT;
	return same_host(f, d->name, ip, d->remote.port) ? OVER_REACHED : OVER_NOT;
}

static void words_relay(struct buffer *b, const struct dial *d, const char *ip)
{
	buffer_append_string(b, "the relay ");
	words_endpoint(b, d->relay_variable ? d->relay_variable->url.host : ip, d->remote.port);
}

/* "the relay 10.77.9.1:3128 lets quay.io:443 through", or what else was seen of it. */
static void words_asked(struct buffer *b, const struct dial *d, const char *ip)
{
	bool through = d->replied && d->status >= 200 && !dial_answer_refuses(d);

	words_relay(b, d, ip);
	buffer_append_string(b, through ? " lets " : " is asked");
	if (d->connect_port) {
		buffer_append_string(b, through ? "" : " for ");
		words_endpoint(b, d->connect_host, d->connect_port);
	} else {
		buffer_append_string(b, through ? "requests" : "");
	}
	buffer_append_string(b, through ? " through" : "");
}

static char *words_over(
	enum over over, const struct finding *f, const struct dial *d, const char *ip)
{
	bool target = f->host[0] || f->ip[0];
	struct buffer b = {0};

	if (over == OVER_RELAY)
		buffer_append_string(&b, "what stopped ");
	if (target)
		words_endpoint(&b, f->host[0] ? f->host : f->ip, f->port);
	else
		buffer_append_string(&b, "it");
	switch (over) {
	case OVER_REACHED:
		buffer_append_string(&b, " is reached again");
		break;
	case OVER_OTHER_WAY:
		buffer_append_string(&b, " is no longer the way: ");
		words_relay(&b, d, ip);
		buffer_append_string(&b, " is reached in its place");
		break;
	case OVER_VARIABLE:
		buffer_append_string(&b, " no longer goes that way: ");
		words_asked(&b, d, ip);
		break;
	case OVER_RELAY:
		buffer_append_string(&b, " is over: ");
		words_asked(&b, d, ip);
		break;
	case OVER_NOT:
		break;
	}
	if (!b.failed)
		return b.data;
	buffer_free(&b);
	return NULL;
}

bool finding_is_over(
	const struct finding *f, const struct dial *d, enum success success, char **says)
{
	char ip[ADDRESS_TEXT];
	enum over over;

	address_text(&d->remote, ip);
	over = d->path == DIAL_RELAY ? over_by_relay(f, d, success, ip) : over_by_direct(f, d, ip);
	*says = over == OVER_NOT ? NULL : words_over(over, f, d, ip);
	return over != OVER_NOT;
}
