/* SPDX-License-Identifier: GPL-2.0-only */
/* Harmless calls of our own by which each hook is seen to fire. */
#ifndef LIVE_KERNEL_PROBE_H
#define LIVE_KERNEL_PROBE_H

#include <stdbool.h>

struct kernel;

/* argv[0] of the program that the probe runs: main() returns 0 at once when it is called so. */
#define PROBE_PROGRAM "relaytrace-probe"

/* Which hooks the calls below had to fire: others may be silent and work all the same. */
struct probe_result {
	bool tcp;   /* the loopback is up, so the connect() made a TCP state change */
	bool names; /* the payload program was on our own cgroup as a datagram left for port 53 */
	int names_error; /* -errno where it could not be attached there */
};

/*
 * Makes a fork, a signal, an exec, an exit, a connect() to a port of our own on the loopback and a datagram to another,
 * all marked as probe, so that they count as hits and make no records.  0, or -errno where the calls could
 * not be made.
 */
int probe_run(struct kernel *k, struct probe_result *out);

#endif
