// SPDX-License-Identifier: GPL-2.0-only
/* Who will pull, from where, and what would go wrong. */
#include "commands/check.h"

#include "diagnose/remedy.h"
#include "node/pull_targets.h"

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

struct supervisor check_supervisor(const struct check_unit *u)
{
	const struct node_config *config = u->files ? &u->files->config : NULL;
	struct supervisor s = {.version = u->files ? u->files->version : ""};

	s.server = !strcmp(u->name, "rke2-server") || !strcmp(u->name, "k3s");
	if (config) {
		s.cluster_cidr = node_config_said(config, NODE_CLUSTER_CIDR);
		s.service_cidr = node_config_said(config, NODE_SERVICE_CIDR);
		s.cluster_domain = node_config_said(config, NODE_CLUSTER_DOMAIN);
	}
	return s;
}

/* The runtime of the version that counts is unpacked: it will pull that of the next one, unless tarballs are the way here. */
static void will_pull_next(
	const struct check *c, struct check_subject *s, const struct node_files *files)
{
	snprintf(s->why, sizeof(s->why),
		"%s%s is unpacked: %s/data/%s; the next version will be pulled",
		files->version[0] ? "rke2-runtime of " : "an rke2-runtime", files->version,
		files->data_dir, files->staged);
	s->pulls = false;
	s->when = PULL_NEXT_UPGRADE;
	s->asked = !c->options->rke2_version;
}

/* What the files leave open is nothing to be alarmed about: it is told beside what is known. */
static void will_pull_unsure(struct check_subject *s, const char *why)
{
	snprintf(s->why, sizeof(s->why), "cannot be told from here: %s", why);
	s->pulls = false;
	s->asked = s->doubt == NODE_DOUBT_TARGETS && s->when == PULL_NOW;
	s->when = PULL_SOMEWHERE;
}

/* The parts of will_pull() that ask for what is here. */
static void will_pull_images(
	const struct check *c, struct check_subject *s, const struct node_files *files)
{
	const char *asked = c->options->rke2_version;
	enum role role = s->process->role;
	char words[NODE_IMAGES_WORDS];

	node_images_words(files, words);
	if (files->preloaded == NODE_IMAGES_HELD) {
		snprintf(s->why, sizeof(s->why), "%s%s%s", words,
			asked ? "; not looked into: does it hold those of " : "",
			asked ? asked : "");
		s->pulls = s->asked = false;
		return;
	}
	if (role == ROLE_SUPERVISOR && files->staged[0]) {
		will_pull_next(c, s, files);
		return;
	}
	if (files->preloaded == NODE_IMAGES_DOUBT)
		s->when = PULL_PERHAPS;
	if (role == ROLE_CONTAINERD)
		snprintf(s->why, sizeof(s->why), "images%s%s",
			files->preloaded == NODE_IMAGES_NONE ? "" : ": ",
			files->preloaded == NODE_IMAGES_NONE ? "" : words);
	else
		snprintf(s->why, sizeof(s->why), "rke2-runtime%s%s: it is not in %s/data, and %s",
			files->version[0] ? " of " : "", files->version, files->data_dir, words);
}

/* Does this process pull, as far as files tell?  When, and why. */
static void will_pull(
	const struct check *c, struct check_subject *s, const struct node_files *files)
{
	enum role role = s->process->role;
	char doubt[1024] = "";

	s->pulls = s->asked = true;
	s->doubt = files ? node_doubt_of(files, role, doubt, sizeof(doubt)) : NODE_DOUBT_NONE;
	if (files && role == ROLE_SUPERVISOR && files->distribution == DISTRIBUTION_K3S) {
		snprintf(s->why, sizeof(s->why), "k3s brings its own programs");
		s->pulls = s->asked = false;
		s->doubt = NODE_DOUBT_NONE;
		return;
	}
	if (role == ROLE_SYSTEM_AGENT || !files)
		snprintf(s->why, sizeof(s->why), "%s",
			role == ROLE_SYSTEM_AGENT ? "the installer of each new version" : "images");
	else if (s->doubt != NODE_DOUBT_PULL)
		will_pull_images(c, s, files);
	/* What pulls nothing at all pulls from nowhere else. */
	if (s->doubt != NODE_DOUBT_NONE && (s->asked || s->when == PULL_NEXT_UPGRADE))
		will_pull_unsure(s, doubt);
	else
		s->doubt = NODE_DOUBT_NONE;
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
	will_pull(c, s, files);
	/* rke2 decides by what it made of its list; containerd was started with that. */
	if (p->role == ROLE_SUPERVISOR && u) {
		struct supervisor supervisor = check_supervisor(u);

		s->effective = environment_of_supervisor(p->environment, &supervisor);
	} else {
		s->effective = environment_ref(p->environment);
	}
	return s->effective ? s : NULL;
}

static void subject_judge(struct check *c, struct check_subject *s)
{
	struct pull_target targets[PULL_TARGETS];
	size_t judged;

	node_pull_targets(s->config, s->process->role, targets, &judged);
	s->findings += diagnosis_latent(c->diagnosis, s->process, targets, judged, s->when,
		s->when == PULL_NOW ? NULL : s->why, c->now_ns);
}

/* Does what is told of the unit already bring the list that containerd lacks? */
static bool list_is_given(const struct check *c, const struct check_unit *u)
{
	for (size_t i = 0; i < c->finding_count; i++) {
		const struct finding *f = c->findings[i];

		if (f->severity == SEVERITY_INFO || strcmp(f->process->unit, u->self->unit))
			continue;
		for (size_t k = 0; k < f->add.count; k++)
			if (!strncmp(f->add.text[k], "NO_", 3))
				return true;
	}
	return false;
}

/* The NO_ lists: containerd's first, because CNI plugins have it; rke2's own where nothing was wrong with that. */
static void list_judge(struct check *c, struct check_subject *s)
{
	const struct check_unit *u = s->unit;

	if (!environment_proves_absence(s->process->environment))
		return;
	/* The cluster's own range may be any. */
	if (s->config->unknown[NODE_SERVICE_CIDR] || s->doubt == NODE_DOUBT_PULL)
		return;
	if (s->process->role == ROLE_CONTAINERD && u && list_is_given(c, u))
		return;
	for (size_t i = 0; i < c->finding_count; i++)
		if (s->process->role != ROLE_CONTAINERD &&
			!strcmp(c->findings[i]->process->unit, s->process->unit) &&
			(!strcmp(c->findings[i]->rule->id, "cluster-via-relay") ||
				!strcmp(c->findings[i]->rule->id, "entry-unread")))
			return;
	s->findings += diagnosis_list(c->diagnosis, s->process, c->now_ns);
}

void check_choice(const struct check *c, const struct check_subject *s,
	const struct pull_target *target, struct choice *out)
{
	bool relay = c->options->names && !strcmp(c->options->names, "RELAY");

	choice_for_host(s->effective, relay ? RELAY_FAMILY_RELAY : RELAY_FAMILY_PROXY,
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

	if (!s->pulls || s->doubt || !environment_proves_absence(p->environment))
		return false;
	if (!s->unit)
		return true;
	/* ... unless systemd would start it again as it is, because it has not read the new files. */
	return !is_told(c, s->unit, p->role) && (p->role != ROLE_SUPERVISOR || s->unit->reload);
}

/* What fails now, then what is wrong with lists, then what is not due yet. */
static void judge_all(struct check *c, size_t planned)
{
	for (size_t i = 0; i < c->subject_count; i++) {
		struct check_subject *s = &c->subjects[i];

		if (i < planned ? s->asked && s->when != PULL_NEXT_UPGRADE
				: process_is_judged(c, s))
			subject_judge(c, s);
	}
	for (int containerd = 1; containerd >= 0; containerd--)
		for (size_t i = 0; i < c->subject_count; i++) {
			struct check_subject *s = &c->subjects[i];
			bool is = s->process->role == ROLE_CONTAINERD;

			if (is == containerd && (i < planned || process_is_judged(c, s)))
				list_judge(c, s);
		}
	for (size_t i = 0; i < planned; i++)
		if (c->subjects[i].asked && c->subjects[i].when == PULL_NEXT_UPGRADE)
			subject_judge(c, &c->subjects[i]);
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
	judge_all(c, planned);
	return 0;
}
