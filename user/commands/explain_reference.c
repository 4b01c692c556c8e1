// SPDX-License-Identifier: GPL-2.0-only
/* What is asked for: image references, `relaytrace explain rancher/rke2-runtime:v1.32.5-rke2r1`, and URLs. */
#include "commands/explain.h"

#include "base/log.h"
#include "live/process_read.h"
#include "relay/supervisor_environment.h"

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

int explain_files(const struct explain *x, enum distribution distribution, struct node_files *files)
{
	static const char *const names[] = {[DISTRIBUTION_RKE2] = "rke2-",
		[DISTRIBUTION_K3S] = "k3s",
		[DISTRIBUTION_AGENT] = "rancher-system-agent"};
	struct node_start *start = calloc(1, sizeof(*start));
	struct unit_host host = {0};
	int err = start ? unit_host_read(&x->root, &host) : -ENOMEM;

	if (!err && x->unit && !strncmp(x->unit, names[distribution], strlen(names[distribution])))
		err = node_start_read(&x->root, &host, x->unit, distribution, true, start);
	if (!err)
		err = node_files_read(&x->root, distribution, start, NULL, files);
	unit_host_free(&host);
	free(start);
	return err;
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
	return explain_files(x, distribution, &x->node);
}

/* What a server adds is in its environment already. */
static struct environment *containerd_of(const struct explain *x)
{
	struct supervisor supervisor = {.version = x->version};

	return environment_of_containerd(x->environment, &supervisor);
}

static int read_node(struct explain *x)
{
	int err;

	if (x->node_is_read)
		return 0;
	x->node_is_read = true;
	if (!x->containerd)
		x->containerd = containerd_of(x);
	err = x->containerd ? read_files(x) : -ENOMEM;
	if (err) {
		log_error("cannot read registries.yaml and config.yaml: %s", strerror(-err));
		return err;
	}
	for (size_t i = 0; i < x->node.problems.count; i++)
		log_warning("%s", x->node.problems.text[i]);
	if (x->node.start_doubt != NODE_DOUBT_NONE)
		log_warning("%s: %s", x->unit, x->node.start_why);
	x->incomplete |= x->node.problems.count > 0 || x->node.start_doubt != NODE_DOUBT_NONE;
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
				.role = role_name(x->roles[r]),
				.tells_role = true};

			choice_for_url(a.environment, x->family, a.url, &a.choice);
			err = tell(x, &a);
		}
	}
	return err;
}

/* The role of the unit's main program; NULL: it is another's. */
static const char *role_of_unit(const struct explain *x, bool *starts_containerd)
{
	static const struct {
		const char *begins;
		enum role role;
		bool starts_containerd;
	} units[] = {{"rke2-", ROLE_SUPERVISOR, true}, {"k3s", ROLE_SUPERVISOR, true},
		{"rancher-system-agent", ROLE_SYSTEM_AGENT, false},
		{"containerd", ROLE_CONTAINERD, false}};

	*starts_containerd = false;
	for (size_t i = 0; x->unit && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strncmp(x->unit, units[i].begins, strlen(units[i].begins)))
			continue;
		*starts_containerd = units[i].starts_containerd;
		return role_name(units[i].role);
	}
	return NULL;
}

static bool same_way(const struct choice *a, const struct choice *b)
{
	return a->decision == b->decision &&
	       (a->decision != CHOICE_RELAY ||
		       (!strcmp(a->relay.scheme, b->relay.scheme) &&
			       !strcmp(a->relay.host, b->relay.host) &&
			       a->relay.port == b->relay.port &&
			       a->relay.masked_host == b->relay.masked_host));
}

int explain_url(struct explain *x, const char *url, enum image_word word, explain_tell_fn *tell)
{
	struct explain_answer own = {.url = url, .word = word, .environment = x->environment},
			      other;
	bool starts_containerd;
	int err;

	own.role = role_of_unit(x, &starts_containerd);
	choice_for_url(own.environment, x->family, url, &own.choice);
	err = tell(x, &own);
	if (err || !starts_containerd)
		return err;
	if (!x->containerd)
		x->containerd = containerd_of(x);
	if (!x->containerd) {
		log_error("out of memory");
		return -ENOMEM;
	}
	other = own;
	other.environment = x->containerd;
	other.role = role_name(ROLE_CONTAINERD);
	other.tells_role = true;
	choice_for_url(other.environment, x->family, url, &other.choice);
	return same_way(&own.choice, &other.choice) ? 0 : tell(x, &other);
}

/* Go's decision stands, but what it was made for is no request: what was meant? */
static void word_hint(const struct explain_answer *a, char *text, size_t size)
{
	size_t len = strlen(text);

	if (a->word == IMAGE_WORD_HOST)
		snprintf(text + len, size - len,
			"; a host without a scheme is no request: ask for https://%s", a->url);
	else if (a->word == IMAGE_WORD_NEITHER)
		snprintf(text + len, size - len,
			"; it has no scheme (https://), and is no image reference either");
}

/* A value that only the service manager knows may decide otherwise. */
static void passed_hint(
	const struct explain *x, const struct explain_answer *a, char *text, size_t size)
{
	const struct choice *c = &a->choice;

	for (size_t i = 0; i < x->passed.count; i++) {
		const char *passed = x->passed.text[i];
		size_t len = strlen(text);
		struct relay_name name;

		if (!relay_name_parse(passed, strlen(passed), &name) || name.kind != c->kind ||
			name.family != c->family || name.spelling == RELAY_MIXED ||
			(name.containerd && a->environment != x->containerd) ||
			c->reason == CHOICE_BAD_URL || c->reason == CHOICE_SCHEME_UNKNOWN)
			continue;
		snprintf(text + len, size - len,
			"; %s is passed on from the service manager's own environment, which is "
			"not known "
			"here",
			passed);
		return;
	}
}

void explain_hints(const struct explain *x, const struct explain_answer *a, char *text, size_t size)
{
	word_hint(a, text, size);
	passed_hint(x, a, text, size);
}
