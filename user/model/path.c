// SPDX-License-Identifier: GPL-2.0-only
#include "model/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Ports of RKE2, K3s and what they bring that are never a registry's (docs: networking
 * requirements; sources: k3s, rke2, Cilium, Calico).  Anywhere: the port alone says it.  Else only
 * at a private address or a node's, because a public host may offer anything there.
 */
static const struct {
	uint16_t first, last;
	bool anywhere;
} cluster_ports[] = {
	{53, 53, true},	       /* DNS over TCP */
	{179, 179, false},     /* BGP */
	{2379, 2382, false},   /* etcd */
	{4240, 4240, false},   /* Cilium health */
	{5001, 5001, false},   /* Spegel, peer to peer */
	{5473, 5473, false},   /* Calico typha */
	{6443, 6444, true},    /* apiserver, and the agent's load balancer for it */
	{9098, 9099, false},   /* Calico health */
	{9345, 9345, true},    /* supervisor, embedded registry */
	{10010, 10010, false}, /* CRI streaming */
	{10248, 10259, false}, /* kubelet, kube-proxy, controller manager, scheduler */
	{30000, 32767, false}, /* node ports */
};

void path_settings_default(struct path_settings *s)
{
	memset(s, 0, sizeof(*s));
	path_settings_add_cluster(s, "10.42.0.0/16");
	path_settings_add_cluster(s, "10.43.0.0/16");
}

int path_settings_add_cluster(struct path_settings *s, const char *text)
{
	const char *slash = strchr(text, '/');
	char plain[ADDRESS_TEXT] = "";
	struct address_range r;
	unsigned long bits;
	char *end;

	if (strlen(text) >= sizeof(plain) + 4)
		return -EINVAL;
	if ((size_t)(strchrnul(text, '/') - text) >= sizeof(plain))
		return -EINVAL;
	memcpy(plain, text, (size_t)(strchrnul(text, '/') - text));
	if (!address_parse(plain, &r.first))
		return -EINVAL;
	r.bits = r.first.is_v6 ? 128 : 32;
	if (slash) {
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || bits > r.bits)
			return -EINVAL;
		r.bits = (unsigned int)bits;
	}
	for (size_t i = 0; i < s->cluster_count; i++)
		if (s->clusters[i].bits == r.bits && address_equal(&s->clusters[i].first, &r.first))
			return 0;
	if (s->cluster_count == PATH_RANGES)
		return -ENOSPC;
	s->clusters[s->cluster_count++] = r;
	return 0;
}

int path_settings_add_node(struct path_settings *s, const char *text)
{
	struct address a;

	if (!address_parse(text, &a))
		return -EINVAL;
	for (size_t i = 0; i < s->node_count; i++)
		if (address_equal(&s->nodes[i], &a))
			return 0;
	if (s->node_count == PATH_RANGES)
		return -ENOSPC;
	s->nodes[s->node_count++] = a;
	return 0;
}

/* The address in "https://10.0.0.1:9345", "https://[fd00::1]:9345". */
static void add_server(struct path_settings *s, const char *url)
{
	const char *host = strstr(url, "://");
	char text[ADDRESS_TEXT];
	size_t len;

	host = host ? host + 3 : url;
	host += *host == '[';
	len = host > url && host[-1] == '[' ? strcspn(host, "]") : strcspn(host, ":/");
	if (len >= sizeof(text))
		return;
	memcpy(text, host, len);
	text[len] = '\0';
	path_settings_add_node(s, text);
}

/* "registry.corp:5000/prefix" to host and port; or the port given apart. */
static void add_registry(struct path_settings *s, const char *text, const char *port)
{
	struct path_registry *r = &s->registries[s->registry_count];
	bool bracket = *text == '[';
	size_t len = bracket ? strcspn(++text, "]") : strcspn(text, port ? "/" : ":/");

	if (s->registry_count == PATH_RANGES || !len || len >= sizeof(r->host))
		return;
	memcpy(r->host, text, len);
	r->host[len] = '\0';
	text += len + (text[len] == ']');
	if (!port && *text == ':')
		port = text + 1;
	r->port = port ? (uint16_t)strtoul(port, NULL, 10) : 443;
	for (size_t i = 0; i < s->registry_count; i++)
		if (!strcasecmp(s->registries[i].host, r->host) && s->registries[i].port == r->port)
			return;
	s->registry_count++;
}

void path_settings_fact(struct path_settings *s, const struct event_fact *fact)
{
	const char *at;

	if (!strcmp(fact->key, "mirror") && fact->field_count >= 2)
		add_registry(s, fact->fields[1], fact->field_count > 2 ? fact->fields[2] : "");
	if (strcmp(fact->key, "config") || fact->field_count < 2)
		return;
	if (!strcmp(fact->fields[0], "system-default-registry"))
		add_registry(s, fact->fields[1], NULL);
	if (!strcmp(fact->fields[0], "server"))
		add_server(s, fact->fields[1]);
	if (strcmp(fact->fields[0], "cluster-cidr") && strcmp(fact->fields[0], "service-cidr"))
		return;
	for (at = fact->fields[1]; *at;) {
		size_t len = strcspn(at, ", ");
		char text[ADDRESS_TEXT + 8];

		if (len && len < sizeof(text)) {
			memcpy(text, at, len);
			text[len] = '\0';
			path_settings_add_cluster(s, text);
		}
		at += len + (at[len] != '\0');
	}
}

bool address_in_range(const struct address *a, const struct address_range *r)
{
	unsigned int whole = r->bits / 8, rest = r->bits % 8;

	if (a->is_v6 != r->first.is_v6 || memcmp(a->bytes, r->first.bytes, whole))
		return false;
	return !rest || !((a->bytes[whole] ^ r->first.bytes[whole]) >> (8 - rest));
}

bool address_is_loopback(const struct address *a)
{
	static const uint8_t v6[16] = {[15] = 1};

	return a->is_v6 ? !memcmp(a->bytes, v6, sizeof(v6)) : a->bytes[0] == 127;
}

bool address_is_private(const struct address *a)
{
	const uint8_t *b = a->bytes;

	if (a->is_v6)
		return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
	return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 169 && b[1] == 254) || (b[0] == 100 && (b[1] & 0xc0) == 64);
}

/* Ports that the cluster shares with registries. */
static bool port_is_shared(uint16_t port)
{
	return port == 5001 || (port >= 30000 && port <= 32767);
}

static bool in_clusters(const struct path_settings *s, const struct address *a)
{
	for (size_t i = 0; i < s->cluster_count; i++)
		if (address_in_range(a, &s->clusters[i]))
			return true;
	return false;
}

bool path_is_registry(const struct path_settings *s, enum role role, const char *name,
	enum name_from from, const struct address *remote)
{
	bool said = from == NAME_SNI || from == NAME_DNS;

	for (size_t i = 0; i < s->registry_count; i++) {
		const struct path_registry *r = &s->registries[i];
		struct address literal;

		if (r->port != remote->port)
			continue;
		if (address_parse(r->host, &literal)
				? address_equal(&literal, remote)
				: from != NAME_NONE && !strcasecmp(r->host, name))
			return true;
	}
	/* rke2 asks for a server by name, too, and then dials its peers at 5001 (Spegel). */
	if (remote->port == 5001 && role == ROLE_SUPERVISOR && from != NAME_SNI)
		return false;
	return said && role_pulls(role) && port_is_shared(remote->port) &&
	       !in_clusters(s, remote) && !strcasestr(name, ".svc") &&
	       !strcasestr(name, ".cluster.local");
}

static bool path_is_cluster(const struct path_settings *s, const struct address *a)
{
	static const uint8_t metadata[4] = {169, 254, 169, 254}; /* of AWS, Azure, GCP, OpenStack */
	bool near = address_is_private(a);

	if (!a->is_v6 && !memcmp(a->bytes, metadata, sizeof(metadata)))
		return true;
	if (in_clusters(s, a))
		return true;
	for (size_t i = 0; i < s->node_count && !near; i++)
		near = address_equal(a, &s->nodes[i]);
	for (size_t i = 0; i < sizeof(cluster_ports) / sizeof(cluster_ports[0]); i++)
		if (a->port >= cluster_ports[i].first && a->port <= cluster_ports[i].last)
			return cluster_ports[i].anywhere || near;
	return false;
}

static bool variable_names_relay(const struct variable *v)
{
	return v->is_relay && !v->relay.containerd && v->relay.kind != RELAY_KIND_NO &&
	       v->url.use == RELAY_USABLE && *v->url.host;
}

/* Of several variables that name one relay, the one that Go reads for https comes first. */
static int variable_rank(const struct variable *v)
{
	static const int kinds[] = {[RELAY_KIND_HTTPS] = 6, [RELAY_KIND_HTTP] = 3};
	static const int spellings[] = {[RELAY_UPPER] = 2, [RELAY_LOWER] = 1};
	int rank = v->relay.family == RELAY_FAMILY_PROXY ? 100 : 50;

	if (v->relay.kind <= RELAY_KIND_HTTPS)
		rank += kinds[v->relay.kind];
	if (v->relay.spelling <= RELAY_LOWER)
		rank += spellings[v->relay.spelling];
	return rank;
}

static enum name_match relay_is_at(
	const struct name_cache *names, const struct variable *v, const struct address *remote)
{
	struct address literal;

	if (v->url.port != remote->port)
		return NAME_DIFFERS;
	if (address_parse(v->url.host, &literal))
		return address_equal(&literal, remote) ? NAME_MATCHES : NAME_DIFFERS;
	if (!strcasecmp(v->url.host, "localhost")) /* RFC 6761 6.3 */
		return address_is_loopback(remote) ? NAME_MATCHES : NAME_DIFFERS;
	return names ? name_cache_match(names, v->url.host, remote) : NAME_NOT_KNOWN;
}

/* Go dials this machine where it finds no host in the value that it reads. */
static const struct variable *variable_without_host(
	const struct environment *e, const struct address *remote)
{
	static const enum relay_family families[] = {RELAY_FAMILY_PROXY, RELAY_FAMILY_RELAY};
	static const enum relay_kind kinds[] = {RELAY_KIND_HTTPS, RELAY_KIND_HTTP};

	for (size_t i = 0; address_is_loopback(remote) && i < 4; i++) {
		const struct variable *v = environment_effective(e, families[i / 2], kinds[i % 2]);

		if (v && v->url.use == RELAY_USABLE && !*v->url.host && v->url.port == remote->port)
			return v;
	}
	return NULL;
}

enum dial_path path_of(const struct path_settings *s, const struct name_cache *names,
	const struct environment *e, const struct address *remote, const struct variable **relay)
{
	const struct variable *best = NULL, *hostless;
	enum name_match best_match = NAME_DIFFERS;
	int best_rank = 0;

	for (unsigned int i = 0; e && i < e->count; i++) {
		const struct variable *v = &e->variables[i];
		enum name_match match;
		int rank;

		if (!variable_names_relay(v))
			continue;
		match = relay_is_at(names, v, remote);
		if (match == NAME_DIFFERS)
			continue;
		rank = variable_rank(v) + (match == NAME_MATCHES ? 1000 : 0);
		if (rank > best_rank) {
			best = v;
			best_rank = rank;
			best_match = match;
		}
	}
	if (relay)
		*relay = NULL;
	/* A relay on this machine (cntlm and the like) is a relay before it is loopback. */
	if (best_match == NAME_MATCHES) {
		if (relay)
			*relay = best;
		return DIAL_RELAY;
	}
	if (address_is_loopback(remote)) {
		hostless = variable_without_host(e, remote);
		if (relay)
			*relay = hostless;
		return hostless ? DIAL_RELAY : DIAL_LOOPBACK;
	}
	if (path_is_cluster(s, remote))
		return DIAL_CLUSTER;
	if (best) {
		if (relay)
			*relay = best;
		return DIAL_UNKNOWN;
	}
	return DIAL_DIRECT;
}

const struct variable *path_misread(const struct environment *e)
{
	const struct variable *best = NULL;

	for (unsigned int i = 0; e && i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (variable_names_relay(v) && v->url.faults & RELAY_FAULT_HOST_MASKED &&
			(!best || variable_rank(v) > variable_rank(best)))
			best = v;
	}
	return best;
}

const struct variable *path_relay_of_name(const struct environment *e, const char *name)
{
	const struct variable *best = NULL;

	for (unsigned int i = 0; e && i < e->count; i++) {
		const struct variable *v = &e->variables[i];

		if (variable_names_relay(v) && name_completes(v->url.host, name) &&
			(!best || variable_rank(v) > variable_rank(best)))
			best = v;
	}
	return best;
}
