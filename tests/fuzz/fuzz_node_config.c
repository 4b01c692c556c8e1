// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as config.yaml and as registries.yaml: what is kept is text that fits, and no password. */
#include "node/node_config.h"
#include "node/pull_targets.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	require(len < size);
	for (size_t i = 0; i < len; i++)
		require((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

/* A pull by that configuration: each request has its host in its URL. */
static void try_pull(const struct node_config *c, enum role role)
{
	struct image_reference image;
	struct pull_request list[PULL_TARGETS];
	size_t count;

	require(image_word_of("rancher/rke2-runtime:v1", &image) == IMAGE_WORD_REFERENCE);
	pull_default_registry(c, &image);
	count = pull_requests(c, role, &image, list);
	require(count <= PULL_TARGETS);
	for (size_t i = 0; i < count; i++) {
		is_text(list[i].url, sizeof(list[i].url));
		require(list[i].target.host[0] && list[i].target.port);
		require(strstr(list[i].url, list[i].target.host));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct node_config *c = calloc(1, sizeof(*c));
	struct node_config_fault fault;
	int err;

	require(c);
	err = node_config_parse((const char *)data, size, 1, c, &fault);
	require(err ? fault.text[0] && fault.line : !fault.text[0]);
	err = node_registries_parse((const char *)data, size, c, &fault);
	require(err ? fault.text[0] && fault.line : !fault.text[0]);
	require(c->mirror_count <= NODE_MIRRORS);
	for (enum node_setting s = 0; s < NODE_SETTINGS; s++)
		is_text(c->value[s], sizeof(c->value[s]));
	for (size_t i = 0; i < c->mirror_count; i++) {
		is_text(c->mirrors[i].registry, sizeof(c->mirrors[i].registry));
		is_text(c->mirrors[i].endpoint, sizeof(c->mirrors[i].endpoint));
	}
	require(c->listed_count <= NODE_MIRRORS);
	for (size_t i = 0; i < c->listed_count; i++)
		is_text(c->listed[i], sizeof(c->listed[i]));
	require(c->rewrite_count <= NODE_MIRRORS);
	for (size_t i = 0; i < c->rewrite_count; i++) {
		is_text(c->rewrites[i].registry, sizeof(c->rewrites[i].registry));
		is_text(c->rewrites[i].pattern, sizeof(c->rewrites[i].pattern));
		is_text(c->rewrites[i].replacement, sizeof(c->rewrites[i].replacement));
	}
	try_pull(c, ROLE_SUPERVISOR);
	try_pull(c, ROLE_CONTAINERD);
	free(c);
	return 0;
}
