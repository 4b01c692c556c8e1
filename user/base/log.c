// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"

#include "base/buffer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a reader of standard error who does not read is waited for, once. */
#define MOMENT_MS 200

static bool never_waits, hangs;

void log_never_waits(void)
{
	never_waits = true;
}

/*
 * The length of the UTF-8 character at p (NUL-ended text) that a terminal only shows; 0 where it is
 * none, or a C1 control (U+0080 to U+009F).
 */
static size_t utf8_length(const unsigned char *p)
{
	size_t len = p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0xc2 || p[0] >= 0xf5 || (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/*
 * A pipe that can be written has room for PIPE_BUF (pipe(7)), which is more than a message; a socket
 * says that it has none of its own accord.
 */
static void put(const char *line, size_t len)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t put;

	if (never_waits) {
		hangs = poll(&writable, 1, hangs ? 0 : MOMENT_MS) == 0;
		if (hangs)
			return;
		if (len > PIPE_BUF)
			len = PIPE_BUF;
		put = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put >= 0 || errno != ENOTSOCK)
			return;
	}
	put = write(STDERR_FILENO, line, len);
	(void)put;
}

static void log_line(const char *prefix, const char *fmt, va_list ap)
{
	struct buffer text = {0}, line = {0};
	int saved = errno;

	buffer_vprintf(&text, fmt, ap);
	buffer_append_string(&line, prefix);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		size_t whole = c < 0x80 ? 0 : utf8_length((const unsigned char *)text.data + i);

		if (whole) {
			buffer_append(&line, text.data + i, whole);
			i += whole - 1;
		} else if (c < 0x20 || c >= 0x7f) {
			buffer_printf(&line, "\\x%02x", c);
		} else {
			buffer_append_char(&line, (char)c);
		}
	}
	buffer_append_char(&line, '\n');
	put(buffer_string(&line), line.len);
	buffer_free(&text);
	buffer_free(&line);
	errno = saved;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("relaytrace: ", fmt, ap);
	va_end(ap);
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("relaytrace: warning: ", fmt, ap);
	va_end(ap);
}
