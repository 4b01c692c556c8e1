// SPDX-License-Identifier: GPL-2.0-only
#include "relay/no_list.h"
#include "relay/relay_address.h"
#include "relay/relay_choice.h"
#include "unit.h"

static char text[1024];

static struct environment *environment_of(const char *const *pairs)
{
	struct environment *e = environment_new(ENVIRONMENT_GIVEN);

	for (; *pairs; pairs++) {
		const char *equals = strchr(*pairs, '=');

		environment_add(e, *pairs, (size_t)(equals - *pairs), equals + 1,
			strlen(equals + 1), false, NULL);
	}
	return e;
}

static const char *choose(enum relay_family family, const char *url, const char *const *pairs)
{
	static const char *const decisions[] = {"direct", "relay", "error"};
	struct environment *e = environment_of(pairs);
	char reason[512];
	struct choice c;

	choice_for_url(e, family, url, &c);
	choice_reason_text(&c, reason, sizeof(reason));
	if (c.decision == CHOICE_RELAY)
		snprintf(text, sizeof(text), "relay %s %s %u: %s", c.relay.scheme, c.relay.host,
			c.relay.port, reason);
	else
		snprintf(text, sizeof(text), "%s: %s", decisions[c.decision], reason);
	environment_unref(e);
	return text;
}

#define CHOOSE(url, ...) choose(RELAY_FAMILY_PROXY, url, (const char *const[]){__VA_ARGS__, NULL})

#define REGISTRY "https://index.docker.io/v2/"
#define RELAY	 "HTTPS_PROXY=http://relay:3128"

static void test_choice_takes_the_variable_of_the_scheme(void)
{
	UNIT_STRING(CHOOSE(REGISTRY, RELAY), "relay http relay 3128: HTTPS_PROXY names it");
	UNIT_STRING(
		CHOOSE(REGISTRY, "https_proxy=low:1"), "relay http low 1: https_proxy names it");
	UNIT_STRING(CHOOSE(REGISTRY, "https_proxy=low:1", RELAY),
		"relay http relay 3128: HTTPS_PROXY names it");
	UNIT_STRING(CHOOSE(REGISTRY, "https_proxy=low:1", "HTTPS_PROXY="),
		"relay http low 1: https_proxy names it");
	UNIT_STRING(CHOOSE("HTTPS://x", RELAY), "relay http relay 3128: HTTPS_PROXY names it");
	UNIT_STRING(CHOOSE("ftp://x", RELAY), "direct: only http and https are relayed");
	UNIT_STRING(CHOOSE("x:y z", RELAY), "direct: only http and https are relayed");
	UNIT_STRING(CHOOSE("https://x y/", RELAY), "error: Go cannot parse this URL");
}

static void test_choice_says_which_variable_is_set_in_vain(void)
{
	UNIT_STRING(CHOOSE(REGISTRY, "NO_PROXY=x"), "direct: HTTPS_PROXY is not set");
	UNIT_STRING(CHOOSE(REGISTRY, "HTTP_PROXY=relay:1"),
		"direct: HTTP_PROXY is set, but does nothing for https, which needs HTTPS_PROXY");
	UNIT_STRING(CHOOSE(REGISTRY, "all_proxy=relay:1"),
		"direct: all_proxy is set, but does nothing for https, which needs HTTPS_PROXY");
	UNIT_STRING(CHOOSE("http://x", RELAY),
		"direct: HTTPS_PROXY is set, but does nothing for http, which needs HTTP_PROXY");
	UNIT_STRING(CHOOSE(REGISTRY, "CONTAINERD_HTTPS_PROXY=relay:1"),
		"direct: HTTPS_PROXY is not set; CONTAINERD_HTTPS_PROXY reaches rke2's containerd "
		"alone");
	UNIT_STRING(CHOOSE(REGISTRY, "HTTPS_RELAY=relay:1"),
		"direct: HTTPS_PROXY is not set; HTTPS_RELAY is not what this program reads");
	UNIT_STRING(CHOOSE(REGISTRY, "Https_Proxy=relay:1"),
		"direct: HTTPS_PROXY is not set; Go does not read the spelling Https_Proxy");
	UNIT_STRING(choose(RELAY_FAMILY_RELAY, REGISTRY,
			    (const char *const[]){"HTTPS_RELAY=relay:1", RELAY, NULL}),
		"relay http relay 1: HTTPS_RELAY names it");
}

static void test_choice_keeps_gos_silence_about_a_dropped_value(void)
{
	static const char dropped[] =
		"direct: HTTPS_PROXY is set, but Go cannot parse it and silently goes direct";

	UNIT_STRING(CHOOSE(REGISTRY, "HTTPS_PROXY= http://relay:3128"), dropped);
	UNIT_STRING(CHOOSE(REGISTRY, "HTTPS_PROXY=http://relay:3128\r"), dropped);
	UNIT_STRING(CHOOSE(REGISTRY, "HTTPS_PROXY=http://u:p%ss@relay:3128"), dropped);
	/* It does not fall back to the lower case one either. */
	UNIT_STRING(
		CHOOSE(REGISTRY, "HTTPS_PROXY=http://relay:3128\r", "https_proxy=low:1"), dropped);
	UNIT_STRING(CHOOSE(REGISTRY, "HTTPS_PROXY=\"http://relay:3128\""),
		"relay http \"http 80: HTTPS_PROXY names it");
}

static void test_choice_never_relays_loopback(void)
{
	static const char loopback[] = "direct: localhost and loopback addresses are never relayed";

	UNIT_STRING(CHOOSE("https://localhost:5000", RELAY), loopback);
	UNIT_STRING(CHOOSE("https://127.8.9.1", RELAY), loopback);
	UNIT_STRING(CHOOSE("https://[::1]:9345/", RELAY), loopback);
	UNIT_STRING(CHOOSE("https://[::ffff:127.0.0.1]", RELAY), loopback);
	UNIT_STRING(
		CHOOSE("https://LOCALHOST", RELAY), "relay http relay 3128: HTTPS_PROXY names it");
	UNIT_STRING(CHOOSE("https://x.localhost", RELAY),
		"relay http relay 3128: HTTPS_PROXY names it");
}

static void test_choice_refuses_http_proxy_in_cgi(void)
{
	static const char refused[] =
		"error: REQUEST_METHOD is set, so Go refuses HTTP_PROXY as a CGI program must";

	UNIT_STRING(CHOOSE("http://x", "HTTP_PROXY=relay:1", "REQUEST_METHOD=GET"), refused);
	/* Even where the NO_ list would have kept it direct. */
	UNIT_STRING(CHOOSE("http://x", "HTTP_PROXY=relay:1", "REQUEST_METHOD=GET", "NO_PROXY=*"),
		refused);
	UNIT_STRING(CHOOSE("http://x", "HTTP_PROXY=relay:1", "REQUEST_METHOD="),
		"relay http relay 1: HTTP_PROXY names it");
	UNIT_STRING(CHOOSE(REGISTRY, RELAY, "REQUEST_METHOD=GET"),
		"relay http relay 3128: HTTPS_PROXY names it");
}

/* The entry of list that keeps host:port direct, or "-". */
static const char *match(const char *list, const char *host, const char *port)
{
	struct text entry;

	if (!no_list_match(list, (struct text){host, strlen(host)},
		    (struct text){port, strlen(port)}, &entry))
		return "-";
	snprintf(text, sizeof(text), "%.*s", (int)entry.len, entry.at);
	return text;
}

static void test_no_list_matches_names(void)
{
	UNIT_STRING(match("a, docker.io ,b", "docker.io", "443"), "docker.io");
	UNIT_STRING(match("docker.io", "index.docker.io", "443"), "docker.io");
	UNIT_STRING(match("docker.io", "xdocker.io", "443"), "-");
	UNIT_STRING(match(".docker.io", "docker.io", "443"), "-");
	UNIT_STRING(match(".docker.io", "index.docker.io", "443"), ".docker.io");
	UNIT_STRING(match("*.docker.io", "docker.io", "443"), "-");
	UNIT_STRING(match("*.docker.io", "a.b.docker.io", "443"), "*.docker.io");
	UNIT_STRING(match("DOCKER.io", "Index.Docker.IO", "443"), "DOCKER.io");
	UNIT_STRING(match("docker.io:443", "docker.io", "443"), "docker.io:443");
	UNIT_STRING(match("docker.io:443", "docker.io", "80"), "-");
	UNIT_STRING(match(",,  ,:443,", "docker.io", "443"), "-");
	UNIT_STRING(match("a,*,docker.io", "docker.io", "443"), "*");
	UNIT_STRING(match("*:443,**", "docker.io", "443"), "-");
	UNIT_STRING(match("bücher.example", "xn--bcher-kva.example", "443"), "bücher.example");
	UNIT_STRING(match("ПРИМЕР.испытание", "xn--e1afmkfd.xn--80akhbyknj4f", "443"),
		"ПРИМЕР.испытание");
}

static void test_no_list_matches_addresses_by_literals_only(void)
{
	UNIT_STRING(match("10.0.0.0/8", "10.1.2.3", "443"), "10.0.0.0/8");
	UNIT_STRING(match("10.0.0.0/8", "mirror.corp", "443"), "-");
	UNIT_STRING(match("10.1.2.3:5000", "10.1.2.3", "5000"), "10.1.2.3:5000");
	UNIT_STRING(match("10.1.2.3:5000", "10.1.2.3", "443"), "-");
	UNIT_STRING(match("10.1.2.", "10.1.2.3", "443"), "-");
	UNIT_STRING(match("fd00::/8", "fd12::1", "443"), "fd00::/8");
	UNIT_STRING(match("[fd00::1]:443", "fd00::1", "443"), "[fd00::1]:443");
	UNIT_STRING(match("[fd00::1]", "fd00::1", "443"), "-");
	UNIT_STRING(match("::/0", "10.0.0.1", "443"), "-");
	UNIT_STRING(match("10.0.0.1", "::ffff:10.0.0.1", "443"), "10.0.0.1");
	UNIT_STRING(match("10.0.0.0/33,10.0.0.0/,010.0.0.0/8", "10.0.0.1", "443"), "-");
	/* Addresses are asked before names, whatever their order. */
	UNIT_STRING(match("3,10.1.2.0/24", "10.1.2.3", "443"), "10.1.2.0/24");
	UNIT_STRING(match("3", "10.1.2.3", "443"), "3");
}

static const char *idna(const char *name)
{
	struct buffer b = {0};

	snprintf(text, sizeof(text), "%s",
		text_append_idna(&b, (struct text){name, strlen(name)}) ? buffer_string(&b)
									: "refused");
	buffer_free(&b);
	return text;
}

/* The long ones are samples of RFC 3492, section 7.1. */
static void test_idna_encodes_labels_in_lower_case(void)
{
	UNIT_STRING(idna("Plain.Example"), "Plain.Example");
	UNIT_STRING(idna("Bücher.Example."), "xn--bcher-kva.example.");
	UNIT_STRING(idna("почемужеонинеговорятпорусски"), "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l");
	UNIT_STRING(idna("tạisaohọkhôngthểchỉnóitiếngviệt.vn"),
		"xn--tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g.vn");
	UNIT_STRING(idna("安室奈美恵-with-super-monkeys"),
		"xn---with-super-monkeys-pc58ag80a8qai00g7n9n");
	UNIT_STRING(idna("例え。テスト"), "xn--r8jz45g.xn--zckzah");
	UNIT_STRING(idna("-ü.example"), "refused");
	UNIT_STRING(idna("a_ü.example"), "refused");
	UNIT_STRING(idna("\xef\xbf\xbd.example"), "refused");
}

static void test_choice_names_the_entry_and_bounds_it(void)
{
	struct environment *e = environment_new(ENVIRONMENT_GIVEN);
	char list[1024] = " ";
	struct choice c;

	memset(list + 1, '.', 600);
	strcpy(list + 601, "io");
	environment_add(e, "HTTPS_PROXY", 11, "relay:1", 7, false, NULL);
	environment_add(e, "NO_PROXY", 8, "x, .svc:443", 11, false, NULL);
	choice_for_host(e, RELAY_FAMILY_PROXY, "https", "a.svc", 443, &c);
	UNIT_CHECK(c.decision == CHOICE_DIRECT && c.reason == CHOICE_NO_LIST);
	UNIT_STRING(c.no_entry, ".svc:443");
	UNIT_STRING(c.variable->name, "NO_PROXY");
	choice_for_host(e, RELAY_FAMILY_PROXY, "https", "a.svc", 8443, &c);
	UNIT_CHECK(c.decision == CHOICE_RELAY && c.no_entry[0] == '\0');
	choice_for_host(e, RELAY_FAMILY_PROXY, "https", "fd00::1", 0, &c);
	UNIT_CHECK(c.decision == CHOICE_RELAY);
	environment_add(e, "NO_PROXY", 8, list, strlen(list), false, NULL);
	memmove(list, list + 1, strlen(list));
	choice_for_host(e, RELAY_FAMILY_PROXY, "https", list, 443, &c);
	UNIT_CHECK(c.reason == CHOICE_NO_LIST && strlen(c.no_entry) == sizeof(c.no_entry) - 1);
	environment_unref(e);
}

static void test_environment_block_knows_that_its_first_entry_was_overwritten(void)
{
	static const char fine[] = "PATH=/bin\0HTTPS_PROXY=relay:1\0HTTPS_PROXY=b:1";
	static const char title[] = "bin/rke2 server --x=y\0NO_PROXY=x";
	static const char zeroed[] = "\0\0\0\0NO_PROXY=x";
	struct environment *e = environment_new(ENVIRONMENT_SNAPSHOT);

	UNIT_CHECK(environment_add_block(e, fine, sizeof(fine), "pid 1") == 0);
	UNIT_CHECK(e->count == 1 && !e->first_lost && environment_proves_absence(e));
	UNIT_STRING(e->variables[0].value, "relay:1");
	UNIT_STRING(e->variables[0].source, "pid 1");
	environment_unref(e);
	e = environment_new(ENVIRONMENT_SNAPSHOT);
	UNIT_CHECK(environment_add_block(e, title, sizeof(title), NULL) == 0);
	UNIT_CHECK(e->count == 1 && e->first_lost && !environment_proves_absence(e));
	environment_unref(e);
	e = environment_new(ENVIRONMENT_SNAPSHOT);
	UNIT_CHECK(environment_add_block(e, zeroed, sizeof(zeroed), NULL) == 0);
	UNIT_CHECK(e->count == 1 && e->first_lost);
	UNIT_CHECK(environment_add_block(e, "", 0, NULL) == 0 && !e->first_lost);
	environment_unref(e);
}

int main(void)
{
	UNIT_RUN(test_choice_takes_the_variable_of_the_scheme);
	UNIT_RUN(test_choice_says_which_variable_is_set_in_vain);
	UNIT_RUN(test_choice_keeps_gos_silence_about_a_dropped_value);
	UNIT_RUN(test_choice_never_relays_loopback);
	UNIT_RUN(test_choice_refuses_http_proxy_in_cgi);
	UNIT_RUN(test_no_list_matches_names);
	UNIT_RUN(test_no_list_matches_addresses_by_literals_only);
	UNIT_RUN(test_idna_encodes_labels_in_lower_case);
	UNIT_RUN(test_choice_names_the_entry_and_bounds_it);
	UNIT_RUN(test_environment_block_knows_that_its_first_entry_was_overwritten);
	return unit_status();
}
