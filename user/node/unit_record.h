/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The facts about a unit as events, for recordings, and back.  Only listed variables go out
 * (relay_name_is_listed()), redacted, with the judgement that the redacted value no longer gives.
 *
 * One fact a thing, its fields in this order, numbers in decimal, "-" for what there is none of:
 *	unit		name asked for, id, real path, fragment (index of files), cut
 *	unit-file	role, path, error, masked, optional, mtime_ns, end, end line, refused, refused
 *			line, load (index of statements)
 *	unit-statement	verb, setting, file, line, optional, fault, name, value,
 *			and for a judged value: use, faults, scheme, host, port;
 *			and "continued" where the value goes on in the next line
 * "unit" comes first, then all of "unit-file", then all of "unit-statement".
 */
#ifndef NODE_UNIT_RECORD_H
#define NODE_UNIT_RECORD_H

#include "capture/event.h"
#include "node/unit_files.h"

/* Takes one fact; it is valid until it returns.  Not 0 ends the telling. */
typedef int unit_fact_fn(void *context, const struct event_fact *fact);

/* Tells f as facts.  0, -ENOMEM, or what fn returned. */
int unit_record_tell(const struct unit_facts *f, unit_fact_fn *fn, void *context);

/* Is it a fact of a unit? */
bool unit_record_is(const struct event_fact *fact);

/*
 * Adds what fact says to f, which begins zeroed; a "unit" begins it anew.  0; -EINVAL where the fact
 * is malformed or out of place (a recording may hold anything); -ENOMEM.
 */
int unit_record_take(struct unit_facts *f, const struct event_fact *fact);

/* Are all of the facts there that those in f refer to?  Ask before judging what was taken. */
bool unit_record_is_whole(const struct unit_facts *f);

#endif
