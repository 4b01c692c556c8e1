// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_mute.h"

#include <string.h>

/* How often a watched process is looked at, and for how long: rke2 waits 15 s for its peers first. */
#define MUTE_LOOK_NS  5000000000ULL
#define MUTE_WATCH_NS 60000000000ULL

static void mutes_drop(struct mutes *m, size_t i)
{
	m->count--;
	memmove(&m->list[i], &m->list[i + 1], (m->count - i) * sizeof(m->list[0]));
}

void mutes_free(struct mutes *m)
{
	for (size_t i = 0; i < m->count; i++)
		process_unref(m->list[i].process);
	m->count = 0;
}

void mutes_watch(
	struct mutes *m, struct process *process, enum relay_family family, uint64_t time_ns)
{
	const struct environment *e = process->environment;
	const struct variable *v = environment_effective(e, family, RELAY_KIND_HTTPS);

	if (!role_pulls(process->role) || e->origin != ENVIRONMENT_EXEC || !v ||
		v->url.use != RELAY_USABLE || !relay_url_is_misread(&v->url) || m->count == MUTES)
		return;
	m->list[m->count].process = process_ref(process);
	m->list[m->count].due_ns = time_ns + MUTE_LOOK_NS;
	m->list[m->count++].until_ns = time_ns + MUTE_WATCH_NS;
}

void mutes_heard(struct mutes *m, const struct process *process)
{
	for (size_t i = m->count; i-- > 0;) {
		struct process *p = m->list[i].process;

		if (p->pid != process->pid || p->start_ns != process->start_ns)
			continue;
		mutes_drop(m, i);
		process_unref(p);
	}
}

struct process *mutes_next(struct mutes *m, uint64_t now_ns, bool all)
{
	for (size_t i = m->count; i-- > 0;) {
		struct process *p = m->list[i].process;

		if (!all && m->list[i].due_ns > now_ns)
			continue;
		if (p->exit_ns && p->exit_status) {
			mutes_drop(m, i);
			return p;
		}
		m->list[i].due_ns = now_ns + MUTE_LOOK_NS;
		if (p->exit_ns || now_ns >= m->list[i].until_ns) {
			mutes_drop(m, i);
			process_unref(p);
		}
	}
	return NULL;
}

uint64_t mutes_deadline(const struct mutes *m)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].due_ns < deadline)
			deadline = m->list[i].due_ns;
	return deadline;
}
