/* SPDX-License-Identifier: GPL-2.0-only */
/* From -o options to open sinks and a pipeline, for trace and replay alike. */
#ifndef COMMANDS_OUTPUTS_H
#define COMMANDS_OUTPUTS_H

#include "commands/options.h"
#include "output/pipeline.h"

struct outputs {
	struct pipeline_options pipeline; /* the sinks, owned here */
	struct sink_file file;		  /* how new files are asked for */
};

/* A reader that is gone and a limit on the size of files are errors of a write, not the end of us. */
void outputs_ignore_signals(void);

/*
 * Opens what options ask for; text on standard output where they ask for nothing.  With patience, which
 * must outlive them, no output holds the run up for longer than that.  0, or 2 after printing why.
 */
int outputs_open(
	struct outputs *out, const struct options *options, struct sink_patience *patience);

/*
 * For who reads input ("-": standard input) while it writes: 2 after printing which output would be
 * that same file, else 0.  Opens nothing.
 */
int outputs_spare(const struct options *options, const char *input);

/* Opens the files anew, for logrotate; not a recording, which is one document. */
void outputs_reopen(struct outputs *out);

/*
 * Does that, and makes the outputs those of options: what is asked for as
 * before goes on with its counts, what is new begins with a start line.  A recording can be taken
 * away, and none be added.  0; 2 after printing why, and nothing changed.
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
