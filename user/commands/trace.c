// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace [trace]`: the live kernel through the pipeline. */
#include "base/log.h"
#include "commands/as_unit.h"
#include "commands/commands.h"
#include "commands/outputs.h"
#include "live/cgroup_guard.h"
#include "live/privileges.h"
#include "live/service_manager.h"
#include "live/source_kernel.h"

#include <errno.h>
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
	       "that cannot be written; 3 cannot trace here; 4 tracing broke off, and may be "
	       "tried again.\n"
	       "With COMMAND its own status, 128+n where signal n ended it, 127 where it was not "
	       "found.\n");
	return STATUS_DONE;
}

/* With COMMAND the status is COMMAND's; findings turn a 0 to 1 only where --fail-on was given. */
static int status_with_command(int status, int command, const struct options *options)
{
	if (command < 0 || status == STATUS_USAGE || status == STATUS_BROKE_OFF)
		return status;
	if (WIFSIGNALED(command))
		return 128 + WTERMSIG(command);
	if (WEXITSTATUS(command) || !options->fail_on_given)
		return WEXITSTATUS(command);
	return status;
}

/* What was given to trace_main(), to read the options again. */
struct trace_words {
	int argc;
	char **argv;
};

/* The options that only a restart changes: are they as they were? */
static bool same_tracing(const struct options *a, const struct options *b)
{
	bool same = a->tree_count == b->tree_count && a->pid_count == b->pid_count &&
		    a->for_ns == b->for_ns && a->pending_ns == b->pending_ns &&
		    a->pods == b->pods && !strcmp(a->names, b->names) &&
		    !strcmp(a->hooks ? a->hooks : "", b->hooks ? b->hooks : "");

	for (size_t i = 0; same && i < a->tree_count; i++)
		same = !strcmp(a->trees[i], b->trees[i]);
	for (size_t i = 0; same && i < a->pid_count; i++)
		same = a->pids[i] == b->pids[i];
	return same;
}

/* SIGHUP: the configuration is read again and the outputs are opened again.  What is wrong changes nothing. */
static void trace_reload(const struct trace_words *words, struct options *options,
	struct outputs *outputs, struct pipeline *pipeline)
{
	struct options fresh;

	if (options_parse(&fresh, FOR_TRACE, words->argc, words->argv) ||
		outputs_reload(outputs, &fresh, pipeline)) {
		log_error("reload: the configuration of before stays as it was");
		/* Its files are opened again all the same: logrotate waits for that. */
		outputs_reopen(outputs);
	} else {
		if (!same_tracing(&fresh, options))
			log_warning(
				"reload: outputs, --quiet, --heartbeat and --fail-on are the new "
				"ones; what else changed needs a restart");
		options->fail_on = fresh.fail_on;
		options->fail_on_given = fresh.fail_on_given;
	}
	options_free(&fresh);
}

static int trace_run(struct options *options, char *const *command, char *const *environment,
	const struct trace_words *words)
{
	const struct live_options live = {.trees = options->trees,
		.tree_count = options->tree_count,
		.pids = options->pids,
		.pid_count = options->pid_count,
		.command = command,
		.environment = environment,
		.pods = options->pods,
		.hooks = options->hooks,
		.names = options->names,
		.pending_ns = options->pending_ns,
		.for_ns = options->for_ns};
	struct sink_patience patience;
	struct service_manager manager;
	struct cgroup_guard guard = {0};
	struct pipeline *pipeline = NULL;
	struct outputs outputs;
	struct source *source;
	bool ready = false;
	int status, more = 1;

	/* First of all: it must hold nothing of what is opened here.  Without it the next COMMAND tidies up. */
	if (command)
		cgroup_guard_start(&guard);
	if (outputs_open(&outputs, options, &patience)) {
		cgroup_guard_end(&guard);
		return STATUS_USAGE;
	}
	service_manager_open(&manager);
	source = source_kernel_open(&live, &status);
	if (!source)
		goto out;
	status = STATUS_BROKE_OFF;
	pipeline = pipeline_new(&outputs.pipeline);
	if (!pipeline) {
		log_error("out of memory");
		goto out;
	}
	while (more > 0) {
		uint64_t until_ns = service_manager_deadline(&manager);

		if (pipeline_deadline(pipeline) < until_ns)
			until_ns = pipeline_deadline(pipeline);
		/* The first one attaches and does not wait: who started us waits for READY. */
		more = source_poll(source, ready ? until_ns : 0, pipeline_event, pipeline);
		if (!ready && more > 0) {
			/* A COMMAND is signalled whoever it became; without one nothing more is needed. */
			if (!command && privileges_drop(outputs_privileges(&outputs)))
				log_warning(
					"privileges could not be given up: %s", strerror(errno));
			service_manager_tell(&manager, "READY=1\nSTATUS=attached, tracing");
		}
		ready = true;
		service_manager_alive(&manager);
		if (source_kernel_hung_up(source)) {
			service_manager_reloading(&manager);
			trace_reload(words, options, &outputs, pipeline);
			service_manager_tell(&manager, "READY=1");
		}
		/* A COMMAND is waited for to its end. */
		if (!command && !pipeline_has_reader(pipeline)) {
			log_error("nobody reads the output any more: the end");
			break;
		}
	}
	service_manager_tell(&manager, "STOPPING=1");
	if (more < 0 && more != -ESRCH && command && !source_kernel_command_ran(source))
		status = more == -ENOENT ? 127 : 126;
	else
		/* A fault of the kernel's side counts more than what an output once refused. */
		status = status_with_command(more < 0 && more != -ESRCH
						     ? STATUS_BROKE_OFF
						     : outputs_status(pipeline, options, more),
			/* What --for did to COMMAND is not its own doing. */
			command && source_kernel_time_was_up(source)
				? 0
				: source_kernel_command_status(source),
			options);
out:
	source_close(source);
	cgroup_guard_end(&guard);
	pipeline_free(pipeline);
	outputs_close(&outputs);
	service_manager_close(&manager);
	return status;
}

static int trace_command(struct options *options, const struct trace_words *words)
{
	char **environment = NULL;
	int status;

	if (options->as_unit) {
		environment = as_unit_environment(options->as_unit);
		if (!environment)
			return STATUS_USAGE;
	} else {
		as_unit_remind(options->rest[0]);
	}
	status = trace_run(options, options->rest, environment, words);
	as_unit_free(environment);
	return status;
}

int trace_main(int argc, char **argv)
{
	const struct trace_words words = {argc, argv};
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
	} else if (!status && options.as_unit && !options.rest[0]) {
		log_error("--as-unit needs a COMMAND: relaytrace --as-unit %s -- COMMAND",
			options.as_unit);
		status = STATUS_USAGE;
	} else if (!status) {
		outputs_ignore_signals();
		log_never_waits();
		status = options.rest[0] ? trace_command(&options, &words)
					 : trace_run(&options, NULL, NULL, &words);
	}
	options_free(&options);
	return status;
}
