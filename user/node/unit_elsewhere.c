// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_elsewhere.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define NAMES_MAX 4096
#define PATHS_MAX 64 /* of all of them: a node has a handful */

#define UNITS	 "/etc/systemd/system"
#define PROFILES "/etc/profile.d"

/* Programs whose env files and drop-ins are read as those of a neighbour. */
static const char *const programs[] = {"rke2", "k3s", "rancher", "docker", "containerd"};

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len > n && !strcmp(text + len - n, suffix);
}

/* Did somebody set it aside on purpose?  What a package manager moved (.rpmsave, .dpkg-old) nobody did. */
static bool is_set_aside(const char *name)
{
	static const char *const endings[] = {"~", ".bak", ".backup", ".old", ".orig", ".save",
		".off", ".disabled", ".example", ".sample", ".template", ".tmp", ".swp"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (ends_with(name, endings[i]))
			return true;
	return false;
}

/* Is name that of one of the programs, or of a part of it: "rke2", "rke2-agent", "rke2.service.d"? */
static bool is_of_program(const char *name, const char *program)
{
	size_t len = strlen(program);

	return !strncmp(name, program, len) && (!name[len] || strchr(".-_@", name[len]));
}

static bool is_neighbour(const char *name)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (is_of_program(name, programs[i]))
			return true;
	return false;
}

static bool is_environment(const char *name)
{
	return !strcmp(name, "environment");
}

static bool is_shell_profile(const char *name)
{
	return ends_with(name, ".sh");
}

static bool is_any(const char *name)
{
	(void)name;
	return true;
}

/* Adds the files in dir that wanted() takes; a folder that is not there, or cannot be read, has none. */
static int add_files(const struct unit_root *r, const char *dir, bool (*wanted)(const char *name),
	struct unit_list *paths)
{
	struct unit_list names = {0};
	int err = unit_root_list(r, dir, NAMES_MAX, &names);

	err = err == -ENOMEM ? err : 0;
	for (size_t i = 0; !err && i < names.count && paths->count < PATHS_MAX; i++) {
		struct buffer path = {0};
		enum unit_node node;
		long long mtime;

		if (!wanted(names.text[i]) || is_set_aside(names.text[i]))
			continue;
		buffer_printf(&path, "%s/%s", dir, names.text[i]);
		if (path.failed)
			err = -ENOMEM;
		else if (!unit_root_stat(r, path.data, &node, &mtime) && node == UNIT_NODE_FILE)
			err = unit_list_add(paths, path.data);
		buffer_free(&path);
	}
	unit_list_free(&names);
	return err;
}

/* Folders of drop-ins: the unit's own for names without ".conf", its neighbours' and misspelt ones. */
static int add_drop_ins(
	const struct unit_root *r, const struct unit_name *unit, struct unit_list *paths)
{
	struct unit_list names = {0};
	int err = unit_root_list(r, UNITS, NAMES_MAX, &names);

	err = err == -ENOMEM ? err : 0;
	for (size_t i = 0; !err && i < names.count; i++) {
		struct buffer dir = {0};

		if (!ends_with(names.text[i], ".d") ||
			(!is_neighbour(names.text[i]) &&
				strncmp(names.text[i], unit->text, unit->stem_len) != 0))
			continue;
		buffer_printf(&dir, UNITS "/%s", names.text[i]);
		err = dir.failed ? -ENOMEM : add_files(r, dir.data, is_any, paths);
		buffer_free(&dir);
	}
	unit_list_free(&names);
	return err;
}

int unit_elsewhere(const struct unit_root *r, const struct unit_name *unit, struct unit_list *paths)
{
	int err = add_files(r, "/etc/default", is_neighbour, paths);

	if (!err)
		err = add_files(r, "/etc/sysconfig", is_neighbour, paths);
	if (!err)
		err = add_drop_ins(r, unit, paths);
	if (!err)
		err = add_files(r, "/etc", is_environment, paths);
	return err ? err : add_files(r, PROFILES, is_shell_profile, paths);
}

bool unit_elsewhere_is_unit_text(const char *path)
{
	return !strncmp(path, UNITS "/", sizeof(UNITS));
}

bool unit_elsewhere_is_shell(const char *path)
{
	return !strncmp(path, PROFILES "/", sizeof(PROFILES));
}
