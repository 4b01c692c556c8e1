// SPDX-License-Identifier: GPL-2.0-only
#include "node/pull_targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUB "docker.io"

struct requests {
	const struct node_config *config;
	enum role role;
	const struct image_reference *image;
	struct pull_request *list;
	size_t count;
};

const char *pull_purpose_name(enum pull_purpose purpose)
{
	static const char *const names[] = {[PULL_MIRROR] = "mirror",
		[PULL_REGISTRY] = "registry",
		[PULL_TOKEN] = "token",
		[PULL_BLOBS] = "blobs"};

	return names[purpose];
}

bool pull_target_parse(const char *text, struct pull_target *out)
{
	const char *scheme = strstr(text, "://"), *end, *at, *colon;
	size_t len;

	memset(out, 0, sizeof(*out));
	out->http = scheme && scheme - text == 4 && !strncmp(text, "http", 4);
	out->port = out->http ? 80 : 443;
	if (scheme)
		text = scheme + 3;
	end = text + strcspn(text, "/?#");
	while ((at = memchr(text, '@', (size_t)(end - text))))
		text = at + 1;
	if (*text == '[') {
		len = strcspn(++text, "]/");
		colon = text + len + (text[len] == ']');
	} else {
		colon = memchr(text, ':', (size_t)(end - text));
		colon = colon ? colon : end;
		len = (size_t)(colon - text);
	}
	if (!len || len >= sizeof(out->host))
		return false;
	memcpy(out->host, text, len);
	if (*colon == ':') {
		unsigned long port = strtoul(colon + 1, NULL, 10);

		if (port && port <= UINT16_MAX)
			out->port = (uint16_t)port;
	}
	/* wharfie normalizeEndpointAddress(), containerd docker.DefaultScheme(). */
	if (!scheme && out->port != 443 &&
		(!strcmp(out->host, "localhost") || !strncmp(out->host, "127.", 4) ||
			!strcmp(out->host, "::1")))
		out->http = true;
	return true;
}

/* Is key, an entry of mirrors:, one for registry (but for "*")? */
static bool is_key_of(const char *key, const char *registry, enum role role)
{
	size_t len = strlen(registry);

	if (!strcmp(key, registry))
		return true;
	if (role == ROLE_CONTAINERD)
		return false;
	/* wharfie getEndpoints() knows the default registry by its host and by its old name. */
	if (!strcmp(registry, HUB))
		return !strcmp(key, "index.docker.io");
	return !strchr(registry, ':') && !strncmp(key, registry, len) &&
	       (!strcmp(key + len, ":443") || !strcmp(key + len, ":80"));
}

/* The entry of mirrors: that counts for the image's registry: "*" where none is its own; NULL: none. */
static const char *mirror_key(const struct requests *r)
{
	const struct node_config *c = r->config;
	const char *any = NULL;

	for (size_t i = 0; i < c->listed_count; i++) {
		if (is_key_of(c->listed[i], r->image->registry, r->role))
			return c->listed[i];
		if (!strcmp(c->listed[i], "*"))
			any = c->listed[i];
	}
	return any;
}

/* What the mirrors call the repository; sets *unread where that cannot be told. */
static void rewrite(const struct requests *r, const char *key, char *out, size_t size, bool *unread)
{
	const struct node_config *c = r->config;

	*unread = false;
	snprintf(out, size, "%s", r->image->repository);
	for (size_t i = 0; i < c->rewrite_count; i++) {
		if (strcmp(c->rewrites[i].registry, key))
			continue;
		if (!image_repository_rewrite(r->image->repository, c->rewrites[i].pattern,
			    c->rewrites[i].replacement, out, size)) {
			*unread = true;
			return;
		}
		if (strcmp(out, r->image->repository))
			return;
	}
}

/* The endpoint without user and password; its path without a final slash, "/v2" where it has none. */
static void manifest_url(const struct pull_target *target, const char *endpoint,
	const char *repository, const struct image_reference *image, char *out, size_t size)
{
	const char *scheme = strstr(endpoint, "://"), *path;
	bool v6 = strchr(target->host, ':');
	int len;

	path = strchrnul(scheme ? scheme + 3 : endpoint, '/');
	for (len = (int)strcspn(path, "?#"); len && path[len - 1] == '/';)
		len--;
	if (!len) {
		path = "/v2";
		len = 3;
	}
	snprintf(out, size,
		target->port == (target->http ? 80 : 443) ? "%s://%s%s%s" : "%s://%s%s%s:%u",
		target->http ? "http" : "https", v6 ? "[" : "", target->host, v6 ? "]" : "",
		target->port);
	snprintf(out + strlen(out), size - strlen(out), "%.*s/%s/manifests/%s", len, path,
		repository, image->digest[0] ? image->digest : image->tag);
}

static struct pull_request *add(struct requests *r, const char *text, enum pull_purpose purpose)
{
	struct pull_request *new = &r->list[r->count];

	if (r->count == PULL_TARGETS)
		return NULL;
	memset(new, 0, sizeof(*new));
	if (!pull_target_parse(text, &new->target))
		return NULL;
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->list[i].target.host, new->target.host) &&
			r->list[i].target.port == new->target.port)
			return NULL;
	new->purpose = purpose;
	r->count++;
	return new;
}

static void add_mirrors(struct requests *r, const char *key)
{
	const struct node_config *c = r->config;
	char repository[IMAGE_NAME_MAX + 1];
	bool unread;

	rewrite(r, key, repository, sizeof(repository), &unread);
	for (size_t i = 0; i < c->mirror_count; i++) {
		struct pull_request *new;

		if (strcmp(c->mirrors[i].registry, key))
			continue;
		new = add(r, c->mirrors[i].endpoint, PULL_MIRROR);
		if (!new)
			continue;
		new->unrewritten = unread;
		manifest_url(&new->target, c->mirrors[i].endpoint, repository, r->image, new->url,
			sizeof(new->url));
	}
}

static void add_default(struct requests *r, bool fallback)
{
	static const struct {
		enum pull_purpose purpose;
		const char *url;
	} hub[] = {
		{PULL_TOKEN, "https://auth.docker.io/token"},
		/* Both content networks are in use, the second since May 2026. */
		{PULL_BLOBS, "https://production.cloudflare.docker.com/"},
		{PULL_BLOBS, "https://production.cloudfront.docker.com/"},
	};
	const char *registry = r->image->registry;
	bool is_hub = !strcmp(registry, HUB) || !strcmp(registry, "registry-1.docker.io");
	struct pull_request *new;

	if (!strcmp(registry, HUB))
		registry = r->role == ROLE_CONTAINERD ? "registry-1.docker.io" : "index.docker.io";
	new = add(r, registry, PULL_REGISTRY);
	if (new) {
		new->fallback = fallback;
		manifest_url(&new->target, registry, r->image->repository, r->image, new->url,
			sizeof(new->url));
	}
	for (size_t i = 0; is_hub && i < sizeof(hub) / sizeof(hub[0]); i++) {
		new = add(r, hub[i].url, hub[i].purpose);
		if (!new)
			continue;
		new->fallback = fallback;
		snprintf(new->url, sizeof(new->url), "%s", hub[i].url);
	}
}

size_t pull_requests(const struct node_config *c, enum role role,
	const struct image_reference *image, struct pull_request requests[PULL_TARGETS])
{
	struct requests r = {c, role, image, requests, 0};
	const char *key = mirror_key(&r);

	if (key)
		add_mirrors(&r, key);
	/* The switch is containerd's alone: wharfie always appends the default endpoint. */
	if (!r.count || role != ROLE_CONTAINERD ||
		!node_config_is_on(c, NODE_DISABLE_DEFAULT_ENDPOINT))
		add_default(&r, r.count > 0);
	return r.count;
}

void pull_default_registry(const struct node_config *c, struct image_reference *image)
{
	const char *own = c->value[NODE_REGISTRY];
	size_t host = strcspn(own, "/"), path = strlen(own);
	char repository[sizeof(image->repository)];

	while (path && own[path - 1] == '/')
		path--;
	if (!host || host >= sizeof(image->registry) || image->named ||
		strncmp(image->repository, "rancher/", 8))
		return;
	path = path > host ? path - host - 1 : 0;
	if ((size_t)snprintf(repository, sizeof(repository), "%.*s%s%s", (int)path,
		    path ? own + host + 1 : "", path ? "/" : "",
		    image->repository) >= sizeof(repository))
		return;
	memcpy(image->repository, repository, sizeof(repository));
	memcpy(image->registry, own, host);
	image->registry[host] = '\0';
}

size_t node_pull_targets(
	const struct node_config *c, enum role role, struct pull_target *targets, size_t *judged)
{
	struct image_reference image = {
		.registry = HUB, .repository = "rancher/rke2-runtime", .tag = "latest"};
	struct pull_request list[PULL_TARGETS];
	size_t count;

	pull_default_registry(c, &image);
	if (!strcmp(image.registry, "index.docker.io"))
		strcpy(image.registry, HUB);
	count = pull_requests(c, role, &image, list);
	*judged = 0;
	for (size_t i = 0; i < count; i++) {
		targets[i] = list[i].target;
		*judged += !list[i].fallback;
	}
	return count;
}
