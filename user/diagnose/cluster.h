/* SPDX-License-Identifier: GPL-2.0-only */
/* What belongs to the cluster and the node itself, where a relay has no business. */
#ifndef DIAGNOSE_CLUSTER_H
#define DIAGNOSE_CLUSTER_H

#include "capture/event.h"

/*
 * Can this address be one of the internet?  Not where it is private (RFC 1918), shared (RFC 6598),
 * unique local (RFC 4193), link-local, loopback, multicast or unspecified.  The documentation
 * ranges (RFC 5737, RFC 3849) count as public: nodes do not use them, tests do.
 */
bool address_is_public(const struct address *a);

/* Link-local (169.254.0.0/16 with the clouds' metadata service, fe80::/10)? */
bool address_is_link_local(const struct address *a);

/*
 * A port that RKE2 and its network plugins use between nodes or within one, never a registry's:
 * 6443, 9345, 2379-2382, 10248-10259, ... (docs.rke2.io: "Requirements", inbound network rules).
 */
bool port_is_cluster(uint16_t port);

/*
 * Is host one that only the cluster knows: a *.svc or *.cluster.local name, an address of RKE2's
 * default pod and service ranges (10.42.0.0/16, 10.43.0.0/16), or a private address on a port of
 * port_is_cluster()?
 */
bool host_is_cluster(const char *host, uint16_t port);

/*
 * The address of the API server within the cluster, the first of the services' range: of "10.43.0.0/16" (several by ','
 * : of the first) "10.43.0.1".  False where text is none.
 */
bool cluster_api_address(const char *service_cidr, char text[ADDRESS_TEXT]);

/*
 * Can a name be one of the public DNS: it has a dot, and its last label is none of those that are
 * kept for private use (RFC 6762 .local, RFC 8375 home.arpa, .internal, RFC 6761 ...)?
 */
bool name_is_public(const char *name);

#endif
