// SPDX-License-Identifier: GPL-2.0-only
#include "commands/outputs.h"

#include "base/log.h"
#include "commands/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	struct sink *(*make)(void);
	bool needs_path;
} formats[] = {
	{"text", sink_text_new, false},
	{"json", sink_json_new, false},
	{"record", sink_record_new, true},
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static int output_open(struct outputs *out, const char *word, bool quiet)
{
	size_t len = strcspn(word, ":"), format = 0;
	const char *path = word[len] && word[len + 1] ? word + len + 1 : NULL;
	struct sink *s;

	while (format < FORMATS &&
		(strncmp(word, formats[format].name, len) != 0 || formats[format].name[len]))
		format++;
	if (format == FORMATS) {
		log_error("-o %s: there is no such format; there are text, json and record:FILE",
			word);
		return STATUS_USAGE;
	}
	if (!path && formats[format].needs_path) {
		log_error("-o %s: needs a file: -o %s:FILE", word, formats[format].name);
		return STATUS_USAGE;
	}
	s = out->pipeline.sink_count == PIPELINE_SINKS ? NULL : formats[format].make();
	if (!s) {
		log_error("-o %s: too many outputs, or out of memory", word);
		return STATUS_USAGE;
	}
	s->fd = STDOUT_FILENO;
	s->context.quiet = quiet;
	s->context.colour = !path && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (path) {
		s->path = strdup(path);
		s->fd = s->path ? sink_open_file(path) : -ENOMEM;
		if (s->fd < 0) {
			log_error("-o %s: cannot open %s: %s", word, path, strerror(-s->fd));
			s->fd = STDOUT_FILENO;
			sink_free(s);
			return STATUS_USAGE;
		}
	}
	if (formats[format].needs_path) {
		if (out->pipeline.recording) {
			log_error("-o %s: one recording at a time", word);
			sink_free(s);
			return STATUS_USAGE;
		}
		out->pipeline.recording = s;
	} else {
		out->pipeline.sinks[out->pipeline.sink_count++] = s;
	}
	return 0;
}

int outputs_open(struct outputs *out, const struct options *options)
{
	int status = 0;

	memset(out, 0, sizeof(*out));
	out->pipeline.heartbeat_ns = options->heartbeat_ns;
	for (size_t i = 0; i < options->output_count && !status; i++)
		status = output_open(out, options->outputs[i], options->quiet);
	if (!options->output_count)
		status = output_open(out, "text", options->quiet);
	if (status)
		outputs_close(out);
	return status;
}

void outputs_close(struct outputs *out)
{
	for (size_t i = 0; i < out->pipeline.sink_count; i++)
		sink_free(out->pipeline.sinks[i]);
	sink_free(out->pipeline.recording);
	memset(out, 0, sizeof(*out));
}

int outputs_status(const struct pipeline *p, const struct options *options, int input_error)
{
	const struct totals *totals = pipeline_totals(p);

	if (input_error || pipeline_output_error(p))
		return STATUS_USAGE;
	if (options->fail_on == FAIL_ON_NEVER)
		return STATUS_DONE;
	if (totals->errors || (options->fail_on == FAIL_ON_WARNING && totals->warnings))
		return STATUS_FINDINGS;
	return STATUS_DONE;
}
