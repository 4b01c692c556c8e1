// SPDX-License-Identifier: GPL-2.0-only
/* Where pulls go by the files of a node, and the version of a program; see also tests/suites/22-check. */
#include "diagnose/go_build.h"
#include "diagnose/node_files.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node_config config;
static char text[4096];

/* "host:port host:port | host:port": those that are judged, then the rest. */
static const char *targets(enum role role)
{
	struct pull_target list[PULL_TARGETS];
	size_t judged, count = node_pull_targets(&config, role, list, &judged), len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s:%u", i ? " " : "",
			i == judged ? "| " : "", list[i].http ? "http://" : "", list[i].host,
			list[i].port);
	return text;
}

static void add_mirror(const char *registry, const char *endpoint)
{
	struct node_mirror *m = &config.mirrors[config.mirror_count++];

	strcpy(m->registry, registry);
	strcpy(m->endpoint, endpoint);
}

#define HUB                                                                                        \
	"auth.docker.io:443 production.cloudflare.docker.com:443 "                                 \
	"production.cloudfront.docker.com:443"

static void test_targets(void)
{
	UNIT_STRING(targets(ROLE_SUPERVISOR), "index.docker.io:443 " HUB);
	UNIT_STRING(targets(ROLE_CONTAINERD), "registry-1.docker.io:443 " HUB);
	strcpy(config.value[NODE_REGISTRY], "registry.corp:5000/path");
	UNIT_STRING(targets(ROLE_SYSTEM_AGENT), "registry.corp:5000");
	config.value[NODE_REGISTRY][0] = '\0';
	add_mirror("*", "http://user:pw@[fd00::1]:5000/v2");
	UNIT_STRING(targets(ROLE_SUPERVISOR), "http://fd00::1:5000 | index.docker.io:443 " HUB);
	/* An entry of its own hides "*". */
	add_mirror("docker.io", "https://a.corp");
	add_mirror("docker.io", "b.corp:8443/x");
	add_mirror("docker.io", "https://a.corp/again");
	UNIT_STRING(targets(ROLE_SUPERVISOR), "a.corp:443 b.corp:8443 | index.docker.io:443 " HUB);
	strcpy(config.value[NODE_DISABLE_DEFAULT_ENDPOINT], "true");
	UNIT_STRING(targets(ROLE_CONTAINERD), "a.corp:443 b.corp:8443");
	UNIT_STRING(targets(ROLE_SUPERVISOR), "a.corp:443 b.corp:8443 | index.docker.io:443 " HUB);
}

/* Every prefix of a program, and every byte of its headers changed: no version, no crash. */
static void test_damaged_programs(void)
{
	FILE *file = fopen("/proc/self/exe", "re");
	size_t len = 65536;
	char *bytes = malloc(len), version[64];

	UNIT_CHECK(file && bytes);
	if (file && bytes) {
		len = fread(bytes, 1, len, file);
		for (size_t cut = 0; cut < 512; cut++)
			UNIT_CHECK(!go_build_version(bytes, cut, version, sizeof(version)));
		for (size_t at = 0; at < 64; at++) {
			bytes[at] = (char)~bytes[at];
			UNIT_CHECK(!go_build_version(bytes, len, version, sizeof(version)));
			bytes[at] = (char)~bytes[at];
		}
	}
	if (file)
		fclose(file);
	free(bytes);
}

int main(void)
{
	UNIT_RUN(test_targets);
	UNIT_RUN(test_damaged_programs);
	return unit_status();
}
