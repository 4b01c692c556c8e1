/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a dial goes: to a relay, around it, to this machine, or to the cluster itself. */
#ifndef MODEL_PATH_H
#define MODEL_PATH_H

#include "capture/event.h"
#include "model/name_cache.h"
#include "model/process_table.h"

#define PATH_RANGES 64

struct address_range {
	struct address first;
	unsigned int bits;
};

/* What belongs to the cluster; a node has few of these.  And the registries, which do not. */
struct path_settings {
	struct address_range clusters[PATH_RANGES]; /* pods and services */
	size_t cluster_count;
	struct address nodes[PATH_RANGES];
	size_t node_count;
	struct path_registry {
		char host[256]; /* a name, or an address */
		uint16_t port;	/* 0: not told, which matches none */
	} registries[PATH_RANGES];
	size_t registry_count;
};

/* RKE2's and K3s's defaults: pods 10.42.0.0/16, services 10.43.0.0/16. */
void path_settings_default(struct path_settings *s);

/*
 * Adds "10.42.0.0/16" or a bare address to the cluster's ranges; a node's address.  0; -EINVAL
 * where text is none; -ENOSPC.
 */
int path_settings_add_cluster(struct path_settings *s, const char *text);
int path_settings_add_node(struct path_settings *s, const char *text);

/*
 * Takes a fact "config" SETTING VALUE...: cluster-cidr and service-cidr (several by ','), the node that
 * server names by its address, and system-default-registry; or "mirror" REGISTRY HOST [PORT].  Others are
 * passed over.
 */
void path_settings_fact(struct path_settings *s, const struct event_fact *fact);

/* Is a within "10.0.0.0/8" and the like; the same family only. */
bool address_in_range(const struct address *a, const struct address_range *r);
bool address_is_loopback(const struct address *a);
/* Private (RFC 1918, RFC 6598, RFC 4193) or link-local (RFC 3927, RFC 4291). */
bool address_is_private(const struct address *a);

/*
 * The path of a dial to remote made with environment e.  names gives the addresses of relays that
 * are named by name.  *relay (not NULL) becomes the variable that names the relay on DIAL_RELAY
 * (the one that might on DIAL_UNKNOWN), else NULL; it belongs to e.
 */
enum dial_path path_of(const struct path_settings *s, const struct name_cache *names,
	const struct environment *e, const struct address *remote, const struct variable **relay);

/*
 * Is what path_of() takes for the cluster's a registry after all: one that the node's configuration names; or,
 * where only a port that registries have too (a node port, 5001) spoke for the cluster, a host that a puller
 * asked for by name?  name with from NAME_NONE: not known for sure.
 */
bool path_is_registry(const struct path_settings *s, enum role role, const char *name,
	enum name_from from, const struct address *remote);

/* The variable of e that Go misreads, its host being masked: where a dial that is misread goes; NULL. */
const struct variable *path_misread(const struct environment *e);

/* The relay variable of e whose host is name (or which a search list completed to name); NULL. */
const struct variable *path_relay_of_name(const struct environment *e, const char *name);

#endif
