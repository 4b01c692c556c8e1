/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that give a unit nothing and in which people put a relay all the same: the env files of another unit, what a
 * package manager moved aside, shell profiles, drop-ins of docker and containerd, drop-ins whose name or folder
 * systemd does not look at.
 */
#ifndef NODE_UNIT_ELSEWHERE_H
#define NODE_UNIT_ELSEWHERE_H

#include "node/unit_root.h"
#include "node/unit_spec.h"

/* The paths of those that are there, in a fixed order; some may be files that unit does read.  0 or -ENOMEM. */
int unit_elsewhere(
	const struct unit_root *r, const struct unit_name *unit, struct unit_list *paths);

/* Is what stands at path, one of the above, written as a unit file (else as an env file or a shell's)? */
bool unit_elsewhere_is_unit_text(const char *path);

/* Is it a script of a shell? */
bool unit_elsewhere_is_shell(const char *path);

#endif
