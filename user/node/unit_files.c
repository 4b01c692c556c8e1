// SPDX-License-Identifier: GPL-2.0-only
/* The reader: finds a unit's files below a root and makes facts of them. */
#include "node/unit_files.h"

#include "base/table.h"
#include "node/unit_elsewhere.h"
#include "node/unit_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES_MAX (256UL * 1024 * 1024)
#define ENV_LOADS_MAX  8192

/* What gives others a relay is short; of a longer file the beginning is looked at. */
#define ELSEWHERE_BYTES_MAX (256UL * 1024)

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
		if (file->role == UNIT_FILE_ELSEWHERE && bytes.len > ELSEWHERE_BYTES_MAX)
			bytes.len = ELSEWHERE_BYTES_MAX;
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

/* One env file that a statement loads. */
struct env_load {
	size_t load; /* the statement */
	char *path, *real;
	int file;
};

struct env_loads {
	struct env_load *list;
	size_t count, capacity;
};

static void env_loads_free(struct env_loads *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].path);
		free(l->list[i].real);
	}
	free(l->list);
}

static int env_loads_add(struct facts_reader *r, struct env_loads *l, size_t load, const char *path)
{
	struct buffer real = {0};
	struct env_load *new;

	if (l->count == ENV_LOADS_MAX) {
		r->facts->cut = true;
		return 0;
	}
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 16;
		struct env_load *more = realloc(l->list, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->list = more;
		l->capacity = capacity;
	}
	new = &l->list[l->count++];
	*new = (struct env_load){load, strdup(path), NULL, -1};
	/* Where it leads nowhere its own name has to do. */
	if (unit_root_resolve(r->root, path, true, &real))
		new->real = strdup(path);
	else
		new->real = strdup(real.data);
	buffer_free(&real);
	return new->path &&new->real ? 0 : -ENOMEM;
}

/* The files of the statement at index load. */
static int env_loads_find(struct facts_reader *r, size_t load, struct env_loads *l)
{
	const char *pattern = r->facts->statements[load].value;
	struct unit_list paths = {0};
	int err = unit_root_glob(r->root, pattern, &paths);

	/* What is missing is a fact: the pattern stands for it. */
	if (err == -ENOENT)
		err = unit_list_add(&paths, pattern);
	r->facts->cut = r->facts->cut || paths.cut;
	for (size_t i = 0; !err && i < paths.count; i++)
		err = env_loads_add(r, l, load, paths.text[i]);
	unit_list_free(&paths);
	return err;
}

/*
 * Of a file that is loaded several times only the last time decides: what it set before is overridden by itself,
 * or forgotten with what comes later.  So it is read once; the others have its fate, and no statements.
 */
static int env_loads_read(struct facts_reader *r, struct env_loads *l, const struct table *last)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		struct env_load *e = &l->list[i];

		e->file = unit_facts_add_file(r->facts, UNIT_FILE_ENV, e->path);
		if (e->file < 0)
			return e->file;
		r->facts->files[e->file].load = (int)e->load;
		r->facts->files[e->file].optional = r->facts->statements[e->load].optional;
		if ((size_t)table_get(last, table_hash(e->real, strlen(e->real))) != i + 1)
			continue;
		err = read_file(r, e->file);
		if (!err)
			is_read(r, e->path, &err);
	}
	for (size_t i = 0; !err && i < l->count; i++) {
		const char *real = l->list[i].real;
		size_t by = (size_t)table_get(last, table_hash(real, strlen(real))) - 1;
		struct unit_file *to = &r->facts->files[l->list[i].file];
		const struct unit_file *from = &r->facts->files[l->list[by].file];

		to->error = from->error;
		to->mtime_ns = from->mtime_ns;
		to->refused = from->refused;
		to->refused_line = from->refused_line;
	}
	return err;
}

static int read_env_files(struct facts_reader *r)
{
	size_t count = r->facts->statement_count;
	struct env_loads loads = {0};
	struct table last = {0};
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		if (r->facts->statements[i].verb == UNIT_LOAD)
			err = env_loads_find(r, i, &loads);
	for (size_t i = 0; !err && i < loads.count; i++)
		err = table_put(&last, table_hash(loads.list[i].real, strlen(loads.list[i].real)),
			(void *)(i + 1));
	if (!err)
		err = env_loads_read(r, &loads, &last);
	env_loads_free(&loads);
	table_free(&last);
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
	if (!err)
		err = read_env_files(&r);
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
