// SPDX-License-Identifier: GPL-2.0-only
/* The node's files hold a usable variable that the process lacks: why it did not arrive. */
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct lacking {
	char unit[128];
	const struct unit_variable *variable; /* what the files have for it */
	uint64_t started_ns;		      /* CLOCK_REALTIME; 0: not known */
	const struct process *holder;	      /* the process that the unit started */
};

static bool is_name_for(const struct rule_input *in, const char *name)
{
	const char *needed = rule_needed(in);

	if (in->process->role == ROLE_CONTAINERD && !strncmp(name, "CONTAINERD_", 11))
		name += 11;
	return !strcmp(name, needed) || !strcasecmp(name, needed);
}

static bool may_be_sound(const struct unit_variable *v)
{
	return v->worth == WORTH_SOUND ||
	       (v->fate == UNIT_FATE_IGNORED &&
		       (v->worth == WORTH_UNSEEN || v->worth == WORTH_BAD));
}

/*
 * What stands in a file of others counts where nothing nearer is known: a relay that this node's own units or
 * processes have is the one to be used.
 */
static bool counts(const struct rule_input *in, const struct unit_variable *v)
{
	return !v->elsewhere || (!in->known && !relays_known(in->relays, NULL));
}

/*
 * A usable statement of that fate for the variable that the process went direct without; any
 * process that carries one that is read, or any other fate that gives it, is another matter.
 */
static bool find(const struct rule_input *in, enum unit_fate fate, struct lacking *out)
{
	const struct variable *carried[1];
	struct service s;

	if (!in->facts || !rule_is_direct(in) ||
		rule_carried(in->environment, in->family, CARRIED_READ, carried, 1))
		return false;
	service_of(in->process, &s);
	if (s.kind == SERVICE_NONE || s.kind == SERVICE_POD || s.guessed)
		return false;
	snprintf(out->unit, sizeof(out->unit), "%s.service", s.name);
	out->holder = started_by_unit(in->process);
	out->started_ns = unit_started_ns(in);
	out->variable = NULL;
	for (size_t i = 0; i < in->facts->count; i++) {
		const struct unit_variable *v = &in->facts->variables[i];

		if (strcmp(v->unit, out->unit) || !is_name_for(in, v->name) || !may_be_sound(v))
			continue;
		if (v->fate == fate && counts(in, v) && !(v->elsewhere && out->variable))
			out->variable = v;
		else if (v->fate == UNIT_FATE_EFFECTIVE)
			return false;
	}
	return out->variable;
}

static void chain_direct(const struct rule_input *in, struct finding *out)
{
	lines_add(&out->chain, "%s %s direct: no variable that it carries names a relay",
		rule_who(in), rule_went(in));
	rule_absent(in, out);
	lines_add(&out->missing, "%s", rule_needed(in));
}

/* Is number the line of "FILE:LINE"? */
static bool is_line(const char *source, unsigned int number)
{
	const char *colon = strrchr(source, ':');

	return colon && strtoul(colon + 1, NULL, 10) == number;
}

bool rule_env_file_invalid(const struct rule_input *in, struct finding *out)
{
	const struct unit_variable *v;
	struct lacking l;
	bool elsewhere;

	if (!find(in, UNIT_FATE_IGNORED, &l))
		return false;
	v = l.variable;
	rule_message(in, out, "%s sets %s, but systemd ignores that line: %s", v->source, v->name,
		remedy_fault_text(v->fault));
	chain_direct(in, out);
	elsewhere = v->refused_line && !is_line(v->source, v->refused_line);
	lines_add(&out->chain, "%s sets %s%s%s, and systemd ignores the line: %s", v->source,
		v->name, v->value[0] ? "=" : "", v->value, remedy_fault_text(v->fault));
	if (elsewhere)
		lines_add(&out->chain, "that byte is in line %u of the file", v->refused_line);
	remedy_deliver(in, out, v);
	remedy_restart(in, out);
	return true;
}

/* Which fate kept the value from the unit, and in words what it came to. */
static bool find_unloaded(const struct rule_input *in, struct lacking *l, const char **why)
{
	static const struct {
		enum unit_fate fate;
		const char *why;
	} fates[] = {
		{UNIT_FATE_UNLOADED, "that unit does not load the file"},
		{UNIT_FATE_OVERRIDDEN, "a later statement overrides it"},
		{UNIT_FATE_RESET, "a later empty assignment forgets it"},
		{UNIT_FATE_UNSET, "UnsetEnvironment= takes it away"},
	};

	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
		*why = fates[i].why;
		if (find(in, fates[i].fate, l))
			return true;
	}
	*why = "systemd has not read the changed files yet (daemon-reload)";
	if (!find(in, UNIT_FATE_EFFECTIVE, l))
		return false;
	/* Of a folder UNIT.d that is new NeedDaemonReload= says nothing (systemd 252: unit_path_cache). */
	return facts_need_reload(in->facts, l->unit) ||
	       (l->variable->in_unit && l->started_ns && l->variable->mtime_ns <= l->started_ns);
}

/* Why systemd passes over a drop-in that was meant for this unit. */
static void chain_elsewhere(struct finding *out, const struct unit_variable *v)
{
	const char *folder = strstr(v->source, ".d/"), *colon = strrchr(v->source, ':');
	const char *own = strstr(v->source, v->unit);

	if (!v->elsewhere || !strstr(v->source, "/systemd/") || !folder || !colon)
		return;
	if (!own || strncmp(own + strlen(v->unit), ".d/", 3) != 0)
		lines_add(&out->chain, "a drop-in of %s stands in a folder %s.d", v->unit, v->unit);
	else if (colon - v->source < 5 || strncmp(colon - 5, ".conf", 5) != 0)
		lines_add(
			&out->chain, "systemd reads of a folder %s.d what ends in .conf", v->unit);
}

bool rule_env_file_unloaded(const struct rule_input *in, struct finding *out)
{
	const struct unit_variable *v;
	const char *why;
	struct lacking l;

	if (!find_unloaded(in, &l, &why))
		return false;
	v = l.variable;
	if (v->elsewhere)
		rule_message(in, out, "%s sets %s, but %s does not load that file", v->source,
			v->name, l.unit);
	else
		rule_message(in, out, "%s sets %s for %s, but %s", v->source, v->name, l.unit, why);
	chain_direct(in, out);
	lines_add(&out->chain, "%s sets %s=%s", v->source, v->name, v->value);
	lines_add(&out->chain, "%s%s%s", why, v->by[0] ? ": " : "", v->by);
	chain_elsewhere(out, v);
	remedy_deliver(in, out, v);
	remedy_restart(in, out);
	return true;
}

bool rule_env_file_stale(const struct rule_input *in, struct finding *out)
{
	const struct unit_variable *v;
	struct lacking l;

	if (!find(in, UNIT_FATE_EFFECTIVE, &l) || !l.started_ns ||
		l.variable->mtime_ns <= l.started_ns)
		return false;
	v = l.variable;
	rule_message(
		in, out, "%s sets %s, but the file is newer than the process", v->source, v->name);
	chain_direct(in, out);
	lines_add(&out->chain,
		"%s sets %s=%s, but the file is newer than %s (pid %u): an environment "
		"is fixed when a process starts",
		v->source, v->name, v->value, l.holder->name, l.holder->pid);
	remedy_deliver(in, out, v);
	remedy_restart(in, out);
	return true;
}
