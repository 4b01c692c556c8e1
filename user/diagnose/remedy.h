/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remedies: commands that work when they are pasted on the node, and steps.
 *
 * A value is never printed where it may hold a password: a command copies it from the line where
 * it stands.
 */
#ifndef DIAGNOSE_REMEDY_H
#define DIAGNOSE_REMEDY_H

#include "diagnose/rules_input.h"

enum service_kind {
	SERVICE_NONE,  /* no unit: a command in a shell */
	SERVICE_RKE2,  /* rke2-server, rke2-agent */
	SERVICE_K3S,   /* k3s, k3s-agent */
	SERVICE_AGENT, /* rancher-system-agent */
	SERVICE_OTHER, /* another unit, whose env files are not known */
	SERVICE_POD,   /* no unit: the spec of a pod */
};

struct service {
	enum service_kind kind;
	char name[64]; /* without ".service" */
	bool copied;   /* the process is in a container, and has copies of the unit's variables */
	bool guessed;  /* rke2, but whether server or agent was not to be seen */
};

/*
 * The unit that gives p its environment: by its cgroup, else by itself or an ancestor's arguments.  In a pod
 * it is the pod's spec, but for what RKE2 makes itself: static pods and helm jobs get copies of rke2's own
 * variables (rke2 podtemplate.go, helm-controller chart.go; facts 3.1).
 */
void service_of(const struct process *p, struct service *out);

/* The env files that the unit loads, in order, separated by spaces (facts: RKE2's units). */
void service_files(const struct service *s, struct buffer *out);

/*
 * Adds how to give the process the variable that it needs: copied from the line of variable `from`
 * (in the unit's files, or the shell's environment), or where from is NULL from a relay known in
 * the tree, or as a pattern to fill in; then the NO_ entries, the restart and the other way out.
 */
void remedy_give(const struct rule_input *in, struct finding *out, const struct variable *from);

/* Adds how to correct the value of v where it stands; what says the correction. */
void remedy_correct(const struct rule_input *in, struct finding *out, const struct variable *v,
	const char *what);

/*
 * Adds how to put what a node needs, and host, into the NO_ list that the process has; with
 * for_containerd it is the CONTAINERD_NO_ of the supervisor's files, with host_alone nothing but host.
 */
void remedy_extend_list(const struct rule_input *in, struct finding *out, const char *host,
	bool for_containerd, bool host_alone);

/*
 * remedy_source.c: adds the file and line where v is set, where the unit's files say so, to the chain; also
 * that it says otherwise by now, and what it overrides.
 */
void chain_source(const struct rule_input *in, struct finding *out, const struct variable *v);

/*
 * The "FILE:LINE" where v, or the variable of the supervisor that became it, is set; NULL where that is
 * not known.
 */
const char *remedy_source(const struct rule_input *in, const struct variable *v);

/*
 * The CONTAINERD_ variable of the supervisor that became `from` of a containerd, or of what containerd
 * started; its name is put together in name.  NULL: there is none, or `from` has another value.
 */
const struct variable *remedy_prefixed(
	const struct process *p, const struct variable *from, char name[64]);

/* Where v itself stands: what it says, else what the files of unit s say; NULL: not known. */
const char *remedy_place(
	const struct rule_input *in, const struct service *s, const struct variable *v);

/* Was the file that sets v changed, to another value, after the process had started? */
bool source_is_newer(const struct rule_input *in, const struct variable *v);

/* The process that systemd started: the supervisor above p, else p itself; when (CLOCK_REALTIME; 0: not known). */
const struct process *started_by_unit(const struct process *p);
uint64_t unit_started_ns(const struct rule_input *in);

/* Is text safe as a word of a shell? */
bool remedy_is_plain(const char *text);

/* remedy_edit.c: adds the command that corrects v where it stands in an env file, for the faults that have one. */
void remedy_mend_value(const struct rule_input *in, struct finding *out, const struct variable *v);

/* Adds the command that makes the scheme of v http:// where it stands in an env file. */
void remedy_plain_scheme(
	const struct rule_input *in, struct finding *out, const struct variable *v);

/* Adds the command that takes entry out of the NO_ list no where that stands in an env file. */
void remedy_drop_entry(const struct rule_input *in, struct finding *out, const struct variable *no,
	const char *entry);

/*
 * Adds the command that copies the value of the line at place ("FILE:LINE" of an env file: remedy_can_copy())
 * as that of name to /etc/default/SERVICE.
 */
void remedy_copy_line(
	struct finding *out, const char *place, const char *name, const char *service);
bool remedy_can_copy(const char *place);

/* Adds what makes the statement v arrive, which another keeps from its unit, or that no file of the unit loads. */
struct unit_variable; /* diagnosis_facts.h */
void remedy_deliver(struct finding *out, const struct unit_variable *v);

/* Adds "systemctl restart UNIT", or to run the command again. */
void remedy_restart(const struct rule_input *in, struct finding *out);

#endif
