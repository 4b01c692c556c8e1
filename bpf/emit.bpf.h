/* SPDX-License-Identifier: GPL-2.0-only */
/* Making records: reserve, fill the common part, count what finds no room. */
#ifndef EMIT_BPF_H
#define EMIT_BPF_H

#include "maps.bpf.h"

static __always_inline void header_fill(struct wire_header *h, __u32 type, __u32 size)
{
	h->type = type;
	h->size = size;
	h->time_ns = bpf_ktime_get_boot_ns();
}

/* A zeroed record of sizeof(*record) in the ring, or NULL with the loss counted. */
#define record_reserve(record, wire_type, loss)                                                    \
	({                                                                                         \
		(record) = bpf_ringbuf_reserve(&records, sizeof(*(record)), 0);                    \
		if (record) {                                                                      \
			__builtin_memset((record), 0, sizeof(*(record)));                          \
			header_fill(&(record)->header, (wire_type), sizeof(*(record)));            \
		} else {                                                                           \
			__sync_fetch_and_add(&lost[(loss)], 1);                                    \
		}                                                                                  \
		(record) != NULL;                                                                  \
	})

/*
 * When the process began, cut to the 10 ms in which /proc/PID/stat tells it (USER_HZ), so that a scan
 * and a hook name one process alike.
 */
static __always_inline __u64 task_start_ns(struct task_struct *task)
{
	__u64 start_ns = BPF_CORE_READ(task, group_leader, start_boottime);

	return start_ns - start_ns % 10000000;
}

static __always_inline void task_fill(struct wire_task *out, struct task_struct *task)
{
	out->pid = BPF_CORE_READ(task, tgid);
	out->tid = BPF_CORE_READ(task, pid);
	out->start_ns = task_start_ns(task);
}

#endif
