// SPDX-License-Identifier: GPL-2.0-only
#include "node/node_files.h"

#include "node/go_build.h"
#include "node/pull_targets.h"
#include "node/unit_record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 4096

static const struct {
	const char *config, *dropins, *registries, *data_dir;
} places[] = {
	[DISTRIBUTION_RKE2] = {"/etc/rancher/rke2/config.yaml", "/etc/rancher/rke2/config.yaml.d",
		"/etc/rancher/rke2/registries.yaml", "/var/lib/rancher/rke2"},
	[DISTRIBUTION_K3S] = {"/etc/rancher/k3s/config.yaml", "/etc/rancher/k3s/config.yaml.d",
		"/etc/rancher/k3s/registries.yaml", "/var/lib/rancher/k3s"},
	[DISTRIBUTION_AGENT] = {"/etc/rancher/rke2/config.yaml", "/etc/rancher/rke2/config.yaml.d",
		"/etc/rancher/agent/registries.yaml", "/var/lib/rancher/rke2"},
};

static int add_problem(struct node_files *f, const char *path, const char *why, unsigned int line)
{
	struct buffer b = {0};
	int err;

	if (line)
		buffer_printf(&b, "%s:%u: %s", path, line, why);
	else
		buffer_printf(&b, "%s: %s", path, why);
	err = b.failed ? -ENOMEM : unit_list_add(&f->problems, b.data);
	buffer_free(&b);
	return err;
}

/* What has another shape than RKE2 reads, and what was not followed. */
static int add_faults(struct node_files *f, const char *path)
{
	const struct node_config *c = &f->config;
	int err = 0;

	for (size_t i = 0; i < c->note_count && !err; i++) {
		err = add_problem(f, path, c->notes[i].text, c->notes[i].line);
		if (!err && !c->notes[i].unread)
			err = unit_list_add(&f->faults, f->problems.text[f->problems.count - 1]);
	}
	return err;
}

/* One YAML file; one that is not there is no problem unless a directory lists it. */
static int read_yaml(const struct unit_root *r, struct node_files *f, const char *path,
	bool registries, bool listed)
{
	struct node_config_fault fault;
	struct env_file_bytes bytes;
	int err = unit_root_read(r, path, &bytes);

	if (err)
		return err == -ENOMEM		   ? err
		       : err == -ENOENT && !listed ? 0
						   : add_problem(f, path, strerror(-err), 0);
	err = unit_list_add(&f->read, path);
	if (!err && registries)
		err = node_registries_parse(bytes.bytes, bytes.len, &f->config, &fault);
	else if (!err)
		err = node_config_parse(bytes.bytes, bytes.len, (unsigned int)(f->read.count - 1),
			&f->config, &fault);
	env_file_bytes_free(&bytes);
	if (err == -EINVAL)
		err = add_problem(f, path, fault.text, fault.line);
	return err ? err : add_faults(f, path);
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len > n && !strcmp(text + len - n, suffix);
}

/* config.yaml, then config.yaml.d/ in the order of names (k3s pkg/configfilearg). */
static int read_config(const struct unit_root *r, struct node_files *f)
{
	const char *dir = places[f->distribution].dropins;
	struct unit_list names = {0};
	int err = read_yaml(r, f, places[f->distribution].config, false, false);

	if (!err) {
		err = unit_root_list(r, dir, NAMES_MAX, &names);
		if (err && err != -ENOMEM)
			err = err == -ENOENT ? 0 : add_problem(f, dir, strerror(-err), 0);
	}
	for (size_t i = 0; !err && i < names.count; i++) {
		struct buffer path = {0};

		if (!ends_with(names.text[i], ".yaml") && !ends_with(names.text[i], ".yml"))
			continue;
		buffer_printf(&path, "%s/%s", dir, names.text[i]);
		err = path.failed ? -ENOMEM : read_yaml(r, f, path.data, false, true);
		buffer_free(&path);
	}
	unit_list_free(&names);
	return err;
}

/* The names in a directory of the data directory; one that is not there is empty. */
static int list_data(const struct unit_root *r, struct node_files *f, const char *name,
	struct unit_list *names, char *path, size_t size)
{
	int err;

	snprintf(path, size, "%s/%s", f->data_dir, name);
	err = unit_root_list(r, path, NAMES_MAX, names);
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	return err && err != -ENOMEM ? add_problem(f, path, strerror(-err), 0) : err;
}

/* "v1.32.5+rke2r1" is "v1.32.5-rke2r1-f08cac670b4e" there: a tag has no '+' (rke2 pkg/bootstrap). */
static bool is_of_version(const char *name, const char *version)
{
	size_t i;

	for (i = 0; version[i]; i++)
		if (name[i] != (version[i] == '+' ? '-' : version[i]))
			return false;
	return name[i] == '-' || !name[i];
}

/* The tarball that has the most of what rke2 starts from; after find_staged(). */
static int find_images(const struct unit_root *r, struct node_files *f)
{
	struct unit_list names = {0};
	char path[600];
	int err = list_data(r, f, "agent/images", &names, path, sizeof(path));

	for (size_t i = 0; !err && i < names.count; i++) {
		struct buffer file = {0};
		enum node_images images = NODE_IMAGES_NONE;
		enum unit_node node;
		long long mtime;

		buffer_printf(&file, "%s/%s", path, names.text[i]);
		if (node_images_is_tarball(names.text[i]) && file.len < sizeof(f->images) &&
			!unit_root_stat(r, buffer_string(&file), &node, &mtime) &&
			node == UNIT_NODE_FILE)
			images = node_images_of(
				names.text[i], f->version, f->distribution == DISTRIBUTION_K3S);
		if (images == NODE_IMAGES_HELD && f->version[0] && !f->staged[0] && f->other[0] &&
			mtime < f->other_ns && !node_images_tells_version(names.text[i]))
			images = NODE_IMAGES_OLD;
		if (images > f->preloaded) {
			f->preloaded = images;
			memcpy(f->images, file.data, file.len + 1);
		}
		buffer_free(&file);
	}
	unit_list_free(&names);
	return err;
}

/* .extracted in a data directory holds the image that it came from (rke2 pkg/bootstrap, Stage). */
static void read_marker(const struct unit_root *r, struct node_files *f, const char *dir)
{
	struct env_file_bytes bytes;
	struct buffer path = {0};

	buffer_printf(&path, "%s/.extracted", dir);
	if (!path.failed && !unit_root_read(r, path.data, &bytes)) {
		size_t len = 0;

		while (len < bytes.len && (unsigned char)bytes.bytes[len] > ' ')
			len++;
		if (len && len < sizeof(f->pulled))
			snprintf(f->pulled, sizeof(f->pulled), "%.*s", (int)len, bytes.bytes);
		env_file_bytes_free(&bytes);
	}
	buffer_free(&path);
}

static int find_staged(const struct unit_root *r, struct node_files *f)
{
	struct unit_list names = {0};
	char path[600];
	int err = list_data(r, f, "data", &names, path, sizeof(path));

	/* The last one of several, by name, is most likely the newest. */
	for (size_t i = 0; !err && i < names.count; i++) {
		struct buffer bin = {0};
		enum unit_node node;
		long long mtime, unpacked_ns = 0;

		buffer_printf(&bin, "%s/%s", path, names.text[i]);
		if (!bin.failed)
			read_marker(r, f, bin.data);
		if (!bin.failed && unit_root_stat(r, bin.data, &node, &unpacked_ns))
			unpacked_ns = 0;
		buffer_append_string(&bin, "/bin");
		if (unit_root_stat(r, buffer_string(&bin), &node, &mtime) ||
			node != UNIT_NODE_DIRECTORY) {
			; /* not unpacked to its end */
		} else if (!f->version[0] || is_of_version(names.text[i], f->version)) {
			snprintf(f->staged, sizeof(f->staged), "%s", names.text[i]);
		} else if (unpacked_ns > f->other_ns) {
			f->other_ns = unpacked_ns;
			snprintf(f->other, sizeof(f->other), "%s", names.text[i]);
		}
		buffer_free(&bin);
	}
	unit_list_free(&names);
	return err;
}

static bool read_at(void *context, uint64_t at, void *out, size_t len)
{
	return at <= INT64_MAX && pread(*(int *)context, out, len, (off_t)at) == (ssize_t)len;
}

static void find_version(const struct unit_root *r, struct node_files *f, const char *program)
{
	struct buffer real = {0};
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (unit_root_resolve(r, program, true, &real) ||
		(size_t)snprintf(path, sizeof(path), "%s%s", r->prefix, real.data) >=
			sizeof(path)) {
		buffer_free(&real);
		return;
	}
	buffer_free(&real);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
		!go_build_version(read_at, &fd, f->version, sizeof(f->version)))
		f->version[0] = '\0';
	close(fd);
}

/* Those of the distribution, or the file that private-registry names; the agent takes the first that is there. */
static int read_registries(const struct unit_root *r, struct node_files *f)
{
	const char *own = f->config.value[NODE_PRIVATE_REGISTRY];
	size_t before = f->read.count;
	bool named = f->distribution != DISTRIBUTION_AGENT && *own == '/';
	int err = read_yaml(r, f, named ? own : places[f->distribution].registries, true, false);

	for (enum distribution d = DISTRIBUTION_RKE2;
		!err && f->distribution == DISTRIBUTION_AGENT && d < DISTRIBUTION_AGENT &&
		f->read.count == before;
		d++)
		err = read_yaml(r, f, places[d].registries, true, false);
	return err;
}

/* What the unit says of it, before config.yaml or behind it (node_start.h). */
static void apply(struct node_files *f, const char (*said)[NODE_VALUE_MAX], bool adds)
{
	for (enum node_setting s = 0; s < NODE_SETTINGS; s++)
		if (said[s][0])
			node_config_set(&f->config, s, said[s], adds && node_setting_is_list(s));
}

int node_files_read(const struct unit_root *r, enum distribution distribution,
	const struct node_start *start, const char *version, struct node_files *out)
{
	const char *data_dir;
	int err;

	memset(out, 0, sizeof(*out));
	if (version)
		snprintf(out->version, sizeof(out->version), "%s", version);
	out->distribution = distribution;
	if (start) {
		out->start_doubt = start->doubt;
		memcpy(out->start_why, start->why, sizeof(out->start_why));
		apply(out, start->variable, false);
	}
	err = read_config(r, out);
	if (start)
		apply(out, start->argument, true);
	if (!err)
		err = read_registries(r, out);
	data_dir = out->config.value[NODE_DATA_DIR];
	snprintf(out->data_dir, sizeof(out->data_dir), "%s",
		*data_dir == '/' ? data_dir : places[distribution].data_dir);
	if (!out->version[0] && start && start->program[0])
		find_version(r, out, start->program);
	if (!err)
		err = find_staged(r, out);
	if (!err)
		err = find_images(r, out);
	if (err)
		node_files_free(out);
	return err;
}

void node_files_free(struct node_files *f)
{
	unit_list_free(&f->read);
	unit_list_free(&f->problems);
	unit_list_free(&f->faults);
	memset(f, 0, sizeof(*f));
}

/* ---- events ---- */

void node_files_tell(
	const struct node_files *f, uint64_t time_ns, event_handler handler, void *context)
{
	struct event event = {.kind = EVENT_FACT, .time_ns = time_ns};
	const struct node_config *c = &f->config;
	char source[PATH_MAX + 16];
	const char *fields[3];

	event.fact.fields = fields;
	for (enum node_setting s = 0; s < NODE_SETTINGS; s++) {
		if (!c->value[s][0] || c->unknown[s])
			continue;
		if (c->file[s] < f->read.count)
			snprintf(source, sizeof(source), "%s:%u", f->read.text[c->file[s]],
				c->line[s]);
		else
			snprintf(source, sizeof(source), "unit");
		fields[0] = node_setting_name(s);
		fields[1] = c->value[s];
		fields[2] = source;
		event.fact.key = "config";
		event.fact.field_count = 3;
		handler(context, &event);
	}
	for (size_t i = 0; i < c->mirror_count; i++) {
		struct pull_target target;

		if (!pull_target_parse(c->mirrors[i].endpoint, &target))
			continue;
		fields[0] = c->mirrors[i].registry;
		fields[1] = target.host;
		snprintf(source, sizeof(source), "%u", target.port);
		fields[2] = source;
		event.fact.key = "mirror";
		event.fact.field_count = 3;
		handler(context, &event);
	}
}

void node_pull_tell(const struct node_files *f, enum role role, bool is_agent,
	const struct event *exec, event_handler handler, void *context)
{
	char why[2048], text[PULL_TARGETS][sizeof(((struct pull_target *)0)->host) + 32];
	const char *fields[2 + PULL_TARGETS] = {why, PULL_FACT_DEFAULT};
	struct event event = {.kind = EVENT_FACT,
		.time_ns = exec->time_ns,
		.pid = exec->pid,
		.start_ns = exec->start_ns,
		.fact = {.key = PULL_FACT, .fields = fields, .field_count = 2}};
	struct pull_target targets[PULL_TARGETS];
	enum node_pull pull = node_pull_of(f, role, is_agent, why, sizeof(why));
	size_t judged;

	if (pull == NODE_PULL_NOT)
		return;
	if (pull == NODE_PULL_TARGETS)
		fields[1] = PULL_FACT_TARGETS;
	node_pull_targets(&f->config, role, targets, &judged);
	for (size_t i = 0; i < judged; i++) {
		const struct pull_target *t = &targets[i];
		bool v6 = strchr(t->host, ':');

		snprintf(text[i], sizeof(text[i]), "%s://%s%.*s%s:%u", t->http ? "http" : "https",
			v6 ? "[" : "", (int)sizeof(t->host), t->host, v6 ? "]" : "", t->port);
		fields[event.fact.field_count++] = text[i];
	}
	handler(context, &event);
}

struct teller {
	uint64_t time_ns;
	event_handler handler;
	void *context;
};

static int tell_fact(void *context, const struct event_fact *fact)
{
	const struct teller *t = context;
	struct event event = {.kind = EVENT_FACT, .time_ns = t->time_ns, .fact = *fact};

	t->handler(t->context, &event);
	return 0;
}

int node_unit_tell(const struct unit_facts *f, bool reload, uint64_t time_ns, event_handler handler,
	void *context)
{
	const char *fields[] = {f->id, reload ? "yes" : "no"};
	const struct event_fact fact = {.key = "unit-reload", .fields = fields, .field_count = 2};
	struct teller teller = {time_ns, handler, context};
	int err = unit_record_tell(f, tell_fact, &teller);

	return err ? err : tell_fact(&teller, &fact);
}
