/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mirrors of registries.yaml that processes tried: the default endpoint comes after them (wharfie getEndpoints,
 * containerd hosts.toml), so a dial to it says what became of the mirror.
 */
#ifndef DIAGNOSE_DIAGNOSIS_MIRRORS_H
#define DIAGNOSE_DIAGNOSIS_MIRRORS_H

#include "diagnose/diagnosis_facts.h"
#include "model/dial.h"

#define MIRROR_TRIES 64
#define MIRROR_NS    120000000000ULL

/* A zeroed struct remembers none. */
struct mirror_tries {
	struct mirror_try {
		uint32_t pid;
		uint64_t start_ns, at_ns;
		bool reached;
		char host[256];
	} tries[MIRROR_TRIES]; /* a ring */
	size_t next;
};

/* Remembers that d reached, or did not reach, a host that registries.yaml names; others are passed over. */
void mirrors_note(struct mirror_tries *m, const struct node_facts_kept *facts, const struct dial *d,
	bool reached, uint64_t at_ns);

/*
 * The mirror of what d dialled that the same process tried last, at most MIRROR_NS before, and whether it was
 * reached; NULL: none.
 */
const char *mirrors_tried(const struct mirror_tries *m, const struct node_facts_kept *facts,
	const struct dial *d, bool *reached);

#endif
