// SPDX-License-Identifier: GPL-2.0-only
#include "live/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int cgroup_root(char *path, size_t size)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (unsigned int i = 0; i < 2; i++) {
		struct statfs fs;

		if (statfs(places[i], &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		snprintf(path, size, "%s", places[i]);
		return 0;
	}
	return -ENOENT;
}

int cgroup_of(pid_t pid, char *path, size_t size)
{
	char name[64], line[CGROUP_PATH];
	int err = -ENOENT;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(path, size, "%s", line + 3);
		err = 0;
	}
	fclose(file);
	return err;
}

int cgroup_open_own(void)
{
	char root[CGROUP_PATH], own[CGROUP_PATH], path[CGROUP_PATH * 2];
	int err = cgroup_root(root, sizeof(root)), fd = -1;

	if (err)
		return err;
	if (cgroup_of(getpid(), own, sizeof(own)) == 0) {
		snprintf(path, sizeof(path), "%s%s", root, own);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Removes what tracers that were killed (SIGKILL) left in parent: cgroups of COMMANDs that are empty. */
static void cgroup_sweep(const char *parent)
{
	DIR *directory = opendir(parent);
	struct dirent *entry;
	char path[CGROUP_PATH + 300];
	int pid;

	while (directory && (entry = readdir(directory))) {
		if (sscanf(entry->d_name, "relaytrace-%d", &pid) != 1 || pid <= 0 ||
			(kill(pid, 0) == 0 || errno != ESRCH))
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		rmdir(path); /* EBUSY: its COMMAND lives on */
	}
	if (directory)
		closedir(directory);
}

int cgroup_path(char *path, size_t size)
{
	char root[CGROUP_PATH / 4], own[CGROUP_PATH / 2];
	int err = cgroup_root(root, sizeof(root));

	if (!err)
		err = cgroup_of(getpid(), own, sizeof(own));
	if (err)
		return err;
	snprintf(
		path, size, "%s%s/relaytrace-%d", root, strcmp(own, "/") ? own : "", (int)getpid());
	return 0;
}

int cgroup_make(char *path, size_t size)
{
	int err = cgroup_path(path, size);
	char *slash = err ? NULL : strrchr(path, '/');

	if (err)
		return err;
	*slash = '\0';
	cgroup_sweep(path);
	*slash = '/';
	return mkdir(path, 0755) ? -errno : 0;
}

int cgroup_enter(const char *path, pid_t pid)
{
	char name[CGROUP_PATH + 16], text[16];
	int fd, len, err = 0;

	snprintf(name, sizeof(name), "%s/cgroup.procs", path);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = snprintf(text, sizeof(text), "%d", (int)pid);
	if (write(fd, text, (size_t)len) != len)
		err = -errno;
	close(fd);
	return err;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)at;
	if (kind == FTW_DP)
		rmdir(path);
	return 0;
}

/* Is nobody in it and its children? */
static bool is_empty(const char *path)
{
	char name[CGROUP_PATH + 16], text[128] = "";
	FILE *file;

	snprintf(name, sizeof(name), "%s/cgroup.events", path);
	file = fopen(name, "re");
	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return strstr(text, "populated 0") != NULL;
}

int cgroup_remove(const char *path)
{
	/* A killed process leaves its cgroup when it is reaped, a moment after its exit. */
	for (int tries = 0; tries < 20; tries++) {
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			break;
		if (is_empty(path))
			nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
		else
			usleep(5000);
	}
	return -errno;
}

uint64_t cgroup_id(const char *path)
{
	/* The id is the 64-bit inode number, which a file handle carries (kernfs, 5.5). */
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}
