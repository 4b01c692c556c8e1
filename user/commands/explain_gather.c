// SPDX-License-Identifier: GPL-2.0-only
/* Where `relaytrace explain` takes its variables from. */
#include "commands/explain.h"

#include "base/log.h"
#include "node/env_file.h"
#include "node/unit_environment.h"
#include "relay/supervisor_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Takes what variable and source point to only by copy.  0 or -ENOMEM. */
static int explain_add_fault(struct explain *x, const char *variable, size_t variable_len,
	const char *fault, const char *source)
{
	struct explain_fault f = {.fault = fault}, *more;

	more = realloc(x->faults, (x->fault_count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	x->faults = more;
	f.variable = variable ? strndup(variable, variable_len) : NULL;
	f.source = strdup(source);
	x->faults[x->fault_count++] = f;
	return f.source && (f.variable || !variable) ? 0 : -ENOMEM;
}

struct file_context {
	struct explain *x;
	const char *path;
};

bool concerns_relay(const char *name, size_t len)
{
	if (relay_name_is_listed(name, len))
		return true;
	for (size_t i = 0; i + 5 <= len; i++)
		if (!strncasecmp(name + i, "PROXY", 5) || !strncasecmp(name + i, "RELAY", 5))
			return true;
	return false;
}

static int explain_take_entry(void *context, const struct env_file_entry *entry)
{
	const struct file_context *file = context;
	bool listed = relay_name_is_listed(entry->name, entry->name_len);
	struct buffer source = {0};
	int err = 0;

	/* A refused file is told once, behind the parsing. */
	if (entry->fault == ENV_FILE_NUL_BYTE || entry->fault == ENV_FILE_NOT_UTF8 ||
		entry->fault == ENV_FILE_TOO_LARGE)
		return 0;
	buffer_printf(&source, "%s:%u", file->path, entry->line);
	if (entry->fault != ENV_FILE_FINE && (concerns_relay(entry->name, entry->name_len) ||
						     entry->fault == ENV_FILE_UNCLOSED_QUOTE))
		err = explain_add_fault(file->x, listed ? entry->name : NULL, entry->name_len,
			env_file_fault_name(entry->fault), buffer_string(&source));
	if (!err && !entry->ignored)
		err = environment_add(file->x->environment, entry->name, entry->name_len,
			entry->value, entry->value_len, false, buffer_string(&source));
	buffer_free(&source);
	return err;
}

static int explain_read_file(struct explain *x, const char *path)
{
	struct file_context context = {x, path};
	struct env_file_result result = {0};
	struct env_file_bytes file = {0};
	struct buffer source = {0};
	int err = env_file_read_stream(path, &file);

	if (err && err != -EFBIG) {
		log_error("cannot read the env file %s: %s", path,
			err == -EINVAL ? "it is neither a file nor a pipe" : strerror(-err));
		return err;
	}
	if (err == -EFBIG) {
		result.refused = ENV_FILE_TOO_LARGE;
		err = 0;
	} else {
		err = env_file_parse(file.bytes, file.len, explain_take_entry, &context, &result);
	}
	if (!err && result.refused) {
		buffer_printf(&source, "%s:%u", path, result.refused_line);
		err = explain_add_fault(
			x, NULL, 0, env_file_fault_name(result.refused), buffer_string(&source));
		log_warning("%s: %s", path, env_file_fault_text(result.refused));
	}
	buffer_free(&source);
	env_file_bytes_free(&file);
	return err;
}

/* The environment a process was started with; it may hold any secret, so it is wiped. */
static int read_environ(const char *pid, struct environment *e)
{
	char chunk[4096], path[64], source[64];
	struct buffer block = {0};
	ssize_t got;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	snprintf(source, sizeof(source), "pid %s", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((got = read(fd, chunk, sizeof(chunk))) > 0)
		buffer_append(&block, chunk, (size_t)got);
	err = got < 0 ? -errno : block.failed ? -ENOMEM : 0;
	close(fd);
	if (!err)
		err = environment_add_block(e, buffer_string(&block), block.len, source);
	explicit_bzero(chunk, sizeof(chunk));
	if (block.data)
		explicit_bzero(block.data, block.capacity);
	buffer_free(&block);
	return err;
}

/*
 * ptrace(2), "Ptrace access mode checking": root's own processes are open to root only where it has all of their
 * capabilities; a container's root, and one in a user namespace of its own, lacks those of the host's.
 */
static const char *why_refused(void)
{
	char line[256];
	unsigned long long effective = 0;
	FILE *file = geteuid() ? NULL : fopen("/proc/self/status", "re");

	if (!file)
		return "; run this as root";
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	fclose(file);
	return effective >> CAP_SYS_PTRACE & 1 ? "; it is in another user namespace, or a security "
						 "module (AppArmor, SELinux, Yama) "
						 "keeps it from this root"
					       : "; this root has not CAP_SYS_PTRACE, which that "
						 "process takes (a container's root "
						 "has it only if told so)";
}

static int explain_read_process(struct explain *x)
{
	struct environment *snapshot = environment_new(ENVIRONMENT_SNAPSHOT);
	int err = snapshot ? read_environ(x->pid, snapshot) : -ENOMEM;

	for (unsigned int i = 0; !err && i < snapshot->count; i++)
		err = environment_add_judged(x->environment, &snapshot->variables[i]);
	if (err) {
		log_error("cannot read the environment of process %s: %s%s", x->pid, strerror(-err),
			err == -EACCES ? why_refused() : "");
	} else if (snapshot->first_lost) {
		x->incomplete = true;
		log_warning("process %s wrote its title over the first entry of its environment: "
			    "one variable may be missing here",
			x->pid);
	}
	environment_unref(snapshot);
	return err;
}

static int explain_take_pair(struct explain *x, const char *pair)
{
	const char *equals = strchr(pair, '=');
	size_t name = (size_t)(equals - pair);

	if (!relay_name_is_listed(pair, name))
		log_warning("--env %.*s: no program reads its relay from this; ignored", (int)name,
			pair);
	return environment_add(
		x->environment, pair, name, equals + 1, strlen(equals + 1), false, "env");
}

/* What systemd makes of the unit's statements about relays; a file that it refuses. */
static int explain_judge_unit(
	struct explain *x, const struct unit_facts *f, const struct unit_view *v)
{
	struct buffer source = {0};
	int err = 0;

	for (size_t i = 0; !err && i < f->statement_count; i++) {
		const struct unit_statement *s = &f->statements[i];
		bool listed = s->name && relay_name_is_listed(s->name, strlen(s->name));

		if (s->verb == UNIT_PASS && v->of[i].fate == UNIT_FATE_EFFECTIVE) {
			x->incomplete = true;
			err = unit_list_add(&x->passed, s->name);
		}
		/* What the unit does not load has no faults of its own. */
		if (err || !s->fault || !*s->fault || unit_file_is_unloaded(f->files[s->file].role))
			continue;
		buffer_clear(&source);
		buffer_printf(&source, "%s:%u", f->files[s->file].path, s->line);
		err = explain_add_fault(x, listed ? s->name : NULL, listed ? strlen(s->name) : 0,
			s->fault, buffer_string(&source));
	}
	/* What systemd reads and we may not can hold anything. */
	for (size_t i = 0; i < f->file_count; i++) {
		const struct unit_file *file = &f->files[i];

		if (!file->error || file->error == -ENOENT || unit_file_is_unloaded(file->role))
			continue;
		x->incomplete = true;
		log_warning("%s: %s: what it sets for %s is not known here", file->path,
			strerror(-file->error), f->unit);
	}
	if (!err && v->state != UNIT_STATE_FINE) {
		buffer_clear(&source);
		buffer_append_string(&source, v->file >= 0 ? f->files[v->file].path : f->unit);
		err = explain_add_fault(
			x, NULL, 0, unit_state_name(v->state), buffer_string(&source));
		log_warning("%s cannot be started as its files stand: %s (%s)", f->unit,
			unit_state_name(v->state), buffer_string(&source));
	}
	buffer_free(&source);
	return err;
}

static int explain_take_unit(struct explain *x, const struct unit_facts *f)
{
	struct environment *e = NULL;
	struct unit_view view;
	int err = unit_view_make(f, &view);

	if (err)
		return err;
	if (view.state == UNIT_STATE_ABSENT) {
		log_error("there is no unit %s here", f->unit);
		err = -ENOENT;
	} else {
		e = unit_view_environment(f, &view);
		err = e ? explain_judge_unit(x, f, &view) : -ENOMEM;
	}
	for (unsigned int i = 0; !err && i < e->count; i++)
		err = environment_add_judged(x->environment, &e->variables[i]);
	environment_unref(e);
	unit_view_free(&view);
	return err;
}

/* What the unit would get if it were started now. */
static int explain_read_unit(struct explain *x)
{
	struct unit_host host = {0};
	struct unit_facts facts;
	int err = unit_host_read(&x->root, &host);

	if (err)
		return err;
	err = unit_facts_read(&x->root, &host, concerns_relay, x->unit, &facts);
	if (err == -EINVAL)
		log_error("--unit %s: that is no unit's name", x->unit);
	if (!err) {
		err = explain_take_unit(x, &facts);
		unit_facts_free(&facts);
	}
	unit_host_free(&host);
	return err;
}

/* Is the unit asked for that one? */
static bool unit_begins(const struct explain *x, const char *name)
{
	return x->unit && !strncmp(x->unit, name, strlen(name));
}

/* The version decides what containerd gets, and a server works with a list that it makes itself (supervisor_environment.h). */
static int explain_supervise(struct explain *x)
{
	bool rke2 = unit_begins(x, "rke2-"), k3s = unit_begins(x, "k3s");
	struct supervisor supervisor = {
		.server = unit_begins(x, "rke2-server") || (k3s && !unit_begins(x, "k3s-agent"))};
	struct environment *own;
	struct node_files files;
	int err;

	if (!rke2 && !k3s)
		return 0;
	err = explain_files(x, k3s ? DISTRIBUTION_K3S : DISTRIBUTION_RKE2, &files);
	if (err)
		return err;
	snprintf(x->version, sizeof(x->version), "%s", files.version);
	supervisor.cluster_cidr = node_config_said(&files.config, NODE_CLUSTER_CIDR);
	supervisor.service_cidr = node_config_said(&files.config, NODE_SERVICE_CIDR);
	supervisor.cluster_domain = node_config_said(&files.config, NODE_CLUSTER_DOMAIN);
	own = environment_of_supervisor(x->environment, &supervisor);
	node_files_free(&files);
	if (!own)
		return -ENOMEM;
	environment_unref(x->environment);
	x->environment = own;
	return 0;
}

int explain_gather(struct explain *x)
{
	int err = 0;

	x->environment = environment_new(ENVIRONMENT_GIVEN);
	if (!x->environment)
		err = -ENOMEM;
	if (!err && x->pid)
		err = explain_read_process(x);
	if (!err && x->unit)
		err = explain_read_unit(x);
	for (size_t i = 0; !err && i < x->file_count; i++)
		err = explain_read_file(x, x->files[i]);
	for (size_t i = 0; !err && i < x->pair_count; i++)
		err = explain_take_pair(x, x->pairs[i]);
	if (!err)
		err = explain_supervise(x);
	if (err == -ENOMEM)
		log_error("out of memory");
	return err;
}
