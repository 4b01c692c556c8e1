// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_name.h"
#include "unit.h"

static bool parse(const char *name, struct relay_name *out)
{
	return relay_name_parse(name, strlen(name), out);
}

static bool listed(const char *name)
{
	return relay_name_is_listed(name, strlen(name));
}

static void test_relay_name_reads_both_families_in_any_case(void)
{
	struct relay_name n;

	UNIT_CHECK(parse("HTTPS_PROXY", &n));
	UNIT_CHECK(n.family == RELAY_FAMILY_PROXY && n.kind == RELAY_KIND_HTTPS);
	UNIT_CHECK(n.spelling == RELAY_UPPER && !n.containerd);
	UNIT_CHECK(parse("no_relay", &n));
	UNIT_CHECK(n.family == RELAY_FAMILY_RELAY && n.kind == RELAY_KIND_NO);
	UNIT_CHECK(n.spelling == RELAY_LOWER);
	UNIT_CHECK(parse("Https_Proxy", &n) && n.spelling == RELAY_MIXED);
	UNIT_CHECK(parse("ALL_PROXY", &n) && n.kind == RELAY_KIND_ALL);
	UNIT_CHECK(parse("http_proxy", &n) && n.kind == RELAY_KIND_HTTP);
}

static void test_relay_name_takes_the_spelling_behind_the_prefix(void)
{
	struct relay_name n;

	UNIT_CHECK(parse("CONTAINERD_https_proxy", &n) && n.containerd);
	UNIT_CHECK(n.spelling == RELAY_LOWER && n.kind == RELAY_KIND_HTTPS);
	UNIT_CHECK(parse("containerd_HTTP_RELAY", &n) && n.containerd && n.spelling == RELAY_UPPER);
}

static void test_relay_name_refuses_neighbours(void)
{
	static const char *const others[] = {"", "HTTPS", "HTTPS_PROXYS", "XHTTPS_PROXY",
		"FTP_PROXY", "HTTPS-PROXY", "CONTAINERD_", "CONTAINERD_CONTAINERD_HTTP_PROXY",
		"PROXY", "HTTP_", "RKE2_HTTPS_PROXY", "HTTPS_PROXY "};
	struct relay_name n = {.kind = RELAY_KIND_ALL};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		UNIT_CHECK(!parse(others[i], &n) && n.kind == RELAY_KIND_ALL);
	UNIT_CHECK(!relay_name_parse("HTTPS_PROXY", 10, &n));
	UNIT_CHECK(relay_name_parse("HTTPS_PROXY=x", 11, &n));
}

static void test_relay_name_lists_what_may_leave_the_kernel(void)
{
	UNIT_CHECK(
		listed("https_proxy") && listed("CONTAINERD_NO_PROXY") && listed("REQUEST_METHOD"));
	UNIT_CHECK(
		listed("RKE2_AGENT_HTTP_PROXY_ALLOWED") && listed("K3S_AGENT_HTTP_PROXY_ALLOWED"));
	UNIT_CHECK(listed("INVOCATION_ID") && listed("SSL_CERT_FILE") && listed("SSL_CERT_DIR"));
	UNIT_CHECK(!listed("request_method") && !listed("RKE2_TOKEN") && !listed("PATH") &&
		   !listed(""));
}

static void test_relay_name_spells_the_plain_name(void)
{
	UNIT_STRING(relay_name_plain(RELAY_FAMILY_PROXY, RELAY_KIND_HTTPS), "HTTPS_PROXY");
	UNIT_STRING(relay_name_plain(RELAY_FAMILY_RELAY, RELAY_KIND_NO), "NO_RELAY");
	UNIT_STRING(relay_name_family(RELAY_FAMILY_RELAY), "RELAY");
}

int main(void)
{
	UNIT_RUN(test_relay_name_reads_both_families_in_any_case);
	UNIT_RUN(test_relay_name_takes_the_spelling_behind_the_prefix);
	UNIT_RUN(test_relay_name_refuses_neighbours);
	UNIT_RUN(test_relay_name_lists_what_may_leave_the_kernel);
	UNIT_RUN(test_relay_name_spells_the_plain_name);
	return unit_status();
}
