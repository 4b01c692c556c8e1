// SPDX-License-Identifier: GPL-2.0-only
#include "node/node_start.h"

#include "node/unit_command.h"
#include "node/unit_environment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Behind RKE2_ or K3S_. */
static const struct {
	const char *name;
	enum node_setting setting; /* NODE_SETTINGS: it decides, and is not followed */
	enum node_doubt doubt;
} variables[] = {
	{"SYSTEM_DEFAULT_REGISTRY", NODE_REGISTRY, NODE_DOUBT_NONE},
	{"DATA_DIR", NODE_DATA_DIR, NODE_DOUBT_NONE},
	{"RUNTIME_IMAGE", NODE_RUNTIME_IMAGE, NODE_DOUBT_NONE},
	{"PRIME", NODE_PRIME, NODE_DOUBT_NONE},
	{"CONFIG_FILE", NODE_SETTINGS, NODE_DOUBT_PULL},
};

/* The worst counts, and of equal ones the first. */
static void doubt(struct node_start *s, enum node_doubt about, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void doubt(struct node_start *s, enum node_doubt about, const char *fmt, ...)
{
	va_list args;

	if (about <= s->doubt)
		return;
	s->doubt = about;
	va_start(args, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, args);
	va_end(args);
}

static enum node_doubt doubt_of(enum node_setting setting)
{
	return setting == NODE_DATA_DIR || setting == NODE_RUNTIME_IMAGE ? NODE_DOUBT_PULL
									 : NODE_DOUBT_TARGETS;
}

/* value of a setting that source ("--data-dir", "RKE2_DATA_DIR") names. */
static void take(struct node_start *s, char (*to)[NODE_VALUE_MAX], enum node_setting setting,
	const char *value, bool adds, const char *source)
{
	size_t have = adds ? strlen(to[setting]) : 0;

	if (!value)
		doubt(s, doubt_of(setting), "what %s is set to is not known here", source);
	else if (setting == NODE_REGISTRY && !node_registry_is_sound(value))
		doubt(s, NODE_DOUBT_TARGETS, "what %s is set to is no HOST[:PORT][/PATH]", source);
	else if (have + strlen(value) + 2 > NODE_VALUE_MAX)
		doubt(s, doubt_of(setting), "what %s is set to is too long", source);
	else
		snprintf(to[setting] + have, NODE_VALUE_MAX - have, "%s%s", have ? "," : "", value);
}

/* The configuration that is read anyway: k3s pkg/configfilearg, rke2 pkg/cli/defaults. */
static bool is_usual_config(const struct node_start *s, const char *path)
{
	return !strcmp(path, s->distribution == DISTRIBUTION_K3S ? "/etc/rancher/k3s/config.yaml"
								 : "/etc/rancher/rke2/config.yaml");
}

/* ---- variables ---- */

/* The index in variables of a name behind its prefix; -1: none. */
static int variable_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (strlen(variables[i].name) == len && !memcmp(variables[i].name, name, len))
			return (int)i;
	return -1;
}

static const char *prefix_of(enum distribution distribution)
{
	return distribution == DISTRIBUTION_K3S ? "K3S_" : "RKE2_";
}

bool node_start_keeps(const char *name, size_t len)
{
	for (enum distribution d = DISTRIBUTION_RKE2; d < DISTRIBUTION_AGENT; d++) {
		size_t prefix = strlen(prefix_of(d));

		if (len > prefix && !memcmp(name, prefix_of(d), prefix))
			return variable_of(name + prefix, len - prefix) >= 0;
	}
	return false;
}

void node_start_variable(struct node_start *s, const char *name, const char *value)
{
	const char *prefix = prefix_of(s->distribution);
	size_t len = strlen(prefix);
	int i;

	if (strncmp(name, prefix, len) || (value && !*value))
		return;
	i = variable_of(name + len, strlen(name + len));
	if (value && is_usual_config(s, value))
		return;
	if (i >= 0 && variables[i].setting == NODE_SETTINGS)
		doubt(s, variables[i].doubt, "%s is set, and is not followed here", name);
	else if (i >= 0)
		take(s, s->variable, variables[i].setting, value, false, name);
}

/* ---- arguments ---- */

static bool is_switch(enum node_setting s)
{
	return s == NODE_PRIME || s == NODE_DISABLE_DEFAULT_ENDPOINT;
}

/* The setting of an option without its dashes; name_len bytes. */
static enum node_setting option_of(const char *name, size_t len)
{
	if (len == 1)
		return *name == 'd' ? NODE_DATA_DIR : *name == 's' ? NODE_SERVER : NODE_SETTINGS;
	for (enum node_setting s = 0; s < NODE_SETTINGS; s++)
		if (strlen(node_setting_name(s)) == len && !memcmp(node_setting_name(s), name, len))
			return s;
	return NODE_SETTINGS;
}

static bool names_config(const char *name, size_t len)
{
	return (len == 1 && *name == 'c') || (len == 6 && !memcmp(name, "config", 6));
}

/* The option words[*i]; *i is its last word then. */
static void option(struct node_start *s, const char *const *words, size_t count, size_t *i)
{
	const char *name = words[*i] + 1 + (words[*i][1] == '-'), *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	enum node_setting setting = option_of(name, len);
	char source[64];

	if (names_config(name, len)) {
		value = value ? value + 1 : *i + 1 < count ? words[++*i] : "";
		if (is_usual_config(s, value))
			return;
		doubt(s, NODE_DOUBT_PULL, "--config names another file, which is not read here");
		return;
	}
	if (setting == NODE_SETTINGS)
		return;
	if (value)
		value++;
	else if (is_switch(setting))
		value = "true";
	else if (*i + 1 < count)
		value = words[++*i];
	snprintf(source, sizeof(source), "--%s", node_setting_name(setting));
	take(s, s->argument, setting, value, node_setting_is_list(setting), source);
}

/* An option of the program itself, before its command. */
static bool is_debug(const char *word)
{
	return !strncmp(word, "--debug=", 8) || !strcmp(word, "--debug") || !strcmp(word, "-debug");
}

void node_start_arguments(struct node_start *s, const char *const *words, size_t count)
{
	size_t i = 0;

	memset(s->argument, 0, sizeof(s->argument));
	if (s->distribution == DISTRIBUTION_AGENT)
		return;
	while (i < count && is_debug(words[i]))
		i++;
	s->is_agent = i < count && !strcmp(words[i], "agent");
	if (i == count || (!s->is_agent && strcmp(words[i], "server"))) {
		doubt(s, NODE_DOUBT_PULL,
			"its arguments do not begin with \"server\" or \"agent\"");
		return;
	}
	for (i++; i < count && strcmp(words[i], "--"); i++)
		if (words[i][0] == '-' && words[i][1])
			option(s, words, count, &i);
}

bool node_start_is_plain(const struct node_start *s)
{
	for (enum node_setting i = 0; i < NODE_SETTINGS; i++)
		if (s->variable[i][0] || s->argument[i][0])
			return false;
	return s->doubt == NODE_DOUBT_NONE;
}

/* ---- the unit ---- */

static void take_command(struct node_start *s, const struct unit_command *c)
{
	static const char *const programs[] = {[DISTRIBUTION_RKE2] = "rke2",
		[DISTRIBUTION_K3S] = "k3s",
		[DISTRIBUTION_AGENT] = "rancher-system-agent"};
	const char *program = c->words.count ? c->words.text[0] : NULL, *slash;

	if (!program)
		return;
	slash = strrchr(program, '/');
	if (strcmp(slash ? slash + 1 : program, programs[s->distribution])) {
		s->wrapped = true;
		doubt(s, NODE_DOUBT_PULL,
			"ExecStart= runs %.200s, which may give it variables and arguments of its "
			"own",
			program);
		return;
	}
	if (*program == '/' && strlen(program) < sizeof(s->program))
		strcpy(s->program, program);
	if (c->unclear)
		doubt(s, NODE_DOUBT_PULL,
			"what systemd makes of its ExecStart= is not known here ($NAME, %%)");
	node_start_arguments(s, (const char *const *)c->words.text + 1, c->words.count - 1);
}

static int take_variables(struct node_start *s, const struct unit_facts *f)
{
	struct unit_view view;
	int err = unit_view_make(f, &view);

	if (err)
		return err;
	for (size_t i = 0; i < view.effective_count; i++) {
		const struct unit_statement *st = &f->statements[view.effective[i]];

		/* PassEnvironment=: the manager may have it. */
		node_start_variable(s, st->name, st->verb == UNIT_SET ? st->value : NULL);
	}
	unit_view_free(&view);
	return 0;
}

int node_start_read(const struct unit_root *root, const struct unit_host *host, const char *unit,
	enum distribution distribution, bool with_command, struct node_start *out)
{
	struct unit_command command;
	struct unit_facts facts;
	int err;

	memset(out, 0, sizeof(*out));
	out->distribution = distribution;
	err = unit_facts_read(root, host, node_start_keeps, unit, &facts);
	if (err)
		return err;
	err = take_variables(out, &facts);
	if (!err && with_command) {
		err = unit_command_read(root, host, &facts, &command);
		if (!err)
			take_command(out, &command);
		if (!err)
			unit_command_free(&command);
	}
	unit_facts_free(&facts);
	return err;
}
