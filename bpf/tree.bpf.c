// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who belongs to a traced tree: children follow their parents, the dead leave.
 *
 * sched_process_fork and _exit run for every task of the host; a miss costs a load from the filter.
 * Each body serves two programs: tp_btf, and raw_tp for kernels that refuse it.
 */
#include "emit.bpf.h"

static __always_inline int on_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = BPF_CORE_READ(child, tgid);
	struct wire_traced entry, *of_parent;
	struct wire_task me = {};
	struct wire_fork *record;

	of_parent = traced_find(bpf_get_current_pid_tgid() >> 32);
	if (!of_parent && !traced_filter[pid_slot(pid)])
		return 0;
	if (pid != BPF_CORE_READ(child, pid)) /* a thread */
		return 0;
	if (of_parent) {
		task_fill(&me, parent);
		if (!traced_is(of_parent, &me))
			of_parent = NULL;
	}
	/* Who had this pid is dead, whatever was seen of it. */
	if (!of_parent) {
		traced_remove(pid);
		return 0;
	}
	/* A child that the tracer makes is COMMAND: user space adds it, when it is ready. */
	if (is_probe(of_parent, WIRE_HIT_FORK))
		return 0;
	entry = *of_parent;
	entry.start_ns = task_start_ns(child);
	traced_add(pid, &entry);
	if (record_reserve(record, WIRE_FORK, WIRE_LOST_FORK)) {
		record->parent = me;
		record->child.pid = record->child.tid = pid;
		record->child.start_ns = entry.start_ns;
		bpf_ringbuf_submit(record, wake_first());
	}
	return 0;
}

static __always_inline int on_exit(struct task_struct *task)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct wire_traced *entry = traced_find(pid);
	struct wire_exit *record;
	struct wire_task me = {};
	int status;

	if (!entry)
		return 0;
	/* do_exit() took this thread off `live` before the hook: 0 says that it is the last one. */
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0;
	task_fill(&me, task);
	if (!traced_is(entry, &me))
		return 0;
	if (is_probe(entry, WIRE_HIT_EXIT))
		return 0;
	status = BPF_CORE_READ(task, signal, group_exit_code);
	if (!status)
		status = BPF_CORE_READ(task, exit_code);
	if (record_reserve(record, WIRE_EXIT, WIRE_LOST_EXIT)) {
		record->task = me;
		record->status = status;
		bpf_ringbuf_submit(record, wake_first());
	}
	traced_remove(pid);
	return 0;
}

/*
 * SIGHUP, SIGINT, SIGQUIT, SIGTERM: a dial that ends after one of these was interrupted.  Not SIGKILL,
 * which every thread but one takes when a process ends by itself (zap_other_threads): the exit status tells of it.
 */
#define STOP_SIGNALS (1 << 1 | 1 << 2 | 1 << 3 | 1 << 15)

static __always_inline int on_signal(int signal)
{
	struct wire_signal *record;
	struct wire_traced *entry;
	struct wire_task me = {};

	if (signal > 15 || !(STOP_SIGNALS & 1 << (signal & 15)))
		return 0;
	entry = traced_current(&me, false);
	if (!entry)
		return 0;
	if (is_probe(entry, WIRE_HIT_SIGNAL))
		return 0;
	if (record_reserve(record, WIRE_SIGNAL, WIRE_LOST_SIGNAL)) {
		record->task = me;
		record->signal = signal;
		bpf_ringbuf_submit(record, wake_first());
	}
	return 0;
}

SEC("btf_tp/sched_process_fork")
int BPF_PROG(fork_tp_btf, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(parent, child);
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(fork_raw_tp, struct task_struct *parent, struct task_struct *child)
{
	return on_fork(parent, child);
}

SEC("btf_tp/sched_process_exit")
int BPF_PROG(exit_tp_btf, struct task_struct *task)
{
	return on_exit(task);
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(exit_raw_tp, struct task_struct *task)
{
	return on_exit(task);
}

SEC("btf_tp/signal_deliver")
int BPF_PROG(signal_tp_btf, int signal)
{
	return on_signal(signal);
}

SEC("raw_tp/signal_deliver")
int BPF_PROG(signal_raw_tp, int signal)
{
	return on_signal(signal);
}
