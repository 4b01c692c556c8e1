/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole unit test harness.  A test file has functions `static void test_x(void)` and a main
 * that calls UNIT_RUN(test_x) for each and returns unit_status().  Every function prints one line,
 * "ok NAME" or "not ok NAME: FILE:LINE: EXPRESSION", which tests/run.sh counts.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int unit_failures, unit_failed_here;

#define UNIT_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);                   \
			unit_failed_here++;                                                        \
		}                                                                                  \
	} while (0)

#define UNIT_STRING(got, want)                                                                     \
	do {                                                                                       \
		const char *unit_got = (got), *unit_want = (want);                                 \
		if (!unit_got || strcmp(unit_got, unit_want) != 0) {                               \
			printf("# %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got,    \
				unit_got ? unit_got : "(null)", unit_want);                        \
			unit_failed_here++;                                                        \
		}                                                                                  \
	} while (0)

#define UNIT_RUN(function)                                                                         \
	do {                                                                                       \
		unit_failed_here = 0;                                                              \
		function();                                                                        \
		printf("%s %s\n", unit_failed_here ? "not ok" : "ok", #function);                  \
		unit_failures += unit_failed_here != 0;                                            \
	} while (0)

/* The long run of 41-unit-long.slow.sh: what takes a second or more belongs there alone. */
static inline bool unit_long(void)
{
	return getenv("UNIT_LONG") != NULL;
}

static inline int unit_status(void)
{
	return unit_failures != 0;
}

#endif
