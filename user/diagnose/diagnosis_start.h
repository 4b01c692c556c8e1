/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that have just begun to run, until it is told what they are about to pull. */
#ifndef DIAGNOSE_DIAGNOSIS_START_H
#define DIAGNOSE_DIAGNOSIS_START_H

#include "model/process_table.h"

/* What is told of a process follows its exec at once: few can stand between. */
#define STARTS 16

/* A zeroed struct knows nobody. */
struct starts {
	struct process *list[STARTS]; /* a ring; one reference held each */
	size_t at;
};

void starts_free(struct starts *s);

/* A process runs a program: kept if it may pull by itself, and its environment was read at exec. */
void starts_note(struct starts *s, struct process *process);

/* The one of that pid and start, which the caller unreferences; NULL: it is not there. */
struct process *starts_take(struct starts *s, uint32_t pid, uint64_t start_ns);

#endif
