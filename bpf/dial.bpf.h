/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs that see dials share: addresses, the table of dialled sockets, state records. */
#ifndef DIAL_BPF_H
#define DIAL_BPF_H

#include "emit.bpf.h"

#define AF_INET	     2
#define AF_INET6     10
#define IPPROTO_TCP_ 6
#define IPPROTO_UDP_ 17
#define MPTCP_	     262 /* IPPROTO_MPTCP does not fit 8 bits; the parent socket alone has it */

static __always_inline void address_of_v6(struct wire_address *a, __u8 *bytes, const __u32 w[4])
{
	if (!w[0] && !w[1] && w[2] == bpf_htonl(0xffff)) {
		__builtin_memcpy(bytes, &w[3], 4);
		a->family = AF_INET;
		a->mapped = 1;
	} else {
		__builtin_memcpy(bytes, w, 16);
	}
}

static __always_inline void address_of_sock(struct wire_address *a, struct sock *sk)
{
	__u16 port;

	a->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	bpf_core_read(&port, sizeof(port), &sk->__sk_common.skc_dport);
	a->remote_port = bpf_ntohs(port);
	a->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	a->protocol = IPPROTO_TCP_;
	if (a->family == AF_INET6) {
		__u32 w[4];

		bpf_core_read(w, sizeof(w), &sk->__sk_common.skc_v6_rcv_saddr);
		address_of_v6(a, a->local, w);
		a->mapped = 0;
		a->family = AF_INET6;
		bpf_core_read(w, sizeof(w), &sk->__sk_common.skc_v6_daddr);
		address_of_v6(a, a->remote, w);
	} else {
		bpf_core_read(a->local, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(a->remote, 4, &sk->__sk_common.skc_daddr);
	}
}

static __always_inline int state_emit(struct sock *sk, const struct dialled *d, int old, int new,
	struct task_struct *task, bool taken_over)
{
	struct wire_state *record;

	if (!record_reserve(record, WIRE_STATE, WIRE_LOST_STATE))
		return 0;
	if (task)
		task_fill(&record->task, task);
	record->socket = d->socket;
	record->cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	address_of_sock(&record->address, sk);
	record->error = BPF_CORE_READ(sk, sk_err);
	record->old_state = old;
	record->new_state = new;
	record->taken_over = taken_over;
	/*
	 * close() shuts the socket down before it changes the state (__tcp_close), an error after it
	 * (tcp_done).  sk_err alone does not tell the two apart: a program that polls on another
	 * processor may have taken it with SO_ERROR between its setting and this hook.
	 */
	record->by_kernel = new == TCP_CLOSE && !BPF_CORE_READ_BITFIELD_PROBED(sk, sk_shutdown);
	if (old == TCP_ESTABLISHED) {
		struct tcp_sock *tcp = (struct tcp_sock *)sk;

		record->received = BPF_CORE_READ(tcp, bytes_received);
		record->sent = BPF_CORE_READ(tcp, bytes_acked);
	}
	bpf_ringbuf_submit(record, 0);
	return 0;
}

static __always_inline void socket_forget(const struct sock *sk)
{
	__u64 key = (__u64)sk;

	if (!bpf_map_delete_elem(&sockets, &key))
		__sync_fetch_and_add(&socket_filter[socket_slot(sk)], -1);
}

/* Remembers the socket under sk; user space joins by d->socket. */
static __always_inline int socket_remember(const struct sock *sk, const struct dialled *d)
{
	__u64 key = (__u64)sk;
	int err = bpf_map_update_elem(&sockets, &key, d, BPF_NOEXIST);

	if (!err) {
		__sync_fetch_and_add(&socket_filter[socket_slot(sk)], 1);
		return 0;
	}
	if (err == -17) /* EEXIST: dialled again after a failure that left the socket open */
		return bpf_map_update_elem(&sockets, &key, d, BPF_EXIST);
	__sync_fetch_and_add(&lost[WIRE_LOST_SOCKET], 1);
	return err;
}

/* A TCP socket whose SYN is on its way. */
static __always_inline bool sock_is_dialling(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) &&
	       BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP_ &&
	       BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_SYN_SENT;
}

#endif
