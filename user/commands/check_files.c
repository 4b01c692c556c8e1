// SPDX-License-Identifier: GPL-2.0-only
/* RKE2's and K3s's configuration, for `relaytrace check`. */
#include "commands/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void check_fact(void *context, const struct event *event)
{
	diagnosis_fact(context, event);
}

void check_files_free(struct check_unit *u)
{
	if (u->own)
		node_files_free(u->own);
	free(u->own);
	u->own = NULL;
}

/* Reads the files as start finds them, and tells what is wrong with them. */
static int files_read(struct check *c, enum distribution distribution,
	const struct node_start *start, struct node_files *files)
{
	int err = node_files_read(&c->root, distribution, start,
		distribution == DISTRIBUTION_RKE2 ? c->options->rke2_version : NULL, files);

	for (size_t i = 0; i < files->problems.count && !err; i++)
		if (unit_list_has(&files->faults, files->problems.text[i]))
			err = unit_list_add(&c->faults, files->problems.text[i]);
		else
			err = check_unread(c, files->problems.text[i], 0, NULL);
	return err;
}

/* One whose variables or arguments say more than config.yaml has files of its own. */
static int unit_files(struct check *c, struct check_unit *u, enum distribution distribution,
	struct node_start *of_all, const struct node_files *files)
{
	struct node_start *start = malloc(sizeof(*start));
	int err = start ? node_start_read(&c->root, &c->host, u->name, distribution, true, start)
			: -ENOMEM;

	u->files = files;
	if (!err && !of_all->program[0])
		memcpy(of_all->program, start->program, sizeof(start->program));
	if (!err && !node_start_is_plain(start)) {
		u->own = calloc(1, sizeof(*u->own));
		err = u->own ? files_read(c, distribution, start, u->own) : -ENOMEM;
		if (u->own)
			u->files = u->own;
		/* What it would get from there is not known. */
		u->self->environment->truncated |= start->wrapped;
	}
	free(start);
	return err;
}

/* What belongs to a unit that is used here is told last, and counts. */
static void tell(struct check *c, enum distribution distribution, const struct node_files *files)
{
	node_files_tell(files, c->now_ns, check_fact, c->diagnosis);
	for (int enabled = 0; enabled < 2; enabled++)
		for (size_t i = 0; i < c->unit_count; i++) {
			const struct check_unit *u = &c->units[i];

			if (u->own && u->own->distribution == distribution && u->enabled == enabled)
				node_files_tell(u->own, c->now_ns, check_fact, c->diagnosis);
		}
}

int check_files(struct check *c)
{
	static const char *const names[] = {[DISTRIBUTION_RKE2] = "rke2-",
		[DISTRIBUTION_K3S] = "k3s",
		[DISTRIBUTION_AGENT] = "rancher-system-agent"};
	struct node_files *files[] = {[DISTRIBUTION_RKE2] = &c->rke2,
		[DISTRIBUTION_K3S] = &c->k3s,
		[DISTRIBUTION_AGENT] = &c->agent};
	int err = 0;

	for (enum distribution d = DISTRIBUTION_RKE2; d <= DISTRIBUTION_AGENT && !err; d++) {
		struct node_start of_all = {.distribution = d};

		for (size_t i = 0; i < c->unit_count && !err; i++)
			if (!strncmp(c->units[i].name, names[d], strlen(names[d])))
				err = unit_files(c, &c->units[i], d, &of_all, files[d]);
		if (d == DISTRIBUTION_AGENT)
			of_all.program[0] = '\0';
		if (!err)
			err = files_read(c, d, &of_all, files[d]);
		if (!err)
			tell(c, d, files[d]);
	}
	return err;
}
