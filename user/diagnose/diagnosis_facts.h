/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the node's files say, as facts: how it is put into events, and what is kept of it.
 *
 *	unit		UNIT STATE RELOAD
 *			"rke2-agent.service", unit_state_name(), "reload" where systemd says
 *			NeedDaemonReload, else ""
 *	unit-variable	UNIT NAME VALUE WORTH FATE SOURCE MTIME FAULT BY
 *			one statement about a relay variable: VALUE redacted; WORTH "sound", "list",
 *			"empty", "bad" (judged before redaction) or "unseen" (the value of a line
 *			that systemd ignores is not kept); FATE unit_fate_name(); SOURCE
 *			"FILE:LINE"; MTIME of that file, CLOCK_REALTIME ns; FAULT a word or ""; BY the
 *			"FILE:LINE" that overrides it, or ""
 *	mirror		REGISTRY HOST: registries.yaml has endpoint HOST for REGISTRY
 *
 * A "unit" fact makes all earlier facts about that unit void: it comes first.
 */
#ifndef DIAGNOSE_DIAGNOSIS_FACTS_H
#define DIAGNOSE_DIAGNOSIS_FACTS_H

#include "capture/source.h"
#include "diagnose/unit_environment.h"

#define UNIT_FACTS_MAX	 512
#define UNITS_MAX	 32
#define MIRROR_FACTS_MAX 64

struct unit_variable {
	char unit[128];
	char name[48];
	char value[256]; /* redacted, cut to fit */
	enum { WORTH_BAD, WORTH_EMPTY, WORTH_LIST, WORTH_SOUND, WORTH_UNSEEN } worth;
	enum unit_fate fate;
	char source[288], by[288];
	uint64_t mtime_ns;
	char fault[32];
};

struct node_facts_kept {
	size_t count;
	struct unit_variable *variables; /* UNIT_FACTS_MAX, made with the first fact */
	size_t unit_count;
	struct {
		char unit[128];
		bool reload;
	} units[UNITS_MAX];
	size_t mirror_count;
	struct {
		char registry[256], host[256];
	} mirrors[MIRROR_FACTS_MAX];
};

void facts_free(struct node_facts_kept *k);

/* Keeps one fact; others than the above are passed over.  The variable that it told of, or NULL. */
const struct unit_variable *facts_take(struct node_facts_kept *k, const struct event_fact *fact);

/* Does systemd say that unit's files changed since it read them? */
bool facts_need_reload(const struct node_facts_kept *k, const char *unit);

/* The statement that gives unit the variable name now; NULL: none does. */
const struct unit_variable *facts_effective(
	const struct node_facts_kept *k, const char *unit, const char *name);

/* Is host a mirror of the registry that default_host is the default endpoint of? */
bool facts_is_mirror(const struct node_facts_kept *k, const char *host, const char *default_host);

/*
 * Tells what a unit's files come to as events of that time, relay variables only, without secrets.
 */
void unit_facts_tell(const struct unit_facts *f, const struct unit_view *v, bool need_reload,
	uint64_t time_ns, event_handler handler, void *context);

#endif
