// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries for journald by its native protocol, https://systemd.io/JOURNAL_NATIVE_PROTOCOL: one
 * datagram an entry, NAME=VALUE lines, or the name, the length and the bytes of a value with
 * newlines; an entry too long for a datagram in a sealed memfd.  The fields are those of the JSON
 * lines, MESSAGE is what the text output shows.
 */
#include "diagnose/rules.h"
#include "output/json_line.h"
#include "output/sink_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

struct sink_journal {
	struct sink sink;
	struct sink *text; /* makes MESSAGE */
};

/*
 * One identifier for each action, made once with `systemd-id128 new` and never changed:
 * journalctl MESSAGE_ID=... finds all of a kind (sd_journal_print(3)).
 */
static const char *const message_ids[REPORT_KINDS] = {
	[REPORT_START] = "ae862cfb370b4bd580e25da56c0ef438",
	[REPORT_EXEC] = "3ebf270fa2894b79895d95c4fd33b7b4",
	[REPORT_EXIT] = "3e7db4469fe44419a6f9ebf23a7fd027",
	[REPORT_DIAL] = "a12727f4a475455e8cf4e2ba4039c44d",
	[REPORT_RESOLVE] = "1314a79402ec41de82fa1a6fc5f65640",
	[REPORT_RELAY] = "3c82a47cf57f4367a94b89e06faa3b37",
	[REPORT_FINDING] = "dafb327b940545bfb72d4cca265184ad",
	[REPORT_RESOLVED] = "7c10993e34f247e6b8c1716d12829ccd",
	[REPORT_LOSS] = "4b25fbaeb5a4453094b2ca16202c4191",
	[REPORT_HEARTBEAT] = "7efe547dc6b94f839b1717b877454b9c",
	[REPORT_STOP] = "7d32c147fd574fecb4921e14f3f80b69",
};

/* syslog(3): 3 err, 4 warning, 5 notice, 6 info, 7 debug. */
static int priority(const struct report *r)
{
	switch (r->kind) {
	case REPORT_FINDING:
		return r->finding->severity == SEVERITY_ERROR	  ? 3
		       : r->finding->severity == SEVERITY_WARNING ? 4
								  : 6;
	case REPORT_LOSS:
		return 4;
	case REPORT_RESOLVED:
		return 5;
	case REPORT_HEARTBEAT:
		return 7;
	default:
		return 6;
	}
}

/* The long form of a field: its value may have newlines. */
static void put_long(struct buffer *out, const char *name, const char *value, size_t len)
{
	uint8_t size[8];

	for (int i = 0; i < 8; i++)
		size[i] = (uint8_t)((uint64_t)len >> (8 * i));
	buffer_append_string(out, name);
	buffer_append_char(out, '\n');
	buffer_append(out, size, sizeof(size));
	buffer_append(out, value, len);
	buffer_append_char(out, '\n');
}

static void put_message(struct sink_journal *s, const struct report *r, struct buffer *out)
{
	struct buffer *text = &s->text->line;

	s->text->context = s->sink.context;
	s->text->context.colour = false;
	buffer_clear(text);
	s->text->ops->format(s->text, r, text);
	if (!text->len && r->kind == REPORT_HEARTBEAT)
		buffer_printf(text, "heartbeat: %llu entries written, %llu refused\n",
			(unsigned long long)(s->sink.written - s->sink.written_before),
			(unsigned long long)(s->sink.refused - s->sink.refused_before));
	if (!text->len) /* a loss of which the text said all before */
		buffer_append_string(text, "loss\n");
	out->failed |= text->failed;
	put_long(out, "MESSAGE", buffer_string(text), text->len ? text->len - 1 : 0);
	text->failed = false;
}

static void journal_format(struct sink *sink, const struct report *r, struct buffer *out)
{
	struct sink_journal *s = (struct sink_journal *)sink;
	struct json_line line = {.context = &sink->context,
		.written = sink->written - sink->written_before,
		.refused = sink->refused - sink->refused_before};

	if (sink->context.quiet && !report_is_for_quiet(r->kind))
		return;
	put_message(s, r, out);
	buffer_printf(out, "PRIORITY=%d\nMESSAGE_ID=%s\nSYSLOG_IDENTIFIER=relaytrace\n",
		priority(r), message_ids[r->kind]);
	if (r->process)
		buffer_printf(out, "OBJECT_PID=%u\n", r->process->pid);
	if (r->kind == REPORT_DIAL && r->dial->error)
		buffer_printf(out, "ERRNO=%d\n", r->dial->error);
	if ((r->kind == REPORT_FINDING || r->kind == REPORT_RESOLVED) &&
		r->finding->rule->reference)
		buffer_printf(out, "DOCUMENTATION=%s\n", r->finding->rule->reference);
	json_line_write(&line, true, json_put_report, r, out);
}

/*
 * One datagram: 0 or -errno.  Whether a journald that is busy has room cannot be asked, for the socket
 * is not connected to it: what waits for it is the send itself, with a limit.
 */
static int send_entry(struct sink *s, const struct msghdr *message)
{
	struct timeval limit = {0};
	int err, ms;

	if (sendmsg(s->fd, message, MSG_NOSIGNAL | (s->patience ? MSG_DONTWAIT : 0)) >= 0)
		return 0;
	err = -errno;
	ms = err == -EAGAIN && s->patience ? sink_patience_begin(s) : 0;
	if (!ms)
		return err;
	limit.tv_sec = ms / 1000;
	limit.tv_usec = ms % 1000 * 1000;
	setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	err = sendmsg(s->fd, message, MSG_NOSIGNAL) < 0 ? -errno : 0;
	sink_patience_end(s);
	return err;
}

/* The entry as a sealed memfd, which is how the protocol takes what no datagram does. */
static int send_memfd(struct sink *s, struct msghdr *message)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	int fd = memfd_create("relaytrace-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, s->line.data, s->line.len) != (ssize_t)s->line.len)
		err = -EIO;
	if (!err && fcntl(fd, F_ADD_SEALS, seals) != 0)
		err = -errno;
	message->msg_iov = NULL;
	message->msg_iovlen = 0;
	message->msg_control = &control;
	message->msg_controllen = sizeof(control);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (!err)
		err = send_entry(s, message);
	close(fd);
	return err;
}

/* Never connected: a journald that was restarted is found again by its name. */
static int journal_write(struct sink *s)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct iovec entry = {s->line.data, s->line.len};
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &entry, .msg_iovlen = 1};
	int err;

	if (strlen(s->path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, s->path);
	if (s->fd < 0) {
		s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (s->fd < 0)
			return -errno;
	}
	err = send_entry(s, &message);
	if (err == -EMSGSIZE || err == -ENOBUFS)
		err = send_memfd(s, &message);
	s->stalled = err == -EAGAIN;
	return err;
}

static void journal_free(struct sink *sink)
{
	sink_free(((struct sink_journal *)sink)->text);
	free(sink);
}

struct sink *sink_journal_new(void)
{
	static const struct sink_ops ops = {"journal", journal_format, journal_free, journal_write};
	struct sink_journal *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sink.ops = &ops;
	s->sink.fd = -1;
	s->text = sink_text_clockless_new();
	if (!s->text) {
		free(s);
		return NULL;
	}
	return &s->sink;
}
