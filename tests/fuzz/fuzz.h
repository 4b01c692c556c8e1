/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers of the payload parsers share.  Sanitizers see a bad access; the properties that
 * the headers promise are checked with fuzz_require().
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_require(property)                                                                     \
	do {                                                                                       \
		if (!(property)) {                                                                 \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#property);                                                        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A copy whose end is the heap block's, so that ASan sees one byte too many; free() it. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* Is text NUL-terminated within size bytes, and printable ASCII, every backslash part of an escape? */
static inline bool fuzz_is_printable(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
		if (text[i] != '\\')
			continue;
		if (text[i + 1] == '\\' || text[i + 1] == '.')
			i++;
		else if (strspn(text + i + 1, "0123456789") >= 3)
			i += 3;
		else
			return false;
	}
	return true;
}

/* The same, and a host name: no upper case, no space. */
static inline bool fuzz_is_host(const char *text, size_t size)
{
	return fuzz_is_printable(text, size) && !strpbrk(text, " ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

#endif
