// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a recording: what is read and written again is read as the same. */
#include "capture/recording.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *context, const struct event *event)
{
	recording_write_event(context, event);
}

static int read_back(const char *text, size_t len, struct buffer *events)
{
	struct source *s = recording_open_text("fuzz", text, len);
	int result = -1;

	if (s) {
		do {
			result = source_poll(s, UINT64_MAX, take, events);
		} while (result > 0);
	}
	source_close(s);
	return result;
}

/* The messages about damage would be most of the work. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)argc;
	(void)argv;
	/* libFuzzer's own report goes there too: run a crash again without FUZZ_QUIET. */
	if (getenv("FUZZ_QUIET") && fd >= 0)
		dup2(fd, STDERR_FILENO);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "relaytrace-recording 1\n";
	struct buffer text = {0}, first = {0}, second = {0};
	size_t at;

	/* A header saves the fuzzer from finding it; each stop in what came out ends a recording. */
	buffer_append_string(&text, header);
	buffer_append(&text, data, size);
	read_back(text.data, text.len, &first);
	buffer_clear(&text);
	buffer_append_string(&text, header);
	for (at = 0; at < first.len;) {
		char *newline = memchr(first.data + at, '\n', first.len - at);
		size_t len = (size_t)(newline - first.data) + 1 - at;
		const char *kind = memchr(first.data + at, ' ', len);

		buffer_append(&text, first.data + at, len);
		if (kind && strncmp(kind, " stop", 5) == 0 && (kind[5] == '\n' || kind[5] == ' ')) {
			buffer_append_string(&text, "end\n");
			if (at + len < first.len)
				buffer_append_string(&text, header);
		}
		at += len;
	}
	/* Nothing came out: the header was damaged. */
	if (first.len && (read_back(text.data, text.len, &second) != 0 || first.len != second.len ||
				 memcmp(first.data, second.data, first.len) != 0))
		abort();
	buffer_free(&text);
	buffer_free(&first);
	buffer_free(&second);
	return 0;
}
