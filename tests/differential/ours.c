// SPDX-License-Identifier: GPL-2.0-only
/* Our side of the comparison: input and output as reference.go has them, and the reason behind. */
#include "relay/relay_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Turns hex into bytes in place. */
static size_t decode(char *field)
{
	size_t n = 0;

	if (*field == '-')
		field[0] = '\0';
	for (const char *p = field; p[0] && p[1]; p += 2)
		field[n++] = (char)(digit(p[0]) << 4 | digit(p[1]));
	field[n] = '\0';
	return n;
}

static void print_hex(const char *s)
{
	putchar(' ');
	if (!*s)
		putchar('-');
	for (; *s; s++)
		printf("%02x", (unsigned char)*s);
}

static void answer(const struct environment *e, char *url)
{
	static const char *const decisions[] = {"direct", "relay", "error"};
	struct choice c;

	decode(url);
	choice_for_url(e, RELAY_FAMILY_PROXY, url, &c);
	printf("%s", decisions[c.decision]);
	if (c.decision == CHOICE_RELAY) {
		print_hex(c.relay.scheme);
		print_hex(c.relay.host);
		printf(" %u", c.relay.port);
	}
	printf(" reason=%d faults=%x\n", c.reason, c.variable ? c.variable->url.faults : 0);
}

static void add(struct environment *e, char *pair)
{
	size_t len = decode(pair);
	char *equals = memchr(pair, '=', len);

	if (equals && environment_add(e, pair, (size_t)(equals - pair), equals + 1,
			      len - (size_t)(equals - pair) - 1, false, NULL))
		exit(1);
}

int main(void)
{
	char *line = NULL, *at, *field;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		struct environment *e = environment_new(ENVIRONMENT_EXEC);
		char *urls = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		if (!e || !urls)
			return 1;
		*urls++ = '\0';
		for (at = line; (field = strsep(&at, ","));)
			add(e, field);
		for (at = urls; (field = strsep(&at, ","));)
			answer(e, field);
		environment_unref(e);
	}
	free(line);
	return 0;
}
