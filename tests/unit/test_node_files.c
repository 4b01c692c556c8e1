// SPDX-License-Identifier: GPL-2.0-only
/* Where pulls go by the files of a node, and the version of a program; see also tests/suites/22-check. */
#include "node/go_build.h"
#include "node/node_files.h"
#include "node/pull_targets.h"
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

static char told[4096];

/* "SURE|WHY|TARGET...", or "" where nothing is told. */
static void on_pull(void *context, const struct event *event)
{
	size_t len = 0;

	(void)context;
	UNIT_STRING(event->fact.key, PULL_FACT);
	UNIT_CHECK(event->pid == 7 && event->start_ns == 8 && event->time_ns == 9);
	len += (size_t)snprintf(
		told, sizeof(told), "%s|%s", event->fact.fields[1], event->fact.fields[0]);
	for (size_t i = 2; i < event->fact.field_count; i++)
		len += (size_t)snprintf(
			told + len, sizeof(told) - len, "|%s", event->fact.fields[i]);
}

static struct node_files files;

static const char *pull(enum role role, bool is_agent)
{
	const struct event exec = {.pid = 7, .start_ns = 8, .time_ns = 9};

	*told = '\0';
	node_pull_tell(&files, role, is_agent, &exec, on_pull, NULL);
	return told;
}

#define URLS                                                                                       \
	"|https://auth.docker.io:443|https://production.cloudflare.docker.com:443"                 \
	"|https://production.cloudfront.docker.com:443"
#define RUNTIME                                                                                    \
	"it pulls rke2-runtime of v1.33.1+rke2r1 now: that is not in /d/data, and no image "       \
	"tarball is in /d/agent/images"
#define SERVER_PULLS "targets|" RUNTIME "|https://index.docker.io:443" URLS
#define AGENT_PULLS  "default|" RUNTIME "|https://index.docker.io:443" URLS

static void new_files(void)
{
	memset(&files, 0, sizeof(files));
	strcpy(files.data_dir, "/d");
	strcpy(files.version, "v1.33.1+rke2r1");
}

/* Told before any dial: only where it is sure. */
static void test_pull_is_told(void)
{
	new_files();
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), SERVER_PULLS);
	/* What an agent pulls from its server decides; what it pulled before says so. */
	UNIT_STRING(pull(ROLE_SUPERVISOR, true), AGENT_PULLS);
	strcpy(files.pulled, "index.docker.io/rancher/rke2-runtime:v1.32.5-rke2r1");
	UNIT_STRING(pull(ROLE_SUPERVISOR, true), SERVER_PULLS);
	strcpy(files.pulled, "registry.corp/rancher/rke2-runtime:v1.32.5-rke2r1");
	UNIT_STRING(pull(ROLE_SUPERVISOR, true), AGENT_PULLS);
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), SERVER_PULLS);
	/* A registry of one's own is most likely reached without a relay. */
	strcpy(files.config.value[NODE_REGISTRY], "registry.corp:5000/x");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "default|" RUNTIME "|https://registry.corp:5000");
	strcpy(files.config.value[NODE_REGISTRY], "registry.rancher.com");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false),
		"targets|" RUNTIME "|https://registry.rancher.com:443");
	/* So may what is listed, by the embedded registry of another node. */
	new_files();
	strcpy(files.config.listed[files.config.listed_count++], "docker.io");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), AGENT_PULLS);
	new_files();
	strcpy(files.config.value[NODE_PRIME], "true");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), AGENT_PULLS);
	new_files();
	UNIT_STRING(pull(ROLE_CONTAINERD, false),
		"default|it pulls images: none is preloaded in /d/agent/images"
		"|https://registry-1.docker.io:443" URLS);
	UNIT_STRING(pull(ROLE_SYSTEM_AGENT, false), "default|it pulls the installer of each new "
						    "version|https://index.docker.io:443" URLS);
}

static void test_pull_is_not_told(void)
{
	new_files();
	strcpy(files.staged, "v1.33.1-rke2r1-0123456789ab");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "");
	new_files();
	strcpy(files.config.value[NODE_RUNTIME_IMAGE], "x/y:z");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "");
	new_files();
	files.distribution = DISTRIBUTION_K3S;
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "");
	new_files();
	strcpy(files.images, "/d/agent/images/rke2-images.linux-amd64.tar.zst");
	files.preloaded = NODE_IMAGES_HELD;
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "");
	UNIT_STRING(pull(ROLE_CONTAINERD, false), "");
	new_files();
	UNIT_STRING(pull(ROLE_CLIENT, false), "");
	unit_list_add(&files.problems, "registries.yaml: no YAML");
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "");
	UNIT_STRING(pull(ROLE_SYSTEM_AGENT, false), "");
	unit_list_free(&files.problems);
}

static void test_what_a_tarball_holds(void)
{
	static const struct {
		const char *name, *version;
		enum node_images images;
	} cases[] = {
		{"rke2-images.linux-amd64.tar.zst", "v1.33.1+rke2r1", NODE_IMAGES_HELD},
		{"rke2-images-core.linux-amd64.tar.gz", "", NODE_IMAGES_HELD},
		{"rke2-images-all.linux-arm64.tar", "", NODE_IMAGES_HELD},
		{"rke2-images-linux-amd64.tar", "", NODE_IMAGES_HELD},
		{"rke2-runtime-v1.33.1-rke2r1.tar", "v1.33.1+rke2r1", NODE_IMAGES_HELD},
		{"rke2-images-v1.33.1-rke2r1.linux-amd64.tar.zst", "v1.33.1+rke2r1",
			NODE_IMAGES_HELD},
		{"rke2-images-v1.33.1-rke2r1.linux-amd64.tar.zst", "v1.33.1+rke2r2",
			NODE_IMAGES_OTHERS},
		{"rke2-images-v1.32.9.linux-amd64.tar.zst", "v1.33.1+rke2r1", NODE_IMAGES_OTHERS},
		{"rke2-images-v1.32.9.linux-amd64.tar.zst", "", NODE_IMAGES_HELD},
		{"rke2-images-cilium.linux-amd64.tar.zst", "", NODE_IMAGES_OTHERS},
		{"rke2-images-vsphere.linux-amd64.tar.zst", "", NODE_IMAGES_OTHERS},
		{"rke2-windows-ltsc2022-amd64-images.tar.gz", "", NODE_IMAGES_OTHERS},
		{"myapp.tar", "v1.33.1+rke2r1", NODE_IMAGES_DOUBT},
		{"images.v1.33.1.tar", "v1.33.1+rke2r1", NODE_IMAGES_DOUBT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (node_images_of(cases[i].name, cases[i].version, false) != cases[i].images)
			UNIT_STRING(cases[i].name, cases[i].version);
	UNIT_CHECK(node_images_of("k3s-airgap-images-amd64.tar.zst", "", true) == NODE_IMAGES_HELD);
	UNIT_CHECK(node_images_of("x.tar", "", true) == NODE_IMAGES_DOUBT);
	UNIT_CHECK(node_images_is_tarball("x.tar.zst") && !node_images_is_tarball("x.txt"));
	/* Only what is sure is told before a dial. */
	new_files();
	files.preloaded = NODE_IMAGES_DOUBT;
	UNIT_STRING(pull(ROLE_SUPERVISOR, false), "");
	UNIT_STRING(pull(ROLE_CONTAINERD, false), "");
	new_files();
	files.preloaded = NODE_IMAGES_OTHERS;
	strcpy(files.images, "/d/agent/images/rke2-images-cilium.linux-amd64.tar.zst");
	UNIT_CHECK(strstr(pull(ROLE_SUPERVISOR, false),
		"by its name /d/agent/images/rke2-images-cilium.linux-amd64.tar.zst has other "
		"images"));
}

int main(void)
{
	UNIT_RUN(test_targets);
	UNIT_RUN(test_damaged_programs);
	UNIT_RUN(test_pull_is_told);
	UNIT_RUN(test_pull_is_not_told);
	UNIT_RUN(test_what_a_tarball_holds);
	return unit_status();
}
