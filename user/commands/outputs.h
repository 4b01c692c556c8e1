/* SPDX-License-Identifier: GPL-2.0-only */
/* From -o options to open sinks and a pipeline, for trace and replay alike. */
#ifndef COMMANDS_OUTPUTS_H
#define COMMANDS_OUTPUTS_H

#include "commands/options.h"
#include "output/pipeline.h"

struct outputs {
	struct pipeline_options pipeline; /* the sinks, owned here */
};

/*
 * Opens what options ask for; text on standard output where they ask for nothing.  With patience, which
 * must outlive them, no output holds the run up for longer than that.  0, or 2 after printing why.
 */
int outputs_open(
	struct outputs *out, const struct options *options, struct sink_patience *patience);

/* Opens the files anew, for logrotate; not a recording, which is one document. */
void outputs_reopen(struct outputs *out);

/*
 * Does that, and makes the outputs those of options: what is asked for as
 * before goes on with its counts, what is new begins with a start line.  0; 2 after printing why,
 * and nothing changed.
 */
int outputs_reload(struct outputs *out, const struct options *options, struct pipeline *pipeline);

/*
 * The capabilities (bits) that these outputs go on to need: CAP_DAC_OVERRIDE where a file stands in
 * somebody else's folder, CAP_CHOWN with --group.
 */
uint64_t outputs_privileges(const struct outputs *out);

void outputs_close(struct outputs *out);

/*
 * The exit status of a run: 2 where an output refused (or input_error is not 0), 1 where there was a finding of the
 * --fail-on level, else 0.
 */
int outputs_status(const struct pipeline *p, const struct options *options, int input_error);

#endif
