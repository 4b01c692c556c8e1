// SPDX-License-Identifier: GPL-2.0-only
/* Names that dials get, and those that do not resolve. */
#include "tracker_story.h"

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

/* resolv.conf with timeout:2 attempts:1: one try, and the process gives up; killed, it says nothing of that. */
static void test_a_resolver_with_little_patience(void)
{
	struct story s = {.count = 0}, killed = {.count = 0};
	struct told told;

	story_ask(&s, 0.1, 3, 1, "index.docker.io");
	story_exit(&s, 2.11, 1 << 8);
	s.stop = 2.2;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unresolved:0@2.110 ");
	UNIT_CHECK(told.dial[0].dns_code == DNS_CODE_TIMEOUT);
	told_free(&told);
	story_ask(&killed, 0.1, 3, 1, "index.docker.io");
	story_exit(&killed, 2.11, 9);
	killed.stop = 2.2;
	story_run(&killed, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
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
	UNIT_RUN(test_a_resolver_with_little_patience);
	UNIT_RUN(test_a_relay_that_does_not_resolve);
	UNIT_RUN(test_a_resolver_without_a_route);
	return unit_status();
}
