/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses and networks as Go's net package reads them (ParseIP, ParseCIDR of Go 1.19): no zones,
 * no leading zeros in IPv4.  IPv4 is held as ::ffff:a.b.c.d, and the two are the same address.
 */
#ifndef RELAY_RELAY_ADDRESS_H
#define RELAY_RELAY_ADDRESS_H

#include "relay/relay_text.h"

struct go_ip {
	unsigned char bytes[16];
};

struct network {
	struct go_ip base; /* masked */
	unsigned int bits; /* of 128; an IPv4 network's length + 96 */
};

/* False where t is no address. */
bool go_ip_parse(struct text t, struct go_ip *out);
bool go_ip_equals(const struct go_ip *a, const struct go_ip *b);
bool go_ip_is_ipv4(const struct go_ip *a);
bool go_ip_is_loopback(const struct go_ip *a);

/* "ADDRESS/LENGTH"; false where t is none. */
bool network_parse(struct text t, struct network *out);

/* An IPv6 network contains no IPv4 address, ::/0 neither. */
bool network_contains(const struct network *n, const struct go_ip *a);

/*
 * Parts "host:port" and "[host]:port" (net.SplitHostPort); host is without brackets.  False where
 * there is no port, a ':' too many, or a bracket out of place.
 */
bool text_split_host_port(struct text t, struct text *host, struct text *port);

#endif
