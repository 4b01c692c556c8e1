// SPDX-License-Identifier: GPL-2.0-only
/* config.yaml and registries.yaml: what is taken, what is passed over, what a hostile file can do. */
#include "node/node_config.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node_config config;
static struct node_config_fault fault;

static int add(const char *text)
{
	return node_config_parse(text, strlen(text), 3, &config, &fault);
}

static int registries(const char *text)
{
	return node_registries_parse(text, strlen(text), &config, &fault);
}

static void test_config(void)
{
	memset(&config, 0, sizeof(config));
	UNIT_CHECK(
		add("# mine\ntoken: \"abc\"\nserver: https://10.0.0.1:9345\n"
		    "system-default-registry: 'registry.corp:5000/x'\n"
		    "cluster-cidr: [10.52.0.0/16, fd00::/56]\n"
		    "node-label:\n  - server=no\n  - {server: no}\nservice-cidr: 10.53.0.0/16\n") ==
		0);
	UNIT_STRING(config.value[NODE_SERVER], "https://10.0.0.1:9345");
	UNIT_STRING(config.value[NODE_REGISTRY], "registry.corp:5000/x");
	UNIT_STRING(config.value[NODE_CLUSTER_CIDR], "10.52.0.0/16,fd00::/56");
	UNIT_STRING(config.value[NODE_SERVICE_CIDR], "10.53.0.0/16");
	UNIT_STRING(config.value[NODE_DATA_DIR], "");
	UNIT_CHECK(config.line[NODE_REGISTRY] == 4);
	UNIT_CHECK(config.file[NODE_REGISTRY] == 3);
	/* A later file replaces, with '+' it adds. */
	UNIT_CHECK(add("server: https://10.0.0.2:9345\ncluster-cidr+: [10.54.0.0/16]\n") == 0);
	UNIT_STRING(config.value[NODE_SERVER], "https://10.0.0.2:9345");
	UNIT_STRING(config.value[NODE_CLUSTER_CIDR], "10.52.0.0/16,fd00::/56,10.54.0.0/16");
	UNIT_CHECK(add("cluster-cidr:\n- 10.60.0.0/16\n- 10.61.0.0/16\n") == 0);
	UNIT_STRING(config.value[NODE_CLUSTER_CIDR], "10.60.0.0/16,10.61.0.0/16");
	/* The second document is not read. */
	UNIT_CHECK(add("data-dir: /a\n---\ndata-dir: /b\n") == 0);
	UNIT_STRING(config.value[NODE_DATA_DIR], "/a");
	UNIT_CHECK(add("server: https://user:secret@10.0.0.3:9345\n") == 0);
	UNIT_CHECK(!strstr(config.value[NODE_SERVER], "secret"));
}

static void test_registries(void)
{
	memset(&config, 0, sizeof(config));
	UNIT_CHECK(
		registries(
			"mirrors:\n  docker.io:\n    endpoint:\n      - https://m1.corp:5000/v2\n"
			"      - http://user:secret@m2.corp\n    rewrite:\n      \"^x\": y\n"
			"  \"*\":\n    endpoint: [\"https://m3.corp\"]\n"
			"configs:\n  m1.corp:5000:\n    auth: {username: u, password: secret}\n"
			"    endpoint: [no]\n") == 0);
	UNIT_CHECK(config.mirror_count == 3);
	UNIT_STRING(config.mirrors[0].registry, "docker.io");
	UNIT_STRING(config.mirrors[0].endpoint, "https://m1.corp:5000/v2");
	UNIT_STRING(config.mirrors[1].endpoint, "http://***:***@m2.corp");
	UNIT_STRING(config.mirrors[2].registry, "*");
	/* A typing error (rke2 issue 5612): told with its line, and what came before it is kept. */
	UNIT_CHECK(registries("mirrors:\n  a.io:\n    endpoint\": [x]\n  b: c: d\n") == -EINVAL);
	UNIT_CHECK(fault.line == 4);
	UNIT_CHECK(fault.text[0]);
}

/* "LINE TEXT" of the first note; "" where there is none. */
static const char *noted(int (*parse)(const char *), const char *text)
{
	static char out[300];

	memset(&config, 0, sizeof(config));
	*out = '\0';
	if (parse(text))
		return "error";
	if (config.note_count)
		snprintf(out, sizeof(out), "%zu: %u %s", config.note_count, config.notes[0].line,
			config.notes[0].text);
	return out;
}

static void test_wrong_shapes(void)
{
	UNIT_STRING(noted(registries, "mirrors:\n  a.io:\n    endpoint\":\n      - https://m\n"),
		"1: 3 RKE2 does not know the key endpoint\", and what is under it counts for "
		"nothing: write endpoint");
	UNIT_STRING(noted(registries, "mirrors:\n  a.io:\n    endpoint: https://m\n"),
		"1: 3 endpoint has one value, and has to be a list: write - before it, on a line "
		"of its own");
	UNIT_CHECK(!config.mirror_count && config.listed_count == 1);
	UNIT_STRING(noted(registries, "mirrors:\n- a.io:\n    endpoint: [https://m]\n"),
		"1: 2 mirrors is a list, and has to be a mapping: a line REGISTRY: for each, "
		"without the dash");
	UNIT_CHECK(!config.mirror_count && !config.listed_count);
	UNIT_STRING(noted(registries, "mirror:\n  a.io:\n    endpoint: [https://m]\n"),
		"1: 1 RKE2 does not know the key mirror, and what is under it counts for nothing: "
		"write mirrors");
	UNIT_STRING(noted(registries,
			    "mirrors:\n  https://u:secret@a.io/v2:\n    endpoint: [https://m]\n"),
		"1: 2 a registry is named by its host alone, without a scheme: write a.io:");
	UNIT_STRING(noted(registries, "mirrors: [a, {b: c}]\n"),
		"1: 1 mirrors is a list, and has to be a mapping: a line REGISTRY: for each, "
		"without the dash");
	UNIT_STRING(noted(registries, "mirrors: x\n"),
		"1: 1 mirrors has one value, and has to be a mapping: a line REGISTRY: for each");
	UNIT_STRING(noted(registries, "- mirrors:\n"),
		"1: 1 the file is a list, and has to begin with mirrors: or configs:");
	UNIT_STRING(noted(registries, "mirrors:\n  a.io: https://m\n  b.io: [https://m]\n"),
		"2: 2 a.io has one value, and has to have endpoint: under it");
	UNIT_STRING(noted(registries, "mirrors:\n  a.io: {endpoint: {x: y}, rewrite: z}\n"),
		"2: 2 endpoint is a mapping, and has to be a list: a line - URL for each");
	/* Right, or nobody's business. */
	UNIT_STRING(
		noted(registries,
			"mirrors:\n  \"*\":\n  docker.io:\n  a.io: {endpoint: [], rewrite: {}}\n"
			"  b.io: {endpoint: [m]}\nconfigs: {a.io: {tls: {}, auth: "
			"{}}}\nx: y\n"),
		"");
	UNIT_STRING(noted(registries, "mirrors:\nconfigs:\n"), "");
	UNIT_STRING(noted(add, "System_Default-Registry: r.corp\n"),
		"1: 1 RKE2 does not know the key System_Default-Registry, and what is under it "
		"counts for nothing: "
		"write system-default-registry");
	UNIT_STRING(noted(add, "x: 1\nsystem-default-registry: http://r.corp:5000/\n"),
		"1: 2 system-default-registry is HOST[:PORT][/PATH], without a scheme: write "
		"r.corp:5000");
	UNIT_STRING(config.value[NODE_REGISTRY], "");
	UNIT_STRING(noted(add, "system-default-registry: u:secret@r.corp\n"),
		"1: 1 system-default-registry is HOST[:PORT][/PATH], and nothing else");
	UNIT_STRING(noted(add, "system-default-registry:\n  host: r.corp\n"),
		"1: 2 system-default-registry has a mapping under it, and is one value: write it "
		"behind the colon");
	UNIT_STRING(config.value[NODE_REGISTRY], "");
	UNIT_STRING(noted(add, "system-default-registry: [a.corp, b.corp]\netcd-s3-endpoint-ca: "
			       "x\ncluster-dns: y\n"
			       "cluster-cidr+: [10.0.0.0/8]\ntoken: z\nprofile: cis\nservers: x\n"),
		"1: 7 RKE2 does not know the key servers, and what is under it counts for nothing: "
		"write server");
	UNIT_STRING(config.value[NODE_REGISTRY], "b.corp");
	for (int i = 0; i < 2; i++)
		UNIT_CHECK(strcmp(noted(i ? add : registries,
					  "a: &a {mirrors: *a}\n? [x, y]\n: {endpoint: 1}\n"),
			"error"));
}

static void test_hostile(void)
{
	char *deep = malloc(100001), line[600];

	memset(&config, 0, sizeof(config));
	UNIT_CHECK(deep);
	if (!deep)
		return;
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	UNIT_CHECK(add(deep) == -EINVAL);
	UNIT_STRING(fault.text, "nested too deep");
	free(deep);
	/* "Billion laughs": aliases of collections are not followed. */
	UNIT_CHECK(add("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\n"
		       "c: &c [*b,*b,*b,*b,*b,*b]\nserver: *c\ndata-dir: /d\n") == 0);
	UNIT_STRING(config.value[NODE_SERVER], "");
	UNIT_STRING(config.value[NODE_DATA_DIR], "/d");
	UNIT_CHECK(add("? [server, x]\n: y\n? {a: b}\n: {server: z}\ndata-dir: /e\n") == 0);
	UNIT_STRING(config.value[NODE_DATA_DIR], "/e");
	UNIT_STRING(config.value[NODE_SERVER], "");
	UNIT_CHECK(add("server: \"a\\0b\\e[31m\"\n") == 0);
	UNIT_STRING(config.value[NODE_SERVER], "");
	memset(line, 'x', sizeof(line));
	memcpy(line, "server: ", 8);
	line[sizeof(line) - 1] = '\0';
	UNIT_CHECK(add(line) == 0 && config.cut);
	UNIT_CHECK(add("") == 0 && add("just a text") == 0 && add("- server: x\n") == 0);
	UNIT_CHECK(add("\xff\xfe\xff") == -EINVAL || config.value[NODE_SERVER][0] == '\0');
	UNIT_CHECK(node_config_parse("", NODE_CONFIG_BYTES_MAX + 1, 0, &config, &fault) == -EINVAL);
}

static void test_aliases(void)
{
	memset(&config, 0, sizeof(config));
	UNIT_CHECK(add("x: &r 10.96.0.0/12\nservice-cidr: *r\ny: [&a 10.1.0.0/16, z]\n"
		       "cluster-cidr: [*a, fd00::/56]\n? *r\n: y\n") == 0);
	UNIT_STRING(config.value[NODE_SERVICE_CIDR], "10.96.0.0/12");
	UNIT_CHECK(config.line[NODE_SERVICE_CIDR] == 2);
	UNIT_STRING(config.value[NODE_CLUSTER_CIDR], "10.1.0.0/16,fd00::/56");
	UNIT_CHECK(!config.note_count && !config.cut);
	/* A name may be given again, to a collection as well. */
	UNIT_CHECK(add("a: &r /a\nb: &r /b\ndata-dir: *r\n") == 0);
	UNIT_STRING(config.value[NODE_DATA_DIR], "/b");
	UNIT_STRING(noted(add, "a: &r /a\nb: &r [/b]\ndata-dir: *r\n"),
		"1: 3 data-dir has an alias of more than one value, which is not followed here: "
		"what it says is not known");
	UNIT_CHECK(config.notes[0].unread && config.unknown[NODE_DATA_DIR]);
	UNIT_STRING(node_config_said(&config, NODE_DATA_DIR), "unknown");
	/* What comes later is known again. */
	UNIT_CHECK(add("data-dir: /c\n") == 0);
	UNIT_STRING(node_config_said(&config, NODE_DATA_DIR), "/c");
	/* One of several is not known: so is the whole. */
	UNIT_CHECK(add("b: &r [10.1.0.0/16]\ncluster-cidr: [*r, 10.2.0.0/16]\n") == 0);
	UNIT_CHECK(config.unknown[NODE_CLUSTER_CIDR]);
	UNIT_CHECK(add("b: &r [10.1.0.0/16]\ncluster-cidr: [10.2.0.0/16, *r]\n") == 0);
	UNIT_CHECK(config.unknown[NODE_CLUSTER_CIDR]);
	UNIT_STRING(noted(add, "x: &r {a: b}\nnode-label: *r\ntls-san: [*r]\n"), "");
	UNIT_CHECK(!config.cut);
	UNIT_STRING(noted(add, "x: &r {data-dir: /a}\n<<: *r\n"),
		"1: 2 << has an alias of more than one value, which is not followed here: what it "
		"says is not known");
	UNIT_CHECK(config.cut);
	/* Mirrors that are not known are some. */
	UNIT_STRING(noted(registries, "x: &e https://m\nmirrors:\n  a.io: {endpoint: [*e]}\n"), "");
	UNIT_STRING(config.mirrors[0].endpoint, "https://m");
	UNIT_CHECK(!config.cut);
	UNIT_STRING(noted(registries, "mirrors:\n  b.io: &x {endpoint: [m]}\n  c.io: *x\n"),
		"1: 3 mirrors has an alias of more than one value, which is not followed here: "
		"what it says is not known");
	UNIT_CHECK(config.cut && config.mirror_count == 1);
	UNIT_STRING(noted(registries, "x: &x {auth: {}}\nconfigs: {a.io: *x}\n"), "");
	UNIT_CHECK(!config.cut);
}

int main(void)
{
	UNIT_RUN(test_config);
	UNIT_RUN(test_registries);
	UNIT_RUN(test_wrong_shapes);
	UNIT_RUN(test_hostile);
	UNIT_RUN(test_aliases);
	return unit_status();
}
