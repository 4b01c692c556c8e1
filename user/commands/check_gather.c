// SPDX-License-Identifier: GPL-2.0-only
/* What `relaytrace check` looks at: unit files, configuration, processes. */
#include "commands/check.h"

#include "base/log.h"
#include "commands/commands.h"
#include "commands/explain.h"
#include "live/process_scan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name, *program, *tree;
	enum role role;
	bool starts_containerd;
} known_units[] = {
	{"rke2-server", "rke2", "rke2", ROLE_SUPERVISOR, true},
	{"rke2-agent", "rke2", "rke2", ROLE_SUPERVISOR, true},
	{"rancher-system-agent", "rancher-system-agent", "rancher-system-agent", ROLE_SYSTEM_AGENT,
		false},
	{"k3s", "k3s", "k3s", ROLE_SUPERVISOR, true},
	{"k3s-agent", "k3s", "k3s", ROLE_SUPERVISOR, true},
	{"containerd", "containerd", "containerd", ROLE_CONTAINERD, false},
};

#define KNOWN_UNITS (sizeof(known_units) / sizeof(known_units[0]))

static void file_line(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");

	*out = '\0';
	if (!file)
		return;
	if (fgets(out, (int)size, file))
		out[strcspn(out, "\n")] = '\0';
	fclose(file);
}

/* ---- the root ---- */

static int root_open(struct check *c)
{
	const char *root = c->options->root ? c->options->root : "";
	size_t len = strlen(root);
	struct stat st;

	while (len && root[len - 1] == '/')
		len--;
	if (len >= sizeof(c->prefix)) {
		log_error("--root: the path is too long");
		return STATUS_USAGE;
	}
	memcpy(c->prefix, root, len);
	c->root.prefix = c->prefix;
	if (len && (stat(c->prefix, &st) || !S_ISDIR(st.st_mode))) {
		log_error("--root %s: %s", root, errno ? strerror(errno) : "that is no directory");
		return STATUS_USAGE;
	}
	return 0;
}

/* ---- what could not be read ---- */

int check_unread(struct check *c, const char *path, unsigned int line, const char *why)
{
	struct buffer b = {0};
	int err;

	buffer_append_string(&b, path);
	if (line)
		buffer_printf(&b, ":%u", line);
	if (why)
		buffer_printf(&b, ": %s", why);
	err = b.failed ? -ENOMEM : 0;
	if (!err)
		err = unit_list_add(&c->unread, b.data);
	buffer_free(&b);
	return err;
}

const char *check_why(const struct check *c, const struct unit_file *f)
{
	enum unit_node node = UNIT_NODE_OTHER;
	long long mtime;

	if (f->error != -EINVAL)
		return strerror(-f->error);
	unit_root_stat(&c->root, f->path, &node, &mtime);
	return node == UNIT_NODE_PIPE ? "it is a named pipe"
				      : "it is neither a file nor a link to one";
}

/* Does the unit need that file to start?  Then what is wrong with it is a fault (check_faults()). */
static bool is_needed(const struct unit_file *f)
{
	return f->role == UNIT_FILE_ENV && !f->optional && (unit_file_fails(f) || f->refused);
}

static int unread_of_unit(struct check *c, const struct check_unit *u)
{
	int err = 0;

	for (size_t i = 0; i < u->facts.file_count && !err; i++) {
		const struct unit_file *f = &u->facts.files[i];

		if (is_needed(f))
			continue;
		if (f->role == UNIT_FILE_UNSEEN)
			err = check_unread(c, f->path, 0, NULL);
		else if (f->error && f->error != -ENOENT)
			err = check_unread(c, f->path, 0, check_why(c, f));
		else if (f->refused)
			err = check_unread(
				c, f->path, f->refused_line, env_file_fault_text(f->refused));
		else if (f->end != UNIT_TEXT_WHOLE)
			err = check_unread(c, f->path, f->end_line, "systemd reads no further");
	}
	if (!err && u->facts.cut)
		err = check_unread(c, u->facts.id, 0, "it has more files than are read here");
	return err;
}

/* ---- units ---- */

/* A process as the unit would start it: nothing runs yet, so it has no pid. */
static struct process *process_of_unit(const struct check_unit *u, const char *name,
	const char *tree, enum role role, struct environment *e, struct process *parent)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p || !e) {
		free(p);
		environment_unref(e);
		return NULL;
	}
	p->references = 1;
	p->role = role;
	p->environment = e;
	p->parent = process_ref(parent);
	p->name = strdup(name);
	p->executable = strdup("");
	snprintf(p->unit, sizeof(p->unit), "%s.service", u->name);
	snprintf(p->tree, sizeof(p->tree), "%s", tree);
	if (!p->name || !p->executable) {
		process_unref(p);
		return NULL;
	}
	return p;
}

/* Is there a file that systemd can read and we cannot?  Then what we lack may stand there. */
static bool unit_is_hidden(const struct unit_facts *f)
{
	for (size_t i = 0; i < f->file_count; i++)
		if (f->files[i].role == UNIT_FILE_UNSEEN ||
			(!unit_file_is_unloaded(f->files[i].role) &&
				(f->files[i].error == -EACCES || f->files[i].error == -EPERM)))
			return true;
	return false;
}

/* Does it get variables from the service manager that no file tells? */
static bool unit_passes(const struct check_unit *u)
{
	static const enum relay_kind kinds[] = {RELAY_KIND_HTTPS, RELAY_KIND_HTTP};
	static const enum relay_family families[] = {RELAY_FAMILY_PROXY, RELAY_FAMILY_RELAY};

	for (size_t i = 0; i < 4; i++)
		if (unit_view_passed(&u->facts, &u->view, families[i / 2], kinds[i % 2], true))
			return true;
	return false;
}

static bool unit_is_enabled(const struct check *c, const char *name)
{
	static const char *const dirs[] = {"/etc/systemd/system/*.wants",
		"/etc/systemd/system/*.requires", "/run/systemd/system/*.wants",
		"/usr/lib/systemd/system/*.wants"};
	bool found = false;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !found; i++) {
		struct unit_list paths = {0};
		char pattern[256];

		snprintf(pattern, sizeof(pattern), "%s/%s.service", dirs[i], name);
		found = unit_root_glob(&c->root, pattern, &paths) == 0;
		unit_list_free(&paths);
	}
	return found;
}

static int unit_make(struct check *c, struct check_unit *u, size_t known)
{
	const char *program = known < KNOWN_UNITS ? known_units[known].program : u->name;
	const char *tree = known < KNOWN_UNITS ? known_units[known].tree : u->name;
	enum role role = known < KNOWN_UNITS ? known_units[known].role : role_of(u->name, NULL);
	int err = unit_view_make(&u->facts, &u->view);

	if (err)
		return err;
	u->enabled = unit_is_enabled(c, u->name);
	if (!*c->prefix)
		err = check_ask(c, u);
	if (err)
		return err;
	u->self = process_of_unit(
		u, program, tree, role, unit_view_environment(&u->facts, &u->view), NULL);
	if (u->self)
		u->self->environment->truncated = unit_is_hidden(&u->facts) || unit_passes(u);
	u->starts_containerd = known < KNOWN_UNITS && known_units[known].starts_containerd;
	if (!u->self)
		return -ENOMEM;
	err = node_unit_tell(&u->facts, u->reload, c->now_ns, check_fact, c->diagnosis);
	if (err)
		return err;
	return unread_of_unit(c, u);
}

/* name may end in ".service".  0, -ENOENT where there is none, or -errno. */
static int unit_read(struct check *c, const char *name)
{
	struct check_unit *u = &c->units[c->unit_count];
	size_t len = strlen(name), known = 0;
	int err;

	if (len > 8 && !strcmp(name + len - 8, ".service"))
		len -= 8;
	if (len >= sizeof(u->name))
		return -EINVAL;
	if (c->unit_count == CHECK_UNITS)
		return 0;
	memset(u, 0, sizeof(*u));
	memcpy(u->name, name, len);
	err = unit_facts_read(&c->root, &c->host, concerns_relay, u->name, &u->facts);
	if (err)
		return err;
	c->unit_count++;
	while (known < KNOWN_UNITS && strcmp(known_units[known].name, u->name))
		known++;
	if (u->facts.fragment >= 0)
		return unit_make(c, u, known);
	/* What could not be looked into may hold it. */
	err = unread_of_unit(c, u);
	unit_facts_free(&u->facts);
	c->unit_count--;
	return err ? err : -ENOENT;
}

static int units_read(struct check *c)
{
	int err = 0;

	for (size_t i = 0; i < c->options->unit_count; i++) {
		err = unit_read(c, c->options->units[i]);
		if (err == -ENOENT || err == -EINVAL)
			log_error("--unit %s: %s", c->options->units[i],
				err == -EINVAL ? "that is no unit's name"
					       : "there is no such unit here");
		if (err)
			return STATUS_USAGE;
	}
	for (size_t i = 0; i < KNOWN_UNITS && !c->options->unit_count; i++) {
		err = unit_read(c, known_units[i].name);
		if (err && err != -ENOENT)
			return STATUS_USAGE;
	}
	return 0;
}

/* ---- processes ---- */

struct scan_context {
	struct check *check;
	int err;
};

/* What a unit's program hands its containerd: after the configuration, which decides it too. */
static int containerds_make(struct check *c)
{
	for (size_t i = 0; i < c->unit_count; i++) {
		struct check_unit *u = &c->units[i];
		struct supervisor s = check_supervisor(u);

		if (!u->starts_containerd)
			continue;
		snprintf(u->self->version, sizeof(u->self->version), "%s", s.version);
		u->containerd = process_of_unit(u, "containerd", u->self->tree, ROLE_CONTAINERD,
			environment_of_containerd(u->self->environment, &s), u->self);
		if (!u->containerd)
			return -ENOMEM;
	}
	return 0;
}

static void on_process(void *context, const struct event *event)
{
	struct scan_context *s = context;
	struct check *c = s->check;
	struct process *p = process_table_apply(&c->processes, event);
	struct process **more;

	if (!p)
		return;
	diagnosis_process(c->diagnosis, event->time_ns, p);
	for (size_t i = 0; i < c->unit_count; i++)
		c->units[i].running |=
			!strncmp(p->unit, c->units[i].name, strlen(c->units[i].name)) &&
			!strcmp(p->unit + strlen(c->units[i].name), ".service");
	more = realloc(c->running, (c->running_count + 1) * sizeof(*more));
	if (!more) {
		s->err = -ENOMEM;
		return;
	}
	c->running = more;
	c->running[c->running_count++] = p;
	if (p->environment->unreadable) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%u/environ", p->pid);
		s->err = check_unread(
			c, path, 0, geteuid() ? "not yours: run this as root" : "gone");
	}
}

static int processes_read(struct check *c)
{
	static const char *const roots[] = {
		"rke2", "containerd", "k3s", "k3s-server", "k3s-agent", "rancher-system-agent"};
	const struct scan_options options = {
		.roots = roots, .root_count = sizeof(roots) / sizeof(roots[0])};
	struct scan_context context = {c, 0};
	struct found_processes found;
	int err = process_scan(NULL, &options, &found);

	if (!err)
		found_processes_tell(&found, on_process, &context);
	found_processes_free(&found);
	return err ? err : context.err;
}

/* ---- all of it ---- */

/*
 * Containerd gets what rke2 gets: what ails both is told of rke2 alone; or of containerd, where rke2 is concerned at
 * the next upgrade only, which is told last.
 */
static bool is_inherited(const struct check *c, const struct finding *f)
{
	enum role other = f->process->role == ROLE_CONTAINERD	? ROLE_SUPERVISOR
			  : f->process->role == ROLE_SUPERVISOR ? ROLE_CONTAINERD
								: ROLE_OTHER;

	for (size_t i = 0; i < c->finding_count; i++)
		if (c->findings[i]->rule == f->rule && c->findings[i]->process->role == other &&
			!strcmp(c->findings[i]->process->unit, f->process->unit) &&
			!strcmp(c->findings[i]->process->tree, f->process->tree))
			return true;
	return false;
}

static void on_finding(void *context, const struct finding *f, bool resolved)
{
	struct check *c = context;
	struct finding *copy;

	if (resolved || f->count > 1 || c->finding_count == CHECK_FINDINGS || is_inherited(c, f))
		return;
	copy = finding_copy(f);
	if (!copy)
		return;
	/* What may stand in a file that was not read is no reason for an alarm. */
	if (!environment_proves_absence(f->process->environment)) {
		copy->incomplete = true;
		copy->severity = SEVERITY_INFO;
	}
	c->findings[c->finding_count++] = copy;
	c->warnings += copy->severity != SEVERITY_INFO;
}

int check_gather(struct check *c)
{
	struct diagnosis_options options = {.names = c->options->names};
	struct diagnosis_handler handler = {c, on_finding};
	struct event start = {.kind = EVENT_START};
	int status, err;

	status = root_open(c);
	if (status)
		return status;
	c->now_ns = check_clock_ns(CLOCK_BOOTTIME);
	c->wall_offset_ns = (int64_t)(check_clock_ns(CLOCK_REALTIME) - c->now_ns);
	options.wall_offset_ns = c->wall_offset_ns;
	start.time_ns = c->now_ns;
	file_line("/proc/sys/kernel/random/boot_id", c->boot_id, sizeof(c->boot_id));
	start.start.boot_id = c->boot_id;
	process_table_apply(&c->processes, &start);
	c->diagnosis = diagnosis_new(&options, &handler);
	err = c->diagnosis ? unit_host_read(&c->root, &c->host) : -ENOMEM;
	if (!err) {
		c->hostname = c->host.value['H'] ? c->host.value['H'] : "";
		status = units_read(c);
		if (status)
			return status;
		err = check_files(c);
	}
	if (!err)
		err = containerds_make(c);
	if (!err && !*c->prefix)
		err = processes_read(c);
	for (size_t i = 0; i < c->unit_count && !err && !*c->prefix; i++)
		check_find_main(c, &c->units[i]);
	if (err) {
		log_error("the node cannot be looked at: %s", strerror(-err));
		return STATUS_USAGE;
	}
	check_sort(&c->unread);
	return 0;
}

void check_free(struct check *c)
{
	for (size_t i = 0; i < c->finding_count; i++)
		finding_free(c->findings[i]);
	diagnosis_free(c->diagnosis);
	for (size_t i = 0; i < c->unit_count; i++) {
		process_unref(c->units[i].containerd);
		process_unref(c->units[i].self);
		unit_view_free(&c->units[i].view);
		unit_facts_free(&c->units[i].facts);
		check_files_free(&c->units[i]);
	}
	node_files_free(&c->rke2);
	node_files_free(&c->k3s);
	node_files_free(&c->agent);
	unit_host_free(&c->host);
	unit_list_free(&c->unread);
	unit_list_free(&c->faults);
	for (size_t i = 0; i < c->subject_count; i++)
		environment_unref(c->subjects[i].effective);
	free(c->subjects);
	free(c->running);
	process_table_free(&c->processes);
}
