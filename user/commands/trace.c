// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace [trace]`: the live kernel through the pipeline. */
#include "base/log.h"
#include "commands/commands.h"
#include "commands/outputs.h"
#include "live/source_kernel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int trace_help(void)
{
	printf("usage: relaytrace [trace] [OPTIONS] [-- COMMAND ARG...]\n\n"
	       "Traces the process trees of rke2, k3s, containerd and rancher-system-agent until\n"
	       "Ctrl-C; with COMMAND, runs it, traces its tree (and those of --tree) and ends with "
	       "it.\n\n");
	options_help(FOR_TRACE);
	printf("\nexit status: 0 done; 1 a finding of the --fail-on level; 2 wrong usage, or an "
	       "output\n"
	       "that cannot be written; 3 cannot trace here.  With COMMAND its own status, 128+n "
	       "where\n"
	       "signal n ended it, 127 where it was not found.\n");
	return STATUS_DONE;
}

/* With COMMAND the status is COMMAND's; findings turn a 0 to 1 only where --fail-on was given. */
static int status_with_command(int status, int command, const struct options *options)
{
	if (command < 0 || status == STATUS_USAGE)
		return status;
	if (WIFSIGNALED(command))
		return 128 + WTERMSIG(command);
	if (WEXITSTATUS(command) || !options->fail_on_given)
		return WEXITSTATUS(command);
	return status;
}

static int trace_run(const struct options *options, char *const *command)
{
	const struct live_options live = {.trees = options->trees,
		.tree_count = options->tree_count,
		.pids = options->pids,
		.pid_count = options->pid_count,
		.command = command,
		.pods = options->pods,
		.hooks = options->hooks,
		.names = options->names,
		.pending_ns = options->pending_ns,
		.for_ns = options->for_ns};
	struct pipeline *pipeline = NULL;
	struct outputs outputs;
	struct source *source;
	int status, more = 1;

	if (outputs_open(&outputs, options))
		return STATUS_USAGE;
	source = source_kernel_open(&live, &status);
	if (!source)
		goto out;
	status = STATUS_USAGE;
	pipeline = pipeline_new(&outputs.pipeline);
	if (!pipeline) {
		log_error("out of memory");
		goto out;
	}
	while (more > 0)
		more = source_poll(source, pipeline_deadline(pipeline), pipeline_event, pipeline);
	if (more < 0 && command && !source_kernel_command_ran(source))
		status = more == -ENOENT ? 127 : 126;
	else
		status = status_with_command(outputs_status(pipeline, options, more),
			source_kernel_command_status(source), options);
out:
	source_close(source);
	pipeline_free(pipeline);
	outputs_close(&outputs);
	return status;
}

int trace_main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, FOR_TRACE, argc, argv);

	if (!status && options.help) {
		status = trace_help();
	} else if (!status && options.rest[0] && !options.dashes) {
		log_error("'%s' is not an option; a command to run stands behind --: "
			  "relaytrace [OPTIONS] -- %s ...",
			options.rest[0], options.rest[0]);
		status = STATUS_USAGE;
	} else if (!status && options.dashes && !options.rest[0]) {
		log_error("-- needs a COMMAND behind it");
		status = STATUS_USAGE;
	} else if (!status) {
		signal(SIGPIPE, SIG_IGN);
		status = trace_run(&options, options.rest[0] ? options.rest : NULL);
	}
	options_free(&options);
	return status;
}
