/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that fail without a packet: with a fully quoted relay value Go has a host name that it does not
 * even look up ("http), so that neither a question nor a dial is ever seen.  What can be seen is a
 * puller that carries such a value, tries nothing and ends with a failure.
 */
#ifndef DIAGNOSE_DIAGNOSIS_MUTE_H
#define DIAGNOSE_DIAGNOSIS_MUTE_H

#include "model/dial.h"

#define MUTES 64

/* A zeroed struct watches nobody. */
struct mutes {
	struct {
		struct process *process; /* one reference held */
		uint64_t due_ns, until_ns;
	} list[MUTES];
	size_t count;
};

void mutes_free(struct mutes *m);

/* A process runs a program: watches it if it pulls and the value that it reads cannot work. */
void mutes_watch(
	struct mutes *m, struct process *process, enum relay_family family, uint64_t time_ns);

/* It dialled or asked for a name: what is wrong will show. */
void mutes_heard(struct mutes *m, const struct process *process);

/*
 * One that has failed without a word, to be told and unreferenced by the caller; NULL: none is due.  all: the end
 * has come, whoever has failed by now.
 */
struct process *mutes_next(struct mutes *m, uint64_t now_ns, bool all);

/* When to look again; UINT64_MAX: nobody is watched. */
uint64_t mutes_deadline(const struct mutes *m);

#endif
