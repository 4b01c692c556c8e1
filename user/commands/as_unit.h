/* SPDX-License-Identifier: GPL-2.0-only */
/* `--as-unit UNIT -- COMMAND`: the environment that systemd would give UNIT, for a trial pull that is the unit's. */
#ifndef COMMANDS_AS_UNIT_H
#define COMMANDS_AS_UNIT_H

/*
 * The environment, NULL-ended, secrets and all: for an exec and nothing else.  NULL after saying why: there is no
 * such unit, or it cannot be started as its files stand.  Free it with as_unit_free(), which wipes it.
 */
char **as_unit_environment(const char *unit);
void as_unit_free(char **environment);

/*
 * A COMMAND runs with the shell's environment: says so where this node has a unit of RKE2, K3s or
 * rancher-system-agent that people take it for.
 */
void as_unit_remind(const char *command);

#endif
