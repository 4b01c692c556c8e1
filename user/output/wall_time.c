// SPDX-License-Identifier: GPL-2.0-only
#include "output/wall_time.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

/* The second before or at wall_ns, and the nanoseconds behind it. */
static time_t split(int64_t wall_ns, int *ns)
{
	int64_t second = wall_ns / NS_PER_S;

	*ns = (int)(wall_ns % NS_PER_S);
	if (*ns < 0) {
		*ns += NS_PER_S;
		second--;
	}
	return (time_t)second;
}

static char *two(char *at, char before, int value)
{
	*at = before;
	return text_number(at + 1, (uint64_t)value, 2);
}

const char *wall_time_rfc3339(int64_t wall_ns, char text[WALL_TIME_TEXT])
{
	struct tm tm = {0};
	char *at;
	int ns;
	time_t second = split(wall_ns, &ns);

	/* A year that an int64_t of nanoseconds reaches has four digits: 1677 to 2262. */
	gmtime_r(&second, &tm);
	at = two(text_number(text, (uint64_t)tm.tm_year + 1900, 4), '-', tm.tm_mon + 1);
	at = two(two(two(at, '-', tm.tm_mday), 'T', tm.tm_hour), ':', tm.tm_min);
	at = two(at, ':', tm.tm_sec);
	*at++ = '.';
	at = text_number(at, (uint64_t)ns, 9);
	*at++ = 'Z';
	*at = '\0';
	return text;
}

const char *wall_time_clock(int64_t wall_ns, char text[WALL_TIME_TEXT])
{
	struct tm tm = {0};
	int ns;
	time_t second = split(wall_ns, &ns);

	localtime_r(&second, &tm);
	snprintf(text, WALL_TIME_TEXT, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		ns / 1000000);
	return text;
}

const char *wall_time_date(int64_t wall_ns, char text[WALL_TIME_TEXT])
{
	struct tm tm = {0};
	int ns;
	time_t second = split(wall_ns, &ns);

	localtime_r(&second, &tm);
	snprintf(text, WALL_TIME_TEXT, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday);
	return text;
}
