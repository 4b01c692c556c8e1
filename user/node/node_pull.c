// SPDX-License-Identifier: GPL-2.0-only
/* Who will pull when it starts, as far as the node's files tell. */
#include "node/image_reference.h"
#include "node/node_files.h"

#include <stdio.h>
#include <string.h>

const char *node_images_words(const struct node_files *f, char text[NODE_IMAGES_WORDS])
{
	switch (f->preloaded) {
	case NODE_IMAGES_NONE:
		snprintf(text, NODE_IMAGES_WORDS, "no image tarball is in %s/agent/images",
			f->data_dir);
		break;
	case NODE_IMAGES_OTHERS:
		snprintf(text, NODE_IMAGES_WORDS, "by its name %s has other images", f->images);
		break;
	case NODE_IMAGES_OLD:
		snprintf(text, NODE_IMAGES_WORDS,
			"%s was there before %s was unpacked, so it is of that version or an older "
			"one",
			f->images, f->other);
		break;
	case NODE_IMAGES_DOUBT:
		snprintf(text, NODE_IMAGES_WORDS,
			"what %s has was not looked into: its name does not tell", f->images);
		break;
	case NODE_IMAGES_HELD:
		snprintf(text, NODE_IMAGES_WORDS, "images are preloaded: %s", f->images);
		break;
	}
	return text;
}

/* The registry of RKE2's own images is one that only the internet has, and is asked for itself. */
static bool is_known_public(const struct node_files *f, bool is_agent)
{
	static const char *const registries[] = {
		"docker.io", "index.docker.io", "registry.rancher.com"};
	const char *registry = f->config.value[NODE_REGISTRY];
	struct image_reference pulled;

	if (f->config.listed_count)
		return false;
	if (!*registry && is_agent) {
		if (image_word_of(f->pulled, &pulled) != IMAGE_WORD_REFERENCE)
			return false;
		registry = pulled.registry;
	}
	for (size_t i = 0; i < sizeof(registries) / sizeof(registries[0]); i++)
		if (!strcmp(registry, registries[i]))
			return true;
	return !*registry;
}

static enum node_doubt doubt_of_config(
	const struct node_files *f, enum role role, char *why, size_t size)
{
	const struct node_config *c = &f->config;
	const char *image = c->value[NODE_RUNTIME_IMAGE], *data = c->value[NODE_DATA_DIR],
		   *mirrors = c->value[NODE_PRIVATE_REGISTRY];

	if (role == ROLE_SUPERVISOR && (*image || c->unknown[NODE_RUNTIME_IMAGE])) {
		snprintf(why, size, "it is not looked for whether %s is here (runtime-image)",
			*image ? image : "the image");
		return NODE_DOUBT_PULL;
	}
	if (role != ROLE_SYSTEM_AGENT && (c->unknown[NODE_DATA_DIR] || (*data && *data != '/'))) {
		snprintf(why, size, "its data-dir is not known here");
		return NODE_DOUBT_PULL;
	}
	if (c->unknown[NODE_REGISTRY]) {
		snprintf(why, size, "its system-default-registry is not known here");
		return NODE_DOUBT_TARGETS;
	}
	if (role == ROLE_SYSTEM_AGENT)
		return NODE_DOUBT_NONE;
	if (c->unknown[NODE_PRIVATE_REGISTRY] || (*mirrors && *mirrors != '/')) {
		snprintf(why, size, "its private-registry is not known here");
		return NODE_DOUBT_TARGETS;
	}
	if (!c->value[NODE_REGISTRY][0] &&
		(c->unknown[NODE_PRIME] || node_config_is_on(c, NODE_PRIME))) {
		snprintf(why, size,
			"prime is set, and which registry is Prime's stands in the program alone");
		return NODE_DOUBT_TARGETS;
	}
	return NODE_DOUBT_NONE;
}

enum node_doubt node_doubt_of(const struct node_files *f, enum role role, char *why, size_t size)
{
	enum node_doubt doubt;

	*why = '\0';
	if (f->start_doubt == NODE_DOUBT_PULL) {
		snprintf(why, size, "%s", f->start_why);
		return f->start_doubt;
	}
	doubt = doubt_of_config(f, role, why, size);
	if (doubt < f->start_doubt) {
		snprintf(why, size, "%s", f->start_why);
		doubt = f->start_doubt;
	}
	if (doubt == NODE_DOUBT_NONE && f->config.cut) {
		snprintf(why, size, "not all that its configuration says was taken here");
		doubt = NODE_DOUBT_TARGETS;
	}
	return doubt;
}

enum node_pull node_pull_of(
	const struct node_files *f, enum role role, bool is_agent, char *why, size_t size)
{
	char words[NODE_IMAGES_WORDS];
	enum node_doubt doubt = node_doubt_of(f, role, why, size);

	*why = '\0';
	if (f->problems.count || f->config.cut || doubt == NODE_DOUBT_PULL)
		return NODE_PULL_NOT;
	if (role == ROLE_SYSTEM_AGENT) {
		snprintf(why, size, "it pulls the installer of each new version");
		return NODE_PULL_DEFAULT;
	}
	if (f->preloaded > NODE_IMAGES_OTHERS)
		return NODE_PULL_NOT;
	if (role == ROLE_CONTAINERD) {
		if (f->preloaded == NODE_IMAGES_NONE)
			snprintf(words, sizeof(words), "none is preloaded in %s/agent/images",
				f->data_dir);
		else
			node_images_words(f, words);
		snprintf(why, size, "it pulls images: %s", words);
		return NODE_PULL_DEFAULT;
	}
	if (role != ROLE_SUPERVISOR || f->distribution != DISTRIBUTION_RKE2 || f->staged[0])
		return NODE_PULL_NOT;
	snprintf(why, size, "it pulls rke2-runtime%s%s now: that is not in %s/data, and %s",
		f->version[0] ? " of " : "", f->version, f->data_dir, node_images_words(f, words));
	return doubt == NODE_DOUBT_NONE && is_known_public(f, is_agent) ? NODE_PULL_TARGETS
									: NODE_PULL_DEFAULT;
}
