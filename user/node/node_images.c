// SPDX-License-Identifier: GPL-2.0-only
#include "node/node_images.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool node_images_is_tarball(const char *name)
{
	static const char *const endings[] = {
		".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz", ".tar.lz4"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);

		if (len > n && !strcmp(name + len - n, endings[i]))
			return true;
	}
	return false;
}

struct release {
	unsigned int major, minor, patch, revision; /* revision 0: not told */
};

/* "1.32.5" with "rke2r1" or "k3s1" behind it, wherever it stands in text. */
static bool find_release(const char *text, struct release *out)
{
	const char *revision;

	for (const char *c = text; *c; c++) {
		int end = 0;

		if (!isdigit((unsigned char)*c) || (c > text && isdigit((unsigned char)c[-1])))
			continue;
		if (sscanf(c, "%3u.%3u.%3u%n", &out->major, &out->minor, &out->patch, &end) != 3 ||
			!end)
			continue;
		out->revision = 0;
		revision = strstr(c + end, "rke2r");
		if (revision)
			sscanf(revision, "rke2r%3u", &out->revision);
		return true;
	}
	return false;
}

static bool same_release(const struct release *a, const struct release *b)
{
	return a->major == b->major && a->minor == b->minor && a->patch == b->patch &&
	       (!a->revision || !b->revision || a->revision == b->revision);
}

bool node_images_tells_version(const char *name)
{
	struct release release;

	return find_release(name, &release);
}

static enum node_images by_name(const char *name, bool k3s)
{
	static const char *const with_runtime[] = {"-core", "-all", "-runtime", "-linux", "-v"};
	const char *rest = name + strlen("rke2-images");

	if (k3s)
		return strncmp(name, "k3s-airgap-images", 17) ? NODE_IMAGES_DOUBT
							      : NODE_IMAGES_HELD;
	if (!strncmp(name, "rke2-runtime", 12))
		return NODE_IMAGES_HELD;
	if (!strncmp(name, "rke2-windows", 12))
		return NODE_IMAGES_OTHERS;
	if (strncmp(name, "rke2-images", 11))
		return NODE_IMAGES_DOUBT;
	if (*rest != '-' || isdigit((unsigned char)rest[1]))
		return NODE_IMAGES_HELD;
	for (size_t i = 0; i < sizeof(with_runtime) / sizeof(with_runtime[0]); i++) {
		size_t n = strlen(with_runtime[i]);

		if (!strncmp(rest, with_runtime[i], n) &&
			(i < 4 ? !isalpha((unsigned char)rest[n])
			       : isdigit((unsigned char)rest[n]) != 0))
			return NODE_IMAGES_HELD;
	}
	return NODE_IMAGES_OTHERS;
}

enum node_images node_images_of(const char *name, const char *version, bool k3s)
{
	enum node_images images = by_name(name, k3s);
	struct release own, wanted;

	if (images > NODE_IMAGES_OTHERS && find_release(name, &own) &&
		find_release(version, &wanted) && !same_release(&own, &wanted))
		return NODE_IMAGES_OTHERS;
	return images;
}
