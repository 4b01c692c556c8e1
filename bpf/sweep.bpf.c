// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a dialled socket gone though nobody saw it go (the kernel skipped a hook's run)?
 *
 * Attached to nothing: user space runs it with BPF_PROG_TEST_RUN (raw_tp from 5.10 on, commit
 * 1b4d60ec162f) on the entries of the table when it has reason to.  Not an iterator over the map:
 * 5.10 has that too, but some machines allow only iterators that they know by name.
 */
#include "dial.bpf.h"

/*
 * args: the key (the address of a struct sock) and the cookie, 0 where it is not known.  The memory there
 * may be another socket's by now, or no socket's: what is read decides nothing but whether an entry
 * stays, and a probe read of what is not there gives zeroes.  1: gone.
 */
SEC("raw_tp")
int sweep_socket(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	__u64 cookie = ctx->args[1];
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	if (state != TCP_SYN_SENT && state != TCP_ESTABLISHED)
		return 1;
	return cookie && cookie != (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}
