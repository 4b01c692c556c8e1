// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dials that were already on their way when the tracer came: the operator starts it in the middle
 * of the 30 seconds of silence.
 *
 * A walk over the open files of the traced processes, once, after the scan.  The walk and not
 * sock_diag: it has the owner and the socket in one hand, and puts the socket where the state hook
 * will find it.
 */
#include "dial.bpf.h"

#define S_IFMT_	  0170000
#define S_IFSOCK_ 0140000

SEC("btf_iter/task_file")
int takeover(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct wire_traced *entry;
	struct wire_state *record;
	struct wire_dialled d = {};
	struct wire_task its = {};
	struct socket *socket;
	struct sock *sk;
	__u64 key;

	if (!task || !file)
		return 0;
	entry = traced_find(task->tgid);
	if (!entry || entry->flags & WIRE_TRACED_PROBE)
		return 0;
	task_fill(&its, task);
	if (!traced_is(entry, &its))
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT_) != S_IFSOCK_)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !sock_is_dialling(sk))
		return 0;
	d.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	d.socket = d.cookie ? d.cookie : bpf_ktime_get_boot_ns() | 1ULL << 63;
	key = (__u64)sk;
	/* One that the state hook has seen since it was attached is known already. */
	if (bpf_map_lookup_elem(&sockets, &key) || socket_remember(sk, &d))
		return 0;
	/* It may have got its outcome between the look and the entry: then nobody would take it out. */
	if (!sock_is_dialling(sk)) {
		socket_forget(sk);
		return 0;
	}
	record = state_record(sk, &d, TCP_CLOSE, TCP_SYN_SENT, false);
	if (record) {
		record->task = its;
		record->taken_over = 1;
		bpf_ringbuf_submit(record, wake_first());
	}
	return 0;
}
