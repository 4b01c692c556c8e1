/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs in the kernel: loading, attaching, proving that they fire, and their maps. */
#ifndef LIVE_KERNEL_H
#define LIVE_KERNEL_H

#include "live/kernel_hooks.h"
#include "wire.h"

#include <stdint.h>
#include <sys/types.h>

struct relaytrace_bpf;

#define KERNEL_LINKS	16
#define KERNEL_PAYLOADS 3

struct kernel {
	struct relaytrace_bpf *bpf;
	struct hook_choice choice;
	struct bpf_link *links[KERNEL_LINKS];
	size_t link_count;
	struct bpf_link
		*connect_links[2]; /* apart: the tracepoint row comes and goes with the trees */
	int connect_events[2];	   /* the numbers of the tracepoints, once they are known */
	/* It could not be seen to fire: the loopback is down here, or no port 53 to be had. */
	bool unproved_tcp, unproved_names;
};

/*
 * Loads and attaches the best hooks that forced admits (NULL: all), each proved by a hit; falls
 * to the next row where one is refused or silent.  0; -EPERM, -ENOENT ... after printing what is
 * missing and what to do: a group without which there is nothing to trace, or one of which forced
 * names the row.  With pods, trees do not end at a container's init.
 */
int kernel_open(struct kernel *k, const char *forced, bool pods);

/* Warns of what is not seen because a group without which there is still something to trace has no row. */
void kernel_warn(const struct kernel *k);

/* Detaches and unloads: nothing stays in the kernel. */
void kernel_close(struct kernel *k);

/* Attaches or detaches the connect hook where that is a row that every process pays for.  0 or -errno. */
int kernel_connect_hook(struct kernel *k, bool attached);

/* Is the connect hook one that costs every system call, so that it should go while there is no tree? */
bool kernel_connect_is_costly(const struct kernel *k);

/*
 * Attaches one of the KERNEL_PAYLOADS programs (packets in, out, SO_ERROR) to the cgroup open at directory, beside
 * what others have attached there.  NULL with errno; ENOTSUP where these programs are not loaded.
 */
struct bpf_link *kernel_attach_payload(struct kernel *k, int which, int directory);

/*
 * Takes over the dials of the traced processes that are in SYN_SENT: a state record with taken_over
 * for each.  0; -ENOTSUP before 5.8; -errno.
 */
int kernel_take_over(struct kernel *k);

/* Processes whose comm is this (cut to 15 bytes) start a tree from now on.  0 or -errno. */
int kernel_add_root_name(struct kernel *k, const char *name);

/* Traces process pid and what it will start.  0, -EEXIST where it is already, -errno. */
int kernel_add_process(struct kernel *k, pid_t pid, const struct wire_traced *entry);
void kernel_remove_process(struct kernel *k, pid_t pid);

int kernel_ring_fd(const struct kernel *k);
int kernel_traced_fd(const struct kernel *k);

/* How many processes are traced now. */
size_t kernel_process_count(const struct kernel *k);

/*
 * Does the reader of the ring look by itself?  The kernel's side wakes it while this is 0, and sets it; it is the
 * reader's to clear before it sleeps until it is woken.
 */
uint32_t *kernel_reader_looks(const struct kernel *k);

/* The counters of what found no room, WIRE_LOSSES of them; they change under the reader. */
const volatile uint64_t *kernel_lost(const struct kernel *k);

/* How many runs of our programs the kernel skipped (recursion_misses, 5.12; 0 before). */
uint64_t kernel_missed(const struct kernel *k);

/* "connect=fexit tcp=tp_btf process=tp_btf names=cgroup_skb". */
void kernel_describe(const struct kernel *k, char *text, size_t size);

#endif
