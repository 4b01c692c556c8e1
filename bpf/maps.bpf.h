/* SPDX-License-Identifier: GPL-2.0-only */
/* The state that the programs share, and the small operations on it. */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#include "vmlinux.h"
#include "wire.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* The programs that are roots, by comm; user space fills it. */
struct root_names_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, char[16]);
	__type(value, __u32);
};
extern struct root_names_map root_names SEC(".maps");

/* The traced processes, by pid in the initial namespace. */
struct traced_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct wire_traced);
};
extern struct traced_map traced SEC(".maps");

/* Sockets that traced processes dialled, from SYN_SENT until they leave ESTABLISHED, by sk. */
struct sockets_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries,
		32768); /* an address can be dialled from 28,232 ports (ip_local_port_range) */
	__type(key, __u64);
	__type(value, struct wire_dialled);
};
extern struct sockets_map sockets SEC(".maps");

/* The first bytes of a connection of a traced process: how far they were followed. */
struct talk {
	__u32 out_next, in_next; /* TCP sequence numbers that are looked for */
	__u16 out_used, in_used; /* bytes of the part that left the kernel */
	__u8 udp;
	__u8 dns;
	__u8 out_part; /* enum wire_part of what is looked for */
	__u8 out_line; /* within an HTTP line */
	__u8 out_done, in_done;
	__u8 pad[6];
};
struct talks_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64); /* socket cookie */
	__type(value, struct talk);
};
extern struct talks_map talks SEC(".maps");

/* What a thread is doing inside connect(). */
struct call {
	__u64 sk;
	__u64 socket; /* set when its SYN_SENT was seen; else 0 */
	__u64 begin_ns;
	struct wire_address address;
	struct wire_task task;
};
struct calls_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64); /* pid and tid */
	__type(value, struct call);
};
extern struct calls_map calls SEC(".maps");

/* One ring for all records, so that their order is the order in which they were reserved. */
struct records_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 2 << 20); /* mapped twice, and all of that counts as resident */
};
extern struct records_map records SEC(".maps");

/*
 * Counting filters in front of the hash maps: every process of the host pays for a look, so a miss must cost
 * a load and a branch and not a hash and a bucket walk.  A slot counts the entries that fall on it.
 */
#define FILTER_SLOTS 16384
extern __u32 traced_filter[FILTER_SLOTS];
extern __u32 socket_filter[FILTER_SLOTS];
extern __u64 lost[WIRE_LOSSES];
extern __u64 hits[WIRE_HITS];

/*
 * The reader of the ring looks by itself, and need not be woken.  Set by the record that wakes it, cleared by the reader
 * when there was none for a while (user/live/source_kernel_records.c).
 */
extern __u32 reader_looks;

static __always_inline __u32 pid_slot(__u32 pid)
{
	return pid & (FILTER_SLOTS - 1);
}

/*
 * Sockets are slab objects at least 64 bytes apart; a multiplication spreads them (Knuth 6.4).  Only
 * the low half counts: the verifier lets a pointer be cut to 32 bits, but not be multiplied.
 */
static __always_inline __u32 socket_slot(const void *sk)
{
	__u32 low;

	/* A move of its own, which makes a number of it: the compiler would multiply the pointer in place. */
	asm volatile("%0 = %1" : "=w"(low) : "w"((__u32)(__u64)sk));
	return low * 0x9e3779b1U >> 18; /* 14 bits: FILTER_SLOTS */
}

/* The entry of pid, NULL for nearly every process of the host; of an earlier process, maybe (emit.bpf.h). */
static __always_inline struct wire_traced *traced_find(__u32 pid)
{
	if (!traced_filter[pid_slot(pid)])
		return NULL;
	return bpf_map_lookup_elem(&traced, &pid);
}

static __always_inline void traced_add(__u32 pid, const struct wire_traced *entry)
{
	int err = bpf_map_update_elem(&traced, &pid, entry, BPF_NOEXIST);

	if (!err)
		__sync_fetch_and_add(&traced_filter[pid_slot(pid)], 1);
	else if (err == -17) /* EEXIST: a stale entry of an earlier process of that pid */
		bpf_map_update_elem(&traced, &pid, entry, BPF_EXIST);
	else
		__sync_fetch_and_add(&lost[WIRE_LOST_PROCESS], 1);
}

static __always_inline void traced_remove(__u32 pid)
{
	if (!bpf_map_delete_elem(&traced, &pid))
		__sync_fetch_and_add(&traced_filter[pid_slot(pid)], -1);
}

#endif
