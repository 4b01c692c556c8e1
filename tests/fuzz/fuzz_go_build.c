// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a program: a version that is found is text that fits. */
#include "node/go_build.h"

#include <stdlib.h>
#include <string.h>

struct program {
	const uint8_t *bytes;
	size_t len;
};

static bool read_at(void *context, uint64_t at, void *out, size_t len)
{
	const struct program *p = context;

	if (at > p->len || len > p->len - at)
		return false;
	memcpy(out, p->bytes + at, len);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct program p = {data, size};
	char version[64];

	if (!go_build_version(read_at, &p, version, sizeof(version)))
		return 0;
	if (!*version || strnlen(version, sizeof(version)) == sizeof(version))
		abort();
	for (const char *c = version; *c; c++)
		if (*c <= ' ' || *c > '~')
			abort();
	return 0;
}
