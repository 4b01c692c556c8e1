// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_name.h"

#include <string.h>
#include <strings.h>

static const char *const relay_name_families[] = {
	[RELAY_FAMILY_PROXY] = "PROXY",
	[RELAY_FAMILY_RELAY] = "RELAY",
};

static const char *const relay_name_plains[][4] = {
	[RELAY_FAMILY_PROXY] = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"},
	[RELAY_FAMILY_RELAY] = {"HTTP_RELAY", "HTTPS_RELAY", "NO_RELAY", "ALL_RELAY"},
};

/* Not relay variables, yet without them the others cannot be judged. */
static const char *const relay_name_others[] = {
	"RKE2_AGENT_HTTP_PROXY_ALLOWED",
	"K3S_AGENT_HTTP_PROXY_ALLOWED",
	"REQUEST_METHOD",
	"INVOCATION_ID",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char containerd_prefix[] = "CONTAINERD_";

static bool relay_name_equals(const char *name, size_t len, const char *wanted)
{
	return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

/* The spelling is that of the part behind the prefix: it alone reaches the program. */
static enum relay_spelling relay_name_spelling(const char *name, size_t len)
{
	bool upper = false, lower = false;

	for (size_t i = 0; i < len; i++) {
		upper |= name[i] >= 'A' && name[i] <= 'Z';
		lower |= name[i] >= 'a' && name[i] <= 'z';
	}
	if (upper && lower)
		return RELAY_MIXED;
	return lower ? RELAY_LOWER : RELAY_UPPER;
}

bool relay_name_parse(const char *name, size_t len, struct relay_name *out)
{
	const size_t prefix = sizeof(containerd_prefix) - 1;
	bool containerd = len > prefix && strncasecmp(name, containerd_prefix, prefix) == 0;

	if (containerd) {
		name += prefix;
		len -= prefix;
	}
	for (size_t family = 0; family < COUNT(relay_name_families); family++) {
		for (size_t kind = 0; kind < COUNT(relay_name_plains[family]); kind++) {
			if (!relay_name_equals(name, len, relay_name_plains[family][kind]))
				continue;
			out->family = (enum relay_family)family;
			out->kind = (enum relay_kind)kind;
			out->spelling = relay_name_spelling(name, len);
			out->containerd = containerd;
			return true;
		}
	}
	return false;
}

bool relay_name_is_listed(const char *name, size_t len)
{
	struct relay_name ignored;

	if (relay_name_parse(name, len, &ignored))
		return true;
	for (size_t i = 0; i < COUNT(relay_name_others); i++)
		if (strlen(relay_name_others[i]) == len &&
			memcmp(name, relay_name_others[i], len) == 0)
			return true;
	return false;
}

const char *relay_name_plain(enum relay_family family, enum relay_kind kind)
{
	return relay_name_plains[family][kind];
}

const char *relay_name_family(enum relay_family family)
{
	return relay_name_families[family];
}
