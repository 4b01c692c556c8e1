// SPDX-License-Identifier: GPL-2.0-only
/* Where pulls go by the files of a node, and the version of a program; see also tests/suites/22-check. */
#include "diagnose/go_build.h"
#include "diagnose/node_files.h"
#include "diagnose/pull_targets.h"
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
	strcpy(config.listed[config.listed_count++], registry);
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

struct program {
	char *bytes;
	size_t len;
};

static bool read_at(void *context, uint64_t at, void *out, size_t len)
{
	struct program *p = context;

	if (at > p->len || len > p->len - at)
		return false;
	memcpy(out, p->bytes + at, len);
	return true;
}

/* A program that is none of Go's, cut everywhere, and with every byte of its header changed. */
static void test_damaged_programs(void)
{
	FILE *file = fopen("/proc/self/exe", "re");
	struct program p = {malloc(16 << 20), 16 << 20};
	char version[64];
	size_t whole;

	UNIT_CHECK(file && p.bytes);
	if (file && p.bytes) {
		whole = p.len = fread(p.bytes, 1, p.len, file);
		for (p.len = 0; p.len < 512; p.len++)
			UNIT_CHECK(!go_build_version(read_at, &p, version, sizeof(version)));
		p.len = whole;
		for (size_t at = 0; at < 64; at++) {
			p.bytes[at] = (char)~p.bytes[at];
			UNIT_CHECK(!go_build_version(read_at, &p, version, sizeof(version)));
			p.bytes[at] = (char)~p.bytes[at];
		}
	}
	if (file)
		fclose(file);
	free(p.bytes);
}

int main(void)
{
	UNIT_RUN(test_targets);
	UNIT_RUN(test_damaged_programs);
	return unit_status();
}
