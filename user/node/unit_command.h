/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a unit runs: the command of its ExecStart=, drop-ins counted.
 *
 * Source of the rules: systemd.service(5), "Command Lines", and the behaviour of systemd 252 (config_parse_exec() in
 * src/core/load-fragment.c): an empty assignment forgets those before it, words with quotes and C escapes, specifiers
 * in each, prefixes before the program.
 */
#ifndef NODE_UNIT_COMMAND_H
#define NODE_UNIT_COMMAND_H

#include "node/unit_files.h"

struct unit_command {
	struct unit_list
		words; /* as they stand; the program first; none: the unit has no command */
	bool unclear; /* what systemd makes of a word is not known here: $NAME, a specifier, an open quote */
};

/*
 * The last command of the unit that facts are about, from its files below root.  Words may hold secrets: they are wiped
 * when freed.  0 or -ENOMEM; a file that cannot be read has none.
 */
int unit_command_read(const struct unit_root *root, const struct unit_host *host,
	const struct unit_facts *facts, struct unit_command *out);
void unit_command_free(struct unit_command *c);

#endif
