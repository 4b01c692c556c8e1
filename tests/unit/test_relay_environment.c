// SPDX-License-Identifier: GPL-2.0-only
#include "relay/environment.h"
#include "relay/supervisor_environment.h"
#include "unit.h"

static struct environment *given(enum environment_origin origin, const char *const *pairs)
{
	struct environment *e = environment_new(origin);

	for (; *pairs; pairs++) {
		const char *equals = strchr(*pairs, '=');

		UNIT_CHECK(environment_add(e, *pairs, (size_t)(equals - *pairs), equals + 1,
				   strlen(equals + 1), false, NULL) == 0);
	}
	return e;
}

#define ENVIRONMENT(origin, ...) given(origin, (const char *const[]){__VA_ARGS__, NULL})

static const char *value_of(const struct environment *e, const char *name)
{
	const struct variable *v = environment_get(e, name);

	return v ? v->value : "(none)";
}

static void test_environment_keeps_the_listed_ones_redacted(void)
{
	struct environment *e = ENVIRONMENT(ENVIRONMENT_EXEC, "PATH=/bin", "RKE2_TOKEN=secret",
		"HTTPS_PROXY=http://u:p@relay:3128", "NO_PROXY=10.0.0.0/8,.svc",
		"INVOCATION_ID=0a1b");

	UNIT_CHECK(e->count == 3);
	UNIT_STRING(value_of(e, "HTTPS_PROXY"), "http://***:***@relay:3128");
	UNIT_STRING(value_of(e, "NO_PROXY"), "10.0.0.0/8,.svc");
	UNIT_STRING(value_of(e, "INVOCATION_ID"), "0a1b");
	UNIT_CHECK(environment_get(e, "HTTPS_PROXY")->url.port == 3128);
	UNIT_CHECK(environment_get(e, "HTTPS_PROXY")->url.faults == RELAY_FAULT_CREDENTIALS);
	UNIT_CHECK(!environment_get(e, "INVOCATION_ID")->is_relay);
	environment_unref(e);
}

static void test_environment_of_a_process_keeps_the_first_of_two(void)
{
	struct environment *e = ENVIRONMENT(ENVIRONMENT_EXEC, "HTTPS_PROXY=a:1", "HTTPS_PROXY=b:1");

	UNIT_STRING(value_of(e, "HTTPS_PROXY"), "a:1");
	environment_unref(e);
	e = ENVIRONMENT(ENVIRONMENT_GIVEN, "HTTPS_PROXY=a:1", "NO_PROXY=x", "HTTPS_PROXY=b:1");
	UNIT_STRING(value_of(e, "HTTPS_PROXY"), "b:1");
	UNIT_STRING(e->variables[0].name, "HTTPS_PROXY");
	environment_unref(e);
}

static void test_environment_takes_upper_before_lower_and_empty_as_unset(void)
{
	struct environment *e = ENVIRONMENT(ENVIRONMENT_EXEC, "https_proxy=lower:1",
		"HTTPS_PROXY=upper:1", "HTTP_PROXY=", "http_proxy=low:2", "Https_Proxy=mixed:1",
		"CONTAINERD_ALL_PROXY=c:1", "HTTP_RELAY=r:1");

	UNIT_STRING(
		environment_effective(e, RELAY_FAMILY_PROXY, RELAY_KIND_HTTPS)->value, "upper:1");
	UNIT_STRING(environment_effective(e, RELAY_FAMILY_PROXY, RELAY_KIND_HTTP)->value, "low:2");
	UNIT_STRING(environment_effective(e, RELAY_FAMILY_RELAY, RELAY_KIND_HTTP)->value, "r:1");
	UNIT_CHECK(!environment_effective(e, RELAY_FAMILY_PROXY, RELAY_KIND_ALL));
	UNIT_CHECK(!environment_effective(e, RELAY_FAMILY_RELAY, RELAY_KIND_HTTPS));
	UNIT_CHECK(!environment_effective(NULL, RELAY_FAMILY_PROXY, RELAY_KIND_HTTP));
	environment_unref(e);
}

static void test_environment_of_containerd_replaces_and_never_extends(void)
{
	struct environment *e = ENVIRONMENT(ENVIRONMENT_EXEC, "CONTAINERD_NO_PROXY=only.this",
		"NO_PROXY=.svc,10.42.0.0/16", "CONTAINERD_HTTPS_PROXY=c:1", "HTTP_PROXY=h:1",
		"containerd_http_proxy=ignored:1", "CONTAINERD_https_proxy=l:1");
	const struct supervisor agent = {0};
	struct environment *c = environment_of_containerd(e, &agent);

	UNIT_STRING(value_of(c, "NO_PROXY"), "only.this");
	UNIT_STRING(value_of(c, "HTTPS_PROXY"), "c:1");
	UNIT_STRING(value_of(c, "https_proxy"), "l:1");
	UNIT_STRING(value_of(c, "HTTP_PROXY"), "h:1");
	UNIT_STRING(value_of(c, "CONTAINERD_HTTPS_PROXY"), "(none)");
	UNIT_STRING(environment_effective(c, RELAY_FAMILY_PROXY, RELAY_KIND_HTTPS)->value, "c:1");
	UNIT_STRING(environment_effective(c, RELAY_FAMILY_PROXY, RELAY_KIND_HTTP)->value, "h:1");
	environment_unref(c);
	environment_unref(e);
	/* An empty one takes the relay away from containerd. */
	e = ENVIRONMENT(ENVIRONMENT_EXEC, "HTTPS_PROXY=h:1", "CONTAINERD_HTTPS_PROXY=");
	c = environment_of_containerd(e, &agent);
	UNIT_CHECK(!environment_effective(c, RELAY_FAMILY_PROXY, RELAY_KIND_HTTPS));
	environment_unref(c);
	environment_unref(e);
}

static void test_environment_of_a_server_has_one_list(void)
{
	const struct supervisor server = {.server = true, .service_cidr = "10.96.0.0/12"},
				named = {.server = true, .cluster_domain = "k8s.corp"}, agent = {0};
	struct environment *e = ENVIRONMENT(
		ENVIRONMENT_EXEC, "no_proxy=.corp", "HTTPS_PROXY=h:1", "NO_PROXY=.docker.io");
	struct environment *own = environment_of_supervisor(e, &server);

	UNIT_STRING(value_of(own, "NO_PROXY"),
		".docker.io,.corp,.svc,.cluster.local,10.42.0.0/16,10.96.0.0/12");
	UNIT_STRING(value_of(own, "no_proxy"), "(none)");
	UNIT_STRING(value_of(own, "HTTPS_PROXY"), "h:1");
	environment_unref(own);
	own = environment_of_supervisor(e, &named);
	UNIT_STRING(value_of(own, "NO_PROXY"),
		".docker.io,.corp,.svc,.k8s.corp,10.42.0.0/16,10.43.0.0/16");
	environment_unref(own);
	own = environment_of_supervisor(e, &agent);
	UNIT_CHECK(environment_equal(own, e));
	environment_unref(own);
	environment_unref(e);
	/* Without any it has one all the same; containerd's own replaces it. */
	e = ENVIRONMENT(ENVIRONMENT_EXEC, "CONTAINERD_HTTPS_PROXY=c:1");
	own = environment_of_containerd(e, &server);
	UNIT_STRING(value_of(own, "NO_PROXY"), ".svc,.cluster.local,10.42.0.0/16,10.96.0.0/12");
	environment_unref(own);
	environment_unref(e);
	e = ENVIRONMENT(ENVIRONMENT_EXEC, "CONTAINERD_NO_PROXY=.corp", "NO_PROXY=");
	own = environment_of_containerd(e, &server);
	UNIT_STRING(value_of(own, "NO_PROXY"), ".corp");
	environment_unref(own);
	environment_unref(e);
}

/* k3s #5642: one pass over all of them, the last of a name wins. */
static void test_environment_of_containerd_before_1_22_11(void)
{
	static const struct {
		const char *version;
		bool old;
	} versions[] = {{"v1.22.10+rke2r1", true}, {"v1.22.11+rke2r1", false},
		{"v1.23.7+rke2r2", true}, {"v1.23.8+k3s1", false}, {"v1.24.1+rke2r1", true},
		{"v1.24.2+rke2r1", false}, {"v1.21.14+rke2r1", true}, {"v1.25.0+rke2r1", false},
		{"", false}, {"dev", false}};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct supervisor s = {.server = true, .version = versions[i].version};
		struct environment *e = ENVIRONMENT(ENVIRONMENT_EXEC, "CONTAINERD_NO_PROXY=.corp",
			"CONTAINERD_HTTPS_PROXY=c:1", "HTTPS_PROXY=h:1");
		struct environment *c = environment_of_containerd(e, &s);

		UNIT_STRING(value_of(c, "NO_PROXY"),
			versions[i].old ? ".svc,.cluster.local,10.42.0.0/16,10.43.0.0/16"
					: ".corp");
		UNIT_STRING(value_of(c, "HTTPS_PROXY"), versions[i].old ? "h:1" : "c:1");
		environment_unref(c);
		environment_unref(e);
	}
}

static void test_environment_proves_absence_only_where_all_was_read(void)
{
	struct environment *e = environment_new(ENVIRONMENT_SNAPSHOT);

	UNIT_CHECK(environment_proves_absence(e));
	e->first_lost = true;
	UNIT_CHECK(!environment_proves_absence(e));
	e->origin = ENVIRONMENT_EXEC;
	UNIT_CHECK(environment_proves_absence(e));
	e->truncated = true;
	UNIT_CHECK(!environment_proves_absence(e));
	e->truncated = false;
	e->unreadable = true;
	UNIT_CHECK(!environment_proves_absence(e) && !environment_proves_absence(NULL));
	environment_unref(e);
}

static void test_environment_hides_a_cut_value_and_copies_judged_ones(void)
{
	struct environment *e = environment_new(ENVIRONMENT_EXEC), *copy;

	environment_add(e, "HTTPS_PROXY", 11, "http://user:p@ss", 16, true, "pid 1");
	UNIT_STRING(value_of(e, "HTTPS_PROXY"), "http://***:***");
	UNIT_STRING(e->variables[0].url.host, "***");
	copy = environment_ref(environment_new(ENVIRONMENT_EXEC));
	UNIT_CHECK(environment_add_judged(copy, &e->variables[0]) == 0);
	environment_unref(e);
	UNIT_STRING(copy->variables[0].source, "pid 1");
	UNIT_CHECK(copy->variables[0].url.faults & RELAY_FAULT_HOST_MASKED);
	environment_unref(copy);
	environment_unref(copy);
	environment_unref(NULL);
}

int main(void)
{
	UNIT_RUN(test_environment_keeps_the_listed_ones_redacted);
	UNIT_RUN(test_environment_of_a_process_keeps_the_first_of_two);
	UNIT_RUN(test_environment_takes_upper_before_lower_and_empty_as_unset);
	UNIT_RUN(test_environment_of_containerd_replaces_and_never_extends);
	UNIT_RUN(test_environment_of_a_server_has_one_list);
	UNIT_RUN(test_environment_of_containerd_before_1_22_11);
	UNIT_RUN(test_environment_proves_absence_only_where_all_was_read);
	UNIT_RUN(test_environment_hides_a_cut_value_and_copies_judged_ones);
	return unit_status();
}
