/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types (BTF): the numbers of those that relaytrace asks for, found in one walk, and an excerpt with the
 * structures that its programs read.
 *
 * libbpf left to itself reads the kernel's BTF for itself and walks its hundred thousand types once for
 * each structure and once for each hook: two thirds of what a start cost.
 */
#ifndef LIVE_KERNEL_TYPES_H
#define LIVE_KERNEL_TYPES_H

#include "base/buffer.h"

#include <bpf/btf.h>

struct kernel_types {
	struct btf *btf;     /* of vmlinux; owned; NULL: there is none */
	int error;	     /* -errno where there is none */
	struct buffer found; /* struct kernel_type, one behind the other, in the kernel's order */
};

/* Reads them.  0, -ENOENT where the kernel tells none, or -errno, with types that may be asked and freed all the same. */
int kernel_types_read(struct kernel_types *types);
void kernel_types_free(struct kernel_types *types);

/* The number of a type in the list of what is asked for; -ENOENT where this kernel has none, -errno as above. */
int kernel_types_id(const struct kernel_types *types, const char *name, __u32 kind);

/*
 * BTF with the structures of the list and what lies within them, for bpf_object_open_opts.btf_custom_path: a file
 * descriptor (a memfd, the caller's to close) or -errno.
 */
int kernel_types_excerpt(const struct kernel_types *types);

#endif
