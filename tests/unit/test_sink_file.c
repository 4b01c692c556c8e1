// SPDX-License-Identifier: GPL-2.0-only
/* Files and pipes that a sink writes to: permissions, half lines, refusals. */
#include "output/sink.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Puts text into the sink's line and writes it. */
static int put(struct sink *s, const char *text)
{
	buffer_append_string(&s->line, text);
	return sink_write_line(s);
}

static void check_file(const char *path, const char *want)
{
	char got[256] = "";
	FILE *f = fopen(path, "r");

	UNIT_CHECK(f && fread(got, 1, sizeof(got) - 1, f) == strlen(want));
	UNIT_STRING(got, want);
	if (f)
		fclose(f);
}

static void test_sink_file_is_private_and_appended_to(void)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", path[64];
	struct sink *s = sink_record_new();
	struct stat st;
	int fd;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/out", dir);
	umask(0);
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(s->fd >= 0 && fstat(s->fd, &st) == 0 && (st.st_mode & 07777) == 0600);
	UNIT_CHECK(put(s, "one\ntwo\n") == 0 && s->written == 2 && s->refused == 0);
	/* The tracer is killed in the middle of a line; the next one must not be glued to it. */
	UNIT_CHECK(put(s, "hal") == 0);
	close(s->fd);
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(put(s, "three\n") == 0);
	check_file(path, "one\ntwo\nhal\nthree\n");
	close(s->fd);
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(put(s, "four\n") == 0);
	check_file(path, "one\ntwo\nhal\nthree\nfour\n");
	sink_free(s);
	UNIT_CHECK(sink_open_file(dir, NULL) == -EISDIR);
	UNIT_CHECK(sink_open_file("/nonexistent/out", NULL) == -ENOENT);
	unlink(path);
	UNIT_CHECK(mkfifo(path, 0600) == 0 && sink_open_file(path, NULL) == -ENXIO);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	s = sink_record_new();
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(s->fd >= 0 && put(s, "x\n") == 0);
	close(fd);
	sink_free(s);
	unlink(path);
	rmdir(dir);
}

static void test_sink_that_refuses_is_told_once(void)
{
	struct sink *s = sink_record_new();
	int fds[2];

	s->fd = sink_open_file("/dev/full", NULL);
	UNIT_CHECK(put(s, "a\nb\n") == -ENOSPC && s->refused == 2 && s->failed);
	UNIT_CHECK(put(s, "c\n") == 0 && s->refused == 3 && s->written == 0);
	sink_free(s);

	signal(SIGPIPE, SIG_IGN);
	s = sink_record_new();
	UNIT_CHECK(pipe(fds) == 0);
	s->fd = fds[1];
	close(fds[0]);
	UNIT_CHECK(put(s, "a\n") == -EPIPE && put(s, "b\n") == 0 && s->refused == 2);
	sink_free(s);
}

static void test_sink_full_disk_leaves_no_half_line(void)
{
	char path[] = "/tmp/relaytrace-test-XXXXXX";
	struct sink *s = sink_record_new();
	int fd = mkstemp(path), status = 0;
	pid_t child;

	/* A limit on the size of files is a disk that is full at byte 10: write() is short, then fails. */
	child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, RLIM_INFINITY});
		s->fd = sink_open_file(path, NULL);
		_exit(!(put(s, "12345\n") == 0 && put(s, "67890\n") == -EFBIG &&
			put(s, "78\n") == 0 && s->written == 2 && s->refused == 1));
	}
	UNIT_CHECK(waitpid(child, &status, 0) == child && status == 0);
	check_file(path, "12345\n78\n");
	close(fd);
	unlink(path);
	sink_free(s);
}

static void test_sink_short_writes_go_on(void)
{
	struct sink *s = sink_record_new();
	struct buffer text = {0};
	char buffer[4096];
	size_t got = 0;
	ssize_t n;
	int fds[2], status;
	pid_t child;

	while (text.len < 1 << 18)
		buffer_append_string(&text, "0123456789abcdef");
	UNIT_CHECK(pipe(fds) == 0);
	child = fork();
	if (child == 0) {
		/* An output that does not block and has a slow reader. */
		close(fds[0]);
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		s->fd = fds[1];
		_exit(put(s, text.data) != 0);
	}
	close(fds[1]);
	while ((n = read(fds[0], buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			UNIT_CHECK(buffer[i] == text.data[(got + (size_t)i) % 16]);
		got += (size_t)n;
	}
	UNIT_CHECK(got == 1 << 18 && waitpid(child, &status, 0) == child && status == 0);
	close(fds[0]);
	sink_free(s);
	buffer_free(&text);
}

/* A sink for dir/out, which may have 12 bytes: three lines of four. */
static struct sink *limited(const char *dir)
{
	struct sink *s = sink_record_new();
	char path[64];

	snprintf(path, sizeof(path), "%s/out", dir);
	s->path = strdup(path);
	s->file.max_bytes = 12;
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(s->fd >= 0 && put(s, "111\n") == 0 && put(s, "222\n") == 0 && !s->no_room);
	return s;
}

/* What stands in dir/name. */
static void check_in(const char *dir, const char *name, const char *want)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	check_file(path, want);
}

static void test_sink_file_that_is_full_begins_anew(void)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", one[64], command[80];
	struct sink *s;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	s = limited(dir);
	snprintf(one, sizeof(one), "%s/out.1", dir);
	UNIT_CHECK(put(s, "333\n") == 0);
	UNIT_CHECK(put(s, "444\n") == 0);
	check_in(dir, "out.1", "111\n222\n333\n");
	check_in(dir, "out", "444\n");
	UNIT_CHECK(put(s, "555\n666\n") == 0 && put(s, "777\n") == 0 && !s->no_room);
	check_in(dir, "out.1", "444\n555\n666\n");
	check_in(dir, "out", "777\n");
	/* Somebody moved it, as logrotate does before it signals, and made a new one. */
	UNIT_CHECK(put(s, "88\n") == 0 && rename(s->path, one) == 0);
	close(sink_open_file(s->path, NULL));
	UNIT_CHECK(put(s, "9999999\n") == 0 && put(s, "aaa\n") == 0);
	check_in(dir, "out.1", "777\n88\n");
	check_in(dir, "out", "9999999\naaa\n");
	/* Or none. */
	UNIT_CHECK(rename(s->path, one) == 0 && put(s, "bbb\n") == 0 && !s->no_room);
	check_in(dir, "out.1", "9999999\naaa\n");
	check_in(dir, "out", "bbb\n");
	UNIT_CHECK(s->refused == 0);
	sink_free(s);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	UNIT_CHECK(system(command) == 0);
}

/* name, a folder, is in the way of beginning anew. */
static void check_no_room(const char *name, int why)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", folder[64], command[80];
	struct sink *s;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	s = limited(dir);
	snprintf(folder, sizeof(folder), "%s/%s", dir, name);
	UNIT_CHECK(mkdir(folder, 0700) == 0);
	UNIT_CHECK(put(s, "333\n") == 0 && !s->no_room);
	/* Lines go on beyond the limit, which is told once. */
	UNIT_CHECK(put(s, "444\n") == 0 && s->no_room == why);
	s->no_room = 0;
	UNIT_CHECK(put(s, "555\n") == 0 && put(s, "666\n") == 0 && !s->no_room);
	check_in(dir, "out", "111\n222\n333\n444\n555\n666\n");
	UNIT_CHECK(rmdir(folder) == 0 && put(s, "777\n") == 0);
	check_in(dir, "out.1", "111\n222\n333\n444\n555\n666\n");
	check_in(dir, "out", "777\n");
	UNIT_CHECK(s->refused == 0 && s->written == 7);
	/* And again when it comes again. */
	UNIT_CHECK(unlink(strcat(strcpy(folder, s->path), ".1")) == 0);
	snprintf(folder, sizeof(folder), "%s/%s", dir, name);
	UNIT_CHECK(mkdir(folder, 0700) == 0);
	UNIT_CHECK(put(s, "88888888\n") == 0 && s->no_room == why);
	sink_free(s);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	UNIT_CHECK(system(command) == 0);
}

static void test_sink_file_that_cannot_begin_anew_goes_on(void)
{
	check_no_room("out.1", -EISDIR);
	check_no_room("out.relaytrace-new", -EEXIST);
}

/* Whose path is gone with its folder: it comes back with it. */
static void test_sink_file_whose_folder_is_gone_comes_back(void)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", away[64], command[120];
	struct sink *s;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	s = limited(dir);
	snprintf(away, sizeof(away), "%s.away", dir);
	UNIT_CHECK(rename(dir, away) == 0);
	UNIT_CHECK(put(s, "333\n444\n") == 0 && s->no_room == -ENOENT);
	s->no_room = 0;
	UNIT_CHECK(put(s, "555\n") == 0 && !s->no_room && mkdir(dir, 0700) == 0);
	UNIT_CHECK(put(s, "666\n") == 0);
	check_in(away, "out", "111\n222\n333\n444\n555\n");
	check_in(dir, "out", "666\n");
	sink_free(s);
	snprintf(command, sizeof(command), "rm -r %s %s", dir, away);
	UNIT_CHECK(system(command) == 0);
}

int main(void)
{
	UNIT_RUN(test_sink_file_is_private_and_appended_to);
	UNIT_RUN(test_sink_that_refuses_is_told_once);
	UNIT_RUN(test_sink_full_disk_leaves_no_half_line);
	UNIT_RUN(test_sink_short_writes_go_on);
	UNIT_RUN(test_sink_file_that_is_full_begins_anew);
	UNIT_RUN(test_sink_file_that_cannot_begin_anew_goes_on);
	UNIT_RUN(test_sink_file_whose_folder_is_gone_comes_back);
	return unit_status();
}
