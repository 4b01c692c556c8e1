// SPDX-License-Identifier: GPL-2.0-only
#include "commands/config_text.h"

#include "base/buffer.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A configuration is a page or two; /dev/zero is none. */
#define CONFIG_BYTES (1 << 20)

char *config_text(const char *path)
{
	FILE *file = fopen(path, "re");
	struct buffer text = {0};
	char part[4096];
	const char *why = NULL;
	size_t len;

	if (!file) {
		log_error("--config %s: %s", path, strerror(errno));
		return NULL;
	}
	buffer_append_string(&text, "");
	while (text.len <= CONFIG_BYTES && (len = fread(part, 1, sizeof(part), file)) > 0)
		buffer_append(&text, part, len);
	if (ferror(file))
		why = strerror(errno); /* a folder; a disk that fails */
	else if (text.len > CONFIG_BYTES)
		why = "that is no configuration: it is longer than 1 MiB";
	else if (text.failed)
		why = strerror(ENOMEM);
	fclose(file);
	if (!why && strlen(buffer_string(&text)) < text.len) {
		size_t line = 1;

		for (const char *c = text.data; *c; c++)
			line += *c == '\n';
		log_error("%s:%zu: there is a NUL byte, which no text has: was the file cut by a "
			  "power failure?",
			path, line);
		buffer_free(&text);
		return NULL;
	}
	if (!why)
		return text.data;
	log_error("--config %s: %s", path, why);
	buffer_free(&text);
	return NULL;
}

/*
 * Ends line where a comment begins: a # that is first or stands behind a space.  One within a word
 * belongs to it (json:/var/log/node#3); a path with a # behind a space is one for the command line.
 */
static void comment_cut(char *line)
{
	for (char *hash = strchr(line, '#'); hash; hash = strchr(hash + 1, '#')) {
		if (hash == line || strchr(" \t\r", hash[-1])) {
			*hash = '\0';
			return;
		}
	}
}

bool config_cut(char *line, char **name, char **value)
{
	char *end;

	*name = line + strspn(line, " \t\r");
	comment_cut(*name);
	if (!**name)
		return false;
	end = *name + strcspn(*name, " \t=\r");
	*value = end + strspn(end, " \t=\r");
	*end = '\0';
	for (end = *value + strlen(*value); end > *value && strchr(" \t\r", end[-1]);)
		*--end = '\0';
	return true;
}
