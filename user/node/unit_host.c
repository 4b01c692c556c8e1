// SPDX-License-Identifier: GPL-2.0-only
/* What specifiers stand for on the node. */
#include "node/unit_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

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
