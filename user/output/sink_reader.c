// SPDX-License-Identifier: GPL-2.0-only
/*
 * Outputs that somebody reads: pipes, terminals, sockets.  A reader that hangs must not take the
 * tracer with it, so a live run waits for one a short time, and then only looks whether it is back.
 */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 1000000000ULL

/* It comes back at a tenth of the speed: a reader that is slow all the time takes a tenth of it. */
#define PATIENCE_REGAIN 10

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

void sink_patience_fill(struct sink_patience *p)
{
	p->left_ns = PATIENCE_NS;
	p->reckoned_ns = clock_ns();
}

int sink_patience_begin(struct sink *s)
{
	struct sink_patience *p = s->patience;
	uint64_t now_ns = clock_ns();

	p->left_ns += (now_ns - p->reckoned_ns) / PATIENCE_REGAIN;
	if (p->left_ns > PATIENCE_NS)
		p->left_ns = PATIENCE_NS;
	p->reckoned_ns = now_ns;
	return s->stalled ? 0 : (int)(p->left_ns / 1000000);
}

void sink_patience_end(struct sink *s)
{
	struct sink_patience *p = s->patience;
	uint64_t now_ns = clock_ns(), spent = now_ns - p->reckoned_ns;

	p->left_ns -= spent < p->left_ns ? spent : p->left_ns;
	p->reckoned_ns = now_ns;
}

/*
 * O_NONBLOCK belongs to the open file description, which a standard output shares with the shell and
 * with a COMMAND.  A pipe and a terminal can be opened once more through /proc, which gives one that
 * is ours.
 */
static bool reopen(struct sink *s)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	s->fd = fd;
	return true;
}

void sink_take_reader(struct sink *s)
{
	struct stat st;
	int flags = fcntl(s->fd, F_GETFL);

	s->way = SINK_WAITS;
	if (!s->patience || s->ops->write || flags < 0 || (flags & O_ACCMODE) == O_RDONLY ||
		fstat(s->fd, &st) != 0)
		return;
	if (S_ISSOCK(st.st_mode))
		s->way = SINK_SENDS;
	else if (s->path && !S_ISREG(st.st_mode))
		s->way = fcntl(s->fd, F_SETFL, O_APPEND | O_NONBLOCK) ? SINK_ASKS : SINK_TRIES;
	else if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(s->fd)))
		s->way = reopen(s) ? SINK_TRIES : SINK_ASKS;
}

static bool is_writable(const struct sink *s, int ms)
{
	struct pollfd fd = {.fd = s->fd, .events = POLLOUT};

	return poll(&fd, 1, ms) > 0;
}

/* As much as there is room for now: its length, or -errno. */
static ssize_t write_some(struct sink *s, const char *bytes, size_t len)
{
	ssize_t n;

	do {
		if (s->way == SINK_SENDS) {
			n = send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		} else if (s->way == SINK_ASKS) {
			/* A pipe that says so has room for PIPE_BUF, and only for that (pipe(7)). */
			if (!is_writable(s, 0))
				return -EAGAIN;
			n = write(s->fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
		} else {
			n = write(s->fd, bytes, len);
		}
	} while (n < 0 && errno == EINTR);
	return n > 0 ? n : n == 0 ? -EIO : -errno;
}

/* Writes all, waiting where there is patience: 0, or -errno with *done bytes out. */
static int write_patiently(struct sink *s, const char *bytes, size_t len, size_t *done)
{
	while (*done < len) {
		ssize_t n = write_some(s, bytes + *done, len - *done);
		int ms;

		if (n > 0) {
			*done += (size_t)n;
			continue;
		}
		ms = n == -EAGAIN ? sink_patience_begin(s) : 0;
		if (!ms) {
			s->stalled = n == -EAGAIN;
			return (int)n;
		}
		is_writable(s, ms);
		sink_patience_end(s);
	}
	return 0;
}

/* The rest of a line that is half out. */
static int write_rest(struct sink *s)
{
	int err = 0;

	if (s->rest.len)
		err = write_patiently(s, s->rest.data, s->rest.len, &s->rest_done);
	if (!err)
		sink_forget_rest(s);
	return err;
}

void sink_forget_rest(struct sink *s)
{
	buffer_clear(&s->rest);
	s->rest_done = 0;
}

int sink_write_reader(struct sink *s)
{
	int err = write_rest(s);

	if (err)
		return err;
	err = write_patiently(s, s->line.data, s->line.len, &s->rest_done);
	if (!err) {
		s->stalled = false;
	} else if (s->rest_done) {
		/* Begun is as good as written: nothing else comes before its end. */
		struct buffer line = s->line;

		s->line = s->rest;
		s->rest = line;
		return 0;
	}
	s->rest_done = 0;
	return err;
}

void sink_look_for_reader(struct sink *s)
{
	if (s->way == SINK_WAITS || !s->stalled || write_rest(s) || !is_writable(s, 0))
		return;
	s->stalled = s->failed = false;
}
