// SPDX-License-Identifier: GPL-2.0-only
/* What a unit's variables and arguments say beside config.yaml; see also tests/suites/22-check. */
#include "node/node_files.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct node_start start;

static void new_start(enum distribution distribution)
{
	memset(&start, 0, sizeof(start));
	start.distribution = distribution;
}

/* text in words, as arguments; "DOUBT: WHY" or "". */
static const char *arguments(const char *text)
{
	static char copy[2048], said[600];
	const char *words[64];
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok(copy, " "); word && count < 64; word = strtok(NULL, " "))
		words[count++] = word;
	new_start(DISTRIBUTION_RKE2);
	node_start_arguments(&start, words, count);
	*said = '\0';
	if (start.doubt)
		snprintf(said, sizeof(said), "%d: %s", start.doubt, start.why);
	return said;
}

static void test_arguments(void)
{
	UNIT_STRING(arguments("server"), "");
	UNIT_CHECK(node_start_is_plain(&start) && !start.is_agent);
	UNIT_STRING(arguments("agent --node-label a=b -v 2 --debug --token x"), "");
	UNIT_CHECK(node_start_is_plain(&start) && start.is_agent);
	UNIT_STRING(arguments("--debug agent --system-default-registry r.corp:5000/x -data-dir=/a "
			      "-d /b --prime --private-registry /r.yaml"),
		"");
	UNIT_STRING(start.argument[NODE_REGISTRY], "r.corp:5000/x");
	UNIT_STRING(start.argument[NODE_DATA_DIR], "/b");
	UNIT_STRING(start.argument[NODE_PRIME], "true");
	UNIT_STRING(start.argument[NODE_PRIVATE_REGISTRY], "/r.yaml");
	UNIT_CHECK(!node_start_is_plain(&start));
	UNIT_STRING(
		arguments("server --prime=false --service-cidr 10.0.0.0/8 --service-cidr=fd::/48"),
		"");
	UNIT_STRING(start.argument[NODE_PRIME], "false");
	UNIT_STRING(start.argument[NODE_SERVICE_CIDR], "10.0.0.0/8,fd::/48");
	/* Behind "--" nothing is an option. */
	UNIT_STRING(arguments("server -- --data-dir /a"), "");
	UNIT_CHECK(node_start_is_plain(&start));
}

static void test_arguments_in_doubt(void)
{
	char line[1200];

	UNIT_STRING(arguments(""), "2: its arguments do not begin with \"server\" or \"agent\"");
	UNIT_STRING(arguments("etcd-snapshot save --data-dir /a"),
		"2: its arguments do not begin with \"server\" or \"agent\"");
	UNIT_STRING(
		arguments("agent -c /x"), "2: --config names another file, which is not read here");
	UNIT_STRING(arguments("agent --config=/x"),
		"2: --config names another file, which is not read here");
	UNIT_STRING(
		arguments("agent --data-dir"), "2: what --data-dir is set to is not known here");
	UNIT_STRING(arguments("agent --system-default-registry https://r.corp"),
		"1: what --system-default-registry is set to is no HOST[:PORT][/PATH]");
	UNIT_STRING(arguments("agent --system-default-registry u:secret@r.corp --config x"),
		"2: --config names another file, which is not read here");
	memset(line, 'x', sizeof(line));
	memcpy(line, "agent -d /", 10);
	line[sizeof(line) - 1] = '\0';
	UNIT_STRING(arguments(line), "2: what --data-dir is set to is too long");
	UNIT_STRING(start.argument[NODE_DATA_DIR], "");
}

static void test_variables(void)
{
	static const char *const kept[] = {"RKE2_DATA_DIR", "K3S_SYSTEM_DEFAULT_REGISTRY",
		"RKE2_PRIME", "RKE2_CONFIG_FILE"},
				 *const others[] = {"RKE2_", "RKE2_TOKEN", "DATA_DIR", "K3S_URL",
					 "HTTPS_PROXY", "RKE2_DATA_DIRS"};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		UNIT_CHECK(node_start_keeps(kept[i], strlen(kept[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		UNIT_CHECK(!node_start_keeps(others[i], strlen(others[i])));
	new_start(DISTRIBUTION_K3S);
	node_start_variable(&start, "RKE2_DATA_DIR", "/a");
	node_start_variable(&start, "K3S_DATA_DIR", "");
	node_start_variable(&start, "K3S_TOKEN", "x");
	UNIT_CHECK(node_start_is_plain(&start));
	node_start_variable(&start, "K3S_DATA_DIR", "/b");
	UNIT_STRING(start.variable[NODE_DATA_DIR], "/b");
	new_start(DISTRIBUTION_RKE2);
	/* Nobody reads that one, and that file is read anyway. */
	node_start_variable(&start, "RKE2_PRIVATE_REGISTRY", "/r.yaml");
	node_start_variable(&start, "RKE2_CONFIG_FILE", "/etc/rancher/rke2/config.yaml");
	UNIT_CHECK(start.doubt == NODE_DOUBT_NONE);
	/* The worse doubt counts. */
	node_start_variable(&start, "RKE2_SYSTEM_DEFAULT_REGISTRY", NULL);
	UNIT_CHECK(start.doubt == NODE_DOUBT_TARGETS);
	node_start_variable(&start, "RKE2_DATA_DIR", NULL);
	UNIT_CHECK(start.doubt == NODE_DOUBT_PULL);
	UNIT_STRING(start.why, "what RKE2_DATA_DIR is set to is not known here");
}

static struct node_files files;

/* "DOUBT: WHY" of that role, or "". */
static const char *doubt(enum role role)
{
	static char text[600];
	char why[512];
	enum node_doubt d = node_doubt_of(&files, role, why, sizeof(why));

	*text = '\0';
	if (d)
		snprintf(text, sizeof(text), "%d: %s", d, why);
	else
		UNIT_STRING(why, "");
	return text;
}

static void set(enum node_setting setting, const char *value)
{
	memset(&files, 0, sizeof(files));
	node_config_set(&files.config, setting, value, false);
}

static void test_doubts(void)
{
	set(NODE_REGISTRY, "r.corp");
	UNIT_STRING(doubt(ROLE_SUPERVISOR), "");
	set(NODE_RUNTIME_IMAGE, "r.corp/x:1");
	UNIT_STRING(doubt(ROLE_SUPERVISOR),
		"2: it is not looked for whether r.corp/x:1 is here (runtime-image)");
	UNIT_STRING(doubt(ROLE_CONTAINERD), "");
	set(NODE_PRIME, "true");
	UNIT_STRING(doubt(ROLE_SUPERVISOR),
		"1: prime is set, and which registry is Prime's stands in the program alone");
	UNIT_STRING(doubt(ROLE_SYSTEM_AGENT), "");
	node_config_set(&files.config, NODE_REGISTRY, "r.corp", false);
	UNIT_STRING(doubt(ROLE_SUPERVISOR), "");
	set(NODE_PRIME, "0");
	UNIT_STRING(doubt(ROLE_SUPERVISOR), "");
	set(NODE_DATA_DIR, "data");
	UNIT_STRING(doubt(ROLE_CONTAINERD), "2: its data-dir is not known here");
	set(NODE_PRIVATE_REGISTRY, "r.yaml");
	UNIT_STRING(doubt(ROLE_SUPERVISOR), "1: its private-registry is not known here");
	files.start_doubt = NODE_DOUBT_PULL;
	strcpy(files.start_why, "x");
	UNIT_STRING(doubt(ROLE_SYSTEM_AGENT), "2: x");
	set(NODE_REGISTRY, "");
	files.config.unknown[NODE_REGISTRY] = true;
	UNIT_STRING(doubt(ROLE_SYSTEM_AGENT), "1: its system-default-registry is not known here");
	set(NODE_REGISTRY, "");
	files.config.cut = true;
	UNIT_STRING(
		doubt(ROLE_SUPERVISOR), "1: not all that its configuration says was taken here");
}

int main(void)
{
	UNIT_RUN(test_arguments);
	UNIT_RUN(test_arguments_in_doubt);
	UNIT_RUN(test_variables);
	UNIT_RUN(test_doubts);
	return unit_status();
}
