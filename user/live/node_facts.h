/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a diagnosis needs to know of the node, read when a process makes it relevant and handed on
 * as events, so that a recording holds it.
 */
#ifndef LIVE_NODE_FACTS_H
#define LIVE_NODE_FACTS_H

#include "base/table.h"
#include "capture/decode.h"
#include "capture/source.h"
#include "live/unit_watch.h"

struct node_facts {
	struct table files; /* by file and mount namespace: what it was when it was read */
	struct unit_watch units;
	uint32_t own_mntns;	 /* of the tracer; 0: not asked yet */
	struct decoder *decoder; /* it learns where names lead; NULL: nobody does */
};

/* A zeroed struct is ready for use. */
void node_facts_free(struct node_facts *f);

/*
 * A process runs a program: tells the files as that process sees them, unless they were told before
 * and have not changed since.  /etc/hosts: a fact "hosts" a line, with the fields IP NAME...;
 * /etc/resolv.conf: a fact "resolver" a nameserver, with the field IP.  The files of its unit: unit_watch.h.
 */
void node_facts_follow(
	struct node_facts *f, const struct event *exec, event_handler handler, void *context);

#endif
