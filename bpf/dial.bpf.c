// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dials: connect() and its return, and what became of the TCP socket.
 *
 * The two see different things, and both are needed.  Only the return of connect() shows a missing
 * route (-101, -113, -13, -22); only the state changes show what happens later, and sk_err must be
 * read in the hook.  The owner is learnt at CLOSE>SYN_SENT, which always runs in the dialler;
 * later changes run on whatever task the softirq interrupts.
 */
#include "dial.bpf.h"
#include "settings.bpf.h"

static __always_inline int state_dialling(struct sock *sk, __u64 cookie, bool typed)
{
	__u64 id = bpf_get_current_pid_tgid(), key = (__u64)sk;
	struct wire_task me = {};
	struct wire_traced *entry = traced_current(&me, typed && setting_cookie);
	struct wire_state *record;
	struct wire_dialled d = {};
	struct call *call;

	if (!entry)
		return socket_reborn(sk);
	if (is_probe(entry, WIRE_HIT_STATE))
		return 0;
	d.cookie = cookie;
	d.socket = cookie;
	/* Without the kernel's number one of our own, which connect()'s return finds by its thread. */
	if (!cookie) {
		d.socket = bpf_ktime_get_boot_ns() | 1ULL << 63;
		call = bpf_map_lookup_elem(&calls, &id);
		if (call) {
			call->sk = key;
			call->socket = d.socket;
		} else {
			struct call fresh = {.sk = key, .socket = d.socket};

			bpf_map_update_elem(&calls, &id, &fresh, BPF_ANY);
		}
	}
	socket_remember(sk, &d);
	record = state_record(sk, &d, TCP_CLOSE, TCP_SYN_SENT, typed);
	if (record) {
		record->task = me;
		bpf_ringbuf_submit(record, wake_first());
	}
	return 0;
}

/*
 * Is the entry of a socket that was here before?  One lives from SYN_SENT to the end of ESTABLISHED; where
 * that end was not seen, the next socket at this address begins with another state or another number.
 */
static __always_inline bool socket_is_another(
	struct sock *sk, const struct wire_dialled *d, int old, bool typed)
{
	if (old != TCP_SYN_SENT && old != TCP_ESTABLISHED)
		return true;
	return d->cookie && d->cookie != SOCK_READ(typed, sk, __sk_common.skc_cookie.counter);
}

/* The connection stands: from here on its first bytes are looked at (payload.bpf.c). */
static __always_inline void talk_begin(struct sock *sk, __u64 cookie)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	struct talk talk = {.out_part = WIRE_PART_REQUEST};
	__u16 port;

	/* 5.10: no cookie from here, but the SYN gave the socket one if it passed the cgroup program. */
	if (!cookie)
		cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	if (!cookie)
		return;
	bpf_core_read(&port, sizeof(port), &sk->__sk_common.skc_dport);
	talk.dns = port == bpf_htons(53);
	talk.out_next = BPF_CORE_READ(tcp, write_seq);
	talk.in_next = BPF_CORE_READ(tcp, rcv_nxt);
	if (bpf_map_update_elem(&talks, &cookie, &talk, BPF_ANY))
		__sync_fetch_and_add(&lost[WIRE_LOST_PAYLOAD], 1);
}

/* Any later change: of the sockets of the host, nearly all end at the filter. */
static __always_inline int state_changed(struct sock *sk, int old, int new, bool typed)
{
	__u64 key = (__u64)sk;
	struct wire_dialled *d, copy;
	struct wire_state *record;

	if (!socket_filter[socket_slot(sk)])
		return 0;
	d = bpf_map_lookup_elem(&sockets, &key);
	if (!d)
		return 0;
	copy = *d;
	if (socket_is_another(sk, &copy, old, typed)) {
		socket_forget(sk);
		return 0;
	}
	/* What comes after ESTABLISHED says how it ended; nothing is asked beyond. */
	if (new == TCP_ESTABLISHED)
		talk_begin(sk, copy.cookie);
	else
		socket_forget(sk);
	record = state_record(sk, &copy, old, new, typed);
	if (!record)
		return 0;
	record->error = SOCK_READ(typed, sk, sk_err);
	/*
	 * close() shuts the socket down before it changes the state (__tcp_close), an error after it
	 * (tcp_done).  sk_err alone does not tell the two apart: a program that polls on another
	 * processor may have taken it with SO_ERROR between its setting and this hook.
	 */
	record->by_kernel =
		new == TCP_CLOSE && !(typed ? BPF_CORE_READ_BITFIELD(sk, sk_shutdown)
					    : BPF_CORE_READ_BITFIELD_PROBED(sk, sk_shutdown));
	if (old == TCP_ESTABLISHED) {
		struct tcp_sock *tcp = (struct tcp_sock *)sk;

		record->received = BPF_CORE_READ(tcp, bytes_received);
		record->sent = BPF_CORE_READ(tcp, bytes_acked);
	}
	bpf_ringbuf_submit(record, wake_first());
	return 0;
}

SEC("btf_tp/inet_sock_set_state")
int BPF_PROG(state_tp_btf, struct sock *sk, int old, int new)
{
	if (new != TCP_SYN_SENT)
		return state_changed(sk, old, new, true);
	if (!traced_filter[pid_slot(bpf_get_current_pid_tgid() >> 32)])
		return socket_reborn(sk);
	return state_dialling(sk, setting_cookie ? bpf_get_socket_cookie(sk) : 0, true);
}

/* A raw tracepoint's pointer is no trusted one, so the kernel's cookie cannot be asked for. */
SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(state_raw_tp, struct sock *sk, int old, int new)
{
	if (new != TCP_SYN_SENT)
		return state_changed(sk, old, new, false);
	return state_dialling(sk, 0, false);
}

/*
 * An error that came for a socket: of a UDP socket that asked a resolver, the ICMP message that says
 * that nobody listens there (5.14, commit e6a3e4434000).  TCP's errors come with the state change.
 */
SEC("btf_tp/inet_sk_error_report")
int BPF_PROG(error_tp_btf, struct sock *sk)
{
	struct wire_connect *record;
	struct talk *talk;
	__u64 cookie;

	if (sk->sk_protocol != IPPROTO_UDP_ || !setting_cookie)
		return 0;
	cookie = sk->__sk_common.skc_cookie.counter;
	talk = cookie ? bpf_map_lookup_elem(&talks, &cookie) : NULL;
	if (!talk || !talk->udp)
		return 0;
	if (record_reserve(record, WIRE_CONNECT, WIRE_LOST_CONNECT)) {
		record->socket = cookie;
		address_of_sock(&record->address, sk, true);
		record->address.protocol = IPPROTO_UDP_;
		record->result = -sk->sk_err;
		record->asked = 1;
		bpf_ringbuf_submit(record, wake_first());
	}
	return 0;
}

/* ---- connect() and its return ---- */

/* Fills what the caller's sockaddr says; false where it is neither IPv4 nor IPv6. */
static __always_inline bool address_of_sockaddr(
	struct wire_address *a, const void *sockaddr, bool user)
{
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} s;
	long err;

	/* 28 bytes of the caller's or of the kernel's copy, a sockaddr_storage: both are readable whole. */
	err = user ? bpf_probe_read_user(&s, sizeof(s.v6), sockaddr)
		   : bpf_probe_read_kernel(&s, sizeof(s.v6), sockaddr);
	if (err && user) /* a sockaddr_in at the very end of a mapping */
		err = bpf_probe_read_user(&s, sizeof(s.v4), sockaddr);
	if (err)
		return false;
	a->family = s.v4.sin_family;
	a->remote_port = bpf_ntohs(s.v4.sin_port);
	if (a->family == AF_INET) {
		__builtin_memcpy(a->remote, &s.v4.sin_addr, 4);
	} else if (a->family == AF_INET6) {
		__u32 w[4];

		__builtin_memcpy(w, &s.v6.sin6_addr, 16);
		address_of_v6(a, a->remote, w);
	} else {
		return false;
	}
	return true;
}

/*
 * The socket behind a file descriptor of this process, NULL where there is none.  typed: plain loads, as in
 * current_fill().
 */
static __always_inline struct sock *sock_of_fd(__u32 fd, bool typed)
{
	struct task_struct *task =
		typed ? bpf_get_current_task_btf() : (struct task_struct *)bpf_get_current_task();
	struct file *file = NULL, **files;
	struct socket *socket;
	__u32 most;

	if (typed) {
		most = task->files->fdt->max_fds;
		files = task->files->fdt->fd;
	} else {
		struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);

		most = BPF_CORE_READ(fdt, max_fds);
		files = BPF_CORE_READ(fdt, fd);
	}
	if (fd >= most || bpf_probe_read_kernel(&file, sizeof(file), &files[fd]) || !file)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* Is it a TCP or UDP socket?  Asked of sockets whose address is IPv4 or IPv6 only. */
static __always_inline bool protocol_of_sock(struct wire_address *a, struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	a->protocol = protocol == MPTCP_ ? IPPROTO_TCP_ : protocol;
	return a->protocol == IPPROTO_TCP_ || a->protocol == 17;
}

static __always_inline int connect_emit(__u64 socket, __u64 begin_ns,
	const struct wire_address *address, int result, const struct wire_task *me)
{
	struct wire_connect *record;

	/* A UDP connect() sends nothing: only its failure says something (no route to a resolver). */
	if (address->protocol != IPPROTO_TCP_ && result >= 0)
		return 0;
	if (!record_reserve(record, WIRE_CONNECT, WIRE_LOST_CONNECT))
		return 0;
	record->task = *me;
	record->begin_ns = begin_ns;
	record->socket = socket;
	/* No SYN left, so nothing will be joined: any number that is not used again does. */
	if (!socket)
		record->socket = record->header.time_ns | 3ULL << 62;
	record->address = *address;
	record->result = result;
	bpf_ringbuf_submit(record, wake_first());
	return 0;
}

/* Is this thread's process traced?  Fills me; false for the tracer's own probe. */
static __always_inline bool connect_wanted(struct wire_task *me, bool typed)
{
	struct wire_traced *entry = traced_current(me, typed);

	return entry && !is_probe(entry, WIRE_HIT_CONNECT);
}

/*
 * The number by which the state changes of sk go: the kernel's own, which the SYN has made, or
 * on kernels that do not let us ask for it the one that this thread's SYN_SENT has put down.
 */
static __always_inline __u64 connect_socket(__u64 id, struct sock *sk)
{
	struct call *call;
	__u64 socket;

	call = bpf_map_lookup_elem(&calls, &id);
	if (!call)
		return 0;
	socket = call->sk == (__u64)sk ? call->socket : 0;
	bpf_map_delete_elem(&calls, &id);
	return socket;
}

static __always_inline int connect_returned(
	const struct wire_task *me, struct file *file, const void *sockaddr, int result)
{
	struct socket *owner = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(owner, sk);
	struct wire_address address = {};
	__u64 socket = 0;

	if (setting_numbered)
		socket = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	else
		socket = connect_socket((__u64)me->pid << 32 | me->tid, sk);
	if (address_of_sockaddr(&address, sockaddr, false) && protocol_of_sock(&address, sk))
		connect_emit(socket, 0, &address, result, me);
	return 0;
}

/* The same where the kernel hands the socket out with its type (5.11, commit 4f19cab76136). */
static __always_inline int connect_returned_typed(
	const struct wire_task *me, struct file *file, const void *sockaddr, int result)
{
	struct socket *owner = bpf_sock_from_file(file);
	struct wire_address address = {};
	struct sock *sk;

	if (!owner || !address_of_sockaddr(&address, sockaddr, false))
		return 0;
	sk = owner->sk;
	address.protocol = sk->sk_protocol == MPTCP_ ? IPPROTO_TCP_ : sk->sk_protocol;
	if (address.protocol != IPPROTO_TCP_ && address.protocol != IPPROTO_UDP_)
		return 0;
	return connect_emit(sk->__sk_common.skc_cookie.counter, 0, &address, result, me);
}

/*
 * __sys_connect_file (5.7, commit bd3ded3146da) is where connect() and io_uring meet.  The return
 * alone is hooked: the call's beginning is the SYN_SENT, and without one the call was short.
 */
SEC("btf_fexit/__sys_connect_file")
int BPF_PROG(connect_fexit, struct file *file, void *sockaddr, int len, int flags, int result)
{
	struct wire_task me = {};

	if (!connect_wanted(&me, setting_cookie))
		return 0;
	if (setting_numbered)
		return connect_returned_typed(&me, file, sockaddr, result);
	return connect_returned(&me, file, sockaddr, result);
}

/*
 * What user space gave to connect(), from the registers that the system call saved: a kretprobe has the return
 * value alone, and a kprobe to keep the arguments would make the pair half as dear again (+3.3 % and not
 * +2.3 % of a refused connect, both programs empty, 6.12).  False for another system call (io_uring,
 * socketcall), and where the registers do not stand where they were looked for.
 */
#if defined(__TARGET_ARCH_x86)
#define REGS_CALL(typed, regs)	  REG(typed, regs, orig_ax)
#define REGS_FD(typed, regs)	  REG(typed, regs, di)
#define REGS_ADDRESS(typed, regs) REG(typed, regs, si)
#define CALL_CONNECT		  42
#elif defined(__TARGET_ARCH_arm64)
#define REGS_CALL(typed, regs)	  REG(typed, regs, syscallno)
#define REGS_FD(typed, regs)	  REG(typed, regs, orig_x0)
#define REGS_ADDRESS(typed, regs) REG(typed, regs, regs[1])
#define CALL_CONNECT		  203
#endif
#define REG(typed, from, field) ((typed) ? (from)->field : BPF_CORE_READ((from), field))

static __always_inline bool connect_arguments(__u32 *fd, const void **sockaddr)
{
	struct task_struct *task;
	struct pt_regs *regs;

	if (setting_regs) {
		regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
		*fd = REGS_FD(true, regs);
		*sockaddr = (const void *)REGS_ADDRESS(true, regs);
		return REGS_CALL(true, regs) == CALL_CONNECT;
	}
	task = (struct task_struct *)bpf_get_current_task();
	regs = (struct pt_regs *)((char *)BPF_CORE_READ(task, stack) + setting_stack_size -
				  bpf_core_type_size(struct pt_regs));
	*fd = REGS_FD(false, regs);
	*sockaddr = (const void *)REGS_ADDRESS(false, regs);
	return REGS_CALL(false, regs) == CALL_CONNECT;
}

/* For kernels without fentry. */
SEC("kretprobe/__sys_connect_file")
int BPF_KRETPROBE(connect_kretprobe, int result)
{
	struct wire_task me = {};
	struct wire_traced *entry = traced_current(&me, setting_regs);
	struct wire_address address = {};
	const void *sockaddr;
	struct sock *sk;
	__u64 socket;
	__u16 port;
	__u32 fd;

	/* The hit is counted here, so that one who does not find the registers counts as silent. */
	if (!entry || !connect_arguments(&fd, &sockaddr))
		return 0;
	if (is_probe(entry, WIRE_HIT_CONNECT))
		return 0;
	sk = sock_of_fd(fd, setting_regs);
	if (!sk || !address_of_sockaddr(&address, sockaddr, true) ||
		!protocol_of_sock(&address, sk))
		return 0;
	/* Another thread may have put another socket there since; one without a route has no port. */
	port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (port && port != address.remote_port)
		return 0;
	if (setting_numbered)
		socket = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	else
		socket = connect_socket((__u64)me.pid << 32 | me.tid, sk);
	return connect_emit(socket, 0, &address, result, &me);
}

/* The last resort: tracepoints on the system call, attached only while there is a tree. */
SEC("tp/syscalls/sys_enter_connect")
int connect_enter(struct trace_event_raw_sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call call = {};
	struct sock *sk;

	if (!connect_wanted(&call.task, false))
		return 0;
	sk = sock_of_fd(ctx->args[0], false);
	if (!sk || !address_of_sockaddr(&call.address, (void *)ctx->args[1], true) ||
		!protocol_of_sock(&call.address, sk))
		return 0;
	call.sk = (__u64)sk;
	call.begin_ns = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&calls, &id, &call, BPF_ANY);
	return 0;
}

SEC("tp/syscalls/sys_exit_connect")
int connect_exit(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *call, copy;
	struct sock *sk;

	if (!traced_filter[pid_slot(id >> 32)])
		return 0;
	call = bpf_map_lookup_elem(&calls, &id);
	if (!call)
		return 0;
	copy = *call;
	bpf_map_delete_elem(&calls, &id);
	if (!copy.begin_ns)
		return 0;
	sk = (struct sock *)copy.sk;
	if (setting_numbered)
		copy.socket = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	return connect_emit(copy.socket, copy.begin_ns, &copy.address, ctx->ret, &copy.task);
}
