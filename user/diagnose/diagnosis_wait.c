// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_wait.h"

#include "base/table.h"
#include "diagnose/finding.h"

#include <string.h>

static struct wait_group *group_of(struct wait_room *w, uint64_t group)
{
	struct wait_group *g = &w->groups[group % WAIT_GROUPS];

	return group && g->group == group ? g : NULL;
}

static bool is_v6(const struct dial *d)
{
	return d->remote.is_v6 && !d->remote.mapped;
}

/* The same for all tries of one process to reach one name; 0: without a name there is no other address. */
static uint64_t name_key(const struct dial *d)
{
	uint64_t parts[] = {d->process->pid, d->process->start_ns, 0, d->remote.port}, key;

	if (!d->name[0])
		return 0;
	parts[2] = table_hash(d->name, strlen(d->name));
	key = table_hash(parts, sizeof(parts));
	return key ? key : 1;
}

static bool worked(
	const struct wait_room *w, uint64_t name, const struct dial *d, uint64_t until_ns)
{
	for (size_t i = 0; i < WAIT_SUCCESSES; i++) {
		const struct wait_success *s = &w->successes[i];

		if (s->name == name && s->at_ns >= d->end_ns && s->at_ns <= until_ns)
			return true;
	}
	return false;
}

void wait_note(struct wait_room *w, const struct dial *d)
{
	struct wait_group *g = group_of(w, d->group);

	if (d->outcome == DIAL_ESTABLISHED && name_key(d)) {
		struct wait_success *s = &w->successes[w->success_at++ % WAIT_SUCCESSES];

		s->name = name_key(d);
		s->at_ns = d->end_ns;
	}
	if (!d->group || d->outcome == DIAL_UNRESOLVED)
		return;
	if (!g) {
		g = &w->groups[d->group % WAIT_GROUPS];
		if (g->group > d->group)
			return;
		memset(g, 0, sizeof(*g));
		g->group = d->group;
	}
	if (d->outcome == DIAL_ESTABLISHED)
		g->established[is_v6(d)] = true;
	else if (dial_outcome_failed(d->outcome))
		g->failed[is_v6(d)] = true;
}

/* Does the relay's URL hold the address itself, so that there is no other family to try? */
static bool is_literal_relay(const struct dial *d)
{
	struct address a;

	return d->path == DIAL_RELAY && d->relay_variable &&
	       address_parse(d->relay_variable->url.host, &a);
}

static enum wait_verdict judge_family(struct wait_room *w, const struct dial *d)
{
	const struct wait_group *g = group_of(w, d->group);

	if (!g)
		return WAIT_NOW;
	if (g->established[!is_v6(d)])
		return WAIT_NEVER;
	if (!is_v6(d) || is_literal_relay(d))
		return WAIT_NOW;
	if (g->failed[0])
		return d->outcome == DIAL_UNREACHABLE ? WAIT_NEVER : WAIT_NOW;
	return WAIT_LATER;
}

static enum wait_verdict judge(struct wait_room *w, const struct dial *d, uint64_t until_ns)
{
	enum wait_verdict verdict;
	uint64_t name;

	/* Established and then broken is no matter of families, nor of addresses. */
	if (d->outcome == DIAL_UNRESOLVED || d->established_ns)
		return WAIT_NOW;
	name = name_key(d);
	if (name && worked(w, name, d, until_ns))
		return WAIT_NEVER;
	verdict = judge_family(w, d);
	if (d->process->exit_ns) /* nothing more is tried */
		return verdict;
	return verdict == WAIT_NOW && name && d->more_addresses ? WAIT_LATER : verdict;
}

enum wait_verdict wait_judge(struct wait_room *w, const struct dial *d)
{
	enum wait_verdict verdict = judge(w, d, d->end_ns + WAIT_SIBLING_NS);
	struct dial *kept;

	if (verdict != WAIT_LATER)
		return verdict;
	if (w->count == WAIT_DIALS)
		return WAIT_NOW;
	kept = dial_keep(d);
	if (!kept)
		return WAIT_NOW;
	w->dials[w->count].dial = kept;
	w->dials[w->count++].due_ns =
		d->end_ns +
		(d->outcome == DIAL_UNREACHABLE ? WAIT_UNREACHABLE_NS : WAIT_SIBLING_NS);
	return WAIT_LATER;
}

struct dial *wait_next(struct wait_room *w, uint64_t now_ns)
{
	size_t i = 0;

	while (i < w->count) {
		struct dial *d = w->dials[i].dial;
		uint64_t due_ns = w->dials[i].due_ns;
		enum wait_verdict verdict = judge(w, d, due_ns);

		if (verdict == WAIT_LATER && now_ns >= due_ns && now_ns != UINT64_MAX &&
			due_ns < d->end_ns + WAIT_UNREACHABLE_NS && d->more_addresses &&
			w->tracker && tracker_is_trying(w->tracker, d))
			due_ns = w->dials[i].due_ns = now_ns + WAIT_SIBLING_NS;
		if (verdict == WAIT_LATER && now_ns < due_ns) {
			i++;
			continue;
		}
		w->count--;
		memmove(&w->dials[i], &w->dials[i + 1], (w->count - i) * sizeof(w->dials[0]));
		if (verdict != WAIT_NEVER)
			return d;
		dial_drop(d);
	}
	return NULL;
}

uint64_t wait_deadline(const struct wait_room *w)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < w->count; i++)
		if (w->dials[i].due_ns < deadline)
			deadline = w->dials[i].due_ns;
	return deadline;
}

void wait_free(struct wait_room *w)
{
	for (size_t i = 0; i < w->count; i++)
		dial_drop(w->dials[i].dial);
	w->count = 0;
}

static struct dial *answer_take(struct wait_answers *w, size_t i)
{
	struct dial *d = w->dials[i].dial;

	w->count--;
	memmove(&w->dials[i], &w->dials[i + 1], (w->count - i) * sizeof(w->dials[0]));
	return d;
}

void answer_wait(struct wait_answers *w, const struct dial *d, uint64_t now_ns)
{
	struct dial *kept = dial_keep(d);

	if (!kept)
		return;
	if (w->count == WAIT_ANSWERS)
		dial_drop(answer_take(w, 0));
	w->dials[w->count].dial = kept;
	w->dials[w->count++].due_ns = now_ns + WAIT_ANSWER_NS;
}

void answer_came(struct wait_answers *w, uint64_t id)
{
	for (size_t i = 0; i < w->count; i++) {
		if (w->dials[i].dial->id == id) {
			dial_drop(answer_take(w, i));
			return;
		}
	}
}

struct dial *answer_next(struct wait_answers *w, uint64_t now_ns)
{
	/* They are in the order in which they are due. */
	return w->count && w->dials[0].due_ns <= now_ns ? answer_take(w, 0) : NULL;
}

uint64_t answer_deadline(const struct wait_answers *w)
{
	return w->count ? w->dials[0].due_ns : UINT64_MAX;
}

static uint64_t matter_key(const struct dial *d)
{
	uint64_t parts[] = {table_hash(d->process->tree, strlen(d->process->tree)),
		d->process->role, d->remote.is_v6,
		table_hash(d->remote.bytes, d->remote.is_v6 ? 16 : 4), d->remote.port};
	uint64_t key = table_hash(parts, sizeof(parts));

	return key ? key : 1;
}

const struct local_matter *local_matter_failed(struct local_matters *l, const struct dial *d)
{
	uint64_t key = matter_key(d);
	struct local_matter *m = &l->matters[0];

	for (size_t i = 0; i < LOCAL_MATTERS; i++) {
		if (l->matters[i].key == key) {
			m = &l->matters[i];
			break;
		}
		if (l->matters[i].last_ns < m->last_ns)
			m = &l->matters[i];
	}
	if (m->key != key || d->end_ns - m->last_ns > LOCAL_GAP_NS) {
		m->key = key;
		m->first_ns = d->begin_ns;
		m->times = 0;
	}
	m->last_ns = d->end_ns;
	m->times++;
	return m;
}

bool local_matter_persists(const struct local_matter *m)
{
	return m->times > 1 && m->last_ns - m->first_ns > LOCAL_PERSISTS_NS;
}

void local_matter_works(struct local_matters *l, const struct dial *d)
{
	uint64_t key = matter_key(d);

	for (size_t i = 0; i < LOCAL_MATTERS; i++)
		if (l->matters[i].key == key)
			memset(&l->matters[i], 0, sizeof(l->matters[i]));
}
