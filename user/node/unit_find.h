/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where systemd finds a unit: its file, its other names, its drop-ins, in systemd's order.
 *
 * Source of the rules: systemd.unit(5), "Unit File Load Path" and "System Unit Search Path", and the
 * behaviour of systemd 252 (src/basic/unit-file.c, src/shared/dropin.c, src/basic/conf-files.c).
 */
#ifndef NODE_UNIT_FIND_H
#define NODE_UNIT_FIND_H

#include "node/unit_root.h"
#include "node/unit_spec.h"

struct unit_found {
	struct unit_name id;	   /* the main name: an alias was followed */
	char *fragment;		   /* the unit file inside the root; NULL: there is none */
	bool masked;		   /* it is empty or a device: the unit cannot be started */
	struct unit_list drop_ins; /* paths, in the order in which they are read */
	struct unit_list shadowed; /* unit files and drop-ins of the same name that are not read */
	struct unit_list
		unreadable; /* directories of which we saw nothing; names are "PATH: WHY" */
	bool cut;	    /* more files than the limits: what is said may be wrong */
};

/*
 * Finds unit below r.  0, also where there is no such unit (fragment NULL); -EINVAL for a name that
 * systemd would not have; -ENOMEM.
 */
int unit_find(const struct unit_root *r, const char *unit, struct unit_found *out);
void unit_found_free(struct unit_found *f);

/* The *.conf of a configuration, as conf_files_list(): first directory wins, sorted by name. */
int unit_find_conf(const struct unit_root *r, const struct unit_list *dirs, struct unit_found *out);

#endif
