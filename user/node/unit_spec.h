/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The small languages inside of unit files: unit names, words with quotes and escapes, and
 * specifiers (%N).  Pure text.
 *
 * Source of the rules: systemd.unit(5), systemd.syntax(7), systemd.exec(5), and the behaviour of
 * systemd 252 (src/basic/unit-name.c, extract-word.c, src/core/unit-printf.c, src/shared/specifier.c).
 */
#ifndef NODE_UNIT_SPEC_H
#define NODE_UNIT_SPEC_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define UNIT_NAME_SIZE 256 /* with the NUL: systemd's UNIT_NAME_MAX */

/* "rke2-agent.service", "getty@tty1.service" (an instance), "getty@.service" (a template). */
struct unit_name {
	char text[UNIT_NAME_SIZE];
	size_t prefix_len; /* up to '@' or the last '.' */
	size_t stem_len;   /* up to the last '.' */
	bool is_template, is_instance;
	size_t instance_at, instance_len; /* in text; 0 long where there is none */
};

/* Splits a service's name; ".service" may be missing.  False where systemd would not have it. */
bool unit_name_parse(const char *name, struct unit_name *out);

/* "getty@tty1.service" to "getty@.service" in out; false where n is no instance. */
bool unit_name_template(const struct unit_name *n, struct unit_name *out);

/*
 * The next shorter name whose drop-ins count too: "a-b-c.service", "a-b-.service", "a-.service";
 * false at the end.  An instance keeps its instance.
 */
bool unit_name_shorten(const struct unit_name *n, struct unit_name *out);

/* What specifiers stand for on one node; the letters that the unit itself answers are not looked up. */
struct unit_host {
	char *value[128]; /* by letter; owned; NULL: not known here */
};

void unit_host_free(struct unit_host *h);

/* Sets letter to a copy of value; 0 or -ENOMEM. */
int unit_host_set(struct unit_host *h, char letter, const char *value);

/* Sets what is the same on every node: %C /var/cache, %E /etc, %h /root, ...  0 or -ENOMEM. */
int unit_host_set_constants(struct unit_host *h);

/*
 * Appends text with its specifiers replaced.  fragment is the unit file's own path (for %y, %Y),
 * NULL where not known.  0; -EBADSLT for a specifier that systemd does not know (it ignores the
 * assignment); -ENODATA for one whose value is not known here; -ENOMEM.
 */
int unit_spec_expand(const struct unit_name *unit, const struct unit_host *host,
	const char *fragment, const char *text, struct buffer *out);

/*
 * Takes the next word from *at: blanks separate, '...' and "..." group anywhere in a word, a
 * backslash takes a C escape (c_escapes) or the next byte as it is.  The word replaces what out
 * held.  1 and *at behind it; 0 at the end; -EINVAL where a quote is not closed or an escape is
 * unknown: systemd ignores the rest of the line; -ENOMEM.
 */
int unit_word(const char **at, bool c_escapes, struct buffer *out);

#endif
