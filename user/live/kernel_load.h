/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading the programs of the chosen rows. */
#ifndef LIVE_KERNEL_LOAD_H
#define LIVE_KERNEL_LOAD_H

#include "live/kernel.h"

/* Opens and loads k->bpf with the programs that k->choice names; with pods, see kernel_open().  0 or -errno. */
int kernel_load(struct kernel *k, const struct kernel_facts *facts, bool pods);

/* Is it attached by a number of the kernel's types (bpf_program__attach_trace())? */
bool program_is_typed(const struct bpf_program *program);

#endif
