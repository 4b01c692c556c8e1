/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What rke2 and k3s make of the environment that they were started with: their own, which a server changes in itself,
 * and that of the containerd that they start.
 */
#ifndef RELAY_SUPERVISOR_ENVIRONMENT_H
#define RELAY_SUPERVISOR_ENVIRONMENT_H

#include "relay/environment.h"

struct supervisor {
	bool server; /* "rke2 server", "k3s server"; else an agent, or not known */
	const char
		*version; /* "v1.32.5+rke2r1"; NULL or "": not known, and taken for a current one */
	const char *cluster_cidr;   /* NULL or "": 10.42.0.0/16 */
	const char *service_cidr;   /* NULL or "": 10.43.0.0/16 */
	const char *cluster_domain; /* NULL or "": cluster.local */
};

/*
 * The environment that the supervisor itself works with.  A server joins no_proxy to NO_PROXY, adds the cluster's
 * names (.svc and "." with cluster-domain behind it) and ranges, and takes no_proxy away, before it pulls anything (k3s pkg/server/server.go, setNoProxyEnv);
 * an agent leaves all as it is.  New, one reference; NULL when out of memory.
 */
struct environment *environment_of_supervisor(
	const struct environment *e, const struct supervisor *s);

/*
 * What a supervisor that was started with e hands its containerd: CONTAINERD_X becomes X and wins over X, and the
 * prefixed names are gone; the prefix counts in upper case only (k3s pkg/agent/containerd/containerd.go, Run).
 * Before v1.22.11, v1.23.8 and v1.24.2 the later of the two in the environment won, and what a server adds comes last
 * (k3s #5642); of what files give, the plain one is taken to be it.  New, one reference; NULL when out of memory.
 */
struct environment *environment_of_containerd(
	const struct environment *e, const struct supervisor *s);

#endif
