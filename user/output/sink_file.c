// SPDX-License-Identifier: GPL-2.0-only
/* The files that lines go to: how they are made, opened again, and begun anew. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where no new file can be begun, it is tried again after this part of the limit. */
#define AGAIN_PART 16

/* Does the file end in the middle of a line? */
static bool ends_in_half_a_line(int fd)
{
	struct stat st;
	char last;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* A new file with how's mode and group: its descriptor, or -1 and nothing is left of it. */
static int make_file(const char *path, int flags, const struct sink_file *how)
{
	mode_t mode = how && how->mode ? how->mode : 0600;
	int fd = open(path, flags | O_RDWR | O_CREAT | O_EXCL, 0600), saved;

	if (fd < 0)
		return -1;
	/* The group first: a mode for a group must not hold for another one. */
	if ((!how || !how->has_group || fchown(fd, (uid_t)-1, how->group) == 0) &&
		fchmod(fd, mode) == 0)
		return fd;
	saved = errno;
	/* Or the next start would take the empty file, with a mode and group that nobody asked for. */
	unlink(path);
	close(fd);
	errno = saved;
	return -1;
}

/* A new file with how's mode and group, or the one that is there as it is. */
static int open_or_make(const char *path, int flags, const struct sink_file *how)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return open(path, flags | O_WRONLY);
	/* Twice: logrotate may move or make it in between. */
	for (int i = 0; i < 2; i++) {
		fd = open(path, flags | O_RDWR);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		fd = make_file(path, flags, how);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int sink_open_file(const char *path, const struct sink_file *how)
{
	/* For reading too, to see how it ends; O_NONBLOCK because a pipe without a reader blocks. */
	const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open_or_make(path, flags, how), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		err = -EINVAL;
	else if (fcntl(fd, F_SETFL, O_APPEND) != 0)
		err = -errno;
	else if (ends_in_half_a_line(fd) && write(fd, "\n", 1) != 1)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* Do both descriptors name one file, or one pipe? */
static bool is_same(int a, int b)
{
	struct stat at, bt;

	return fstat(a, &at) == 0 && fstat(b, &bt) == 0 && at.st_dev == bt.st_dev &&
	       at.st_ino == bt.st_ino;
}

/* s goes on with fd, which ends with a whole line. */
static void go_on_with(struct sink *s, int fd)
{
	close(s->fd);
	s->fd = fd;
	s->half = false;
	s->stalled = false;
	s->again_bytes = 0;
	sink_take_reader(s);
}

int sink_reopen(struct sink *s)
{
	int fd;

	if (!s->path || s->ops->write)
		return 0;
	fd = sink_open_file(s->path, &s->file);
	if (fd < 0)
		return fd;
	/* The second half of a line is for who has read the first. */
	if (s->rest.len && !is_same(s->fd, fd)) {
		sink_forget_rest(s);
		s->refused++;
	}
	go_on_with(s, fd);
	return 0;
}

/* FILE becomes FILE.1.  The new one is made first: where that cannot be, all stays as it is. */
static int begin_anew(struct sink *s)
{
	char old[4096], fresh[4096];
	int fd, err;

	if ((size_t)snprintf(old, sizeof(old), "%s.1", s->path) >= sizeof(old) ||
		(size_t)snprintf(fresh, sizeof(fresh), "%s.relaytrace-new", s->path) >= sizeof(fresh))
		return -ENAMETOOLONG;
	/* What a killed tracer left there goes; nobody's link is followed. */
	unlink(fresh);
	fd = make_file(fresh, O_APPEND | O_CLOEXEC | O_NOCTTY, &s->file);
	if (fd < 0)
		return -errno;
	if (rename(s->path, old) != 0 || rename(fresh, s->path) != 0) {
		err = -errno;
		unlink(fresh);
		close(fd);
		return err;
	}
	go_on_with(s, fd);
	return 0;
}

/* Is what stands at the path still the file that ours names? */
static bool is_there(const struct sink *s, const struct stat *ours)
{
	struct stat st;

	return stat(s->path, &st) == 0 && st.st_dev == ours->st_dev && st.st_ino == ours->st_ino;
}

int sink_make_room(struct sink *s, size_t len)
{
	const uint64_t max = s->file.max_bytes;
	struct stat st;
	bool told;
	int err = 0;

	/* Twice: the file that somebody put there may be full as well. */
	for (int i = 0; i < 2 && !err; i++) {
		uint64_t size;

		/* Asked for each time: logrotate's copytruncate makes it shorter behind our back. */
		if (!max || !s->path || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
			return 0;
		size = (uint64_t)st.st_size;
		if (!size || size + len <= max) {
			s->again_bytes = 0;
			return 0;
		}
		if (size < s->again_bytes)
			return 0;
		/* Where logrotate or a person moved it already, FILE.1 may be what they made of it. */
		err = is_there(s, &st) ? begin_anew(s) : sink_reopen(s);
	}
	if (!err)
		return 0;
	told = s->again_bytes != 0;
	s->again_bytes = (uint64_t)st.st_size + max / AGAIN_PART;
	return told ? 0 : err;
}
