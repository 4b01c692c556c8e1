// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_root.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX     40 /* MAXSYMLINKS, include/linux/namei.h */
#define MATCHES_MAX   1000
#define GLOB_DIRS_MAX 4096

void unit_list_free(struct unit_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->text[i]);
	free(l->text);
	memset(l, 0, sizeof(*l));
}

int unit_list_add(struct unit_list *l, const char *text)
{
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 16;
		char **more = realloc(l->text, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->text = more;
		l->capacity = capacity;
	}
	l->text[l->count] = strdup(text);
	if (!l->text[l->count])
		return -ENOMEM;
	l->count++;
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void unit_list_sort(struct unit_list *l)
{
	if (l->count)
		qsort(l->text, l->count, sizeof(*l->text), compare_texts);
}

bool unit_list_has(const struct unit_list *l, const char *text)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->text[i], text) == 0)
			return true;
	return false;
}

/* The path on this machine of a path inside the root. */
static int outside(const struct unit_root *r, const char *inside, char path[PATH_MAX])
{
	size_t prefix = strlen(r->prefix), len = strlen(inside);

	if (prefix + len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, r->prefix, prefix);
	memcpy(path + prefix, inside, len + 1);
	return 0;
}

/* Puts the link's target before what is left of the path. */
static int splice_link(const char *path, struct buffer *rest, struct buffer *real, size_t parent)
{
	char target[PATH_MAX];
	struct buffer joined = {0};
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = '\0';
	buffer_append(&joined, target, (size_t)len);
	buffer_append_char(&joined, '/');
	buffer_append(&joined, rest->data, rest->len);
	buffer_free(rest);
	*rest = joined;
	if (joined.failed)
		return -ENOMEM;
	real->len = target[0] == '/' ? 0 : parent;
	real->data[real->len] = '\0';
	return joined.len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int unit_root_resolve(
	const struct unit_root *r, const char *path, bool follow_last, struct buffer *real)
{
	struct buffer rest = {0};
	unsigned int links = 0;
	int err = 0;

	buffer_clear(real);
	buffer_append_string(&rest, path);
	while (!err && !rest.failed && !real->failed && rest.len) {
		size_t slash = strcspn(rest.data, "/"), parent = real->len, skip;
		char machine[PATH_MAX];
		struct stat st;
		bool last;

		skip = slash + strspn(rest.data + slash, "/");
		last = skip == rest.len;
		if (slash == 2 && rest.data[0] == '.' && rest.data[1] == '.') {
			while (real->len && real->data[real->len - 1] != '/')
				real->len--;
			real->len -= real->len > 0;
			if (real->data)
				real->data[real->len] = '\0';
			slash = 0;
		} else if (slash == 1 && rest.data[0] == '.') {
			slash = 0;
		}
		if (slash) {
			buffer_append_char(real, '/');
			buffer_append(real, rest.data, slash);
		}
		memmove(rest.data, rest.data + skip, rest.len - skip + 1);
		rest.len -= skip;
		if (!slash)
			continue;
		err = real->failed ? -ENOMEM : outside(r, real->data, machine);
		if (!err && lstat(machine, &st))
			err = -errno;
		if (err || !S_ISLNK(st.st_mode) || (last && !follow_last))
			continue;
		err = ++links > LINKS_MAX ? -ELOOP : splice_link(machine, &rest, real, parent);
	}
	while (rest.len && rest.data[rest.len - 1] == '/')
		rest.len--;
	if (err == -ENOENT && rest.len) {
		buffer_append_char(real, '/');
		buffer_append(real, rest.data, rest.len);
	}
	if (!real->len)
		buffer_append_char(real, '/');
	if (rest.failed || real->failed)
		err = -ENOMEM;
	buffer_free(&rest);
	return err;
}

/* Resolves and turns into a path of this machine. */
static int locate(const struct unit_root *r, const char *path, bool follow_last, char out[PATH_MAX])
{
	struct buffer real = {0};
	int err = unit_root_resolve(r, path, follow_last, &real);

	if (!err)
		err = outside(r, real.data, out);
	buffer_free(&real);
	return err;
}

int unit_root_stat(
	const struct unit_root *r, const char *path, enum unit_node *node, long long *mtime_ns)
{
	char machine[PATH_MAX];
	struct stat st;
	struct buffer real = {0};
	int err = unit_root_resolve(r, path, true, &real);
	/* A mounted root or a fixture has no devices: what masks leads to is known all the same. */
	bool null = err == -ENOENT && strcmp(buffer_string(&real), "/dev/null") == 0;

	if (!err)
		err = outside(r, real.data, machine);
	buffer_free(&real);
	*mtime_ns = 0;
	*node = UNIT_NODE_DEVICE;
	if (err)
		return null ? 0 : err;
	if (stat(machine, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		*node = UNIT_NODE_DIRECTORY;
	else if (S_ISREG(st.st_mode))
		*node = st.st_size ? UNIT_NODE_FILE : UNIT_NODE_EMPTY;
	else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		*node = UNIT_NODE_DEVICE;
	else
		*node = S_ISFIFO(st.st_mode) ? UNIT_NODE_PIPE : UNIT_NODE_OTHER;
	*mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	return 0;
}

int unit_root_read(const struct unit_root *r, const char *path, struct env_file_bytes *out)
{
	char machine[PATH_MAX];
	int err = locate(r, path, true, machine);

	memset(out, 0, sizeof(*out));
	return err ? err : env_file_read(machine, out);
}

int unit_root_link(const struct unit_root *r, const char *path, struct buffer *target)
{
	char machine[PATH_MAX], text[PATH_MAX];
	ssize_t len;
	int err = locate(r, path, false, machine);

	if (err)
		return err;
	len = readlink(machine, text, sizeof(text));
	if (len < 0)
		return -errno;
	buffer_clear(target);
	buffer_append(target, text, (size_t)len);
	return target->failed ? -ENOMEM : 0;
}

static int list(
	const struct unit_root *r, const char *path, bool hidden, size_t max, struct unit_list *out)
{
	char machine[PATH_MAX];
	int err = locate(r, path, true, machine);
	struct dirent *entry;
	DIR *dir;

	if (err)
		return err;
	dir = opendir(machine);
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			(!hidden && entry->d_name[0] == '.'))
			continue;
		if (out->count == max) {
			out->cut = true;
			break;
		}
		err = unit_list_add(out, entry->d_name);
	}
	closedir(dir);
	unit_list_sort(out);
	return err;
}

int unit_root_list(const struct unit_root *r, const char *path, size_t max, struct unit_list *out)
{
	return list(r, path, false, max, out);
}

/* Adds dir/name to out where it exists, be it a link to nothing. */
static int add_existing(
	const struct unit_root *r, const char *dir, const char *name, struct unit_list *out)
{
	struct buffer path = {0}, real = {0};
	int err;

	buffer_printf(&path, "%s/%s", dir, name);
	err = path.failed ? -ENOMEM : unit_root_resolve(r, path.data, false, &real);
	if (!err)
		err = unit_list_add(out, path.data);
	else if (err != -ENOMEM)
		err = 0;
	buffer_free(&path);
	buffer_free(&real);
	return err;
}

/* All names in dir that match one component of the pattern. */
static int match_component(
	const struct unit_root *r, const char *dir, const char *component, struct unit_list *out)
{
	struct unit_list names = {0};
	int err;

	if (!strpbrk(component, "*?[\\"))
		return add_existing(r, dir, component, out);
	err = list(r, *dir ? dir : "/", true, GLOB_DIRS_MAX, &names);
	if (err && err != -ENOMEM)
		err = 0;
	for (size_t i = 0; !err && i < names.count && out->count < MATCHES_MAX; i++)
		if (fnmatch(component, names.text[i], FNM_PERIOD | FNM_PATHNAME) == 0)
			err = add_existing(r, dir, names.text[i], out);
	unit_list_free(&names);
	return err;
}

int unit_root_glob(const struct unit_root *r, const char *pattern, struct unit_list *out)
{
	struct unit_list dirs = {0}, found = {0};
	int err = unit_list_add(&dirs, "");

	for (const char *p = pattern; !err && *p;) {
		size_t len;
		char *component;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (!len)
			break;
		component = strndup(p, len);
		err = component ? 0 : -ENOMEM;
		for (size_t i = 0; !err && i < dirs.count; i++)
			err = match_component(r, dirs.text[i], component, &found);
		free(component);
		unit_list_free(&dirs);
		dirs = found;
		memset(&found, 0, sizeof(found));
		p += len;
	}
	unit_list_free(&found);
	unit_list_free(out);
	*out = dirs;
	unit_list_sort(out);
	out->cut = out->count >= MATCHES_MAX;
	if (!err && !out->count)
		err = -ENOENT;
	return err;
}
