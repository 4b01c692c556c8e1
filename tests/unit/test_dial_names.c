// SPDX-License-Identifier: GPL-2.0-only
/* Names that dials have, names that do not resolve, and what is said to a relay. */
#include "tracker_story.h"

#define REGISTRY  "203.0.113.10"
#define REGISTRY6 "2001:db8:113::10"
#define RELAY	  "10.77.9.1"

/* A and AAAA answers of name after each other, from 0.1 on. */
static void story_resolve(
	struct story *s, double at, const char *name, uint16_t code, const char *v4, const char *v6)
{
	story_ask(s, at, 3, 1, name);
	story_ask(s, at + 0.0001, 4, 28, name);
	story_answer(s, at + 0.01, 3, 1, name, code, v4);
	story_answer(s, at + 0.0101, 4, 28, name, code, v6);
}

static void test_a_direct_dial_has_the_name_that_was_asked_for(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_resolve(&s, 0.1, "index.docker.io", 0, REGISTRY, NULL);
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 31.0, 7, 0);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "index.docker.io");
	UNIT_CHECK(told.dial[7].name_from == NAME_DNS && !told.dial[7].name_doubtful);
	UNIT_STRING(buffer_string(&told.resolved),
		"index.docker.io/1=NOERROR index.docker.io/28=NOERROR ");
	UNIT_STRING(buffer_string(&told.all), "pending:7@21.000 abandoned:7@31.000 ");
	told_free(&told);

	/* The answer is told after the dial began (hooks on two processors). */
	s = (struct story){.count = 0};
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.05, 7, ECONNREFUSED);
	story_resolve(&s, 0.1, "index.docker.io", 0, REGISTRY, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "index.docker.io");
	told_free(&told);
}

static void test_of_two_names_the_latest_is_meant_with_doubt(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_resolve(&s, 0.1, "mirror.example", 0, REGISTRY, NULL);
	story_resolve(&s, 0.2, "index.docker.io", 0, REGISTRY, NULL);
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.1, 7, ECONNREFUSED);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "index.docker.io");
	UNIT_CHECK(told.dial[7].name_doubtful);
	told_free(&told);

	/* A question that comes after the dial began is for another. */
	s = (struct story){.count = 0};
	story_resolve(&s, 0.1, "index.docker.io", 0, REGISTRY, NULL);
	story_resolve(&s, 0.2, "mirror.example", 0, REGISTRY, NULL);
	story_resolve(&s, 1.05, "index.docker.io", 0, REGISTRY, NULL);
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.1, 7, ECONNREFUSED);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "mirror.example");
	UNIT_CHECK(told.dial[7].name_doubtful);
	told_free(&told);
	s = (struct story){.count = 0};
	story_resolve(&s, 0.1, "mirror.example", 0, REGISTRY, NULL);
	story_resolve(&s, 0.2, "index.docker.io", 0, REGISTRY, NULL);
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.1, 7, ECONNREFUSED);

	/* The ClientHello ends the doubt. */
	s.count--;
	story_established(&s, 1.1, 7);
	story_request(&s, EVENT_HELLO, 1.2, 7, NULL, "mirror.example", 0);
	story_ended(&s, 1.3, 7, TCP_STATE_CLOSE, ECONNRESET, 0, 1);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "mirror.example");
	UNIT_CHECK(told.dial[7].name_from == NAME_SNI && !told.dial[7].name_doubtful);
	told_free(&told);
}

static void test_hosts_give_a_name(void)
{
	static const char *const fields[] = {REGISTRY, "Registry.Corp", "reg"};
	struct story s = {.count = 0};
	struct told told;

	story_add(&s, EVENT_FACT, 0.1)->fact =
		(struct event_fact){.key = "hosts", .fields = fields, .field_count = 3};
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.1, 7, ECONNREFUSED);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "registry.corp");
	UNIT_CHECK(told.dial[7].name_from == NAME_HOSTS);
	told_free(&told);
}

static void test_loopback_has_no_name_from_hosts(void)
{
	static const char *const fields[] = {"127.0.0.1", "localhost", "node1"};
	struct story s = {.count = 0};
	struct told told;

	story_add(&s, EVENT_FACT, 0.1)->fact =
		(struct event_fact){.key = "hosts", .fields = fields, .field_count = 3};
	story_open(&s, 1.0, 7, "127.0.0.1", 9345);
	story_failed(&s, 1.1, 7, ECONNREFUSED);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.dial[7].name_from == NAME_NONE && !told.dial[7].name_doubtful);
	UNIT_STRING(told.dial[7].name, "");
	told_free(&told);
}

/* ---- names that do not resolve ---- */

static void test_the_end_does_not_swallow_what_has_failed(void)
{
	struct story s = {.stop = 0.15};
	struct told told;

	/* The puller exits at once, and the run with it. */
	story_resolve(&s, 0.1, "index.docker.io", 3, NULL, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unresolved:0@0.110 ");
	told_free(&told);

	/* An answer is still on its way: nothing is proved. */
	s.count--;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

static void test_nxdomain_is_told_once_as_unresolved(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_resolve(&s, 0.1, "index.docker.io", 3, NULL, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unresolved:0@0.110 ");
	UNIT_STRING(told.dial[0].name, "index.docker.io");
	UNIT_CHECK(told.dial[0].dns_code == 3 && told.dial[0].begin_ns == story_ns(0.1));
	UNIT_CHECK(told.dial[0].path == DIAL_DIRECT && told.deadline == UINT64_MAX);
	UNIT_STRING(buffer_string(&told.resolved),
		"index.docker.io/1=NXDOMAIN index.docker.io/28=NXDOMAIN ");
	told_free(&told);

	/* Each try of a puller is told. */
	story_resolve(&s, 5.0, "index.docker.io", 3, NULL, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unresolved:0@0.110 unresolved:0@5.010 ");
	told_free(&told);
}

static void test_one_family_without_address_is_no_failure(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_ask(&s, 0.1, 3, 1, "index.docker.io");
	story_ask(&s, 0.1001, 4, 28, "index.docker.io");
	story_answer(&s, 0.11, 4, 28, "index.docker.io", 2, NULL);
	story_answer(&s, 3.0, 3, 1, "index.docker.io", 0, REGISTRY);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

/* Two threads ask, and the second is late: its empty answer comes when the name has resolved. */
static void test_the_other_family_may_come_late(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_ask(&s, 0.1, 3, 1, "index.docker.io");
	story_answer(&s, 0.11, 3, 1, "index.docker.io", 0, REGISTRY);
	story_ask(&s, 0.12, 4, 28, "index.docker.io");
	story_answer(&s, 0.13, 4, 28, "index.docker.io", 0, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

static void test_a_resolver_that_drops_the_other_family(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_ask(&s, 0.1, 3, 1, "index.docker.io");
	story_answer(&s, 0.11, 3, 1, "index.docker.io", 0, REGISTRY);
	story_ask(&s, 0.12, 4, 28, "index.docker.io");
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

static void test_a_search_list_is_no_failure(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_resolve(&s, 0.10, "index.docker.io.svc.cluster.local", 3, NULL, NULL);
	story_resolve(&s, 0.15, "index.docker.io.cluster.local", 3, NULL, NULL);
	story_resolve(&s, 0.20, "index.docker.io", 0, REGISTRY, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);

	/* The short name fails, the completed one works. */
	s = (struct story){.count = 0};
	story_resolve(&s, 0.10, "relay", 3, NULL, NULL);
	story_resolve(&s, 0.15, "relay.corp.example", 0, RELAY, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);

	/* All fail: one failure, of the name that was meant. */
	s = (struct story){.count = 0};
	story_resolve(&s, 0.10, "index.docker.io.svc.cluster.local", 3, NULL, NULL);
	story_resolve(&s, 0.15, "index.docker.io.cluster.local", 3, NULL, NULL);
	story_resolve(&s, 0.20, "index.docker.io", 3, NULL, NULL);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.all.len == strlen("unresolved:0@1.000 "));
	UNIT_STRING(told.dial[0].name, "index.docker.io");
	told_free(&told);
}

static void test_silence_of_the_resolver_is_a_timeout(void)
{
	struct story s = {.count = 0};
	struct told told;

	/* Go: two tries of 5 s each; then the puller tries again. */
	for (int i = 0; i < 4; i++) {
		story_ask(&s, 1.0 + 5.001 * i, 3, 1, "index.docker.io");
		story_ask(&s, 1.0001 + 5.001 * i, 4, 28, "index.docker.io");
	}
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unresolved:0@11.001 unresolved:0@21.003 ");
	UNIT_CHECK(told.dial[0].dns_code == DNS_CODE_TIMEOUT);
	told_free(&told);

	/* The second resolver answers after 5 s. */
	s.count = 4;
	story_answer(&s, 6.1, 3, 1, "index.docker.io", 0, REGISTRY);
	story_answer(&s, 6.1, 4, 28, "index.docker.io", 0, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

/* Go's second try ends the process a moment before its patience would have ended here. */
static void test_a_process_that_ends_while_it_waits(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_ask(&s, 0.1, 3, 1, "index.docker.io");
	story_ask(&s, 0.1001, 4, 28, "index.docker.io");
	story_ask(&s, 5.1, 5, 1, "index.docker.io");
	story_ask(&s, 5.1001, 6, 28, "index.docker.io");
	story_exit(&s, 10.09, 1 << 8);
	s.stop = 10.095;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unresolved:0@10.090 ");
	UNIT_CHECK(told.dial[0].dns_code == DNS_CODE_TIMEOUT);
	told_free(&told);
}

static void test_a_relay_that_does_not_resolve(void)
{
	struct story s = {.variables = {"HTTPS_PROXY=http://relay:3128"}};
	struct told told;

	story_resolve(&s, 0.1, "relay", 3, NULL, NULL);
	story_resolve(&s, 0.2, "relay.corp.example", 3, NULL, NULL);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.dial[0].path == DIAL_RELAY && told.last[0] == DIAL_UNRESOLVED);
	UNIT_STRING(told.dial[0].name, "relay");
	told_free(&told);
}

static void test_a_resolver_without_a_route(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_connect(&s, 1.0, 1.0001, 3, "192.0.2.53", 53, -ENETUNREACH)->connect.protocol =
		IPPROTO_UDP;
	story_connect(&s, 1.0, 1.0002, 4, "192.0.2.53", 53, -ENETUNREACH)->connect.protocol =
		IPPROTO_UDP;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.resolved), "/1=UNREACHABLE ");
	UNIT_CHECK(told.last[0] == DIAL_UNRESOLVED);
	UNIT_CHECK(told.dial[0].dns_code == DNS_CODE_UNREACHABLE);
	told_free(&told);

	/* The next resolver can be reached. */
	story_connect(&s, 1.1, 1.1001, 5, "10.77.0.53", 53, 0)->connect.protocol = IPPROTO_UDP;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);

	/* Go sorts the addresses that it has by connecting to their port 53. */
	s = (struct story){.count = 0};
	story_resolve(&s, 0.1, "index.docker.io", 0, REGISTRY, REGISTRY6);
	story_connect(&s, 1.0, 1.0001, 3, REGISTRY6, 53, -ENETUNREACH)->connect.protocol =
		IPPROTO_UDP;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

/* ---- paths ---- */

static void test_the_path_is_relay_where_a_variable_names_it(void)
{
	static const struct {
		const char *variable, *to;
		uint16_t port;
		enum dial_path path;
	} rows[] = {
		{"HTTPS_PROXY=http://10.77.9.1:3128", RELAY, 3128, DIAL_RELAY},
		{"https_proxy=http://relay.corp:3128", RELAY, 3128, DIAL_RELAY},
		{"HTTPS_PROXY=http://relay:3128", RELAY, 3128, DIAL_RELAY}, /* a search list's */
		{"HTTP_RELAY=10.77.9.1", RELAY, 80, DIAL_RELAY},
		{"HTTPS_PROXY=http://10.77.9.1:3128", RELAY, 443, DIAL_DIRECT},
		{"CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128", RELAY, 3128, DIAL_DIRECT},
		{"NO_PROXY=10.77.9.1", RELAY, 3128, DIAL_DIRECT},
		{"HTTPS_PROXY=http://other.corp:443", REGISTRY, 443, DIAL_UNKNOWN},
		{"HTTPS_PROXY=http://relay.corp:443", REGISTRY, 443, DIAL_DIRECT},
		{"HTTPS_PROXY=http://127.0.0.1:3128", "127.0.0.1", 3128, DIAL_RELAY},
		{"HTTPS_PROXY=http://localhost:3128", "::1", 3128, DIAL_RELAY},
		{"NO_PROXY=x", "127.0.0.1", 9345, DIAL_LOOPBACK},
		{"NO_PROXY=x", "10.43.0.1", 443, DIAL_CLUSTER},
		{"NO_PROXY=x", "192.168.1.10", 443, DIAL_DIRECT},
		{"NO_PROXY=x", "192.168.1.10", 9345, DIAL_CLUSTER},
		{"NO_PROXY=x", "192.168.1.10", 2379, DIAL_CLUSTER},
		{"NO_PROXY=x", "203.0.113.9", 2379, DIAL_DIRECT},
		{"NO_PROXY=x", "203.0.113.9", 6443, DIAL_CLUSTER},
		{"NO_PROXY=x", "169.254.169.254", 80, DIAL_CLUSTER},
		{"NO_PROXY=x", "fd00::5", 10250, DIAL_CLUSTER},
		{"NO_PROXY=x", REGISTRY6, 443, DIAL_DIRECT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story s = {.variables = {rows[i].variable}};
		struct told told;

		story_answer(&s, 0.1, 3, 1, "relay.corp", 0, RELAY);
		story_open(&s, 1.0, 7, rows[i].to, rows[i].port);
		story_established(&s, 1.1, 7);
		story_run(&s, NULL, &told);
		if (told.dial[7].path != rows[i].path)
			printf("# %s to %s:%u is %s\n", rows[i].variable, rows[i].to, rows[i].port,
				dial_path_name(told.dial[7].path));
		UNIT_CHECK(told.dial[7].path == rows[i].path);
		told_free(&told);
	}
}

static void test_cluster_settings(void)
{
	struct path_settings paths;
	struct environment *e = environment_new(ENVIRONMENT_EXEC);
	struct address a = story_address("172.30.4.5", 443),
		       node = story_address("203.0.113.77", 2380);

	path_settings_default(&paths);
	UNIT_CHECK(path_of(&paths, NULL, e, &a, NULL) == DIAL_DIRECT);
	UNIT_CHECK(path_settings_add_cluster(&paths, "172.30.0.0/15") == 0);
	UNIT_CHECK(path_of(&paths, NULL, e, &a, NULL) == DIAL_CLUSTER);
	a = story_address("172.32.0.1", 443);
	UNIT_CHECK(path_of(&paths, NULL, e, &a, NULL) == DIAL_DIRECT);
	UNIT_CHECK(path_of(&paths, NULL, e, &node, NULL) == DIAL_DIRECT);
	UNIT_CHECK(path_settings_add_node(&paths, "203.0.113.77") == 0);
	UNIT_CHECK(path_of(&paths, NULL, e, &node, NULL) == DIAL_CLUSTER);
	node.port = 443;
	UNIT_CHECK(path_of(&paths, NULL, e, &node, NULL) == DIAL_DIRECT);
	UNIT_CHECK(path_settings_add_cluster(&paths, "172.30.0.0/33") == -EINVAL);
	UNIT_CHECK(path_settings_add_cluster(&paths, "172.30.0.0/") == -EINVAL);
	UNIT_CHECK(path_settings_add_cluster(&paths, "registry/8") == -EINVAL);
	UNIT_CHECK(path_settings_add_cluster(&paths, "fd00:42::/56") == 0);
	a = story_address("fd00:42:0:ff::1", 443);
	UNIT_CHECK(path_of(&paths, NULL, e, &a, NULL) == DIAL_CLUSTER);
	environment_unref(e);
}

static void test_the_variable_that_go_reads_for_https_is_named(void)
{
	struct story s = {
		.variables = {"http_proxy=http://10.77.9.1:3128",
			"HTTPS_RELAY=http://10.77.9.1:3128", "https_proxy=http://10.77.9.1:3128",
			"HTTPS_PROXY=http://10.77.9.1:3128"}};
	struct told told;
	struct environment *e = environment_new(ENVIRONMENT_EXEC);
	struct address to = story_address(RELAY, 3128);
	const struct variable *v = NULL;
	struct path_settings paths;

	path_settings_default(&paths);
	for (size_t i = 0; i < 4; i++)
		environment_add(e, s.variables[i], strcspn(s.variables[i], "="),
			strchr(s.variables[i], '=') + 1, strlen(strchr(s.variables[i], '=') + 1),
			false, NULL);
	UNIT_CHECK(path_of(&paths, NULL, e, &to, &v) == DIAL_RELAY);
	UNIT_STRING(v->name, "HTTPS_PROXY");
	environment_unref(e);

	/* A literal relay has no name; what is wanted stands in the request. */
	story_open(&s, 1.0, 7, RELAY, 3128);
	story_established(&s, 1.1, 7);
	story_run(&s, NULL, &told);
	UNIT_STRING(told.dial[7].name, "");
	told_free(&told);
}

/* ---- conversations with a relay ---- */

static struct story story_of_relay(void)
{
	struct story s = {.variables = {"HTTPS_PROXY=http://relay.corp:3128"}};

	story_resolve(&s, 0.1, "relay.corp", 0, RELAY, NULL);
	story_open(&s, 1.0, 7, RELAY, 3128);
	story_established(&s, 1.01, 7);
	story_request(&s, EVENT_REQUEST, 1.02, 7, "CONNECT", "index.docker.io", 443);
	return s;
}

static void test_a_relays_refusal(void)
{
	struct story s = story_of_relay();
	struct told told;

	story_reply(&s, 1.03, 7, REPLY_HTTP, 407, "Proxy Authentication Required");
	story_ended(&s, 1.04, 7, TCP_STATE_CLOSE_WAIT, 0, 300, 200);
	story_state(&s, 1.05, 7, TCP_STATE_CLOSE_WAIT, TCP_STATE_CLOSE, 0);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 ");
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=407 ");
	UNIT_CHECK(told.dial[7].path == DIAL_RELAY && told.dial[7].name_from == NAME_DNS);
	UNIT_STRING(told.dial[7].name, "relay.corp");
	told_free(&told);
}

static void test_a_relay_that_works_then_carries_tls(void)
{
	struct story s = story_of_relay();
	struct told told;

	story_reply(&s, 1.03, 7, REPLY_HTTP, 200, "Connection established");
	story_request(&s, EVENT_HELLO, 1.04, 7, NULL, "index.docker.io", 0);
	story_reply(&s, 1.05, 7, REPLY_TLS, 0, NULL);
	story_ended(&s, 9.0, 7, TCP_STATE_FIN_WAIT1, 0, 9000, 2000);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 ");
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=200 ");
	UNIT_STRING(told.dial[7].name, "relay.corp");
	told_free(&told);
}

static void test_a_relay_that_closes_or_says_nothing(void)
{
	struct story s = story_of_relay();
	struct told told;

	/* It closes: one FIN, which the kernel counts as a byte. */
	story_ended(&s, 1.03, 7, TCP_STATE_CLOSE_WAIT, 0, 1, 112);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=0! ");
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 no-answer:7@1.030 ");
	told_free(&told);

	/* It resets. */
	s = story_of_relay();
	story_ended(&s, 1.03, 7, TCP_STATE_CLOSE, ECONNRESET, 0, 112);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=0! ");
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 reset:7@1.030 ");
	told_free(&told);

	/* It stays silent, and the puller gives up after a minute. */
	s = story_of_relay();
	story_ended(&s, 61.0, 7, TCP_STATE_FIN_WAIT1, 0, 0, 112);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all),
		"established:7@1.010 pending:7@21.000 no-answer:7@61.000 ");
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=0! ");
	told_free(&told);

	/* The puller changes its mind at once; the puller is killed while it waits. */
	s = story_of_relay();
	story_ended(&s, 1.5, 7, TCP_STATE_FIN_WAIT1, 0, 0, 112);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), "");
	told_free(&told);
	s = story_of_relay();
	story_exit(&s, 30.0, 9);
	story_ended(&s, 30.0001, 7, TCP_STATE_FIN_WAIT1, 0, 0, 112);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), "");
	UNIT_STRING(buffer_string(&told.all),
		"established:7@1.010 pending:7@21.000 interrupted:7@30.000 ");
	told_free(&told);
}

static void test_garbage_and_tls_mismatch(void)
{
	struct story s = story_of_relay();
	struct told told;

	story_reply(&s, 1.03, 7, REPLY_GARBAGE, 0, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=0 ");
	UNIT_CHECK(told.dial[7].replied == false); /* as it was when the dial was told */
	told_free(&told);

	/* https:// to a plain relay: a hello, and 400 comes back. */
	s.count -= 2;
	story_request(&s, EVENT_HELLO, 1.02, 7, NULL, "relay.corp", 0);
	story_reply(&s, 1.03, 7, REPLY_HTTP, 400, "Bad Request");
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), ":0=400 ");
	told_free(&told);
	s.events[s.count - 1].reply = (struct event_reply){.socket = 7, .kind = REPLY_TLS};
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.relays), "");
	told_free(&told);
}

static void test_a_request_that_comes_before_its_dial(void)
{
	struct story s = {.variables = {"HTTPS_PROXY=http://10.77.9.1:3128"}};
	struct told told;

	story_request(&s, EVENT_REQUEST, 1.02, 7, "CONNECT", "index.docker.io", 443);
	story_established(&s, 1.01, 7);
	story_open(&s, 1.0, 7, RELAY, 3128);
	story_reply(&s, 1.03, 7, REPLY_HTTP, 403, "Forbidden");
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 ");
	UNIT_STRING(buffer_string(&told.relays), "index.docker.io:443=403 ");
	UNIT_CHECK(told.dial[7].begin_ns == story_ns(1.0) && !told.counts.ownerless);
	told_free(&told);
}

int main(void)
{
	UNIT_RUN(test_a_direct_dial_has_the_name_that_was_asked_for);
	UNIT_RUN(test_of_two_names_the_latest_is_meant_with_doubt);
	UNIT_RUN(test_hosts_give_a_name);
	UNIT_RUN(test_loopback_has_no_name_from_hosts);
	UNIT_RUN(test_the_end_does_not_swallow_what_has_failed);
	UNIT_RUN(test_nxdomain_is_told_once_as_unresolved);
	UNIT_RUN(test_one_family_without_address_is_no_failure);
	UNIT_RUN(test_the_other_family_may_come_late);
	UNIT_RUN(test_a_resolver_that_drops_the_other_family);
	UNIT_RUN(test_a_search_list_is_no_failure);
	UNIT_RUN(test_silence_of_the_resolver_is_a_timeout);
	UNIT_RUN(test_a_process_that_ends_while_it_waits);
	UNIT_RUN(test_a_relay_that_does_not_resolve);
	UNIT_RUN(test_a_resolver_without_a_route);
	UNIT_RUN(test_the_path_is_relay_where_a_variable_names_it);
	UNIT_RUN(test_cluster_settings);
	UNIT_RUN(test_the_variable_that_go_reads_for_https_is_named);
	UNIT_RUN(test_a_relays_refusal);
	UNIT_RUN(test_a_relay_that_works_then_carries_tls);
	UNIT_RUN(test_a_relay_that_closes_or_says_nothing);
	UNIT_RUN(test_garbage_and_tls_mismatch);
	UNIT_RUN(test_a_request_that_comes_before_its_dial);
	return unit_status();
}
