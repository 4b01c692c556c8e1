/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's tables hold of processes and sockets that are gone.  The programs take out what they
 * see go; a run that the kernel skipped leaves an entry behind.  It says nothing false (the programs
 * look whose it is before they use it), but it takes a place.
 */
#ifndef LIVE_KERNEL_SWEEP_H
#define LIVE_KERNEL_SWEEP_H

#include "live/kernel.h"

#include <stdbool.h>

/* Walks the traced processes: start with *pid = 0; false at the end. */
bool kernel_next_process(const struct kernel *k, uint32_t *pid, struct wire_traced *entry);

/* No longer traces pid, where the entry is still that of the process that began at start_ns. */
void kernel_forget_process(struct kernel *k, uint32_t pid, uint64_t start_ns);

/* Walks the dialled sockets, *sk being the key: start with 0; false at the end. */
bool kernel_next_socket(const struct kernel *k, uint64_t *sk, struct wire_dialled *entry);

/* The entry of that key; false where there is none. */
bool kernel_find_socket(const struct kernel *k, uint64_t sk, struct wire_dialled *entry);

/*
 * Does that socket look gone?  One look proves nothing (an entry is made before the socket's state says
 * that it dials): one that looks gone twice, moments apart, is.  Where the kernel refuses to be asked, false.
 */
bool kernel_socket_is_gone(struct kernel *k, uint64_t sk, const struct wire_dialled *entry);

/* Forgets that socket, where the entry is still the one of that number. */
void kernel_forget_socket(struct kernel *k, uint64_t sk, uint64_t socket);

#endif
