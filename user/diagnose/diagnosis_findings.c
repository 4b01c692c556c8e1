// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_findings.h"

#include "base/buffer.h"
#include "base/table.h"
#include "diagnose/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UPDATE_NS (600ULL * 1000000000)

/* One address of a name that was not seen, after which the next one is dialled, takes so long at least. */
#define SERIAL_NS     1000000000ULL
#define SERIAL_GAP_NS 100000000ULL

static void success_forget(struct finding_success *r)
{
	if (!r->dial.process)
		return;
	process_unref(r->dial.process);
	environment_unref(r->dial.environment);
	r->dial.process = NULL;
}

/* What succeeded before it was told does not close it after all, or has. */
static void late_forget(struct finding_entry *e)
{
	free(e->late.says);
	memset(&e->late, 0, sizeof(e->late));
}

static void entry_free(struct finding_entry *e)
{
	late_forget(e);
	finding_free(e->finding);
	memset(e, 0, sizeof(*e));
}

void findings_free(struct finding_store *s)
{
	for (size_t i = 0; i < FINDINGS_RECENT; i++)
		success_forget(&s->recent[i]);
	for (size_t i = 0; i < s->count; i++)
		entry_free(&s->entries[i]);
	free(s->entries);
	memset(s, 0, sizeof(*s));
}

/* What stays the same over restarts: the unit, else the program's path, else its name. */
static const char *program_of(const struct process *p)
{
	size_t len = strlen(p->unit);

	if (len > 8 && !strcmp(p->unit + len - 8, ".service") && strncmp(p->unit, "user@", 5))
		return p->unit;
	return p->executable ? p->executable : p->name ? p->name : "";
}

/* Is p a containerd, or one of those that have its environment: shims, CNI plugins (facts 3.1)? */
static bool is_below_containerd(const struct process *p)
{
	while (p && (p->role == ROLE_CNI || p->role == ROLE_SHIM))
		p = p->parent;
	return p && p->role == ROLE_CONTAINERD;
}

static uint64_t hash_of(const struct finding *f, const char *host)
{
	/* What a containerd lacks is the same of whoever has it from there. */
	enum role role = f->rule->inherited && is_below_containerd(f->process) ? ROLE_CONTAINERD
									       : f->process->role;
	struct buffer b = {0};
	uint64_t hash;

	/* The role, because one unit holds rke2 and its containerd. */
	buffer_printf(&b, "%s\n%s\n%s\n%s\n%u", f->rule->id, program_of(f->process),
		role_name(role), host, f->port);
	hash = table_hash(buffer_string(&b), b.len);
	buffer_free(&b);
	return hash;
}

static bool is_same_process(const struct process *a, const struct process *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns;
}

/*
 * Several addresses of one name are one attempt.  Where the name was not seen (a resolver behind a local socket),
 * that shows only in how they are dialled: side by side in two families, or each one at once after the one before
 * was waited for in vain.
 */
static bool is_next_address(const struct finding *old, const struct finding *f)
{
	const struct dial *a = old->dial, *b = f->dial;

	if (!a || !b || old->rule != f->rule || old->port != f->port || old->host[0] ||
		f->host[0] || old->resolved || !is_same_process(a->process, b->process))
		return false;
	if (a->group == b->group && a->remote.is_v6 != b->remote.is_v6)
		return true;
	return a->end_ns >= a->begin_ns + SERIAL_NS && b->begin_ns >= a->end_ns &&
	       b->begin_ns <= a->end_ns + SERIAL_GAP_NS;
}

static struct finding_entry *entry_of_address(struct finding_store *s, const struct finding *f)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_next_address(s->entries[i].finding, f))
			return &s->entries[i];
	return NULL;
}

static void tell(struct finding_store *s, struct finding_entry *e, uint64_t now_ns)
{
	struct finding *f = e->finding;

	e->told_count = f->count;
	e->told_ns = now_ns;
	s->handler.finding(s->handler.context, f, false);
	if (!f->again || f->severity > f->worst)
		f->worst = f->severity;
}

/* findings_tick() has something to do then. */
static void remind(struct finding_store *s, uint64_t due_ns)
{
	if (!s->next_ns || due_ns < s->next_ns)
		s->next_ns = due_ns;
}

static bool is_power_of_ten(uint64_t n)
{
	while (n && n % 10 == 0)
		n /= 10;
	return n == 1;
}

static struct finding_entry *entry_of(struct finding_store *s, uint64_t key)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].key == key || s->entries[i].id == key)
			return &s->entries[i];
	return NULL;
}

/* What was told of a containerd's list, which a process below it has as well: whatever the host is. */
static bool is_inherited_from(const struct finding *old, const struct finding *f)
{
	return f->rule->inherited && old->process->role == ROLE_CONTAINERD &&
	       is_below_containerd(f->process);
}

static bool is_same_target(const struct finding *old, const struct finding *f)
{
	return old->process->role == f->process->role &&
	       (!f->host[0] || !strcasecmp(old->host, f->host)) &&
	       (!f->port || old->port == f->port);
}

/*
 * What was told of the same cause before any dial.  The dial may know less of its target: a name that did not
 * resolve has no port, an address may have no name.
 */
static struct finding_entry *entry_before_dial(struct finding_store *s, const struct finding *f)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct finding *old = s->entries[i].finding;

		if (!old->dial && !old->resolved && old->rule == f->rule &&
			!strcmp(program_of(old->process), program_of(f->process)) &&
			(is_same_target(old, f) || is_inherited_from(old, f)))
			return &s->entries[i];
	}
	return NULL;
}

/* Room for one more: a new place, or that of the one that is resolved or quiet the longest. */
static struct finding_entry *entry_new(struct finding_store *s)
{
	struct finding_entry *oldest;

	if (s->count == s->capacity && s->capacity < FINDINGS_MAX) {
		size_t capacity = s->capacity ? s->capacity * 2 : 16;
		void *entries = realloc(s->entries, capacity * sizeof(*s->entries));

		if (!entries)
			return NULL;
		s->entries = entries;
		s->capacity = capacity;
	}
	if (s->count < s->capacity) {
		memset(&s->entries[s->count], 0, sizeof(*s->entries));
		return &s->entries[s->count++];
	}
	oldest = &s->entries[0];
	for (size_t i = 1; i < s->count; i++) {
		const struct finding *a = s->entries[i].finding, *b = oldest->finding;

		if (a->resolved != b->resolved ? a->resolved : a->last_ns < b->last_ns)
			oldest = &s->entries[i];
	}
	s->open -= !oldest->finding->resolved;
	entry_free(oldest);
	return oldest;
}

bool findings_is_open(const struct finding_store *s, const struct finding *f)
{
	enum role role = f->process->role;

	for (size_t i = 0; i < s->count; i++) {
		const struct finding *old = s->entries[i].finding;
		enum role its = old->process->role;

		if (!old->resolved && old->rule == f->rule &&
			(its == role || (role == ROLE_CONTAINERD && its == ROLE_SUPERVISOR) ||
				(f->rule->inherited && is_below_containerd(old->process))) &&
			!strcmp(program_of(old->process), program_of(f->process)))
			return true;
	}
	return false;
}

/* The same role: in the same tree, or the same program in whatever tree it was started anew. */
static bool is_its_like(const struct process *a, const struct process *b)
{
	return a->role == b->role &&
	       (!strcmp(a->tree, b->tree) || !strcmp(program_of(a), program_of(b)));
}

static bool success_proves(const struct finding *f, const struct finding_success *r, char **says)
{
	return is_its_like(f->process, r->dial.process) &&
	       finding_is_over(f, &r->dial, r->success, says);
}

/* says: what is said of it, which is taken over. */
static void close_entry(
	struct finding_store *s, struct finding_entry *e, char *says, uint64_t now_ns)
{
	late_forget(e);
	e->finding->resolved = true;
	e->finding->over = says;
	e->finding->last_ns = now_ns;
	e->told_count = e->finding->count;
	s->open--;
	s->handler.finding(s->handler.context, e->finding, true);
}

/*
 * What succeeded in the moment after its dial ended closes e, once whatever else failed before that
 * had the time to be told.
 */
static void successes_look_back(struct finding_store *s, struct finding_entry *e)
{
	const struct dial *failed = e->finding->dial;

	for (size_t i = 0; i < FINDINGS_RECENT && failed; i++) {
		const struct finding_success *r = &s->recent[(s->recent_at + i) % FINDINGS_RECENT];

		if (!r->dial.process || r->at_ns <= failed->end_ns ||
			r->dial.begin_ns <= failed->end_ns ||
			r->at_ns >= failed->end_ns + FINDINGS_RECENT_NS ||
			!success_proves(e->finding, r, &e->late.says))
			continue;
		e->late.begin_ns = r->dial.begin_ns;
		e->late.at_ns = r->at_ns;
		remind(s, r->at_ns + FINDINGS_RECENT_NS);
		return;
	}
}

/* It failed before what closed e, and is told only now: a number, nothing that came back. */
static bool is_late(const struct finding_entry *e, const struct finding *f, uint64_t end_ns)
{
	return e->finding->resolved && e->finding->dial && f->dial &&
	       end_ns < e->finding->last_ns && f->severity <= e->finding->severity;
}

void findings_add(struct finding_store *s, struct finding *f, uint64_t now_ns)
{
	uint64_t key = hash_of(f, f->host[0] ? f->host : f->ip);
	struct finding_entry *e = entry_of(s, key);
	/* It is told a moment after it happened. */
	bool ended = f->dial && dial_outcome_failed(f->dial->outcome);
	uint64_t at_ns = ended ? f->dial->end_ns : now_ns;

	f->last_ns = at_ns;
	if (!e && f->dial) {
		e = entry_before_dial(s, f);
		if (e)
			e->key = key;
		else
			e = entry_of_address(s, f);
	}
	if (e) {
		memcpy(f->id, e->finding->id, sizeof(f->id));
		f->again = true;
		f->worst = e->finding->worst;
		if (at_ns >= e->late.begin_ns)
			late_forget(e);
	}
	if (e && is_late(e, f, at_ns)) {
		e->finding->count++;
		if (at_ns < e->finding->first_ns)
			e->finding->first_ns = at_ns;
		finding_free(f);
		return;
	}
	if (e && !e->finding->resolved) {
		struct finding *old = e->finding;
		/* A dial failed after a warning: counted from 1. */
		bool raised = f->dial && !old->dial && f->severity > old->severity;

		f->first_ns = raised || at_ns < old->first_ns ? at_ns : old->first_ns;
		if (!raised && old->last_ns > f->last_ns)
			f->last_ns = old->last_ns;
		f->count = raised ? 1 : old->count + 1;
		finding_free(old);
		e->finding = f;
		if (is_power_of_ten(f->count) || now_ns - e->told_ns >= UPDATE_NS)
			tell(s, e, now_ns);
		else
			remind(s, e->told_ns + UPDATE_NS);
		return;
	}
	f->first_ns = at_ns;
	f->count = 1;
	if (e) { /* it came back: the same id, counted anew */
		finding_free(e->finding);
	} else {
		e = entry_new(s);
		if (!e) {
			s->handler.finding(s->handler.context, f, false);
			finding_free(f);
			return;
		}
		e->key = e->id = key;
		snprintf(f->id, sizeof(f->id), "%016" PRIx64, key);
	}
	e->finding = f;
	s->open++;
	tell(s, e, now_ns);
	successes_look_back(s, e);
}

static void success_apply(
	struct finding_store *s, struct finding_entry *e, const struct finding_success *r)
{
	char *says;

	/* A tunnel made before the last failure says nothing of what came after. */
	if (r->success == SUCCESS_LASTED && r->dial.begin_ns <= e->finding->last_ns)
		return;
	if (!e->finding->resolved && success_proves(e->finding, r, &says))
		close_entry(s, e, says, r->at_ns);
}

void findings_success(
	struct finding_store *s, const struct dial *d, enum success success, uint64_t now_ns)
{
	struct finding_success *r = &s->recent[s->recent_at];

	s->recent_at = (s->recent_at + 1) % FINDINGS_RECENT;
	success_forget(r);
	*r = (struct finding_success){.dial = *d, .success = success, .at_ns = now_ns};
	process_ref(r->dial.process);
	environment_ref(r->dial.environment);
	for (size_t i = 0; s->open && i < s->count; i++)
		success_apply(s, &s->entries[i], r);
}

void findings_mended(
	struct finding_store *s, const char *rule, const struct process *p, uint64_t now_ns)
{
	for (size_t i = 0; i < s->count && s->open; i++) {
		const struct finding *f = s->entries[i].finding;

		if (!f->resolved && !f->dial && !strcmp(f->rule->id, rule) &&
			f->process->role == p->role &&
			!strcmp(program_of(f->process), program_of(p))) {
			close_entry(s, &s->entries[i],
				strdup("a new process does not have it any more"), now_ns);
		}
	}
}

void findings_tick(struct finding_store *s, uint64_t now_ns, bool all)
{
	if (!all && (!s->next_ns || now_ns < s->next_ns))
		return;
	s->next_ns = 0;
	for (size_t i = 0; i < s->count; i++) {
		struct finding_entry *e = &s->entries[i];
		uint64_t late_ns = e->late.at_ns + FINDINGS_RECENT_NS;

		if (e->late.at_ns && (all || now_ns >= late_ns)) {
			char *says = e->late.says;

			e->late.says = NULL;
			close_entry(s, e, says, e->late.at_ns);
		} else if (e->late.at_ns) {
			remind(s, late_ns);
		}
		if (e->finding->resolved || e->finding->count == e->told_count)
			continue;
		if (all || now_ns - e->told_ns >= UPDATE_NS)
			tell(s, e, now_ns);
		else
			remind(s, e->told_ns + UPDATE_NS);
	}
}

void findings_count_open(const struct finding_store *s, uint64_t open[][SEVERITIES])
{
	memset(open, 0, RULES_MAX * sizeof(open[0]));
	for (size_t i = 0; i < s->count; i++) {
		const struct finding *f = s->entries[i].finding;
		size_t rule = rule_index(f->rule->id);

		if (!f->resolved && rule < RULES_MAX)
			open[rule][f->severity]++;
	}
}

uint64_t findings_deadline(const struct finding_store *s)
{
	return s->next_ns ? s->next_ns : UINT64_MAX;
}
