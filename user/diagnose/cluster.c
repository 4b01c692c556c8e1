// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/cluster.h"

#include <string.h>
#include <strings.h>

struct range {
	uint8_t bytes[4];
	unsigned int bits;
};

static bool in_range(const uint8_t *address, const struct range *r)
{
	for (unsigned int i = 0; i < r->bits; i++)
		if ((address[i / 8] ^ r->bytes[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static bool in_ranges(const uint8_t *address, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (in_range(address, &ranges[i]))
			return true;
	return false;
}

bool address_is_link_local(const struct address *a)
{
	static const struct range v4 = {{169, 254}, 16}, v6 = {{0xfe, 0x80}, 10};

	return in_range(a->bytes, a->is_v6 ? &v6 : &v4);
}

bool address_is_public(const struct address *a)
{
	static const struct range v4[] = {
		{{0}, 8},	  /* "this network" */
		{{10}, 8},	  /* RFC 1918 */
		{{100, 64}, 10},  /* RFC 6598 */
		{{127}, 8},	  /* loopback */
		{{172, 16}, 12},  /* RFC 1918 */
		{{192, 168}, 16}, /* RFC 1918 */
		{{169, 254}, 16}, /* link-local */
		{{224}, 3},	  /* multicast, reserved, broadcast */
	};
	static const struct range v6[] = {
		{{0xfc}, 7},	   /* RFC 4193 */
		{{0xfe, 0x80}, 9}, /* link-local and the old site-local */
		{{0xff}, 8},	   /* multicast */
		{{0, 0}, 16},	   /* ::, ::1 and what embeds IPv4 the old way */
	};

	if (a->is_v6)
		return !in_ranges(a->bytes, v6, sizeof(v6) / sizeof(v6[0]));
	return !in_ranges(a->bytes, v4, sizeof(v4) / sizeof(v4[0]));
}

bool port_is_cluster(uint16_t port)
{
	switch (port) {
	case 6443:	      /* API server */
	case 6444:	      /* the agent's load balancer */
	case 9345:	      /* supervisor, and the embedded registry on loopback */
	case 2379 ... 2382:   /* etcd */
	case 10248 ... 10259: /* kubelet, controller manager, scheduler, kube-proxy */
	case 10010:	      /* CRI streaming */
	case 179:	      /* calico BGP */
	case 5473:	      /* calico typha */
	case 9098:
	case 9099: /* calico health */
	case 4240: /* cilium health */
		return true;
	default:
		return false;
	}
}

static bool ends_with(const char *host, const char *suffix)
{
	size_t h = strlen(host), s = strlen(suffix);

	return h >= s && !strcasecmp(host + h - s, suffix);
}

bool host_is_cluster(const char *host, uint16_t port)
{
	static const struct range ranges[] = {{{10, 42}, 16}, {{10, 43}, 16}};
	struct address a;

	if (!address_parse(host, &a))
		return ends_with(host, ".svc") || ends_with(host, ".cluster.local");
	if (!a.is_v6 && in_ranges(a.bytes, ranges, 2))
		return true;
	return !address_is_public(&a) && port_is_cluster(port);
}

bool cluster_api_address(const char *service_cidr, char text[ADDRESS_TEXT])
{
	char first[ADDRESS_TEXT];
	size_t len = strcspn(service_cidr, "/, ");
	struct address a;

	if (len >= sizeof(first))
		return false;
	memcpy(first, service_cidr, len);
	first[len] = '\0';
	if (!address_parse(first, &a))
		return false;
	for (size_t i = a.is_v6 ? 16 : 4; i-- && !++a.bytes[i];)
		;
	address_text(&a, text);
	return true;
}

bool name_is_public(const char *name)
{
	static const char *const private[] = {".local", ".localhost", ".internal", ".intranet",
		".lan", ".corp", ".home", ".home.arpa", ".private", ".invalid", ".svc"};

	if (!strchr(name, '.'))
		return false;
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if (ends_with(name, private[i]))
			return false;
	return true;
}
