// SPDX-License-Identifier: GPL-2.0-only
/* Who will pull, from where, and what would go wrong. */
#include "commands/check.h"

#include "diagnose/pull_targets.h"
#include "diagnose/remedy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum check_has check_has(const struct process *p, const struct variable *v)
{
	const struct variable *own = environment_get(p->environment, v->name);

	if (own)
		return strcmp(own->value, v->value) ? CHECK_DIFFERS : CHECK_HAS;
	return environment_proves_absence(p->environment) ? CHECK_LACKS : CHECK_UNSEEN;
}

static const struct check_unit *unit_of(const struct check *c, const struct process *p)
{
	for (size_t i = 0; i < c->unit_count; i++)
		if (!strcmp(c->units[i].self->unit, p->unit))
			return &c->units[i];
	return NULL;
}

const struct environment *check_wanted(const struct check *c, const struct process *p)
{
	const struct check_unit *u = unit_of(c, p);

	if (!u)
		return NULL;
	if (p->role == ROLE_CONTAINERD && u->containerd)
		return u->containerd->environment;
	return p->role == u->self->role ? u->self->environment : NULL;
}

/*
 * Whose findings count: what is enabled or runs.  RKE2's tarball brings the units of server and agent, of which
 * a node uses one; where none is in use yet, all are looked at.
 */
static void choose_units(struct check *c)
{
	bool used = false;

	for (size_t i = 0; i < c->unit_count; i++)
		used |= c->units[i].enabled || c->units[i].running;
	for (size_t i = 0; i < c->unit_count; i++) {
		struct check_unit *u = &c->units[i];

		u->judged = !used || u->enabled || u->running || c->options->unit_count;
		if (u->view.state == UNIT_STATE_MASKED)
			u->judged = false;
		/* Beside RKE2 or K3s it is Docker's, which does not pull by itself. */
		if (u->self->role == ROLE_CONTAINERD && c->unit_count > 1 &&
			!c->options->unit_count)
			u->judged = false;
	}
}

/* Does this process pull, as far as files tell?  Says why. */
static bool will_pull(const struct check *c, const struct process *p,
	const struct node_files *files, char *why, size_t size)
{
	if (p->role == ROLE_SYSTEM_AGENT || !files) {
		snprintf(why, size, "%s",
			p->role == ROLE_SYSTEM_AGENT ? "the installer of each new version"
						     : "images");
		return true;
	}
	if (p->role == ROLE_SUPERVISOR && files->distribution == DISTRIBUTION_K3S) {
		snprintf(why, size, "k3s brings its own programs");
		return false;
	}
	if (files->images[0]) {
		snprintf(why, size, "images are preloaded: %s%s%s", files->images,
			c->options->rke2_version ? "; not looked into: does it hold those of " : "",
			c->options->rke2_version ? c->options->rke2_version : "");
		return false;
	}
	if (p->role == ROLE_CONTAINERD) {
		snprintf(why, size, "images");
		return true;
	}
	if (files->staged[0]) {
		snprintf(why, size, "%s%s is unpacked: %s/data/%s; the next version will be pulled",
			files->version[0] ? "rke2-runtime of " : "an rke2-runtime", files->version,
			files->data_dir, files->staged);
		return false;
	}
	snprintf(why, size,
		"rke2-runtime%s%s: it is not in %s/data, and no image tarball is in "
		"%s/agent/images",
		files->version[0] ? " of " : "", files->version, files->data_dir, files->data_dir);
	return true;
}

static struct check_subject *subject_add(struct check *c, struct process *p,
	const struct check_unit *u, const struct node_files *files)
{
	static const struct node_config none;
	struct check_subject *s;

	if (c->subject_count == c->subject_capacity) {
		size_t capacity = c->subject_capacity ? c->subject_capacity * 2 : 16;
		struct check_subject *more = realloc(c->subjects, capacity * sizeof(*more));

		if (!more)
			return NULL;
		c->subjects = more;
		c->subject_capacity = capacity;
	}
	s = &c->subjects[c->subject_count++];
	memset(s, 0, sizeof(*s));
	s->process = p;
	s->unit = u;
	s->config = files ? &files->config : &none;
	s->pulls = will_pull(c, p, files, s->why, sizeof(s->why));
	return s;
}

static void subject_judge(struct check *c, struct check_subject *s)
{
	struct pull_target targets[PULL_TARGETS];
	size_t judged;

	node_pull_targets(s->config, s->process->role, targets, &judged);
	if (s->pulls)
		s->findings =
			diagnosis_latent(c->diagnosis, s->process, targets, judged, c->now_ns);
}

void check_choice(const struct check *c, const struct check_subject *s,
	const struct pull_target *target, struct choice *out)
{
	bool relay = c->options->names && !strcmp(c->options->names, "RELAY");

	choice_for_host(s->process->environment, relay ? RELAY_FAMILY_RELAY : RELAY_FAMILY_PROXY,
		target->http ? "http" : "https", target->host, target->port, out);
}

/* Was a cause told already for that role in that unit? */
static bool is_told(const struct check *c, const struct check_unit *u, enum role role)
{
	for (size_t i = 0; i < c->subject_count; i++)
		if (c->subjects[i].unit == u && c->subjects[i].process->role == role &&
			!c->subjects[i].process->pid && c->subjects[i].findings)
			return true;
	return false;
}

/*
 * A process that runs: the one cause of its unit is told once, what was not seen in a damaged snapshot is
 * not held against it, and rke2 pulls when it starts: what runs is past that.
 */
static bool process_is_judged(const struct check *c, const struct check_subject *s)
{
	const struct process *p = s->process;

	if (!s->pulls || !environment_proves_absence(p->environment))
		return false;
	if (!s->unit)
		return true;
	/* ... unless systemd would start it again as it is, because it has not read the new files. */
	return !is_told(c, s->unit, p->role) && (p->role != ROLE_SUPERVISOR || s->unit->reload);
}

int check_judge(struct check *c)
{
	size_t planned;

	choose_units(c);
	for (size_t i = 0; i < c->unit_count; i++) {
		const struct check_unit *u = &c->units[i];

		if (!u->judged)
			continue;
		if (!subject_add(c, u->self, u, u->files))
			return -ENOMEM;
		if (u->containerd && !subject_add(c, u->containerd, u, u->files))
			return -ENOMEM;
	}
	planned = c->subject_count;
	for (size_t i = 0; i < c->running_count; i++) {
		struct process *p = c->running[i];
		const struct check_unit *u = unit_of(c, p);

		if (p->role != ROLE_SUPERVISOR && p->role != ROLE_CONTAINERD &&
			p->role != ROLE_SYSTEM_AGENT)
			continue;
		if (u ? !u->judged : c->options->unit_count > 0)
			continue;
		if (!subject_add(c, p, u,
			    u				  ? u->files
			    : !strcmp(p->tree, "rke2")	  ? &c->rke2
			    : !strncmp(p->tree, "k3s", 3) ? &c->k3s
							  : NULL))
			return -ENOMEM;
	}
	for (size_t i = 0; i < c->subject_count; i++)
		if (i < planned || process_is_judged(c, &c->subjects[i]))
			subject_judge(c, &c->subjects[i]);
	return 0;
}
