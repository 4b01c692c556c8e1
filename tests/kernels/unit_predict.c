// SPDX-License-Identifier: GPL-2.0-only
/*
 * What our pure code says that units below a root would get: unit_predict ROOT UNIT...
 * For each unit "== UNIT STATE", then, where it can be started, its variables as unit_show prints
 * them.  It prints values as they are: for fixtures only.
 */
#include "node/unit_environment.h"

#include <stdio.h>
#include <string.h>

static void print_escaped(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x21 || *p > 0x7e || *p == '\\')
			printf("\\x%02x", *p);
		else
			putchar(*p);
}

static int predict(const struct unit_root *root, const struct unit_host *host, const char *unit)
{
	struct unit_facts facts;
	struct unit_view view;
	int err = unit_facts_read(root, host, NULL, unit, &facts);

	if (err)
		return err;
	err = unit_view_make(&facts, &view);
	if (!err) {
		printf("== %s %s\n", unit, view.state == UNIT_STATE_FINE ? "starts" : "fails");
		for (size_t i = 0; view.state == UNIT_STATE_FINE && i < view.effective_count; i++) {
			const struct unit_statement *s = &facts.statements[view.effective[i]];

			if (s->verb != UNIT_SET)
				continue;
			/* Megabytes of one letter are told by their length. */
			if (strlen(s->value) > 4096) {
				printf("%s=(%zu bytes)\n", s->name, strlen(s->value));
				continue;
			}
			printf("%s=", s->name);
			print_escaped(s->value);
			putchar('\n');
		}
		unit_view_free(&view);
	}
	unit_facts_free(&facts);
	return err;
}

int main(int argc, char **argv)
{
	struct unit_root root = {argc > 1 ? argv[1] : ""};
	struct unit_host host;
	int err = unit_host_read(&root, &host);

	for (int i = 2; !err && i < argc; i++)
		err = predict(&root, &host, argv[i]);
	if (!err)
		unit_host_free(&host);
	if (err)
		fprintf(stderr, "unit_predict: %s\n", strerror(-err));
	return err != 0;
}
