// SPDX-License-Identifier: GPL-2.0-only
#include "node/node_config.h"

#include "base/buffer.h"
#include "node/key_near.h"
#include "node/node_yaml.h"
#include "relay/relay_url.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[NODE_SETTINGS] = {
	[NODE_SERVER] = "server",
	[NODE_REGISTRY] = "system-default-registry",
	[NODE_DATA_DIR] = "data-dir",
	[NODE_CLUSTER_CIDR] = "cluster-cidr",
	[NODE_SERVICE_CIDR] = "service-cidr",
	[NODE_CLUSTER_DOMAIN] = "cluster-domain",
	[NODE_DISABLE_DEFAULT_ENDPOINT] = "disable-default-registry-endpoint",
	[NODE_S3_ENDPOINT] = "etcd-s3-endpoint",
	[NODE_RUNTIME_IMAGE] = "runtime-image",
	[NODE_PRIME] = "prime",
	[NODE_PRIVATE_REGISTRY] = "private-registry",
};

const char *node_setting_name(enum node_setting setting)
{
	return names[setting];
}

/* A URL keeps its path, and loses what may be a password. */
static void append_shown(struct buffer *out, const char *value, size_t len)
{
	if (memchr(value, '@', len))
		relay_url_redact(value, len, out);
	else
		buffer_append(out, value, len);
}

/* ---- what has the wrong shape ---- */

static void note(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(struct walk *w, const char *fmt, ...)
{
	struct node_config *c = w->config;
	struct node_config_fault *n;
	va_list args;

	if (c->note_count == NODE_NOTES)
		return;
	n = &c->notes[c->note_count++];
	n->line = w->line;
	n->unread = false;
	va_start(args, fmt);
	vsnprintf(n->text, sizeof(n->text), fmt, args);
	va_end(args);
}

/* What RKE2 follows and we do not: no fault of the file. */
static void note_unfollowed(struct walk *w, const char *what)
{
	size_t count = w->config->note_count;

	note(w,
		"%.64s has an alias of more than one value, which is not followed here: what it "
		"says "
		"is not known",
		what);
	if (w->config->note_count > count)
		w->config->notes[count].unread = true;
}

/* A key that nobody reads: told where a known one was meant. */
static void note_key(struct walk *w, const char *key, const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(key, known[i]))
			return;
	for (size_t i = 0; i < count; i++)
		if (key_is_near(key, known[i])) {
			note(w,
				"RKE2 does not know the key %.64s, and what is under it counts for "
				"nothing: write %s",
				key, known[i]);
			return;
		}
}

/* ---- config.yaml ---- */

static enum node_setting setting_of(const char *key, bool *adds)
{
	size_t len = strlen(key);

	*adds = len && key[len - 1] == '+';
	len -= *adds;
	for (enum node_setting s = 0; s < NODE_SETTINGS; s++)
		if (strlen(names[s]) == len && !memcmp(names[s], key, len))
			return s;
	return NODE_SETTINGS;
}

bool node_setting_is_list(enum node_setting s)
{
	return s == NODE_CLUSTER_CIDR || s == NODE_SERVICE_CIDR;
}

static void config_key(struct walk *w)
{
	char key[sizeof(w->levels[0].key)];
	size_t len = strlen(w->levels[0].key);

	/* RKE2's own name that is as near to one of ours as a slip of the pen. */
	if (w->depth != 1 || !len || !strcmp(w->levels[0].key, "etcd-s3-endpoint-ca"))
		return;
	memcpy(key, w->levels[0].key, len + 1);
	key[len - (key[len - 1] == '+')] = '\0';
	note_key(w, key, names, NODE_SETTINGS);
}

static void config_open(struct walk *w, bool mapping)
{
	bool adds;
	enum node_setting s = setting_of(w->levels[0].key, &adds);

	if (w->depth == 2 && s != NODE_SETTINGS && mapping)
		note(w, "%s has a mapping under it, and is one value%s: write it behind the colon",
			names[s], node_setting_is_list(s) ? ", or a list of them" : "");
}

bool node_registry_is_sound(const char *value)
{
	return !strstr(value, "://") && !value[strcspn(value, " \t@?#\\")];
}

bool node_config_is_on(const struct node_config *c, enum node_setting setting)
{
	static const char *const words[] = {"1", "t", "T", "true", "True", "TRUE"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(c->value[setting], words[i]))
			return true;
	return false;
}

const char *node_config_said(const struct node_config *c, enum node_setting setting)
{
	return c->unknown[setting] ? "unknown" : c->value[setting];
}

void node_config_set(struct node_config *c, enum node_setting s, const char *value, bool adds)
{
	char *to = c->value[s];
	size_t have = adds ? strlen(to) : 0;
	struct buffer shown = {0};

	append_shown(&shown, value, strlen(value));
	if (shown.failed || have + shown.len + 2 > sizeof(c->value[s]))
		c->cut = true;
	else
		snprintf(to + have, sizeof(c->value[s]) - have, "%s%s", have ? "," : "",
			buffer_string(&shown));
	c->unknown[s] = c->unknown[s] && adds;
	c->file[s] = NODE_FILE_NONE;
	c->line[s] = 0;
	buffer_free(&shown);
}

/* What RKE2 would not take as the registry of its images says nothing about where these come from. */
static bool value_is_sound(struct walk *w, enum node_setting s, const char *value)
{
	const char *scheme = strstr(value, "://");

	if (s == NODE_REGISTRY && scheme) {
		scheme += 3;
		note(w, "%s is HOST[:PORT][/PATH], without a scheme: write %.*s", names[s],
			(int)strcspn(scheme, "?#") -
				(scheme[0] && scheme[strlen(scheme) - 1] == '/'),
			scheme);
		return false;
	}
	if (s == NODE_REGISTRY && !node_registry_is_sound(value)) {
		note(w, "%s is HOST[:PORT][/PATH], and nothing else", names[s]);
		return false;
	}
	return true;
}

static void config_unfollowed(struct walk *w)
{
	struct node_config *c = w->config;
	const char *key = w->levels[0].key;
	bool adds;
	enum node_setting s = setting_of(key, &adds);

	if (w->depth > 2 || (w->depth == 2 && w->levels[1].mapping))
		return;
	/* "<<" brings keys that may be any. */
	if (!strcmp(key, "<<"))
		c->cut = true;
	else if (s == NODE_SETTINGS)
		return;
	if (s != NODE_SETTINGS) {
		if (!adds && w->replaced != s)
			c->value[s][0] = '\0';
		c->unknown[s] = true;
		w->replaced = w->depth == 2 ? s : w->replaced;
	}
	note_unfollowed(w, key);
}

static void config_value(struct walk *w, const char *value, size_t len, unsigned int line)
{
	struct node_config *c = w->config;
	bool adds, list = w->depth == 2 && !w->levels[1].mapping;
	struct buffer shown = {0};
	enum node_setting s;
	size_t have;
	char *to;

	if (w->depth != 1 && !list)
		return;
	s = setting_of(w->levels[0].key, &adds);
	if (s == NODE_SETTINGS || !node_yaml_is_text(value, len))
		return;
	to = c->value[s];
	/*
	 * The first item of a list replaces what an earlier file said, unless the key ends in '+'; of what is
	 * one value the last item counts.
	 */
	if ((!adds && w->replaced != s) || !node_setting_is_list(s)) {
		*to = '\0';
		c->unknown[s] = false;
	}
	if (list)
		w->replaced = s;
	append_shown(&shown, value, len);
	have = strlen(to);
	if (!shown.failed && !value_is_sound(w, s, buffer_string(&shown))) {
		buffer_free(&shown);
		return;
	}
	if (shown.failed || have + shown.len + 2 > sizeof(c->value[s])) {
		c->cut = true;
	} else {
		snprintf(to + have, sizeof(c->value[s]) - have, "%s%s", have ? "," : "",
			buffer_string(&shown));
		c->line[s] = line;
		c->file[s] = w->file;
	}
	buffer_free(&shown);
}

/* ---- registries.yaml ---- */

static const char *const registries_keys[] = {"mirrors", "configs", "auths"};
static const char *const mirror_keys[] = {"endpoint", "rewrite"};
static const char *const config_keys[] = {"auth", "tls"};

/* A key may be a URL, with a password in it. */
static const char *behind_at(const char *text)
{
	const char *at = strrchr(text, '@');

	return at ? at + 1 : text;
}

static bool is_under_mirrors(const struct walk *w)
{
	return !strcmp(w->levels[0].key, "mirrors");
}

/* mirrors: REGISTRY: */
static void mirror_name(struct walk *w)
{
	struct node_config *c = w->config;
	const char *name = w->levels[1].key, *scheme = strstr(name, "://"), *host;

	host = behind_at(scheme ? scheme + 3 : name);
	if (host != name || strchr(name, '/'))
		note(w, "a registry is named by its host alone%s: write %.*s:",
			scheme ? ", without a scheme" : "", (int)strcspn(host, "/"), host);
	if (c->listed_count == NODE_MIRRORS)
		c->cut = true;
	else
		memcpy(c->listed[c->listed_count++], name, sizeof(c->listed[0]));
}

static void registries_key(struct walk *w)
{
	if (w->depth == 1)
		note_key(w, w->levels[0].key, registries_keys, 3);
	else if (w->depth == 2 && is_under_mirrors(w) && w->levels[1].mapping)
		mirror_name(w);
	else if (w->depth == 3 && is_under_mirrors(w) && w->levels[1].mapping)
		note_key(w, w->levels[2].key, mirror_keys, 2);
	else if (w->depth == 3 && !strcmp(w->levels[0].key, "configs") && w->levels[1].mapping)
		note_key(w, w->levels[2].key, config_keys, 2);
}

/* A collection was opened: is it of the kind that belongs there? */
static void registries_open(struct walk *w, bool mapping)
{
	const char *key = w->depth == 4 ? w->levels[2].key : "";

	if (w->depth == 1 && !mapping)
		note(w, "the file is a list, and has to begin with mirrors: or configs:");
	else if (w->depth == 2 && is_under_mirrors(w) && !mapping)
		note(w, "mirrors is a list, and has to be a mapping: a line REGISTRY: for each, "
			"without the dash");
	else if (w->depth == 3 && is_under_mirrors(w) && w->levels[1].mapping && !mapping)
		note(w, "%.64s is a list, and has to have endpoint: under it",
			behind_at(w->levels[1].key));
	else if (w->depth == 4 && is_under_mirrors(w) && !strcmp(key, "endpoint") && mapping)
		note(w, "endpoint is a mapping, and has to be a list: a line - URL for each");
	else if (w->depth == 4 && is_under_mirrors(w) && !strcmp(key, "rewrite") && !mapping)
		note(w, "rewrite is a list, and has to be a mapping of PATTERN: REPLACEMENT");
}

/* mirrors: REGISTRY: rewrite: {PATTERN: REPLACEMENT...} */
static void rewrite_value(struct walk *w, const char *value, size_t len)
{
	struct node_config *c = w->config;
	struct node_rewrite *r;

	if (!w->levels[3].key[0])
		return;
	if (c->rewrite_count == NODE_MIRRORS || len >= sizeof(r->replacement)) {
		c->cut = true;
		return;
	}
	r = &c->rewrites[c->rewrite_count++];
	snprintf(r->registry, sizeof(r->registry), "%s", w->levels[1].key);
	snprintf(r->pattern, sizeof(r->pattern), "%s", w->levels[3].key);
	memcpy(r->replacement, value, len);
	r->replacement[len] = '\0';
}

/* One value where a collection belongs; nothing at all is as good as the key left out. */
static void note_scalar(struct walk *w, size_t len)
{
	const char *key = w->depth ? w->levels[w->depth - 1].key : "";

	if (!len)
		return;
	if (w->depth == 1 && !strcmp(key, "mirrors"))
		note(w, "mirrors has one value, and has to be a mapping: a line REGISTRY: for "
			"each");
	else if (w->depth == 2 && is_under_mirrors(w) && w->levels[1].mapping)
		note(w, "%.64s has one value, and has to have endpoint: under it", behind_at(key));
	else if (w->depth == 3 && is_under_mirrors(w) && w->levels[2].mapping &&
		 !strcmp(key, "endpoint"))
		note(w, "endpoint has one value, and has to be a list: write - before it, on a "
			"line of its own");
	else if (w->depth == 3 && is_under_mirrors(w) && w->levels[2].mapping &&
		 !strcmp(key, "rewrite"))
		note(w, "rewrite has one value, and has to be a mapping of PATTERN: REPLACEMENT");
}

/* mirrors: REGISTRY: endpoint: [URL...] */
static void registries_value(struct walk *w, const char *value, size_t len, unsigned int line)
{
	struct node_config *c = w->config;
	struct node_mirror *m;
	struct buffer shown = {0};

	(void)line;
	note_scalar(w, len);
	if (w->depth != 4 || !is_under_mirrors(w) || !w->levels[1].mapping ||
		!w->levels[2].mapping || !node_yaml_is_text(value, len))
		return;
	if (!strcmp(w->levels[2].key, "rewrite") && w->levels[3].mapping)
		rewrite_value(w, value, len);
	if (strcmp(w->levels[2].key, "endpoint") || w->levels[3].mapping || !len)
		return;
	append_shown(&shown, value, len);
	if (c->mirror_count == NODE_MIRRORS || shown.failed || shown.len >= sizeof(m->endpoint)) {
		c->cut = true;
	} else {
		m = &c->mirrors[c->mirror_count++];
		snprintf(m->registry, sizeof(m->registry), "%s", w->levels[1].key);
		snprintf(m->endpoint, sizeof(m->endpoint), "%s", buffer_string(&shown));
	}
	buffer_free(&shown);
}

/* Mirrors that are not known: what is told of them cannot be all. */
static void registries_unfollowed(struct walk *w)
{
	const char *key = w->levels[0].key;

	if (!is_under_mirrors(w) && (w->depth != 1 || strcmp(key, "<<")))
		return;
	w->config->cut = true;
	note_unfollowed(w, key);
}

int node_config_parse(const char *bytes, size_t len, unsigned int file, struct node_config *c,
	struct node_config_fault *fault)
{
	struct walk w = {.config = c,
		.file = file,
		.replaced = NODE_SETTINGS,
		.value = config_value,
		.key = config_key,
		.open = config_open,
		.unfollowed = config_unfollowed};

	return node_yaml_walk(&w, bytes, len, fault);
}

int node_registries_parse(
	const char *bytes, size_t len, struct node_config *c, struct node_config_fault *fault)
{
	struct walk w = {.config = c,
		.replaced = NODE_SETTINGS,
		.value = registries_value,
		.key = registries_key,
		.open = registries_open,
		.unfollowed = registries_unfollowed};

	return node_yaml_walk(&w, bytes, len, fault);
}
