// SPDX-License-Identifier: GPL-2.0-only
/* What is an image and what a URL, and which hosts a pull of an image dials. */
#include "node/pull_targets.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef"

static struct image_reference image;
static char text[8192];

/* "url", "host", "neither", or the image in full. */
static const char *word(const char *w)
{
	switch (image_word_of(w, &image)) {
	case IMAGE_WORD_URL:
		return "url";
	case IMAGE_WORD_HOST:
		return "host";
	case IMAGE_WORD_NEITHER:
		return "neither";
	case IMAGE_WORD_REFERENCE:
		break;
	}
	image_reference_text(&image, text, sizeof(text));
	return text;
}

static void test_words(void)
{
	static const struct {
		const char *word, *is;
	} words[] = {
		{"ubuntu", "docker.io/library/ubuntu:latest"},
		{"ubuntu:22.04", "docker.io/library/ubuntu:22.04"},
		{"rancher/rke2-runtime:v1.32.5-rke2r1",
			"docker.io/rancher/rke2-runtime:v1.32.5-rke2r1"},
		{"docker.io/rancher/x", "docker.io/rancher/x:latest"},
		{"docker.io/ubuntu", "docker.io/library/ubuntu:latest"},
		{"index.docker.io/ubuntu:1", "docker.io/library/ubuntu:1"},
		{"registry.example.com:5000/x/y@sha256:" HEX,
			"registry.example.com:5000/x/y@sha256:" HEX},
		{"registry.example.com/x:1@sha256:" HEX, "registry.example.com/x:1@sha256:" HEX},
		{"ubuntu@sha256:" HEX, "docker.io/library/ubuntu@sha256:" HEX},
		{"localhost/x", "localhost/x:latest"},
		{"x:1/y", "x:1/y:latest"},
		{"x--y.z:1/y", "x--y.z:1/y:latest"},
		{"localhost:5000/x:t", "localhost:5000/x:t"},
		{"10.0.0.1:5000/a_b/c__d/e-f--g.h:T_1.x-",
			"10.0.0.1:5000/a_b/c__d/e-f--g.h:T_1.x-"},
		{"[fd00::1]:5000/x", "[fd00::1]:5000/x:latest"},
		{"Registry.Corp/x", "Registry.Corp/x:latest"},
		/* A name alone: a host only with a dot. */
		{"relay:3128", "docker.io/library/relay:3128"},
		{"example.com", "host"},
		{"registry-1.docker.io:443", "host"},
		{"Example.COM", "host"},
		{"10.0.0.1:5000", "host"},
		{"localhost", "host"},
		{"localhost:5000", "host"},
		{"[fd00::1]:5000", "host"},
		{"[fd00::1]", "host"},
		{"http://x", "url"},
		{"https://index.docker.io/v2/", "url"},
		{"docker://docker.io/x", "url"},
		{"HTTPS:x", "url"},
		{"http:/x", "url"},
		{"", "neither"},
		{"/", "neither"},
		{"//x/y", "neither"},
		{"Ubuntu", "neither"},
		{"x/Y", "neither"},
		{"a b", "neither"},
		{"x/", "neither"},
		{"x//y", "neither"},
		{"x-", "neither"},
		{"x..y/z", "neither"},
		{"a___b", "neither"},
		{"x:", "neither"},
		{"x:-1", "neither"},
		{"x-.y/z", "neither"},
		{"x.-y/z", "neither"},
		{"x.y-/z", "neither"},
		{"x.y-:1/z", "neither"},
		{"x.y:z/y", "neither"},
		{"x@sha256:0123", "neither"},
		{"user:secret@relay", "neither"},
		{"user@host.corp", "neither"},
		{"[fd00::1/x", "neither"},
		{"[]/x", "neither"},
		{"-x.corp/x", "neither"},
		{"\xc3\xbc.corp/x", "neither"},
	};
	char longest[300];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		UNIT_STRING(word(words[i].word), words[i].is);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	UNIT_STRING(word(longest), "neither");
	longest[255] = '\0';
	UNIT_STRING(word(longest), "neither");
	longest[200] = '\0';
	UNIT_CHECK(image_word_of(longest, &image) == IMAGE_WORD_REFERENCE);
}

static const char *rewritten(const char *repository, const char *pattern, const char *replacement)
{
	if (!image_repository_rewrite(repository, pattern, replacement, text, 64))
		return "not told";
	return text;
}

/* The results are those of Go's regexp.ReplaceAllString. */
static void test_rewrite(void)
{
	UNIT_STRING(rewritten("rancher/x", "^rancher/(.*)", "mirror/$1"), "mirror/x");
	UNIT_STRING(rewritten("rancher/x", "(.*)", "hub/$1"), "hub/rancher/x");
	UNIT_STRING(rewritten("rancher/x", "^(a|rancher)/(.+)$", "${2}-${1}$$"), "x-rancher$");
	UNIT_STRING(rewritten("rancher/x", "rancher/(.*)", "$1x/$2y$zz/a$"), "//a$");
	UNIT_STRING(rewritten("a/a/b", "a", "c"), "c/c/b");
	UNIT_STRING(rewritten("baaac", "a*", "X"), "XbXcX");
	UNIT_STRING(rewritten("library/x", "^rancher", "y"), "library/x");
	UNIT_STRING(rewritten("x1", "\\d", "y"), "not told");
	UNIT_STRING(rewritten("x1", "(?i)X", "y"), "not told");
	UNIT_STRING(rewritten("x1", "x.*?", "y"), "not told");
	UNIT_STRING(rewritten("x1", "((x{255}){255}){255}", "y"), "not told");
	UNIT_STRING(rewritten("x1", "(", "y"), "not told");
	UNIT_STRING(rewritten("x1", "x", HEX HEX), "not told");
}

static struct node_config config;
static struct node_config_fault fault;

/* "role: purpose[*] URL ..."; '*' is a fallback, '?' a path that is not told. */
static const char *requests(const char *name, enum role role)
{
	struct pull_request list[PULL_TARGETS];
	size_t count, len = 0;

	UNIT_CHECK(image_word_of(name, &image) == IMAGE_WORD_REFERENCE);
	pull_default_registry(&config, &image);
	count = pull_requests(&config, role, &image, list);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s %s",
			i ? "; " : "", pull_purpose_name(list[i].purpose),
			list[i].fallback ? "*" : "", list[i].unrewritten ? "?" : "", list[i].url);
	return text;
}

static void registries(const char *yaml)
{
	UNIT_CHECK(!node_registries_parse(yaml, strlen(yaml), &config, &fault));
}

#define HUB(star)                                                                                  \
	"; token" star " https://auth.docker.io/token"                                             \
	"; blobs" star " https://production.cloudflare.docker.com/"                                \
	"; blobs" star " https://production.cloudfront.docker.com/"
#define RUNTIME "/v2/rancher/rke2-runtime/manifests/v1"

static void test_requests(void)
{
	memset(&config, 0, sizeof(config));
	UNIT_STRING(requests("rancher/rke2-runtime:v1", ROLE_SUPERVISOR),
		"registry https://index.docker.io" RUNTIME HUB(""));
	UNIT_STRING(requests("docker.io/rancher/rke2-runtime:v1", ROLE_CONTAINERD),
		"registry https://registry-1.docker.io" RUNTIME HUB(""));
	UNIT_STRING(requests("registry-1.docker.io/rancher/rke2-runtime:v1", ROLE_SUPERVISOR),
		"registry https://registry-1.docker.io" RUNTIME HUB(""));
	UNIT_STRING(requests("registry.example.com:5000/x/y@sha256:" HEX, ROLE_SYSTEM_AGENT),
		"registry https://registry.example.com:5000/v2/x/y/manifests/sha256:" HEX);
	UNIT_STRING(requests("localhost:5000/x", ROLE_CONTAINERD),
		"registry http://localhost:5000/v2/x/manifests/latest");
}

static void test_mirrors(void)
{
	memset(&config, 0, sizeof(config));
	registries("mirrors:\n"
		   "  docker.io:\n"
		   "    endpoint: ['https://a.corp:5000', 'http://u:p@[fd00::1]/proxy/']\n"
		   "    rewrite: {'^none/': x, '^rancher/(.*)': 'hub/$1', '.*': never}\n"
		   "  registry.corp:443:\n"
		   "    endpoint: [b.corp]\n"
		   "  bare.corp:\n"
		   "  '*':\n"
		   "    endpoint: [https://any.corp/v2/]\n"
		   "    rewrite: {'\\d': x}\n");
	UNIT_CHECK(config.rewrite_count == 4);
	UNIT_CHECK(config.listed_count == 4);
	UNIT_STRING(requests("rancher/rke2-runtime:v1", ROLE_SUPERVISOR),
		"mirror https://a.corp:5000/v2/hub/rke2-runtime/manifests/v1; "
		"mirror http://[fd00::1]/proxy/hub/rke2-runtime/manifests/v1; "
		"registry* https://index.docker.io" RUNTIME HUB("*"));
	/* rke2 takes a key with the port for the registry as well, containerd does not. */
	UNIT_STRING(requests("registry.corp/x", ROLE_SUPERVISOR),
		"mirror https://b.corp/v2/x/manifests/latest; "
		"registry* https://registry.corp/v2/x/manifests/latest");
	UNIT_STRING(requests("registry.corp/x", ROLE_CONTAINERD),
		"mirror? https://any.corp/v2/x/manifests/latest; "
		"registry* https://registry.corp/v2/x/manifests/latest");
	/* An entry without an endpoint, as the embedded registry wants it, hides "*". */
	UNIT_STRING(requests("bare.corp/x", ROLE_CONTAINERD),
		"registry https://bare.corp/v2/x/manifests/latest");
	strcpy(config.value[NODE_DISABLE_DEFAULT_ENDPOINT], "true");
	UNIT_STRING(requests("other.corp/x", ROLE_CONTAINERD),
		"mirror? https://any.corp/v2/x/manifests/latest");
	UNIT_STRING(requests("other.corp/x", ROLE_SUPERVISOR),
		"mirror? https://any.corp/v2/x/manifests/latest; "
		"registry* https://other.corp/v2/x/manifests/latest");
}

static void test_default_registry(void)
{
	memset(&config, 0, sizeof(config));
	strcpy(config.value[NODE_REGISTRY], "registry.corp:5000/a/b/");
	UNIT_STRING(requests("rancher/rke2-runtime:v1", ROLE_SUPERVISOR),
		"registry https://registry.corp:5000/v2/a/b/rancher/rke2-runtime/manifests/v1");
	/* It is for RKE2's own images, and not for one that names its registry. */
	UNIT_STRING(requests("docker.io/rancher/rke2-runtime:v1", ROLE_SUPERVISOR),
		"registry https://index.docker.io" RUNTIME HUB(""));
	UNIT_STRING(requests("ubuntu", ROLE_CONTAINERD),
		"registry https://registry-1.docker.io/v2/library/ubuntu/manifests/latest" HUB(""));
	strcpy(config.value[NODE_REGISTRY], "registry.corp");
	UNIT_STRING(requests("rancher/rke2-runtime:v1", ROLE_CONTAINERD),
		"registry https://registry.corp" RUNTIME);
}

int main(void)
{
	UNIT_RUN(test_words);
	UNIT_RUN(test_rewrite);
	UNIT_RUN(test_requests);
	UNIT_RUN(test_mirrors);
	UNIT_RUN(test_default_registry);
	return unit_status();
}
