// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"
#include "capture/recording.h"
#include "capture/recording_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One event with all that goes on from it; the longest that the tracer writes is about 200 KB. */
#define LINE_MAX_BYTES (1 << 20)
#define READ_BYTES     (64 << 10)
#define EVENTS_A_POLL  64

struct recording {
	struct source source;
	char *name; /* for messages */
	int fd;	    /* -1: all of it is in window */
	char *owned;
	const char *window; /* [at, len) is read and not yet looked at */
	size_t at, len, size;
	bool ended;		  /* there is no more to read behind the window */
	unsigned long number;	  /* of the last line that was taken */
	struct buffer line;	  /* an event's lines, joined */
	unsigned long line_first; /* number of its first; 0: none is begun */
	struct recording_parser parser;
	bool inside;	      /* behind a header, before its end */
	bool stopped;	      /* that recording's EVENT_STOP was handed on */
	bool skipping;	      /* behind a damaged line, until the next header */
	int damage;	      /* what poll returns at the end */
	unsigned long header; /* the line number of the last header */
	uint64_t time_ns;     /* of the last event */
};

/* Reads more into the window.  1, 0 at the end, or -errno (-EINTR: nothing is lost). */
static int window_fill(struct recording *r)
{
	ssize_t got;

	if (r->ended)
		return 0;
	if (r->at) {
		memmove(r->owned, r->owned + r->at, r->len - r->at);
		r->len -= r->at;
		r->at = 0;
	}
	if (r->size - r->len < READ_BYTES) {
		size_t size = r->size + (r->size ? r->size : 2 * READ_BYTES);
		char *more = size > 4 * LINE_MAX_BYTES ? NULL : realloc(r->owned, size);

		if (!more)
			return size > 4 * LINE_MAX_BYTES ? -EMSGSIZE : -ENOMEM;
		r->window = r->owned = more;
		r->size = size;
	}
	got = read(r->fd, r->owned + r->len, r->size - r->len);
	if (got < 0)
		return -errno;
	r->len += (size_t)got;
	r->ended = got == 0;
	return got != 0;
}

/* The next line, without its newline, valid until the window is filled.  1, 0 at the end, -errno. */
static int line_take(struct recording *r, const char **text, size_t *len)
{
	size_t looked = 0;
	int err = 1;

	for (;;) {
		const char *begin = r->window + r->at, *newline = NULL;

		if (r->len - r->at > looked)
			newline = memchr(begin + looked, '\n', r->len - r->at - looked);
		if (newline || (err == 0 && r->len > r->at)) {
			*text = begin;
			*len = newline ? (size_t)(newline - begin) : r->len - r->at;
			r->at += *len + (newline != NULL);
			r->number++;
			return *len > LINE_MAX_BYTES ? -EMSGSIZE : 1;
		}
		if (err == 0)
			return 0;
		looked = r->len - r->at;
		if (looked > LINE_MAX_BYTES)
			return -EMSGSIZE;
		err = window_fill(r);
		if (err < 0)
			return err;
	}
}

/* Does the line that follows go on from this one?  1, 0, -errno. */
static int line_goes_on(struct recording *r)
{
	while (r->at == r->len) {
		int err = window_fill(r);

		if (err <= 0)
			return err;
	}
	return r->window[r->at] == '\t';
}

static bool line_is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '#')
			return i == 0;
		if (text[i] != ' ' && text[i] != '\t')
			return false;
	}
	return true;
}

/* Joins the next event's lines in r->line.  1, 0 at the end, -errno; after -EINTR it goes on. */
static int event_take(struct recording *r)
{
	const char *text;
	size_t len;
	int err;

	while (!r->line_first) {
		err = line_take(r, &text, &len);
		if (err <= 0)
			return err;
		if (line_is_blank(text, len))
			continue;
		buffer_clear(&r->line);
		buffer_append(&r->line, text, len);
		r->line_first = r->number;
	}
	/* Nobody waits for what follows an end: the writer of a pipe may be done. */
	while (strcmp(buffer_string(&r->line), "end") != 0 && (err = line_goes_on(r)) != 0) {
		if (err < 0)
			return err;
		err = line_take(r, &text, &len);
		if (err <= 0)
			return err;
		if (r->line.len + len > LINE_MAX_BYTES)
			return -EMSGSIZE;
		buffer_append_char(&r->line, '\n');
		buffer_append(&r->line, text, len);
	}
	r->line_first = 0;
	return r->line.failed ? -ENOMEM : 1;
}

static void hand_on_stop(struct recording *r, event_handler handler, void *context)
{
	struct event stop = {.kind = EVENT_STOP, .time_ns = r->time_ns};

	if (!r->stopped)
		handler(context, &stop);
	r->stopped = true;
	r->inside = false;
}

/* A recording ends that did not say so. */
static void tell_cut(struct recording *r)
{
	log_error("%s:%lu: the recording that begins in line %lu has no end line: the tracer was "
		  "killed, "
		  "or the file was cut; what it holds was read",
		r->name, r->number, r->header);
	r->damage = -EBADMSG;
}

/* Between recordings only a header may stand. */
static int header_take(struct recording *r, unsigned long number)
{
	static const char family[] = "relaytrace-recording ";
	const char *line = buffer_string(&r->line);

	if (strcmp(line, RECORDING_HEADER) == 0 && strlen(line) == r->line.len) {
		r->inside = true;
		r->stopped = r->skipping = false;
		r->header = number;
		return 1;
	}
	if (r->skipping)
		return 1;
	if (strncmp(line, family, sizeof(family) - 1) == 0)
		log_error("%s:%lu: a recording of version %.20s; this relaytrace reads version 1",
			r->name, number, line + sizeof(family) - 1);
	else
		log_error("%s:%lu: not a recording: its first line would be \"%s\"", r->name,
			number, RECORDING_HEADER);
	r->damage = -EBADMSG;
	r->skipping = true;
	return 1;
}

/* One event, header or end.  1: there may be more; 0 at the end; -errno. */
static int recording_step(struct recording *r, event_handler handler, void *context)
{
	unsigned long number;
	bool is_header;
	int err = event_take(r);

	if (err <= 0)
		return err;
	number = r->number;
	is_header = r->line.len == sizeof(RECORDING_HEADER) - 1 &&
		    memcmp(buffer_string(&r->line), RECORDING_HEADER, r->line.len) == 0;
	if (is_header && r->inside) {
		tell_cut(r);
		hand_on_stop(r, handler, context);
	}
	if (!r->inside)
		return header_take(r, number);
	if (strcmp(buffer_string(&r->line), "end") == 0 && r->line.len == 3) {
		hand_on_stop(r, handler, context);
		return 1;
	}
	for (const char *at = r->line.data; (at = strchr(at, '\n')) != NULL; at++)
		number--;
	err = r->stopped ? -EBADMSG
			 : recording_parse(&r->parser, r->line.data, r->line.len, number);
	if (err == -EBADMSG) {
		log_error("%s:%lu: %s", r->name, r->stopped ? number : r->parser.where,
			r->stopped ? "only the end line may follow a stop" : r->parser.error);
		r->damage = err;
		r->skipping = true;
		hand_on_stop(r, handler, context);
		return 1;
	}
	if (err)
		return err;
	r->time_ns = r->parser.event.time_ns;
	r->stopped = r->parser.event.kind == EVENT_STOP;
	handler(context, &r->parser.event);
	return 1;
}

static int recording_poll(struct source *s, uint64_t until_ns, event_handler handler, void *context)
{
	struct recording *r = (struct recording *)s;

	/*
	 * All of it is there, so nothing is waited for, and no EVENT_CLOCK is made up: a replay is
	 * the sequence that the live run had, its clock events included.
	 */
	(void)until_ns;
	for (int i = 0; i < EVENTS_A_POLL; i++) {
		int err = recording_step(r, handler, context);

		if (err > 0)
			continue;
		if (err == -EINTR)
			break;
		if (err == -EMSGSIZE)
			log_error("%s:%lu: an event of more than %d bytes", r->name, r->number + 1,
				LINE_MAX_BYTES);
		else if (err < 0)
			log_error("%s: reading it failed: %s", r->name, strerror(-err));
		if (err < 0)
			r->damage = err == -EMSGSIZE ? -EBADMSG : err;
		else if (r->inside)
			tell_cut(r);
		hand_on_stop(r, handler, context);
		r->ended = true;
		r->at = r->len;
		return r->damage;
	}
	return 1;
}

static void recording_close(struct source *s)
{
	struct recording *r = (struct recording *)s;

	if (r->fd > STDIN_FILENO)
		close(r->fd);
	recording_parser_free(&r->parser);
	buffer_free(&r->line);
	free(r->owned);
	free(r->name);
	free(r);
}

static struct recording *recording_new(const char *name, int fd)
{
	static const struct source_ops ops = {.poll = recording_poll, .close = recording_close};
	struct recording *r = calloc(1, sizeof(*r));

	if (r) {
		r->source.ops = &ops;
		r->fd = fd;
		r->window = "";
		r->name = strdup(name);
	}
	if (!r || !r->name) {
		log_error("%s: out of memory", name);
		free(r);
		if (fd > STDIN_FILENO)
			close(fd);
		return NULL;
	}
	return r;
}

/* Takes the first header, so that what is no recording is refused before anything is printed. */
static struct source *recording_begin(struct recording *r)
{
	int err;

	do {
		err = event_take(r);
	} while (err == -EINTR);
	if (err == 0)
		log_error("%s: it is empty, not a recording", r->name);
	else if (err == -EMSGSIZE)
		log_error("%s:1: not a recording: its first line is longer than %d bytes", r->name,
			LINE_MAX_BYTES);
	else if (err < 0)
		log_error("%s: reading it failed: %s", r->name, strerror(-err));
	else
		header_take(r, r->number);
	if (r->inside)
		return &r->source;
	recording_close(&r->source);
	return NULL;
}

struct source *recording_open(const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct recording *r;

	if (fd < 0) {
		log_error("%s: opening the recording failed: %s", path, strerror(errno));
		return NULL;
	}
	r = recording_new(is_stdin ? "standard input" : path, fd);
	return r ? recording_begin(r) : NULL;
}

struct source *recording_open_text(const char *name, const char *text, size_t len)
{
	struct recording *r = recording_new(name, -1);

	if (!r)
		return NULL;
	r->window = text;
	r->len = len;
	r->ended = true;
	return recording_begin(r);
}
