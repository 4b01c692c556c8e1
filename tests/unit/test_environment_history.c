// SPDX-License-Identifier: GPL-2.0-only
#include "model/environment_history.h"
#include "unit.h"

#include <stdlib.h>

static struct environment_history history;

/* An environment of NAME=VALUE words; the last is NULL. */
static struct environment *environment(enum environment_origin origin, const char *const *words)
{
	struct environment *e = environment_new(origin);

	for (; *words; words++) {
		size_t len = strcspn(*words, "=");

		environment_add(
			e, *words, len, *words + len + 1, strlen(*words + len + 1), false, NULL);
	}
	return e;
}

/* The changes that a process of that role and unit gives: "-A +B ~C", "none", "first". */
static const char *exec(enum role role, const char *name, const char *unit,
	enum environment_origin origin, const char *const *words)
{
	static char text[512];
	static uint64_t now;
	struct process p = {.role = role,
		.name = (char *)name,
		.tree = "rke2",
		.environment = environment(origin, words)};
	struct environment_changes c;
	bool had;

	snprintf(p.unit, sizeof(p.unit), "%s", unit);
	snprintf(p.entity_id, sizeof(p.entity_id), "x-%llu", (unsigned long long)++now);
	had = environment_history_exec(&history, &p, now, &c);
	environment_unref(p.environment);
	text[0] = '\0';
	for (size_t i = 0; i < c.removed.count; i++)
		sprintf(text + strlen(text), " -%s", c.removed.names[i]);
	for (size_t i = 0; i < c.added.count; i++)
		sprintf(text + strlen(text), " +%s", c.added.names[i]);
	for (size_t i = 0; i < c.changed.count; i++)
		sprintf(text + strlen(text), " ~%s", c.changed.names[i]);
	if (c.incomplete)
		strcat(text, " ?");
	environment_changes_free(&c);
	return !had ? "first" : text[0] ? text + 1 : "none";
}

#define RUN(...)                                                                                   \
	exec(ROLE_SUPERVISOR, "rke2", "rke2-agent.service", ENVIRONMENT_EXEC,                      \
		(const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void test_what_changed(void)
{
	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1", "NO_PROXY=.svc"), "first");
	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1", "NO_PROXY=.svc"), "none");
	UNIT_STRING(RUN("HTTPS_PROXY=http://b:1"), "-NO_PROXY ~HTTPS_PROXY");
	UNIT_STRING(RUN(), "-HTTPS_PROXY");
	UNIT_STRING(RUN("CONTAINERD_HTTPS_PROXY=http://b:1"), "+CONTAINERD_HTTPS_PROXY");
	/* What is no relay variable is different in each start. */
	UNIT_STRING(RUN("CONTAINERD_HTTPS_PROXY=http://b:1", "INVOCATION_ID=1"), "none");
	environment_history_free(&history);
}

/* HTTPS_PROXY= in an env file takes the relay away; Go looks at the other spelling then. */
static void test_empty_is_unset(void)
{
	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1", "NO_PROXY=.svc"), "first");
	UNIT_STRING(RUN("HTTPS_PROXY=", "NO_PROXY="), "-HTTPS_PROXY -NO_PROXY");
	UNIT_STRING(RUN("HTTPS_PROXY="), "none");
	UNIT_STRING(RUN(), "none");
	UNIT_STRING(RUN("HTTPS_PROXY=", "https_proxy=http://a:1"), "+https_proxy");
	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1", "https_proxy=http://a:1"), "+HTTPS_PROXY");
	UNIT_STRING(RUN("HTTPS_PROXY=", "https_proxy=http://a:1"), "-HTTPS_PROXY");
	environment_history_free(&history);
}

static void test_only_its_own_predecessor(void)
{
	static const char *const with[] = {"HTTPS_PROXY=http://a:1", NULL}, *const without[] = {
										    NULL};

	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1"), "first");
	UNIT_STRING(exec(ROLE_CONTAINERD, "containerd", "rke2-agent.service", ENVIRONMENT_EXEC,
			    without),
		"first");
	UNIT_STRING(exec(ROLE_SUPERVISOR, "rke2", "rke2-server.service", ENVIRONMENT_EXEC, without),
		"first");
	UNIT_STRING(exec(ROLE_CLIENT, "ctr", "", ENVIRONMENT_EXEC, with), "first");
	UNIT_STRING(exec(ROLE_CLIENT, "crictl", "", ENVIRONMENT_EXEC, without), "first");
	UNIT_STRING(exec(ROLE_CLIENT, "ctr", "", ENVIRONMENT_EXEC, without), "-HTTPS_PROXY");
	/* The kubelet runs them in turn, each with what its configuration gives it. */
	UNIT_STRING(exec(ROLE_CREDENTIAL_PROVIDER, "ecr-credential-provider", "rke2-agent.service",
			    ENVIRONMENT_EXEC, with),
		"first");
	UNIT_STRING(exec(ROLE_CREDENTIAL_PROVIDER, "acr-credential-provider", "rke2-agent.service",
			    ENVIRONMENT_EXEC, without),
		"first");
	UNIT_STRING(exec(ROLE_CREDENTIAL_PROVIDER, "ecr-credential-provider", "rke2-agent.service",
			    ENVIRONMENT_EXEC, with),
		"none");
	environment_history_free(&history);
}

/* rke2 writes its title over the first variable: what a snapshot lacks is not proved to be missing. */
static void test_a_snapshot_proves_little(void)
{
	static const char *const less[] = {"NO_PROXY=.svc", NULL};
	struct environment *damaged = environment_new(ENVIRONMENT_SNAPSHOT);
	struct process p = {.role = ROLE_SUPERVISOR, .name = (char *)"rke2", .tree = "rke2"};
	struct environment_changes c;

	environment_add_block(damaged, "rke2 agent\0NO_PROXY=.svc", 25, NULL);
	p.environment = damaged;
	snprintf(p.unit, sizeof(p.unit), "rke2-agent.service");
	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1", "NO_PROXY=.svc"), "first");
	UNIT_CHECK(environment_history_exec(&history, &p, 99, &c));
	UNIT_CHECK(c.removed.count == 0 && c.incomplete);
	environment_changes_free(&c);
	UNIT_STRING(RUN("HTTPS_PROXY=http://a:1", "NO_PROXY=.svc"), "?");
	UNIT_STRING(exec(ROLE_SUPERVISOR, "rke2", "rke2-agent.service", ENVIRONMENT_EXEC, less),
		"-HTTPS_PROXY");
	environment_unref(damaged);
	environment_history_free(&history);
}

static void test_bounded(void)
{
	static const char *const with[] = {"HTTPS_PROXY=http://a:1", NULL};
	char unit[32];

	for (int i = 0; i < 3 * ENVIRONMENT_PLACES; i++) {
		snprintf(unit, sizeof(unit), "unit%d.service", i);
		UNIT_STRING(exec(ROLE_OTHER, "x", unit, ENVIRONMENT_EXEC, with), "first");
	}
	UNIT_STRING(exec(ROLE_OTHER, "x", unit, ENVIRONMENT_EXEC, with), "none");
	UNIT_STRING(exec(ROLE_OTHER, "x", "unit0.service", ENVIRONMENT_EXEC, with), "first");
	environment_history_free(&history);
}

static void test_versions(void)
{
	char version[64];

	UNIT_CHECK(rke2_version_of(
		"/var/lib/rancher/rke2/data/v1.32.5-rke2r1-f08cac670b4e/bin/containerd", version,
		sizeof(version)));
	UNIT_STRING(version, "v1.32.5+rke2r1");
	UNIT_CHECK(rke2_version_of(
		"/data/v1.33.0-rc1-rke2r12-0/bin/kubelet", version, sizeof(version)));
	UNIT_STRING(version, "v1.33.0-rc1+rke2r12");
	UNIT_CHECK(!rke2_version_of("/usr/local/bin/rke2", version, sizeof(version)));
	UNIT_CHECK(!rke2_version_of("/data/v1/rke2r/bin/x", version, sizeof(version)));
	UNIT_CHECK(!rke2_version_of("/data/v1.32.5-rke2r1-f08c", version, sizeof(version)));
	UNIT_CHECK(!rke2_version_of(NULL, version, sizeof(version)));
	UNIT_STRING(version, "");
}

int main(void)
{
	UNIT_RUN(test_what_changed);
	UNIT_RUN(test_empty_is_unset);
	UNIT_RUN(test_only_its_own_predecessor);
	UNIT_RUN(test_a_snapshot_proves_little);
	UNIT_RUN(test_bounded);
	UNIT_RUN(test_versions);
	return unit_status();
}
