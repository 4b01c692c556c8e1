// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"

#include "base/buffer.h"

#include <errno.h>
#include <unistd.h>

static void log_line(const char *prefix, const char *fmt, va_list ap)
{
	struct buffer text = {0}, line = {0};
	int saved = errno;
	ssize_t ignored;

	buffer_vprintf(&text, fmt, ap);
	buffer_append_string(&line, prefix);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c == 0x7f)
			buffer_printf(&line, "\\x%02x", c);
		else
			buffer_append_char(&line, (char)c);
	}
	buffer_append_char(&line, '\n');
	ignored = write(STDERR_FILENO, buffer_string(&line), line.len);
	(void)ignored;
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
