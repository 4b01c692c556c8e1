/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What config.yaml and registries.yaml of RKE2 and K3s say, as far as it decides where pulls go.  Pure:
 * bytes in; the reading is in node_files.h.
 *
 * Source of the rules: k3s pkg/configfilearg (a later file's key replaces an earlier one's, "key+" adds
 * to it), docs.rke2.io/install/configuration, docs.rke2.io/install/private_registry.
 *
 * Only the named settings are kept: passwords and tokens, which stand in the same files, are not.
 */
#ifndef NODE_NODE_CONFIG_H
#define NODE_NODE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* A larger file is refused: a node's have some hundred bytes. */
#define NODE_CONFIG_BYTES_MAX (4U * 1024 * 1024)
#define NODE_MIRRORS	      64
#define NODE_NOTES	      16
#define NODE_VALUE_MAX	      512

enum node_setting {
	NODE_SERVER,		       /* server: the URL to join */
	NODE_REGISTRY,		       /* system-default-registry */
	NODE_DATA_DIR,		       /* data-dir */
	NODE_CLUSTER_CIDR,	       /* cluster-cidr: several are joined by ',' */
	NODE_SERVICE_CIDR,	       /* service-cidr */
	NODE_CLUSTER_DOMAIN,	       /* cluster-domain */
	NODE_DISABLE_DEFAULT_ENDPOINT, /* disable-default-registry-endpoint */
	NODE_S3_ENDPOINT,	       /* etcd-s3-endpoint: where snapshots go */
	NODE_RUNTIME_IMAGE,	       /* runtime-image: in place of rke2-runtime of its version */
	NODE_PRIME,		       /* prime: system-default-registry is Prime's */
	NODE_PRIVATE_REGISTRY,	       /* private-registry: the path of registries.yaml */
	NODE_SETTINGS
};

struct node_mirror {
	char registry[256]; /* "docker.io", "*" */
	char endpoint[512]; /* a URL without userinfo, or host:port */
};

/* Of one registry: what its mirrors call a repository.  The first in the file that changes the name counts. */
struct node_rewrite {
	char registry[256], pattern[256], replacement[256];
};

/* Where a file was not understood, and why. */
struct node_config_fault {
	char text[256]; /* "" where it was */
	unsigned int line;
	bool unread; /* of a note: RKE2 reads it, and it was not followed here */
};

struct node_config {
	char value[NODE_SETTINGS][NODE_VALUE_MAX]; /* "" where it is not set */
	bool unknown
		[NODE_SETTINGS]; /* it is set, and to what is not known; value is "" or what it was before */
	unsigned int line[NODE_SETTINGS];
	unsigned int
		file[NODE_SETTINGS]; /* as told to node_config_parse(); NODE_FILE_NONE: in none */
	struct node_mirror mirrors[NODE_MIRRORS];
	size_t mirror_count;
	char listed[NODE_MIRRORS]
		   [256]; /* every registry under mirrors:, one without an endpoint too */
	size_t listed_count;
	struct node_rewrite rewrites[NODE_MIRRORS];
	size_t rewrite_count;
	bool cut; /* more was there than is kept */
	/* What has another shape than RKE2 reads, or was not followed, and was not taken. */
	struct node_config_fault notes[NODE_NOTES];
	size_t note_count;
};

/* "server", "system-default-registry" ...: constant strings. */
const char *node_setting_name(enum node_setting setting);

/* Does a later value add to the one before it where it is an argument? */
bool node_setting_is_list(enum node_setting setting);

/* Is it HOST[:PORT][/PATH], and nothing else? */
bool node_registry_is_sound(const char *value);

/* Is a switch on, as Go's strconv.ParseBool() has it? */
bool node_config_is_on(const struct node_config *c, enum node_setting setting);

/* The value; "unknown", which is no range and no name of the cluster, where that is not known. */
const char *node_config_said(const struct node_config *c, enum node_setting setting);

#define NODE_FILE_NONE (~0U)

/* Sets it to a value that stands in no file, in place of what it was; a list is added to where adds says so. */
void node_config_set(
	struct node_config *c, enum node_setting setting, const char *value, bool adds);

/*
 * Adds what config.yaml says to c, which begins zeroed; file is any number of the caller's.
 * 0; -EINVAL with *fault where it is no YAML, or too large, or too deep; what stood before that place was taken all
 * the same.  c->notes are those of the file parsed last.
 */
int node_config_parse(const char *bytes, size_t len, unsigned int file, struct node_config *c,
	struct node_config_fault *fault);

/* The same for registries.yaml: the mirrors and their rewrites. */
int node_registries_parse(
	const char *bytes, size_t len, struct node_config *c, struct node_config_fault *fault);

#endif
