// SPDX-License-Identifier: GPL-2.0-only
/* Files and pipes that a sink writes to: permissions, half lines, refusals. */
#include "output/sink.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
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

int main(void)
{
	UNIT_RUN(test_sink_file_is_private_and_appended_to);
	UNIT_RUN(test_sink_that_refuses_is_told_once);
	UNIT_RUN(test_sink_full_disk_leaves_no_half_line);
	UNIT_RUN(test_sink_short_writes_go_on);
	return unit_status();
}
