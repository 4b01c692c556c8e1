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

/*
 * A field of sk: by a plain load where the hook's argument has a type (tp_btf), else by a probe
 * read, which is a call of some hundred instructions.  typed is a constant wherever it is used.
 */
#define SOCK_READ(typed, sk, field) ((typed) ? (sk)->field : BPF_CORE_READ((sk), field))

static __always_inline void address_of_sock(struct wire_address *a, struct sock *sk, bool typed)
{
	a->family = SOCK_READ(typed, sk, __sk_common.skc_family);
	a->remote_port = bpf_ntohs(SOCK_READ(typed, sk, __sk_common.skc_dport));
	a->local_port = SOCK_READ(typed, sk, __sk_common.skc_num);
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
		*(__u32 *)a->local = SOCK_READ(typed, sk, __sk_common.skc_rcv_saddr);
		*(__u32 *)a->remote = SOCK_READ(typed, sk, __sk_common.skc_daddr);
	}
}

/* A state record without its task; NULL where the ring is full. */
static __always_inline struct wire_state *state_record(
	struct sock *sk, const struct wire_dialled *d, int old, int new, bool typed)
{
	struct wire_state *record;

	if (!record_reserve(record, WIRE_STATE, WIRE_LOST_STATE))
		return NULL;
	record->socket = d->socket;
	record->cookie = SOCK_READ(typed, sk, __sk_common.skc_cookie.counter);
	address_of_sock(&record->address, sk, typed);
	record->old_state = old;
	record->new_state = new;
	return record;
}

static __always_inline void socket_forget(const struct sock *sk)
{
	__u64 key = (__u64)sk;

	if (!bpf_map_delete_elem(&sockets, &key))
		__sync_fetch_and_add(&socket_filter[socket_slot(sk)], -1);
}

/* sk is dialled by nobody who is traced: what is remembered there is of a socket that is gone. */
static __always_inline int socket_reborn(const struct sock *sk)
{
	if (socket_filter[socket_slot(sk)])
		socket_forget(sk);
	return 0;
}

/* Remembers the socket under sk; user space joins by d->socket. */
static __always_inline int socket_remember(const struct sock *sk, const struct wire_dialled *d)
{
	__u64 key = (__u64)sk;
	int err = bpf_map_update_elem(&sockets, &key, d, BPF_NOEXIST);

	if (!err) {
		__sync_fetch_and_add(&socket_filter[socket_slot(sk)], 1);
		return 0;
	}
	if (err == -17) /* EEXIST: dialled again after a failure that left the socket open */
		err = bpf_map_update_elem(&sockets, &key, d, BPF_EXIST);
	if (err)
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
