// SPDX-License-Identifier: GPL-2.0-only
#include "diagnose/diagnosis_findings.h"

#include "base/buffer.h"
#include "base/table.h"
#include "diagnose/diagnosis_relays.h"
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

void findings_free(struct finding_store *s)
{
	for (size_t i = 0; i < FINDINGS_RECENT; i++)
		success_forget(&s->recent[i]);
	for (size_t i = 0; i < s->count; i++)
		finding_free(s->entries[i].finding);
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
	e->told_count = e->finding->count;
	e->told_ns = now_ns;
	s->handler.finding(s->handler.context, e->finding, false);
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
		if (s->entries[i].key == key)
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
	if (s->count < s->capacity)
		return &s->entries[s->count++];
	oldest = &s->entries[0];
	for (size_t i = 1; i < s->count; i++) {
		const struct finding *a = s->entries[i].finding, *b = oldest->finding;

		if (a->resolved != b->resolved ? a->resolved : a->last_ns < b->last_ns)
			oldest = &s->entries[i];
	}
	s->open -= !oldest->finding->resolved;
	finding_free(oldest->finding);
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

static void success_apply(
	struct finding_store *s, struct finding_entry *e, const struct finding_success *r);

/* Closes e by what succeeded in the moment after its dial ended. */
static void successes_look_back(struct finding_store *s, struct finding_entry *e)
{
	const struct dial *failed = e->finding->dial;

	for (size_t i = 0; i < FINDINGS_RECENT && failed && !e->finding->resolved; i++) {
		const struct finding_success *r = &s->recent[(s->recent_at + i) % FINDINGS_RECENT];

		if (r->dial.process && r->at_ns > failed->end_ns &&
			r->dial.begin_ns > failed->end_ns &&
			r->at_ns < failed->end_ns + FINDINGS_RECENT_NS)
			success_apply(s, e, r);
	}
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
	if (e && !e->finding->resolved) {
		struct finding *old = e->finding;

		memcpy(f->id, old->id, sizeof(f->id));
		f->raised = f->dial && !old->dial && f->severity > old->severity;
		f->first_ns = f->raised || at_ns < old->first_ns ? at_ns : old->first_ns;
		if (!f->raised && old->last_ns > f->last_ns)
			f->last_ns = old->last_ns;
		f->count = f->raised ? 1 : old->count + 1;
		finding_free(old);
		e->finding = f;
		if (is_power_of_ten(f->count) || now_ns - e->told_ns >= UPDATE_NS)
			tell(s, e, now_ns);
		else if (!s->next_ns || e->told_ns + UPDATE_NS < s->next_ns)
			s->next_ns = e->told_ns + UPDATE_NS;
		return;
	}
	f->first_ns = at_ns;
	f->count = 1;
	if (e) { /* it came back: the same id, counted anew */
		memcpy(f->id, e->finding->id, sizeof(f->id));
		finding_free(e->finding);
	} else {
		e = entry_new(s);
		if (!e) {
			s->handler.finding(s->handler.context, f, false);
			finding_free(f);
			return;
		}
		e->key = key;
		snprintf(f->id, sizeof(f->id), "%016" PRIx64, key);
	}
	e->finding = f;
	s->open++;
	tell(s, e, now_ns);
	successes_look_back(s, e);
}

static bool is_rule(const struct finding *f, const char *const *ids)
{
	for (; *ids; ids++)
		if (!strcmp(f->rule->id, *ids))
			return true;
	return false;
}

static bool same_host(const struct finding *f, const char *host, const char *ip, uint16_t port)
{
	if (f->port && port && f->port != port)
		return false;
	if (f->host[0] && host[0])
		return !strcasecmp(f->host, host);
	return f->ip[0] && !strcmp(f->ip, ip);
}

/* Is it about a tunnel that the relay had granted? */
static bool is_tunnel(const struct finding *f)
{
	return f->relay_status / 100 == 2;
}

/*
 * What a success by way of a relay proves.  A cause that lies in the variables is gone once the same
 * role uses a relay for the scheme; one that lies in the list, the relay's policy or the host only
 * once the relay has let that host through.
 */
static bool relay_success_proves(
	const struct finding *f, const struct dial *d, enum success success, const char *ip)
{
	static const char *const by_variable[] = {"containerd-scope", "relay-missing",
		"name-unread", "scheme-uncovered", "value-dropped", "value-misread", "direct-reset",
		"resolver-failed", "env-file-invalid", "env-file-unloaded", "env-file-stale", NULL};
	static const char *const by_way[] = {"relay-unreachable", "relay-unresolved", NULL};
	static const char *const by_relay[] = {
		"relay-auth", "relay-protocol", "relay-silent", NULL};
	bool through = d->replied && d->status >= 200 && !dial_answer_refuses(d);
	const struct variable *v;

	if (is_rule(f, by_way))
		return true;
	if (success == SUCCESS_REACHED || (is_tunnel(f) && success != SUCCESS_LASTED))
		return false;
	if (is_rule(f, by_variable)) {
		v = environment_effective(d->environment,
			d->relay_variable ? d->relay_variable->relay.family : RELAY_FAMILY_PROXY,
			f->port == 80 ? RELAY_KIND_HTTP : RELAY_KIND_HTTPS);
		if (v && relay_url_is_sound(&v->url))
			return true;
	}
	if (!through)
		return false;
	if (is_rule(f, by_relay) && !strcmp(f->relay_ip, ip) && f->relay_port == d->remote.port)
		return true;
	return d->connect_port && f->host[0] && same_host(f, d->connect_host, "", d->connect_port);
}

static bool direct_success_proves(const struct finding *f, const struct dial *d, const char *ip)
{
	/* A finding about a connection that was made and then failed is not closed by one more. */
	if (f->dial && (f->dial->outcome == DIAL_RESET || f->dial->outcome == DIAL_NO_ANSWER ||
			       f->dial->established_ns))
		return false;
	return same_host(f, d->name, ip, d->remote.port);
}

static void close_entry(struct finding_store *s, struct finding_entry *e, uint64_t now_ns)
{
	e->finding->resolved = true;
	e->finding->last_ns = now_ns;
	e->told_count = e->finding->count;
	s->open--;
	s->handler.finding(s->handler.context, e->finding, true);
}

/* The same role: in the same tree, or the same program in whatever tree it was started anew. */
static bool is_its_like(const struct process *a, const struct process *b)
{
	return a->role == b->role &&
	       (!strcmp(a->tree, b->tree) || !strcmp(program_of(a), program_of(b)));
}

static void success_apply(
	struct finding_store *s, struct finding_entry *e, const struct finding_success *r)
{
	const struct finding *f = e->finding;
	char ip[ADDRESS_TEXT];

	if (f->resolved || !is_its_like(f->process, r->dial.process))
		return;
	address_text(&r->dial.remote, ip);
	if (r->dial.path == DIAL_RELAY ? !relay_success_proves(f, &r->dial, r->success, ip)
				       : !direct_success_proves(f, &r->dial, ip))
		return;
	close_entry(s, e, r->at_ns);
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
			s->entries[i].finding->mended = true;
			close_entry(s, &s->entries[i], now_ns);
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

		if (e->finding->resolved || e->finding->count == e->told_count)
			continue;
		if (all || now_ns - e->told_ns >= UPDATE_NS)
			tell(s, e, now_ns);
		else if (!s->next_ns || e->told_ns + UPDATE_NS < s->next_ns)
			s->next_ns = e->told_ns + UPDATE_NS;
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
