/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands: each takes its own argv (argv[0] is its name) and returns the exit status. */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

/*
 * Exit statuses: 0 done, 1 findings, 2 usage or input or output, 3 cannot trace here, 4 could trace
 * and then could not: the one that trying again may mend, so it is neither of those two.
 */
enum { STATUS_DONE, STATUS_FINDINGS, STATUS_USAGE, STATUS_CANNOT_TRACE, STATUS_BROKE_OFF };

int trace_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int check_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int rules_main(int argc, char **argv);
int features_main(int argc, char **argv);
int demo_main(int argc, char **argv);

#endif
