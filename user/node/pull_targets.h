/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which hosts a pull dials, in their order: the mirrors of registries.yaml, then the default endpoint with the hosts
 * of its tokens and blobs.  Pure.
 *
 * Source of the rules: wharfie pkg/registries (rke2 and, of the same kind, rancher-system-agent), containerd
 * core/remotes/docker/config/hosts.go, rke2 pkg/images, docs.rke2.io/install/private_registry.
 */
#ifndef NODE_PULL_TARGETS_H
#define NODE_PULL_TARGETS_H

#include "model/process_table.h"
#include "node/image_reference.h"
#include "node/node_config.h"

#define PULL_TARGETS 32

/* Something that a process will pull from. */
struct pull_target {
	char host[256]; /* a name or an address, without brackets */
	uint16_t port;
	bool http; /* else https */
};

/*
 * A fact about a process that has just begun to run (the event has its pid and start), told only where its pull is
 * sure: "pull" WHY SURE TARGET...  TARGET is a URL, in the order of the dials.  SURE is "targets" where these are known to
 * be what it will dial; else they are what it would dial by default, and only values that are broken whatever is
 * dialled are told.
 */
#define PULL_FACT	  "pull"
#define PULL_FACT_TARGETS "targets"
#define PULL_FACT_DEFAULT "default"

enum pull_purpose { PULL_MIRROR, PULL_REGISTRY, PULL_TOKEN, PULL_BLOBS };

struct pull_request {
	struct pull_target target;
	char url[1024]; /* what is asked for there; of tokens and blobs without its query */
	enum pull_purpose purpose;
	bool fallback; /* only where the mirrors failed */
	bool unrewritten; /* a rewrite of registries.yaml could not be carried out here: the path may be another */
};

/* "mirror", "registry", "token", "blobs". */
const char *pull_purpose_name(enum pull_purpose purpose);

/*
 * "https://host:port/path", "host:port/path", "host", "[fd00::1]:5000"; without a scheme it is https, but http for
 * localhost on a port of its own.  False where it names no host.
 */
bool pull_target_parse(const char *text, struct pull_target *out);

/*
 * RKE2's own images come from system-default-registry (host[:port][/path]) where there is one: image is one of these
 * if it names no registry and begins with rancher/.
 */
void pull_default_registry(const struct node_config *c, struct image_reference *image);

/*
 * The requests for image of a process of that role, each host once.  Returns how many, at most
 * PULL_TARGETS.
 *
 * rke2 and rancher-system-agent call Docker Hub index.docker.io (go-containerregistry), containerd
 * registry-1.docker.io (core/remotes/docker/config/hosts.go).
 */
size_t pull_requests(const struct node_config *c, enum role role,
	const struct image_reference *image, struct pull_request requests[PULL_TARGETS]);

/*
 * Where a process of that role pulls what it needs to start from, in its order; *judged of them are
 * those that must work (with a mirror the default endpoint is only the last resort).  Returns how
 * many, at most PULL_TARGETS.
 */
size_t node_pull_targets(
	const struct node_config *c, enum role role, struct pull_target *targets, size_t *judged);

#endif
