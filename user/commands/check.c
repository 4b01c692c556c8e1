// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace check`: unit files, env files and running processes against each other; nothing is traced. */
#include "commands/check.h"

#include "base/log.h"
#include "commands/commands.h"
#include "commands/outputs.h"
#include "output/sink_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static int check_help(void)
{
	printf("usage: relaytrace check [OPTIONS]\n\n"
	       "Looks at the units of rke2, k3s, containerd and rancher-system-agent, at the files "
	       "that\n"
	       "give them their environment, and at their processes: which relay variables there "
	       "are,\n"
	       "where each comes from, who has it, what a pull would do, and what is to be mended "
	       "before\n"
	       "one fails.  Nothing is dialled, nothing is traced.\n\n");
	options_help(FOR_CHECK);
	printf("\nexit status: 0; 1 a finding of the --fail-on level; 2 wrong usage, or what was "
	       "asked\n"
	       "for cannot be read or written.  All that is told before a dial is a warning; "
	       "without\n"
	       "--fail-on, warnings and files that are to be mended count.\n");
	return STATUS_DONE;
}

static int check_write(const struct check *c, const struct outputs *outputs)
{
	int err = 0;

	for (size_t i = 0; i < outputs->pipeline.sink_count; i++) {
		struct sink *s = outputs->pipeline.sinks[i];

		s->context.wall_offset_ns = c->wall_offset_ns;
		snprintf(s->context.host, sizeof(s->context.host), "%s", c->hostname);
		buffer_clear(&s->line);
		if (!strcmp(s->ops->name, "json"))
			check_json(c, s, &s->line);
		else
			check_text(c, (struct sink_text *)s, &s->line);
		if (sink_write_line(s)) {
			log_error("cannot write %s", s->path ? s->path : "standard output");
			err = STATUS_USAGE;
		}
	}
	return err;
}

/* Only those two put the state of a node into words. */
static bool formats_are_known(const struct options *options)
{
	for (size_t i = 0; i < options->output_count; i++) {
		size_t len = strcspn(options->outputs[i], ":");

		if (len == 4 && (!strncmp(options->outputs[i], "text", 4) ||
					!strncmp(options->outputs[i], "json", 4)))
			continue;
		log_error("-o %s: check writes text and json", options->outputs[i]);
		return false;
	}
	return true;
}

static int check_run(const struct options *options)
{
	struct check c = {.options = options};
	struct outputs outputs;
	int status;

	/* Values are raw for a moment: no core dump has them.  (LeakSanitizer traces itself.) */
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0);
#endif
	if (!formats_are_known(options) || outputs_open(&outputs, options, NULL))
		return STATUS_USAGE;
	status = check_gather(&c);
	if (!status && (check_judge(&c) || check_faults(&c))) {
		log_error("out of memory");
		status = STATUS_USAGE;
	}
	if (!status)
		status = check_write(&c, &outputs);
	/* All that is told before a dial is a warning: without --fail-on that counts. */
	if (!status && (c.warnings || c.faults.count) && options->fail_on != FAIL_ON_NEVER &&
		(options->fail_on == FAIL_ON_WARNING || !options->fail_on_given))
		status = STATUS_FINDINGS;
	check_free(&c);
	outputs_close(&outputs);
	return status;
}

int check_main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, FOR_CHECK, argc, argv);

	if (!status && options.help) {
		status = check_help();
	} else if (!status && options.rest[0]) {
		log_error("'%s': check takes options only; see `relaytrace check --help`",
			options.rest[0]);
		status = STATUS_USAGE;
	} else if (!status) {
		outputs_ignore_signals();
		status = check_run(&options);
	}
	options_free(&options);
	return status;
}
