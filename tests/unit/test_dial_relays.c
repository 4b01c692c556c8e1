// SPDX-License-Identifier: GPL-2.0-only
/* Which way a dial goes, and what a relay was asked and answered. */
#include "tracker_story.h"

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

static void config(
	struct path_settings *s, const char *key, const char *a, const char *b, const char *c)
{
	const char *fields[] = {a, b, c};
	struct event_fact fact = {.key = key, .fields = fields, .field_count = c ? 3 : 2};

	path_settings_fact(s, &fact);
}

static void test_registries_are_not_the_clusters(void)
{
	static const struct {
		const char *name, *to;
		uint16_t port;
		enum role role;
		enum name_from from;
		bool want;
	} rows[] = {
		/* a puller asked for it by name */
		{"registry.corp", "10.0.0.9", 30500, ROLE_CONTAINERD, NAME_DNS, true},
		{"registry.corp", "10.0.0.9", 5001, ROLE_CONTAINERD, NAME_DNS, true},
		{"registry.corp", "10.0.0.9", 5001, ROLE_SUPERVISOR, NAME_SNI, true},
		{"registry.corp", "10.0.0.9", 30500, ROLE_KUBELET, NAME_DNS, false},
		{"node9.corp", "10.0.0.9", 30500, ROLE_SUPERVISOR, NAME_HOSTS, false},
		{"server.corp", "10.0.0.9", 5001, ROLE_SUPERVISOR, NAME_DNS, false},
		{"server.corp", "10.0.0.9", 9345, ROLE_SUPERVISOR, NAME_DNS, false},
		{"a.b.svc.cluster.local", "10.0.0.9", 30500, ROLE_CONTAINERD, NAME_DNS, false},
		{"registry.corp", "10.43.1.1", 30500, ROLE_CONTAINERD, NAME_DNS, false},
		{"", "10.0.0.9", 30500, ROLE_CONTAINERD, NAME_NONE, false},
		/* the configuration names it */
		{"", "10.0.0.7", 5001, ROLE_SUPERVISOR, NAME_NONE, true},
		{"", "10.0.0.7", 5002, ROLE_SUPERVISOR, NAME_NONE, false},
		{"mirror.corp", "10.0.0.8", 31000, ROLE_SUPERVISOR, NAME_HOSTS, true},
		{"Default.corp", "10.43.0.9", 5000, ROLE_SUPERVISOR, NAME_DNS, true},
		{"", "fd00::7", 5001, ROLE_CONTAINERD, NAME_NONE, true},
	};
	struct path_settings s;

	path_settings_default(&s);
	config(&s, "mirror", "docker.io", "10.0.0.7", "5001");
	config(&s, "mirror", "*", "mirror.corp", "31000");
	config(&s, "mirror", "quay.io", "10.0.0.9", NULL); /* no port was told: matches none */
	config(&s, "mirror", "quay.io", "fd00::7", "5001");
	config(&s, "config", "system-default-registry", "default.corp:5000/prime", "config.yaml:1");
	UNIT_CHECK(s.registry_count == 5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address a = story_address(rows[i].to, rows[i].port);

		if (path_is_registry(&s, rows[i].role, rows[i].name, rows[i].from, &a) !=
			rows[i].want)
			printf("# row %zu\n", i);
		UNIT_CHECK(path_is_registry(&s, rows[i].role, rows[i].name, rows[i].from, &a) ==
			   rows[i].want);
	}
}

/* A tunnel that was granted, with so many bytes until its end. */
static void test_a_tunnel_ends_before_a_server_hello(void)
{
	static const struct {
		const char *what, *reason;
		double lasts;
		int state, error;
		uint64_t received;
		bool hello;
		enum dial_outcome want;
	} rows[] = {
		{"reset", "Connection established", 0.1, TCP_STATE_CLOSE, ECONNRESET, 39, true,
			DIAL_RESET},
		{"closed from behind", "Connection established", 0.1, TCP_STATE_CLOSE_WAIT, 0, 40,
			true, DIAL_NO_ANSWER},
		{"46 bytes: less than a ServerHello", "Connection established", 0.1,
			TCP_STATE_CLOSE, ECONNRESET, 39 + 46, true, DIAL_RESET},
		{"47 bytes may be one", "Connection established", 0.1, TCP_STATE_CLOSE, ECONNRESET,
			39 + 47, true, DIAL_ESTABLISHED},
		{"the FIN counts as a byte", "Connection established", 0.1, TCP_STATE_CLOSE_WAIT, 0,
			39 + 47, true, DIAL_NO_ANSWER},
		{"no reason in the answer", "", 0.1, TCP_STATE_CLOSE, ECONNRESET, 16, true,
			DIAL_RESET},
		{"nothing was sent into it", "Connection established", 0.1, TCP_STATE_CLOSE_WAIT, 0,
			40, false, DIAL_ESTABLISHED},
		{"the program changed its mind", "Connection established", 2.9, TCP_STATE_FIN_WAIT1,
			0, 39, true, DIAL_ESTABLISHED},
		{"the program lost its patience", "Connection established", 10, TCP_STATE_FIN_WAIT1,
			0, 39, true, DIAL_NO_ANSWER},
		{"an old kernel counts nothing", "Connection established", 0.1, TCP_STATE_CLOSE,
			ECONNRESET, 0, true, DIAL_ESTABLISHED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story s = {.variables = {"HTTPS_PROXY=http://10.77.9.1:3128"}};
		struct told told;

		story_open(&s, 1.0, 7, RELAY, 3128);
		story_established(&s, 1.1, 7);
		story_request(&s, EVENT_REQUEST, 1.2, 7, "CONNECT", "index.docker.io", 443);
		story_reply(&s, 21.0, 7, REPLY_HTTP, 200, rows[i].reason);
		if (rows[i].hello)
			story_request(&s, EVENT_HELLO, 21.1, 7, NULL, "index.docker.io", 0);
		story_ended(&s, 21.1 + rows[i].lasts, 7, rows[i].state, rows[i].error,
			rows[i].received, 700);
		story_run(&s, NULL, &told);
		if (told.last[7] != rows[i].want)
			printf("# %s: %s\n", rows[i].what, dial_outcome_name(told.last[7]));
		UNIT_CHECK(told.last[7] == rows[i].want);
		told_free(&told);
	}
}

int main(void)
{
	UNIT_RUN(test_the_path_is_relay_where_a_variable_names_it);
	UNIT_RUN(test_cluster_settings);
	UNIT_RUN(test_the_variable_that_go_reads_for_https_is_named);
	UNIT_RUN(test_a_relays_refusal);
	UNIT_RUN(test_a_relay_that_works_then_carries_tls);
	UNIT_RUN(test_a_relay_that_closes_or_says_nothing);
	UNIT_RUN(test_garbage_and_tls_mismatch);
	UNIT_RUN(test_a_request_that_comes_before_its_dial);
	UNIT_RUN(test_registries_are_not_the_clusters);
	UNIT_RUN(test_a_tunnel_ends_before_a_server_hello);
	return unit_status();
}
