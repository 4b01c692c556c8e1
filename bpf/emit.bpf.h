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

/*
 * How a record is handed over.  To wake the reader costs whoever makes the record an interrupt of its own and a
 * try_to_wake_up(), some 2,000 instructions, so only the first of a series does.  By force: the kernel's own rule wakes
 * with the record at which the reader stands (bpf_ringbuf_commit), and a silent one would hold back all behind it.
 */
static __always_inline __u64 wake_first(void)
{
	if (reader_looks)
		return BPF_RB_NO_WAKEUP;
	reader_looks = 1;
	return BPF_RB_FORCE_WAKEUP;
}

/* One that cannot wait for some milliseconds: what is looked up of a process may soon be gone. */
static __always_inline __u64 wake_now(void)
{
	reader_looks = 1;
	return BPF_RB_FORCE_WAKEUP;
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

/* The 10 ms in which /proc/PID/stat tells when a process began (USER_HZ): a scan and a hook name one process alike. */
static __always_inline __u64 start_cut(__u64 start_ns)
{
	return start_ns - start_ns % 10000000;
}

static __always_inline __u64 task_start_ns(struct task_struct *task)
{
	return start_cut(BPF_CORE_READ(task, group_leader, start_boottime));
}

static __always_inline void task_fill(struct wire_task *out, struct task_struct *task)
{
	out->pid = BPF_CORE_READ(task, tgid);
	out->tid = BPF_CORE_READ(task, pid);
	out->start_ns = task_start_ns(task);
}

/*
 * The same of the task that runs.  Where the kernel hands its pointer out with a type (5.11, commit
 * 3ca1032ab7ab), fields are read by a load each and not by a call of some hundred instructions.
 */
static __always_inline void current_fill(struct wire_task *out, bool typed)
{
	__u64 id = bpf_get_current_pid_tgid();

	out->pid = id >> 32;
	out->tid = id;
	if (typed)
		out->start_ns = start_cut(bpf_get_current_task_btf()->group_leader->start_boottime);
	else
		out->start_ns = task_start_ns((struct task_struct *)bpf_get_current_task());
}

/*
 * Is it the process of that pid and start that has the entry?  If not, who had it is dead and its
 * exit went by unseen (a hook's run that the kernel skipped): the entry goes.
 */
static __always_inline bool traced_is(const struct wire_traced *entry, const struct wire_task *task)
{
	/* User space may not know when it began: the tracer proving its hooks. */
	if (!entry->start_ns || entry->start_ns == task->start_ns)
		return true;
	traced_remove(task->pid);
	return false;
}

/* Is it the tracer's own call, by which it sees that the hook fires?  That is counted, and nothing else is told of it. */
static __always_inline bool is_probe(const struct wire_traced *entry, enum wire_hit hit)
{
	if (!(entry->flags & WIRE_TRACED_PROBE))
		return false;
	__sync_fetch_and_add(&hits[hit], 1);
	return true;
}

/* The entry of the task that runs, NULL for nearly all; me is filled where there is one. */
static __always_inline struct wire_traced *traced_current(struct wire_task *me, bool typed)
{
	struct wire_traced *entry = traced_find(bpf_get_current_pid_tgid() >> 32);

	if (!entry)
		return NULL;
	current_fill(me, typed);
	return traced_is(entry, me) ? entry : NULL;
}

#endif
