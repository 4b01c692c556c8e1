// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_start.h"

void starts_free(struct starts *s)
{
	for (size_t i = 0; i < STARTS; i++) {
		process_unref(s->list[i]);
		s->list[i] = NULL;
	}
}

void starts_note(struct starts *s, struct process *process)
{
	if (process->role != ROLE_SUPERVISOR && process->role != ROLE_CONTAINERD &&
		process->role != ROLE_SYSTEM_AGENT)
		return;
	if (process->environment->origin != ENVIRONMENT_EXEC ||
		!environment_proves_absence(process->environment))
		return;
	process_unref(s->list[s->at]);
	s->list[s->at] = process_ref(process);
	s->at = (s->at + 1) % STARTS;
}

struct process *starts_take(struct starts *s, uint32_t pid, uint64_t start_ns)
{
	/* The latest first: an exec makes another process of the same pid and start. */
	for (size_t i = 1; i <= STARTS; i++) {
		struct process **slot = &s->list[(s->at + STARTS - i) % STARTS], *p = *slot;

		if (!p || p->pid != pid || (start_ns && p->start_ns != start_ns))
			continue;
		*slot = NULL;
		return p;
	}
	return NULL;
}
