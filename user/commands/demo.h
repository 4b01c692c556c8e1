/* SPDX-License-Identifier: GPL-2.0-only */
/* The small world of `relaytrace demo`: a network of its own, and what answers in it. */
#ifndef COMMANDS_DEMO_H
#define COMMANDS_DEMO_H

#include <sys/types.h>

/* Where things are in it.  Documentation and private addresses: RFC 5737, RFC 1918. */
#define DEMO_REGISTRY_HOST "index.docker.io"
#define DEMO_REGISTRY_IP   "203.0.113.10" /* packets to it vanish, as behind a firewall that drops */
#define DEMO_RELAY_IP	   "10.77.9.1"
#define DEMO_RELAY_PORT	   3128
#define DEMO_UPSTREAM_PORT 5443 /* where the registry really is, for the relay alone */

/*
 * Moves this process into a new network namespace with a loopback, the relay's address, and a route
 * on which packets to the registry vanish.  0 or -errno.
 */
int demo_network(void);

/* Starts the resolver, the registry and the relay as children of their own.  Each dies with its parent.  0 or -errno. */
int demo_servers(pid_t pids[3]);

/* `rke2` pulling its runtime image, choosing the relay as Go does.  Returns its exit status. */
int demo_pull(void);

#endif
