// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_mirrors.h"

#include <string.h>

void mirrors_note(struct mirror_tries *m, const struct node_facts_kept *facts, const struct dial *d,
	bool reached, uint64_t at_ns)
{
	const char *host = d->connect_port ? d->connect_host : d->name;
	struct mirror_try *t = &m->tries[m->next];

	if (!host[0] || !facts_registry_of(facts, host))
		return;
	m->next = (m->next + 1) % MIRROR_TRIES;
	t->pid = d->process->pid;
	t->start_ns = d->process->start_ns;
	t->at_ns = at_ns;
	t->reached = reached;
	memcpy(t->host, host, strlen(host) + 1);
}

const char *mirrors_tried(const struct mirror_tries *m, const struct node_facts_kept *facts,
	const struct dial *d, bool *reached)
{
	const struct mirror_try *last = NULL;

	for (size_t i = 0; i < MIRROR_TRIES; i++) {
		const struct mirror_try *t = &m->tries[i];

		if (t->host[0] && t->pid == d->process->pid &&
			t->start_ns == d->process->start_ns &&
			t->at_ns + MIRROR_NS >= d->begin_ns && strcmp(t->host, d->name) &&
			facts_is_mirror(facts, t->host, d->name) &&
			(!last || t->at_ns > last->at_ns))
			last = t;
	}
	*reached = last && last->reached;
	return last ? last->host : NULL;
}
