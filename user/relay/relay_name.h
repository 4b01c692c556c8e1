/* SPDX-License-Identifier: GPL-2.0-only */
/* What the name of an environment variable says: is it a relay variable, and which one. */
#ifndef RELAY_RELAY_NAME_H
#define RELAY_RELAY_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum relay_family {
	RELAY_FAMILY_PROXY, /* what Go's net/http, curl and so stock rke2 and containerd read */
	RELAY_FAMILY_RELAY, /* what some sites call theirs; no stock program reads it */
};

enum relay_kind { RELAY_KIND_HTTP, RELAY_KIND_HTTPS, RELAY_KIND_NO, RELAY_KIND_ALL };

enum relay_spelling { RELAY_UPPER, RELAY_LOWER, RELAY_MIXED };

struct relay_name {
	enum relay_family family;
	enum relay_kind kind;
	enum relay_spelling spelling; /* of what stands behind the prefix */
	bool containerd; /* CONTAINERD_ stands before it: rke2 hands it on to containerd alone */
};

/*
 * Reads name (len bytes): [CONTAINERD_](HTTP|HTTPS|NO|ALL)_(PROXY|RELAY) in any mix of cases.
 * False, with out untouched, where it is none of these.
 */
bool relay_name_parse(const char *name, size_t len, struct relay_name *out);

/*
 * Is name (len bytes) one of the variables that may leave the kernel: a relay variable, or one of
 * RKE2_AGENT_HTTP_PROXY_ALLOWED, K3S_AGENT_HTTP_PROXY_ALLOWED, REQUEST_METHOD, INVOCATION_ID,
 * SSL_CERT_FILE, SSL_CERT_DIR (these in upper case only)?
 */
bool relay_name_is_listed(const char *name, size_t len);

/* The plain spelling without prefix, "HTTPS_PROXY": a constant string. */
const char *relay_name_plain(enum relay_family family, enum relay_kind kind);

/* "PROXY" or "RELAY": a constant string. */
const char *relay_name_family(enum relay_family family);

#endif
