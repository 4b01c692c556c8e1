// SPDX-License-Identifier: GPL-2.0-only
#include "live/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef FSCONFIG_CMD_CREATE
#define FSCONFIG_CMD_CREATE 6
#endif

/* A detached mount of tracefs: a directory descriptor, or -errno. */
static int tracefs_mount(void)
{
	int fs = (int)syscall(SYS_fsopen, "tracefs", 0x1 /* FSOPEN_CLOEXEC */), mount = -1, err;

	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = (int)syscall(SYS_fsmount, fs, 0x1 /* FSMOUNT_CLOEXEC */, 0);
	err = mount < 0 ? -errno : mount;
	close(fs);
	return err;
}

static int tracefs_read_id(int directory, const char *group, const char *name)
{
	char path[256], text[32];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "events/%s/%s/id", group, name);
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -EIO;
	text[len] = '\0';
	return atoi(text);
}

int tracefs_event_id(const char *group, const char *name)
{
	static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	int directory, id = -ENOENT;

	for (unsigned int i = 0; i < 2 && id < 0; i++) {
		directory = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (directory < 0)
			continue;
		id = tracefs_read_id(directory, group, name);
		close(directory);
	}
	if (id >= 0)
		return id;
	directory = tracefs_mount();
	if (directory < 0)
		return directory;
	id = tracefs_read_id(directory, group, name);
	close(directory);
	return id;
}
