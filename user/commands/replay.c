// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace replay`: a recording, or a test's story, through the pipeline of the live run. */
#include "base/log.h"
#include "capture/recording.h"
#include "commands/commands.h"
#include "commands/outputs.h"

#include <stdio.h>
#include <string.h>

/* FILE may stand before or behind the options. */
static const char *take_file(int *argc, char **argv)
{
	const char *file = NULL;

	if (*argc > 1 && (argv[1][0] != '-' || !argv[1][1])) {
		file = argv[1];
		memmove(&argv[1], &argv[2], sizeof(*argv) * (size_t)(*argc - 1));
		(*argc)--;
	}
	return file;
}

struct replayed {
	struct pipeline *pipeline;
	const struct options *options;
};

/* What the run was told of names and patience stands in its start, and the command line may say otherwise. */
static void replay_event(void *context, const struct event *event)
{
	const struct replayed *r = context;
	struct event start;

	if (event->kind == EVENT_START) {
		start = *event;
		if (r->options->names_given)
			start.start.names = r->options->names;
		if (r->options->pending_given)
			start.start.pending_ns = r->options->pending_ns;
		event = &start;
	}
	pipeline_event(r->pipeline, event);
}

int replay_main(int argc, char **argv)
{
	const char *file = take_file(&argc, argv);
	struct options options;
	struct replayed replayed = {.options = &options};
	struct pipeline *pipeline = NULL;
	struct outputs outputs = {0};
	struct source *source = NULL;
	int status, more = 1;

	status = options_parse(&options, FOR_REPLAY, argc, argv);
	if (!status && options.help) {
		printf("usage: relaytrace replay FILE [OPTIONS]\n\n"
		       "Sends a recording (-o record:FILE of an earlier run; - is standard input) "
		       "through\n"
		       "the pipeline of the live run, with the same output.\n\n");
		options_help(FOR_REPLAY);
		goto out;
	}
	if (!status && !file && options.rest[0])
		file = *options.rest++;
	if (!status && (!file || options.rest[0])) {
		log_error("usage: relaytrace replay FILE [OPTIONS]: exactly one FILE");
		status = STATUS_USAGE;
	}
	if (status)
		goto out;
	outputs_ignore_signals();
	status = STATUS_USAGE;
	source = recording_open(file);
	if (!source || outputs_spare(&options, file) || outputs_open(&outputs, &options, NULL))
		goto out;
	pipeline = pipeline_new(&outputs.pipeline);
	if (!pipeline) {
		log_error("out of memory");
		goto out;
	}
	replayed.pipeline = pipeline;
	while (more > 0 && !pipeline_output_error(pipeline))
		more = source_poll(source, UINT64_MAX, replay_event, &replayed);
	status = outputs_status(pipeline, &options, more < 0 ? more : 0);
out:
	pipeline_free(pipeline);
	outputs_close(&outputs);
	source_close(source);
	options_free(&options);
	return status;
}
