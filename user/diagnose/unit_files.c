// SPDX-License-Identifier: GPL-2.0-only
/* The reader: finds a unit's files below a root and makes facts of them. */
#include "diagnose/unit_files.h"

#include "diagnose/unit_elsewhere.h"
#include "diagnose/unit_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define READ_BYTES_MAX (256UL * 1024 * 1024)

struct facts_reader {
	const struct unit_root *root;
	const struct unit_host *host;
	unit_keep_fn *keep;
	struct unit_name id;
	struct unit_facts *facts;
	struct unit_list real; /* where the env files that were read really are */
	size_t bytes_read;
};

/* Reads files[index], which may fail: that is a fact too.  0 or -ENOMEM. */
static int read_file(struct facts_reader *r, int index)
{
	struct unit_file *file = &r->facts->files[index];
	struct env_file_bytes bytes;
	enum unit_node node;
	int err;

	file->error = unit_root_stat(r->root, file->path, &node, &file->mtime_ns);
	if (file->error == -ENOMEM)
		return -ENOMEM;
	/* A drop-in that is a link to /dev/null says nothing and hides those of its name. */
	if (file->role == UNIT_FILE_DROP_IN && !file->error &&
		(node == UNIT_NODE_EMPTY || node == UNIT_NODE_DEVICE)) {
		file->masked = true;
		return 0;
	}
	/* The device that people name is /dev/null: nothing is in it. */
	if (file->error || node == UNIT_NODE_DEVICE)
		return 0;
	err = unit_root_read(r->root, file->path, &bytes);
	if (!err && r->bytes_read + bytes.len > READ_BYTES_MAX)
		err = -EFBIG;
	if (!err) {
		r->bytes_read += bytes.len;
		file->mtime_ns = bytes.mtime_ns;
		err = unit_facts_parse(r->facts, (unsigned int)index, bytes.bytes, bytes.len,
			&r->id, r->host, r->keep);
		env_file_bytes_free(&bytes);
		return err;
	}
	file->error = err;
	return err == -ENOMEM ? err : 0;
}

static int add_file(struct facts_reader *r, enum unit_file_role role, const char *path)
{
	int index = unit_facts_add_file(r->facts, role, path);

	return index < 0 ? index : read_file(r, index);
}

/* system.conf, then the drop-ins of all its directories (systemd-system.conf(5)). */
static int read_manager(struct facts_reader *r)
{
	static const char *const dirs[] = {
		"/etc/systemd/system.conf.d",
		"/run/systemd/system.conf.d",
		"/usr/local/lib/systemd/system.conf.d",
		"/usr/lib/systemd/system.conf.d",
		"/lib/systemd/system.conf.d",
	};
	struct unit_list paths = {0};
	struct unit_found found = {0};
	enum unit_node node;
	long long mtime;
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		err = unit_list_add(&paths, dirs[i]);
	if (!err && unit_root_stat(r->root, "/etc/systemd/system.conf", &node, &mtime) == 0)
		err = add_file(r, UNIT_FILE_MANAGER, "/etc/systemd/system.conf");
	if (!err)
		err = unit_find_conf(r->root, &paths, &found);
	for (size_t i = 0; !err && i < found.drop_ins.count; i++)
		err = add_file(r, UNIT_FILE_MANAGER, found.drop_ins.text[i]);
	unit_list_free(&paths);
	unit_found_free(&found);
	return err;
}

static int add_names(struct facts_reader *r, enum unit_file_role role, const struct unit_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		int index = unit_facts_add_file(r->facts, role, l->text[i]);

		if (index < 0)
			return index;
		if (role == UNIT_FILE_UNSEEN)
			r->facts->files[index].error = -EACCES;
	}
	return 0;
}

static int read_unit(struct facts_reader *r, const struct unit_found *found)
{
	struct buffer real = {0};
	int err = 0;

	if (found->fragment) {
		r->facts->fragment =
			unit_facts_add_file(r->facts, UNIT_FILE_FRAGMENT, found->fragment);
		if (r->facts->fragment < 0)
			return r->facts->fragment;
		r->facts->files[r->facts->fragment].masked = found->masked;
		if (unit_root_resolve(r->root, found->fragment, true, &real) == 0)
			r->facts->fragment_real = strdup(real.data);
		buffer_free(&real);
		if (!found->masked)
			err = read_file(r, r->facts->fragment);
	}
	for (size_t i = 0; !err && i < found->drop_ins.count; i++)
		err = add_file(r, UNIT_FILE_DROP_IN, found->drop_ins.text[i]);
	if (!err)
		err = add_names(r, UNIT_FILE_SHADOWED, &found->shadowed);
	return err ? err : add_names(r, UNIT_FILE_UNSEEN, &found->unreadable);
}

/* Has the env file at path been read already, under whatever name?  Notes it. */
static bool is_read(struct facts_reader *r, const char *path, int *err)
{
	struct buffer real = {0};
	bool known;

	*err = unit_root_resolve(r->root, path, true, &real);
	known = !*err && unit_list_has(&r->real, real.data);
	if (!*err && !known)
		*err = unit_list_add(&r->real, real.data);
	if (*err != -ENOMEM)
		*err = 0;
	buffer_free(&real);
	return known;
}

/* The env files of the statement at index load. */
static int read_env_files(struct facts_reader *r, size_t load)
{
	struct unit_statement s = r->facts->statements[load];
	struct unit_list paths = {0};
	int err = unit_root_glob(r->root, s.value, &paths);

	/* What is missing is a fact: the pattern stands for it. */
	if (err == -ENOENT)
		err = unit_list_add(&paths, s.value);
	r->facts->cut = r->facts->cut || paths.cut;
	for (size_t i = 0; !err && i < paths.count; i++) {
		int index = unit_facts_add_file(r->facts, UNIT_FILE_ENV, paths.text[i]);

		if (index < 0) {
			err = index;
			break;
		}
		r->facts->files[index].load = (int)load;
		r->facts->files[index].optional = s.optional;
		err = read_file(r, index);
		if (!err)
			is_read(r, paths.text[i], &err);
	}
	unit_list_free(&paths);
	return err;
}

/*
 * Env files in the places where people put them, for those that the unit does not load.  The places
 * are those of RKE2's, K3s's and rancher-system-agent's units and installers.
 */
static int read_usual(struct facts_reader *r)
{
	static const char *const places[] = {
		"/etc/default/%N",
		"/etc/sysconfig/%N",
		"/usr/local/lib/systemd/system/%N.env",
		"/usr/lib/systemd/system/%N.env",
		"/opt/rke2/lib/systemd/system/%N.env",
		"/etc/systemd/system/%N.env",
		"/etc/systemd/system/%n.env",
		"/var/lib/rancher/rke2/system-agent-installer/rke2-sa.env",
		"/etc/default/rke2",
		"/etc/sysconfig/rke2",
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(places) / sizeof(places[0]); i++) {
		struct buffer path = {0};
		enum unit_node node;
		long long mtime;

		/* What is RKE2's own says nothing about other programs. */
		if (strstr(places[i], "/rke2") && strncmp(r->id.text, "rke2-", 5) != 0)
			continue;
		err = unit_spec_expand(&r->id, r->host, NULL, places[i], &path);
		if (!err && unit_root_stat(r->root, path.data, &node, &mtime) == 0 &&
			node == UNIT_NODE_FILE && !is_read(r, path.data, &err) && !err)
			err = add_file(r, UNIT_FILE_USUAL, path.data);
		buffer_free(&path);
	}
	return err;
}

/* Is it one of the unit's own files, or was it read already, under whatever name? */
static bool is_own(struct facts_reader *r, const char *path, int *err)
{
	struct buffer real = {0};
	bool own = is_read(r, path, err);

	if (!*err && !own && unit_root_resolve(r->root, path, true, &real) == 0)
		for (size_t i = 0; i < r->facts->file_count && !own; i++)
			own = !strcmp(r->facts->files[i].path, path) ||
			      !strcmp(r->facts->files[i].path, real.data);
	buffer_free(&real);
	return own;
}

static int read_elsewhere(struct facts_reader *r)
{
	struct unit_list paths = {0};
	int err = unit_elsewhere(r->root, &r->id, &paths);

	for (size_t i = 0; !err && i < paths.count; i++)
		if (!is_own(r, paths.text[i], &err) && !err)
			err = add_file(r, UNIT_FILE_ELSEWHERE, paths.text[i]);
	unit_list_free(&paths);
	return err;
}

int unit_facts_read(const struct unit_root *root, const struct unit_host *host, unit_keep_fn *keep,
	const char *unit, struct unit_facts *out)
{
	struct facts_reader r = {.root = root, .host = host, .keep = keep, .facts = out};
	struct unit_found found;
	size_t count;
	int err;

	memset(out, 0, sizeof(*out));
	out->fragment = -1;
	if (!unit_name_parse(unit, &r.id))
		return -EINVAL;
	out->unit = strdup(r.id.text);
	err = unit_find(root, unit, &found);
	if (err)
		goto out;
	r.id = found.id;
	out->id = strdup(r.id.text);
	out->cut = found.cut;
	err = out->unit && out->id ? read_manager(&r) : -ENOMEM;
	if (!err)
		err = read_unit(&r, &found);
	count = out->statement_count;
	for (size_t i = 0; !err && i < count; i++)
		if (out->statements[i].verb == UNIT_LOAD)
			err = read_env_files(&r, i);
	if (!err)
		err = read_usual(&r);
	if (!err)
		err = read_elsewhere(&r);
	unit_found_free(&found);
out:
	unit_list_free(&r.real);
	if (err)
		unit_facts_free(out);
	return err;
}

/* One line files, "NAME=VALUE" files: the facts of a host that specifiers can name. */
struct host_reader {
	struct unit_host *host;
	const struct host_key {
		char letter;
		const char *name;
	} * keys;
	size_t key_count;
	int err;
};

static int host_line(void *context, const struct env_file_entry *e)
{
	struct host_reader *r = context;

	for (size_t i = 0; i < r->key_count && !e->ignored; i++)
		if (strlen(r->keys[i].name) == e->name_len &&
			memcmp(r->keys[i].name, e->name, e->name_len) == 0)
			return unit_host_set(r->host, r->keys[i].letter, e->value);
	return 0;
}

static int read_keys(const struct unit_root *root, const char *path, const struct host_key *keys,
	size_t count, struct unit_host *host)
{
	struct host_reader r = {host, keys, count, 0};
	struct env_file_result result;
	struct env_file_bytes bytes;
	int err = unit_root_read(root, path, &bytes);

	if (err)
		return err == -ENOMEM ? err : 0;
	/* Where there is such a file, what it does not say is empty. */
	for (size_t i = 0; !err && i < count; i++)
		err = unit_host_set(host, keys[i].letter, "");
	if (!err)
		err = env_file_parse(bytes.bytes, bytes.len, host_line, &r, &result);
	env_file_bytes_free(&bytes);
	return err;
}

/* The first line of a file that is no comment. */
static int read_line(
	const struct unit_root *root, const char *path, char letter, struct unit_host *host)
{
	struct env_file_bytes bytes;
	int err = unit_root_read(root, path, &bytes);
	char *line;
	size_t len;

	if (err)
		return err == -ENOMEM ? err : 0;
	line = strndup(bytes.bytes, bytes.len);
	err = line ? 0 : -ENOMEM;
	for (char *p = line; p && *p; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		if (*p == '#' || len == 0)
			continue;
		p[len] = '\0';
		err = unit_host_set(host, letter, p);
		break;
	}
	free(line);
	env_file_bytes_free(&bytes);
	return err;
}

static int read_live(struct unit_host *out)
{
	static const char boot_file[] = "/proc/sys/kernel/random/boot_id";
	/* systemd's names (src/basic/architecture.h) of what uname(2) says. */
	static const char *const machines[][2] = {{"x86_64", "x86-64"}, {"aarch64", "arm64"},
		{"s390x", "s390x"}, {"ppc64le", "ppc64-le"}, {"riscv64", "riscv64"}};
	struct utsname name;
	char id[33] = "";
	size_t len = 0;
	FILE *file;
	int c, err = 0;

	if (uname(&name) == 0) {
		err = unit_host_set(out, 'H', name.nodename);
		err = err ? err : unit_host_set(out, 'v', name.release);
		for (size_t i = 0; !err && i < sizeof(machines) / sizeof(machines[0]); i++)
			if (strcmp(machines[i][0], name.machine) == 0)
				err = unit_host_set(out, 'a', machines[i][1]);
	}
	file = err ? NULL : fopen(boot_file, "re");
	if (!file)
		return err;
	while ((c = getc(file)) != EOF && len < sizeof(id) - 1)
		if (c != '-' && c != '\n')
			id[len++] = (char)c;
	fclose(file);
	return len == sizeof(id) - 1 ? unit_host_set(out, 'b', id) : 0;
}

int unit_host_read(const struct unit_root *root, struct unit_host *out)
{
	static const struct host_key release[] = {{'o', "ID"}, {'w', "VERSION_ID"},
		{'W', "VARIANT_ID"}, {'B', "BUILD_ID"}, {'M', "IMAGE_ID"}, {'A', "IMAGE_VERSION"}};
	static const struct host_key info[] = {{'q', "PRETTY_HOSTNAME"}};
	enum unit_node node;
	long long mtime;
	const char *path = "/etc/os-release";
	int err;

	memset(out, 0, sizeof(*out));
	err = unit_host_set_constants(out);
	if (!err)
		err = read_line(root, "/etc/machine-id", 'm', out);
	if (!err)
		err = read_line(root, "/etc/hostname", 'H', out);
	if (!err && !root->prefix[0])
		err = read_live(out);
	if (unit_root_stat(root, path, &node, &mtime))
		path = "/usr/lib/os-release";
	if (!err)
		err = read_keys(root, path, release, sizeof(release) / sizeof(release[0]), out);
	if (!err && out->value['H']) {
		char *dot;

		err = unit_host_set(out, 'l', out->value['H']);
		dot = err ? NULL : strchr(out->value['l'], '.');
		if (dot)
			*dot = '\0';
	}
	if (!err)
		err = read_keys(root, "/etc/machine-info", info, 1, out);
	if (!err && out->value['l'] && (!out->value['q'] || !out->value['q'][0]))
		err = unit_host_set(out, 'q', out->value['l']);
	if (err)
		unit_host_free(out);
	return err;
}
