// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace rules [ID]`: what the diagnosis knows. */
#include "base/log.h"
#include "commands/commands.h"
#include "diagnose/rules.h"

#include <stdio.h>
#include <string.h>

static void rule_print(const struct rule *r)
{
	printf("%s: %s\n\nsays\n  %s\n\nneeds\n  %s\n\ncan be confused with\n  %s\n\nremedy\n  "
	       "%s\n\n"
	       "reference\n  %s\n",
		r->id, r->title, r->says, r->needs, r->confused, r->remedy, r->reference);
}

int rules_main(int argc, char **argv)
{
	const struct rule *rules, *rule;
	size_t count;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		printf("usage: relaytrace rules [ID]\n\n"
		       "Lists the diagnosis rules in the order in which the first that applies "
		       "wins;\n"
		       "with ID, tells that one in full.\n");
		return STATUS_DONE;
	}
	if (argc > 2) {
		log_error("usage: relaytrace rules [ID]");
		return STATUS_USAGE;
	}
	rules = rules_all(&count);
	if (argc == 1) {
		for (size_t i = 0; i < count; i++)
			printf("%-22s %s\n", rules[i].id, rules[i].title);
		return STATUS_DONE;
	}
	rule = rule_find(argv[1]);
	if (!rule) {
		log_error("there is no rule '%s'; `relaytrace rules` lists them", argv[1]);
		return STATUS_USAGE;
	}
	rule_print(rule);
	return STATUS_DONE;
}
