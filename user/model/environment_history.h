/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became of the relay variables: a process that pulls beside the one that had its place before,
 * so that after an upgrade one can ask which nodes lost their relay.
 *
 * Compared is what is kept of an environment, where user and password are masked: a change of those
 * alone is not seen.
 */
#ifndef MODEL_ENVIRONMENT_HISTORY_H
#define MODEL_ENVIRONMENT_HISTORY_H

#include "model/process_table.h"

/* Places that are remembered; the one not used for longest makes room. */
#define ENVIRONMENT_PLACES 64

/* Names in one list; there are 32 relay variables of the usual spellings. */
#define ENVIRONMENT_CHANGES 64

struct name_list {
	const char *names[ENVIRONMENT_CHANGES]; /* belong to the environments compared */
	size_t count;
};

struct environment_changes {
	char since[64];	 /* entity_id of the predecessor */
	bool incomplete; /* one of the two was not read whole: what is not proved is not listed */
	struct name_list added, removed, changed;
	struct environment *before; /* a reference */
};

/* A zeroed struct is a valid empty history. */
struct environment_history {
	struct environment_place {
		uint64_t place; /* 0: free */
		uint64_t used_ns;
		char entity_id[64];
		struct environment *environment; /* a reference */
	} places[ENVIRONMENT_PLACES];
};

void environment_history_free(struct environment_history *h);

/*
 * Process p began to run a program at time_ns: takes its predecessor's place.  True where there was
 * one: out tells what changed, to be given back to environment_changes_free().  Predecessors are of
 * the same role and of the same unit, or tree where there is no unit; clients and credential
 * providers also of the same name.  A variable that is empty counts as one that is not there.
 */
bool environment_history_exec(struct environment_history *h, const struct process *p,
	uint64_t time_ns, struct environment_changes *out);
void environment_changes_free(struct environment_changes *c);

#endif
