// SPDX-License-Identifier: GPL-2.0-only
/* Image references: `relaytrace explain rancher/rke2-runtime:v1.32.5-rke2r1`. */
#include "commands/explain.h"

#include "base/log.h"
#include "live/process_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program that the unit or the process is: "rke2" unless it is known. */
static enum role role_asked(const struct explain *x)
{
	char name[256] = "rke2";
	size_t len;

	if (x->pid)
		process_read_program((pid_t)strtol(x->pid, NULL, 10), name, sizeof(name));
	if (x->unit)
		snprintf(name, sizeof(name), "%s", x->unit);
	len = strlen(name);
	if (len > 8 && !strcmp(name + len - 8, ".service"))
		name[len - 8] = '\0';
	return role_of(name, NULL);
}

/* Who would pull with that environment; of rke2 and K3s containerd too, and K3s brings its own programs. */
static void who_pulls(struct explain *x)
{
	enum role role = role_asked(x);

	if (role == ROLE_SYSTEM_AGENT)
		x->roles[x->role_count++] = role;
	else if (role != ROLE_CONTAINERD && x->node.distribution != DISTRIBUTION_K3S)
		x->roles[x->role_count++] = ROLE_SUPERVISOR;
	if (role != ROLE_SYSTEM_AGENT)
		x->roles[x->role_count++] = ROLE_CONTAINERD;
}

/* Whose files count: --unit says it; else K3s's where RKE2 has none and K3s has. */
static int read_files(struct explain *x)
{
	static const char *const k3s[] = {
		"/etc/rancher/k3s/registries.yaml", "/etc/rancher/k3s/config.yaml"};
	enum distribution distribution = DISTRIBUTION_RKE2;
	long long mtime_ns;
	enum unit_node node;

	if (x->unit && !strncmp(x->unit, "k3s", 3))
		distribution = DISTRIBUTION_K3S;
	else if (x->unit && !strncmp(x->unit, "rancher-system-agent", 20))
		distribution = DISTRIBUTION_AGENT;
	for (size_t i = 0; i < 2 && !x->unit; i++)
		if (unit_root_stat(&x->root, "/etc/rancher/rke2", &node, &mtime_ns) == -ENOENT &&
			!unit_root_stat(&x->root, k3s[i], &node, &mtime_ns))
			distribution = DISTRIBUTION_K3S;
	return node_files_read(&x->root, distribution, NULL, NULL, &x->node);
}

static int read_node(struct explain *x)
{
	int err;

	if (x->node_is_read)
		return 0;
	x->node_is_read = true;
	x->containerd = environment_of_containerd(x->environment);
	err = x->containerd ? read_files(x) : -ENOMEM;
	if (err) {
		log_error("cannot read registries.yaml and config.yaml: %s", strerror(-err));
		return err;
	}
	for (size_t i = 0; i < x->node.problems.count; i++)
		log_warning("%s", x->node.problems.text[i]);
	x->incomplete |= x->node.problems.count > 0;
	who_pulls(x);
	return 0;
}

int explain_reference(struct explain *x, const struct image_reference *image, explain_tell_fn *tell)
{
	struct image_reference real = *image;
	struct pull_request requests[PULL_TARGETS];
	int err = read_node(x);

	if (err)
		return err;
	pull_default_registry(&x->node.config, &real);
	for (size_t r = 0; r < x->role_count; r++) {
		size_t count = pull_requests(&x->node.config, x->roles[r], &real, requests);

		for (size_t i = 0; i < count && !err; i++) {
			struct explain_answer a = {.url = requests[i].url,
				.environment = x->roles[r] == ROLE_CONTAINERD ? x->containerd
									      : x->environment,
				.word = IMAGE_WORD_REFERENCE,
				.image = &real,
				.request = &requests[i],
				.role = x->roles[r]};

			choice_for_url(a.environment, x->family, a.url, &a.choice);
			err = tell(x, &a);
		}
	}
	return err;
}
