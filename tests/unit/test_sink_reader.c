// SPDX-License-Identifier: GPL-2.0-only
/* Readers that hang, and come back: waited for once, lines whole, what is refused is counted. */
#include "output/sink.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 10007 /* more than a page, and no multiple of one */
#define SHORT_NS   60000000ull

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Line number n: its number, so many letters, a newline. */
static int put(struct sink *s, unsigned int n)
{
	buffer_printf(&s->line, "%08u", n);
	while (s->line.len < LINE_BYTES - 1)
		buffer_append_char(&s->line, 'a' + n % 26);
	buffer_append_char(&s->line, '\n');
	return sink_write_line(s);
}

static void read_all(int fd, struct buffer *got)
{
	char piece[4096];
	ssize_t n;

	while ((n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0 ||
		(n < 0 && errno == ENOTSOCK && (n = read(fd, piece, sizeof(piece))) > 0))
		buffer_append(got, piece, (size_t)n);
}

/* Are all lines of got whole, and in order?  How many there are. */
static unsigned int whole_lines(const struct buffer *got)
{
	unsigned int count = 0;
	int last = -1;

	for (const char *p = got->data, *end = p + got->len; p && p < end; p += LINE_BYTES) {
		int n = atoi(p);

		if (end - p < LINE_BYTES || p[LINE_BYTES - 1] != '\n' || n <= last)
			return 0;
		for (size_t i = 8; i < LINE_BYTES - 1; i++)
			if (p[i] != 'a' + n % 26)
				return 0;
		last = n;
		count++;
	}
	return count;
}

/* s writes to what fd is read from, where nobody reads for a time. */
static void check_hang(struct sink *s, struct sink_patience *patience, int fd)
{
	struct buffer got = {0};
	unsigned int n = 0, refused;
	uint64_t before = now_ns(), took;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (n < 200 && !put(s, n) && !s->refused)
		n++;
	took = now_ns() - before;
	UNIT_CHECK(n > 3 && n < 200 && s->failed && s->stalled && s->refused == 1);
	UNIT_CHECK(took >= SHORT_NS / 2 && patience->left_ns < SHORT_NS / 2);
	/* No more waiting, however much there is to be written. */
	patience->left_ns = 1000000000ull;
	for (unsigned int i = 0; i < 100; i++)
		UNIT_CHECK(put(s, ++n) == 0);
	UNIT_CHECK(patience->left_ns == 1000000000ull && s->refused == 101);
	/* He reads again: the line that was half out, then those that are new. */
	read_all(fd, &got);
	sink_look_for_reader(s);
	UNIT_CHECK(!s->stalled && !s->failed && !s->rest.len);
	refused = (unsigned int)s->refused;
	UNIT_CHECK(put(s, ++n) == 0);
	read_all(fd, &got);
	UNIT_CHECK(put(s, ++n) == 0);
	read_all(fd, &got);
	UNIT_CHECK(s->refused == refused);
	UNIT_CHECK(whole_lines(&got) == s->written && s->written + s->refused == n + 1);
	buffer_free(&got);
}

static struct sink *impatient(int fd, struct sink_patience *patience)
{
	struct sink *s = sink_record_new();

	sink_patience_fill(patience);
	patience->left_ns = SHORT_NS;
	s->patience = patience;
	s->fd = fd;
	return s;
}

static void test_a_pipe_that_nobody_reads(void)
{
	struct sink_patience patience;
	struct sink *s;
	int fds[2];

	UNIT_CHECK(pipe(fds) == 0);
	s = impatient(fds[1], &patience);
	sink_take_reader(s);
	/* Others have the descriptor of a standard output too: for them it blocks as before. */
	UNIT_CHECK(s->way == SINK_TRIES && s->fd != fds[1]);
	UNIT_CHECK(!(fcntl(fds[1], F_GETFL) & O_NONBLOCK) && fcntl(s->fd, F_GETFL) & O_NONBLOCK);
	check_hang(s, &patience, fds[0]);
	/* He is gone for good. */
	close(fds[0]);
	UNIT_CHECK(put(s, 1000) == -EPIPE && s->failed && !s->stalled);
	sink_free(s);
	close(fds[1]);
}

static void test_a_pipe_that_cannot_be_opened_again(void)
{
	struct sink_patience patience;
	struct sink *s;
	int fds[2];

	UNIT_CHECK(pipe(fds) == 0);
	s = impatient(fds[1], &patience);
	s->way = SINK_ASKS;
	check_hang(s, &patience, fds[0]);
	UNIT_CHECK(!(fcntl(fds[1], F_GETFL) & O_NONBLOCK));
	close(fds[0]);
	sink_free(s);
}

static void test_a_socket_that_nobody_reads(void)
{
	struct sink_patience patience;
	struct sink *s;
	int fds[2];

	UNIT_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	s = impatient(fds[1], &patience);
	sink_take_reader(s);
	UNIT_CHECK(s->way == SINK_SENDS && s->fd == fds[1]);
	check_hang(s, &patience, fds[0]);
	close(fds[0]);
	sink_free(s);
}

static void test_half_a_line_is_for_who_has_the_other_half(void)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", path[64], line[LINE_BYTES + 1] = "";
	struct sink_patience patience;
	struct sink *s;
	int first, second;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	UNIT_CHECK(mkfifo(path, 0600) == 0);
	first = open(path, O_RDONLY | O_NONBLOCK);
	s = impatient(sink_open_file(path, NULL), &patience);
	s->path = strdup(path);
	sink_take_reader(s);
	UNIT_CHECK(s->way == SINK_TRIES);
	patience.left_ns = 0;
	for (unsigned int n = 0; n < 20; n++)
		put(s, n);
	UNIT_CHECK(s->rest.len && s->rest_done && s->refused);
	/* Opened again, it is the same pipe, and the rest stays. */
	UNIT_CHECK(sink_reopen(s) == 0 && s->rest.len && s->way == SINK_TRIES);
	/* Another one. */
	unlink(path);
	UNIT_CHECK(mkfifo(path, 0600) == 0);
	second = open(path, O_RDONLY | O_NONBLOCK);
	UNIT_CHECK(sink_reopen(s) == 0 && !s->rest.len && put(s, 77) == 0);
	UNIT_CHECK(read(second, line, LINE_BYTES) > 8 && strncmp(line, "00000077", 8) == 0);
	close(first);
	close(second);
	sink_free(s);
	unlink(path);
	rmdir(dir);
}

static void test_a_journal_that_nobody_reads(void)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", got[64];
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct sink_patience patience;
	struct sink *s = sink_journal_new();
	uint64_t before, entries = 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	UNIT_CHECK(mkdtemp(dir) != NULL);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", dir);
	UNIT_CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	sink_patience_fill(&patience);
	patience.left_ns = SHORT_NS;
	s->patience = &patience;
	s->path = strdup(at.sun_path);
	before = now_ns();
	while (entries < 2000 && !s->refused) {
		buffer_append_string(&s->line, "MESSAGE=x\n");
		sink_write_line(s);
		entries++;
	}
	UNIT_CHECK(s->refused == 1 && s->stalled && now_ns() - before >= SHORT_NS / 2);
	patience.left_ns = 1000000000ull;
	for (int i = 0; i < 100; i++) {
		buffer_append_string(&s->line, "MESSAGE=x\n");
		UNIT_CHECK(sink_write_line(s) == 0);
	}
	UNIT_CHECK(s->refused == 101 && patience.left_ns == 1000000000ull);
	UNIT_CHECK(recv(fd, got, sizeof(got), 0) == 10);
	buffer_append_string(&s->line, "MESSAGE=x\n");
	UNIT_CHECK(sink_write_line(s) == 0 && s->refused == 101 && !s->stalled && !s->failed);
	sink_free(s);
	close(fd);
	unlink(at.sun_path);
	rmdir(dir);
}

static void test_patience_comes_back(void)
{
	struct sink_patience patience;
	struct sink s = {.patience = &patience};

	sink_patience_fill(&patience);
	UNIT_CHECK(sink_patience_begin(&s) == 1000);
	patience.left_ns = 0;
	UNIT_CHECK(sink_patience_begin(&s) == 0);
	patience.reckoned_ns -= 5000000000ull;
	UNIT_CHECK(sink_patience_begin(&s) >= 500 && sink_patience_begin(&s) < 1000);
	patience.reckoned_ns -= 60000000000ull;
	UNIT_CHECK(sink_patience_begin(&s) == 1000);
	s.stalled = true;
	UNIT_CHECK(sink_patience_begin(&s) == 0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	UNIT_RUN(test_a_pipe_that_nobody_reads);
	UNIT_RUN(test_a_pipe_that_cannot_be_opened_again);
	UNIT_RUN(test_a_socket_that_nobody_reads);
	UNIT_RUN(test_half_a_line_is_for_who_has_the_other_half);
	UNIT_RUN(test_a_journal_that_nobody_reads);
	UNIT_RUN(test_patience_comes_back);
	return unit_status();
}
