// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_find.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX    20000 /* names in one directory */
#define DROP_INS_MAX 4096
#define FOLLOW_MAX   8 /* aliases of aliases, src/basic/unit-file.c */

/* `systemd-analyze unit-paths` of Debian 12; elsewhere /lib is /usr/lib. */
static const char *const search_path[] = {
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/transient",
	"/run/systemd/generator.early",
	"/etc/systemd/system",
	"/etc/systemd/system.attached",
	"/run/systemd/system",
	"/run/systemd/system.attached",
	"/run/systemd/generator",
	"/usr/local/lib/systemd/system",
	"/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/run/systemd/generator.late",
};
#define SEARCH_PATHS (sizeof(search_path) / sizeof(search_path[0]))

/* One name in the search path: a file of that path, or another name that it is an alias of. */
struct named {
	char *name;
	char *path; /* absolute: a unit file; else the name that it leads to */
	char *own;  /* where the name itself stands */
};

struct name_map {
	struct named *list;
	size_t count, capacity;
	struct table by_name; /* hash of the name to index + 1, as a pointer */
	struct buffer real[SEARCH_PATHS];
};

static void name_map_free(struct name_map *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->list[i].name);
		free(m->list[i].path);
		free(m->list[i].own);
	}
	free(m->list);
	table_free(&m->by_name);
	for (size_t i = 0; i < SEARCH_PATHS; i++)
		buffer_free(&m->real[i]);
}

static const struct named *name_map_get(const struct name_map *m, const char *name)
{
	size_t index = (size_t)table_get(&m->by_name, table_hash(name, strlen(name)));

	if (!index || strcmp(m->list[index - 1].name, name) != 0)
		return NULL;
	return &m->list[index - 1];
}

static int name_map_put(struct name_map *m, const char *name, const char *path, const char *own)
{
	struct named *entry;

	if (m->count == m->capacity) {
		size_t capacity = m->capacity ? m->capacity * 2 : 64;
		struct named *more = realloc(m->list, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		m->list = more;
		m->capacity = capacity;
	}
	entry = &m->list[m->count++];
	*entry = (struct named){strdup(name), strdup(path), strdup(own)};
	if (!entry->name || !entry->path || !entry->own)
		return -ENOMEM;
	return table_put(&m->by_name, table_hash(name, strlen(name)), (void *)m->count);
}

static bool same_instance(const struct unit_name *a, const struct unit_name *b)
{
	return a->instance_len == b->instance_len &&
	       memcmp(a->text + a->instance_at, b->text + b->instance_at, a->instance_len) == 0;
}

/* May a link of name src lead to dst (unit_validate_alias_symlink_or_warn())? */
static bool is_alias(const struct unit_name *src, const char *target)
{
	struct unit_name dst;

	if (strcmp(src->text, target) == 0 || !strstr(target, ".service") ||
		!unit_name_parse(target, &dst) || strcmp(dst.text, target) != 0)
		return false;
	if (dst.is_instance)
		return src->is_instance && same_instance(src, &dst);
	if (dst.is_template)
		return src->is_template || src->is_instance;
	return !src->is_template && !src->is_instance;
}

/* Is path inside one of the directories of the search path, links in them followed? */
static bool is_searched(const struct name_map *m, const char *path)
{
	for (size_t i = 0; i < SEARCH_PATHS; i++) {
		const char *dirs[] = {search_path[i], buffer_string(&m->real[i])};

		for (size_t k = 0; k < 2; k++) {
			size_t len = strlen(dirs[k]);

			if (len && strncmp(path, dirs[k], len) == 0 && path[len] == '/')
				return true;
		}
	}
	return false;
}

/* What the link own (a name in dir) means: *path is own where it is a unit file from elsewhere or a
 * mask, a name where it is an alias, untouched where systemd passes it over. */
static int read_link(const struct unit_root *r, const struct name_map *m, const char *dir,
	const char *own, const struct unit_name *name, const char *target, struct buffer *path)
{
	struct buffer full = {0}, real = {0};
	const char *base;
	int err;

	if (target[0] != '/')
		buffer_printf(&full, "%s/", dir);
	buffer_append_string(&full, target);
	if (full.failed)
		return -ENOMEM;
	base = strrchr(full.data, '/') + 1;
	/* The directory is followed, the target itself not: it may be an alias in its turn. */
	full.data[base - full.data - 1] = '\0';
	err = unit_root_resolve(r, full.data[0] ? full.data : "/", true, &real);
	if (err == -ENOMEM)
		goto out;
	if (err) {
		buffer_clear(&real);
		buffer_append_string(&real, full.data);
	}
	buffer_printf(&real, "/%s", base);
	if (!is_searched(m, buffer_string(&real)))
		buffer_append_string(path, own);
	else if (is_alias(name, base))
		buffer_append_string(path, base);
	err = real.failed || path->failed ? -ENOMEM : 0;
out:
	buffer_free(&full);
	buffer_free(&real);
	return err;
}

static int add_name(const struct unit_root *r, struct name_map *m, const char *dir,
	const char *name, struct unit_found *out)
{
	struct buffer own = {0}, target = {0}, path = {0};
	struct unit_name parsed;
	size_t len = strlen(name);
	int err = 0;

	if (len < 9 || strcmp(name + len - 8, ".service") != 0 || !unit_name_parse(name, &parsed))
		return 0;
	buffer_printf(&own, "%s/%s", dir, name);
	if (name_map_get(m, name)) {
		if (strcmp(name, out->id.text) == 0)
			err = unit_list_add(&out->shadowed, buffer_string(&own));
		goto out;
	}
	err = unit_root_link(r, buffer_string(&own), &target);
	if (err == -EINVAL) {
		err = 0;
		buffer_append_string(&path, buffer_string(&own));
	} else if (!err) {
		err = read_link(
			r, m, dir, buffer_string(&own), &parsed, buffer_string(&target), &path);
	}
	if (!err && path.len)
		err = name_map_put(m, name, path.data, buffer_string(&own));
	if (err && err != -ENOMEM)
		err = 0;
out:
	buffer_free(&own);
	buffer_free(&target);
	buffer_free(&path);
	return err;
}

static int note_unreadable(struct unit_found *out, const char *dir, int error)
{
	struct buffer text = {0};
	int err;

	if (error == -ENOENT || error == -ENOTDIR)
		return 0;
	buffer_printf(&text, "%s: %s", dir, strerror(-error));
	err = text.failed ? -ENOMEM : unit_list_add(&out->unreadable, text.data);
	buffer_free(&text);
	return err;
}

static int name_map_build(const struct unit_root *r, struct name_map *m, struct unit_found *out)
{
	int err = 0;

	for (size_t i = 0; i < SEARCH_PATHS && !err; i++)
		if (unit_root_resolve(r, search_path[i], true, &m->real[i]))
			buffer_clear(&m->real[i]);
	for (size_t i = 0; i < SEARCH_PATHS && !err; i++) {
		struct unit_list names = {0};
		bool seen = false;

		/* Where /lib is /usr/lib, the second is the first again. */
		for (size_t k = 0; k < i; k++)
			seen = seen || (m->real[i].len && m->real[k].len == m->real[i].len &&
					       strcmp(m->real[k].data, m->real[i].data) == 0);
		if (seen)
			continue;
		err = unit_root_list(r, search_path[i], NAMES_MAX, &names);
		if (err)
			err = err == -ENOMEM ? err : note_unreadable(out, search_path[i], err);
		out->cut = out->cut || names.cut;
		for (size_t k = 0; k < names.count && !err; k++)
			err = add_name(r, m, search_path[i], names.text[k], out);
		unit_list_free(&names);
	}
	return err;
}

/* Follows aliases from name to a unit file; an instance falls back to its template.  NULL: none. */
static const char *name_map_follow(const struct name_map *m, const char *name)
{
	const struct named *n = name_map_get(m, name);

	for (int hops = 0; hops < FOLLOW_MAX; hops++) {
		struct unit_name parsed, of;

		if (!n && unit_name_parse(name, &parsed) && unit_name_template(&parsed, &of))
			n = name_map_get(m, of.text);
		if (!n)
			return NULL;
		if (n->path[0] == '/')
			return n->path;
		name = n->path;
		n = name_map_get(m, name);
	}
	return NULL;
}

/* The name of n with the instance of unit, where n is a template; else n itself. */
static bool with_instance(const char *n, const struct unit_name *unit, struct unit_name *out)
{
	struct buffer text = {0};
	bool valid;

	if (!unit_name_parse(n, out))
		return false;
	if (!out->is_template || !unit->is_instance)
		return true;
	buffer_append(&text, out->text, out->prefix_len + 1);
	buffer_append(&text, unit->text + unit->instance_at, unit->instance_len);
	buffer_append_string(&text, ".service");
	valid = !text.failed && unit_name_parse(text.data, out);
	buffer_free(&text);
	return valid;
}

/* PATH/NAME.d, its template's, and those of the shorter names, as unit_file_find_dirs(). */
static int add_drop_in_dirs(const char *path, const struct unit_name *name, struct unit_list *dirs)
{
	struct buffer dir = {0};
	struct unit_name other;
	int err;

	buffer_printf(&dir, "%s/%s.d", path, name->text);
	err = dir.failed ? -ENOMEM : unit_list_add(dirs, dir.data);
	buffer_free(&dir);
	if (!err && unit_name_template(name, &other))
		err = add_drop_in_dirs(path, &other, dirs);
	if (!err && unit_name_shorten(name, &other))
		err = add_drop_in_dirs(path, &other, dirs);
	return err;
}

static int find_drop_in_dirs(
	const struct name_map *m, struct unit_found *out, struct unit_list *dirs)
{
	struct unit_list names = {0};
	int err = unit_list_add(&names, out->id.text);

	for (size_t i = 0; !err && out->fragment && i < m->count; i++) {
		const char *leads_to = name_map_follow(m, m->list[i].name);
		struct unit_name alias;

		if (!leads_to || strcmp(leads_to, out->fragment) != 0 ||
			!with_instance(m->list[i].name, &out->id, &alias))
			continue;
		if (alias.is_instance && !same_instance(&alias, &out->id))
			continue;
		if (!unit_list_has(&names, alias.text))
			err = unit_list_add(&names, alias.text);
	}
	for (size_t i = 0; i < names.count; i++) {
		struct unit_name name;

		if (!unit_name_parse(names.text[i], &name))
			continue;
		for (size_t k = 0; !err && k < SEARCH_PATHS; k++)
			err = add_drop_in_dirs(search_path[k], &name, dirs);
	}
	for (size_t k = 0; !err && k < SEARCH_PATHS; k++) {
		struct buffer dir = {0};

		buffer_printf(&dir, "%s/service.d", search_path[k]);
		err = dir.failed ? -ENOMEM : unit_list_add(dirs, dir.data);
		buffer_free(&dir);
	}
	unit_list_free(&names);
	return err;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int compare_bases(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

/* The .conf files of one directory, real being where it really is. */
static int add_conf_files(
	const struct unit_root *r, const char *real, struct table *taken, struct unit_found *out)
{
	struct unit_list names = {0};
	int err = unit_root_list(r, real, DROP_INS_MAX, &names);

	if (err && err != -ENOMEM)
		err = note_unreadable(out, real, err);
	out->cut = out->cut || names.cut;
	for (size_t i = 0; !err && i < names.count; i++) {
		struct buffer path = {0};
		size_t len = strlen(names.text[i]);
		uint64_t key = table_hash(names.text[i], len);

		if (len < 5 || strcmp(names.text[i] + len - 5, ".conf") != 0)
			continue;
		buffer_printf(&path, "%s/%s", real, names.text[i]);
		if (path.failed)
			err = -ENOMEM;
		else if (table_get(taken, key))
			err = unit_list_add(&out->shadowed, path.data);
		else if (out->drop_ins.count == DROP_INS_MAX)
			out->cut = true;
		else
			err = unit_list_add(&out->drop_ins, path.data);
		if (!err)
			err = table_put(taken, key, taken);
		buffer_free(&path);
	}
	unit_list_free(&names);
	return err;
}

int unit_find_conf(const struct unit_root *r, const struct unit_list *dirs, struct unit_found *out)
{
	struct unit_list seen = {0};
	struct table taken = {0};
	int err = 0;

	for (size_t i = 0; !err && i < dirs->count; i++) {
		struct buffer real = {0};

		err = unit_root_resolve(r, dirs->text[i], true, &real);
		if (err && err != -ENOMEM)
			err = note_unreadable(out, dirs->text[i], err);
		else if (!err && !unit_list_has(&seen, real.data))
			err = unit_list_add(&seen, real.data);
		buffer_free(&real);
	}
	for (size_t i = 0; !err && i < seen.count; i++)
		err = add_conf_files(r, seen.text[i], &taken, out);
	if (out->drop_ins.count)
		qsort(out->drop_ins.text, out->drop_ins.count, sizeof(char *), compare_bases);
	unit_list_free(&seen);
	table_free(&taken);
	return err;
}

static bool is_mask(const struct unit_root *r, const char *path)
{
	enum unit_node node;
	long long mtime;

	return unit_root_stat(r, path, &node, &mtime) == 0 &&
	       (node == UNIT_NODE_EMPTY || node == UNIT_NODE_DEVICE);
}

int unit_find(const struct unit_root *r, const char *unit, struct unit_found *out)
{
	struct name_map map = {0};
	struct unit_list dirs = {0};
	const char *fragment;
	struct unit_name id;
	int err;

	memset(out, 0, sizeof(*out));
	if (!unit_name_parse(unit, &out->id))
		return -EINVAL;
	err = name_map_build(r, &map, out);
	fragment = err ? NULL : name_map_follow(&map, out->id.text);
	if (fragment) {
		out->fragment = strdup(fragment);
		err = out->fragment ? 0 : -ENOMEM;
		out->masked = is_mask(r, fragment);
		if (with_instance(base_name(fragment), &out->id, &id))
			out->id = id;
	}
	if (!err)
		err = find_drop_in_dirs(&map, out, &dirs);
	if (!err)
		err = unit_find_conf(r, &dirs, out);
	name_map_free(&map);
	unit_list_free(&dirs);
	if (err)
		unit_found_free(out);
	return err;
}

void unit_found_free(struct unit_found *f)
{
	free(f->fragment);
	unit_list_free(&f->drop_ins);
	unit_list_free(&f->shadowed);
	unit_list_free(&f->unreadable);
	memset(f, 0, sizeof(*f));
}
