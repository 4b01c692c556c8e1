// SPDX-License-Identifier: GPL-2.0-only
#include "output/wall_time.h"

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

const char *wall_time_rfc3339(int64_t wall_ns, char text[WALL_TIME_TEXT])
{
	struct tm tm = {0};
	int ns;
	time_t second = split(wall_ns, &ns);

	gmtime_r(&second, &tm);
	snprintf(text, WALL_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ns);
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
