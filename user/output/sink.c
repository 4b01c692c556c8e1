// SPDX-License-Identifier: GPL-2.0-only
#include "output/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool report_is_for_quiet(enum report_kind kind)
{
	switch (kind) {
	case REPORT_START:
	case REPORT_FINDING:
	case REPORT_RESOLVED:
	case REPORT_LOSS:
	case REPORT_STOP:
		return true;
	default:
		return false;
	}
}

/* Writes all: 0, or -errno with *done bytes out. */
static int write_all(int fd, const char *bytes, size_t len, size_t *done)
{
	*done = 0;
	while (*done < len) {
		ssize_t n = write(fd, bytes + *done, len - *done);
		struct pollfd writable = {.fd = fd, .events = POLLOUT};

		if (n > 0)
			*done += (size_t)n;
		else if (n == 0)
			return -EIO;
		else if (errno == EAGAIN)
			poll(&writable, 1, -1); /* somebody else wanted it not to block */
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/*
 * Takes back the part of a line that a full disk let through, where that is surely ours: the file
 * ends right behind it.
 */
static bool take_back(int fd, size_t part)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && at == st.st_size &&
	       at >= (off_t)part && ftruncate(fd, at - (off_t)part) == 0;
}

/* The line of s to a file, or to a reader for whom there is all the time. */
static int write_file(struct sink *s)
{
	size_t done = 0;
	int err = sink_make_room(s, s->line.len);

	/* The limit is not kept; the line is written all the same. */
	if (err)
		s->no_room = err;
	err = 0;
	if (s->half) {
		err = write_all(s->fd, "\n", 1, &done);
		s->half = err != 0;
	}
	if (!err) {
		err = write_all(s->fd, s->line.data, s->line.len, &done);
		s->half = err && done && !take_back(s->fd, done);
	}
	return err;
}

int sink_write_line(struct sink *s)
{
	uint64_t lines = 0;
	int err = 0;

	if (!s->line.len && !s->line.failed)
		return 0;
	for (const char *at = s->line.data, *end = at + s->line.len;
		at && (at = memchr(at, '\n', (size_t)(end - at))); at++)
		lines++;
	if (s->ops->write)
		lines = 1;
	if (s->line.failed)
		err = -ENOMEM;
	if (!err)
		err = s->ops->write	     ? s->ops->write(s)
		      : s->way == SINK_WAITS ? write_file(s)
					     : sink_write_reader(s);
	buffer_clear(&s->line);
	if (!err) {
		s->written += lines;
		s->failed = false;
		return 0;
	}
	s->refused += lines ? lines : 1;
	if (s->failed)
		return 0;
	s->failed = true;
	return err;
}

int sink_report(struct sink *s, const struct report *r)
{
	sink_look_for_reader(s);
	if (r->kind == REPORT_START) {
		s->written_before = s->written;
		s->refused_before = s->refused;
	}
	buffer_clear(&s->line);
	s->ops->format(s, r, &s->line);
	return sink_write_line(s);
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	free(s->path);
	buffer_free(&s->line);
	buffer_free(&s->rest);
	s->ops->free(s);
}
