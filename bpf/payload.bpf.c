// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first bytes of the traced trees' conversations: DNS questions and answers, the CONNECT line,
 * the relay's status line, the ClientHello.
 *
 * cgroup_skb and not a hook on sendmsg and recvmsg: it costs nothing to who is outside the cgroups of the
 * traced units, it sees sendmmsg, splice and io_uring alike, and the socket's cookie joins its
 * packets with the dial.  Always returns 1: 0 would drop the packet.
 *
 * What leaves the kernel of an HTTP head ends at the end of its first line, so that
 * Proxy-Authorization, which Go sends in the same segment, stays where it is.
 */
#include "dial.bpf.h"
#include "first_line.h"

#define PASS	    1
#define SOL_SOCKET_ 1
#define SO_ERROR_   4
#define ETH_P_IP_   0x0800
#define ETH_P_IPV6_ 0x86dd
#define TCP_	    6
#define UDP_	    17

struct payload_head {
	struct wire_payload record;
	__u64 words[WIRE_HEAD_MAX / 8];
};

struct payload_data {
	struct wire_payload record;
	__u8 data[WIRE_DATA_MAX];
};

struct packet {
	struct __sk_buff *skb;
	__u64 cookie;
	__u32 transport;    /* offset of the TCP or UDP header */
	__u32 payload, len; /* offset and length of what it carries */
	__u32 sequence;
	__u16 source, dest; /* ports, host order */
	__u8 protocol;
};

/* Reads the headers: false for what is neither TCP nor UDP, or has IPv6 extension headers. */
static __always_inline bool packet_read(struct packet *p, struct __sk_buff *skb)
{
	__u8 head[20];

	p->skb = skb;
	if (skb->protocol == bpf_htons(ETH_P_IP_)) {
		if (bpf_skb_load_bytes(skb, 0, head, 10))
			return false;
		p->transport = (head[0] & 15) * 4;
		p->protocol = head[9];
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6_)) {
		if (bpf_skb_load_bytes(skb, 0, head, 7))
			return false;
		p->transport = 40;
		p->protocol = head[6];
	} else {
		return false;
	}
	if (p->protocol == TCP_) {
		if (bpf_skb_load_bytes(skb, p->transport, head, 13))
			return false;
		p->payload = p->transport + (head[12] >> 4) * 4;
		p->sequence =
			(__u32)head[4] << 24 | (__u32)head[5] << 16 | (__u32)head[6] << 8 | head[7];
	} else if (p->protocol == UDP_) {
		if (bpf_skb_load_bytes(skb, p->transport, head, 4))
			return false;
		p->payload = p->transport + 8;
	} else {
		return false;
	}
	p->source = (__u16)head[0] << 8 | head[1];
	p->dest = (__u16)head[2] << 8 | head[3];
	p->len = skb->len > p->payload ? skb->len - p->payload : 0;
	return true;
}

static __always_inline void record_fill(struct wire_payload *w, const struct packet *p, __u32 size,
	__u8 part, bool outgoing, __u32 offset, __u32 len)
{
	struct wire_address *a = &w->address;

	header_fill(&w->header, WIRE_PAYLOAD, size);
	w->cookie = p->cookie;
	w->part = part;
	w->outgoing = outgoing;
	w->offset = offset;
	w->data_len = len;
	/* Asked again, so that the verifier need not remember which it was on all the way here. */
	a->family = p->skb->protocol == bpf_htons(ETH_P_IPV6_) ? 10 : 2;
	a->protocol = p->protocol;
	a->remote_port = outgoing ? p->dest : p->source;
	a->local_port = outgoing ? p->source : p->dest;
	if (a->family == 10)
		bpf_skb_load_bytes(p->skb, outgoing ? 24 : 8, a->remote, 16);
	else
		bpf_skb_load_bytes(p->skb, outgoing ? 16 : 12, a->remote, 4);
}

/*
 * The least of len and most; 0 tells the verifier that it is at most room.  Without a branch, because it walks what
 * follows once for each way here; that of 5.10 and 6.1 learns nothing from a comparison with 0 (that of 6.12
 * does), nor from a test of clang's on a copy.
 */
static __always_inline __u32 len_clipped(__u32 len, __u32 most, __u32 room)
{
	__u64 missing = (__u64)len - most, is_short = missing >> 63;

	asm volatile("" : "+r"(is_short));
	len = most + missing * is_short - 1;
	asm volatile("" : "+r"(len));
	if (len >= room)
		return 0;
	return len + 1;
}

/*
 * Carries out bytes that may be carried out whole: DNS, TLS, or a few bytes of what is neither.
 * Returns how many.
 */
static __always_inline __u32 data_emit(const struct packet *p, __u8 part, bool outgoing,
	__u32 offset, __u32 most, const struct wire_task *sender)
{
	__u32 len = len_clipped(p->len, most, WIRE_DATA_MAX);
	struct payload_data *r;

	if (!len)
		return 0;
	r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost[WIRE_LOST_PAYLOAD], 1);
		return 0;
	}
	__builtin_memset(&r->record, 0, sizeof(r->record));
	if (bpf_skb_load_bytes(p->skb, p->payload, r->data, len)) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return 0;
	}
	record_fill(&r->record, p, sizeof(*r), part, outgoing, offset, len);
	if (sender)
		r->record.task = *sender;
	bpf_ringbuf_submit(r, wake_first());
	return len;
}

/* Carries out bytes up to the end of the line; *ended says that the line ended.  Returns how many. */
static __always_inline __u32 line_emit(
	const struct packet *p, __u8 part, bool outgoing, __u32 offset, bool *ended)
{
	__u32 len = len_clipped(p->len, WIRE_HEAD_MAX, WIRE_HEAD_MAX);
	__u64 within = 1;
	struct payload_head *r;
	__u32 kept = 0;

	if (!len)
		return 0;
	r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost[WIRE_LOST_PAYLOAD], 1);
		return 0;
	}
	__builtin_memset(r, 0, sizeof(*r));
	if (bpf_skb_load_bytes(p->skb, p->payload, r->words, len)) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return 0;
	}
	/* What stands behind the line is a header's, perhaps a secret: zeroed, it stays here. */
	for (int i = 0; i < WIRE_HEAD_MAX / 8; i++)
		kept += line_cut(&r->words[i], &within);
	*ended = !within;
	kept = kept < len ? kept : len;
	record_fill(&r->record, p, sizeof(*r), part, outgoing, offset, kept);
	bpf_ringbuf_submit(r, wake_first());
	return kept;
}

static __always_inline int tcp_out(const struct packet *p, struct talk *talk)
{
	bool ended = false;
	__u32 used;
	__u8 first;

	/* What was sent before comes again when it was lost; new bytes always leave in order. */
	if (!p->len || talk->out_done || p->sequence != talk->out_next)
		return PASS;
	talk->out_next += p->len;
	if (bpf_skb_load_bytes(p->skb, p->payload, &first, 1))
		return PASS;
	if (talk->dns) {
		used = data_emit(p, WIRE_PART_DNS, true, talk->out_used, WIRE_HEAD_MAX, NULL);
		talk->out_used += used;
		talk->out_done = talk->out_used >= WIRE_HEAD_MAX;
		return PASS;
	}
	if (talk->out_part == WIRE_PART_HELLO) {
		/* Behind the request line: more headers, until the relay has answered and TLS begins. */
		if (!talk->out_used && first != 0x16)
			return PASS;
		talk->out_used +=
			data_emit(p, WIRE_PART_HELLO, true, talk->out_used, WIRE_DATA_MAX, NULL);
		talk->out_done = talk->out_used >= WIRE_HEAD_MAX;
		return PASS;
	}
	if (talk->out_used ? talk->out_line : first >= 'A' && first <= 'Z') {
		talk->out_line = 1;
		used = line_emit(p, WIRE_PART_REQUEST, true, talk->out_used, &ended);
		talk->out_used += used;
		if (ended || talk->out_used >= WIRE_DATA_MAX) {
			talk->out_part = WIRE_PART_HELLO;
			talk->out_used = 0;
		}
	} else if (talk->out_used || first == 0x16) {
		talk->out_used +=
			data_emit(p, WIRE_PART_REQUEST, true, talk->out_used, WIRE_DATA_MAX, NULL);
		talk->out_done = talk->out_used >= WIRE_HEAD_MAX;
	} else {
		/* SOCKS, or something that nobody knows: enough to say which. */
		data_emit(p, WIRE_PART_REQUEST, true, 0, 3, NULL);
		talk->out_done = 1;
	}
	return PASS;
}

static __always_inline int tcp_in(const struct packet *p, struct talk *talk)
{
	bool ended = false;
	__u8 first;

	if (!p->len || talk->in_done || p->sequence != talk->in_next)
		return PASS;
	talk->in_next += p->len;
	if (talk->dns) {
		talk->in_used +=
			data_emit(p, WIRE_PART_DNS, false, talk->in_used, WIRE_DATA_MAX, NULL);
		talk->in_done = talk->in_used >= WIRE_HEAD_MAX;
		return PASS;
	}
	if (bpf_skb_load_bytes(p->skb, p->payload, &first, 1))
		return PASS;
	if (talk->in_used || first == 'H') {
		talk->in_used += line_emit(p, WIRE_PART_REPLY, false, talk->in_used, &ended);
		talk->in_done = ended || talk->in_used >= WIRE_HEAD_MAX;
	} else {
		data_emit(p, WIRE_PART_REPLY, false, 0, 16, NULL);
		talk->in_done = 1;
	}
	return PASS;
}

/* A question to a resolver, by whom: sending runs in the sender. */
static __always_inline int udp_out(const struct packet *p)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct wire_traced *entry = traced_find(BPF_CORE_READ(task, tgid));
	struct talk talk = {.udp = 1, .dns = 1};
	__u64 cookie = p->cookie;
	struct wire_task me = {};

	if (!entry)
		return PASS;
	task_fill(&me, task);
	if (!traced_is(entry, &me))
		return PASS;
	if (is_probe(entry, WIRE_HIT_PAYLOAD))
		return PASS;
	if (!bpf_map_lookup_elem(&talks, &cookie) &&
		bpf_map_update_elem(&talks, &cookie, &talk, BPF_ANY))
		__sync_fetch_and_add(&lost[WIRE_LOST_PAYLOAD], 1);
	data_emit(p, WIRE_PART_DNS, true, 0, WIRE_HEAD_MAX, &me);
	return PASS;
}

static __always_inline int on_packet(struct __sk_buff *skb, bool outgoing)
{
	struct packet p = {};
	struct talk *talk;

	if (!packet_read(&p, skb))
		return PASS;
	if (p.protocol == UDP_ && (outgoing ? p.dest : p.source) != 53)
		return PASS;
	/* On 5.10 this also gives the socket the cookie by which the state hook finds it (SYN). */
	p.cookie = bpf_get_socket_cookie(skb);
	if (!p.cookie)
		return PASS;
	if (p.protocol == UDP_ && outgoing)
		return udp_out(&p);
	talk = bpf_map_lookup_elem(&talks, &p.cookie);
	if (!talk)
		return PASS;
	if (p.protocol == TCP_)
		return outgoing ? tcp_out(&p, talk) : tcp_in(&p, talk);
	data_emit(&p, WIRE_PART_DNS, false, 0, WIRE_DATA_MAX, NULL);
	return PASS;
}

SEC("cgroup_skb/egress")
int payload_egress(struct __sk_buff *skb)
{
	return on_packet(skb, true);
}

SEC("cgroup_skb/ingress")
int payload_ingress(struct __sk_buff *skb)
{
	return on_packet(skb, false);
}

/*
 * Leaves what the kernel answered as it is.  The program's copy of the answer goes back over it unless optlen is 0
 * (Documentation/bpf/prog_cgroup_sockopt.rst, "Large optval"), and the copy is not always the answer: it has at
 * most a page (5.8, d8fe449a9c51) and at most the caller's room, and what is longer is EFAULT to the
 * caller (beyond a page until 6.5, 29ebbba7d461; NETLINK_LIST_MEMBERSHIPS without room to this
 * day).  Before 5.18 (c4dcfdd406aa) a call that failed gets an empty copy and loses the length that it
 * was told to come back with (SO_PEERGROUPS, SO_PEERSEC: ERANGE).
 */
static __always_inline void answer_keep(struct bpf_sockopt *ctx)
{
	if (ctx->retval < 0 || ctx->optlen > ctx->optval_end - ctx->optval)
		ctx->optlen = 0;
}

/*
 * The outcome of a dial as its program hears it: a non-blocking connect() says EINPROGRESS, and the
 * rest is asked for with SO_ERROR.  Asking clears sk_err, so that the state hook, on another processor,
 * may come too late to read it.
 */
static __always_inline void error_emit(struct bpf_sockopt *ctx)
{
	struct bpf_sockopt_kern *kern = (struct bpf_sockopt_kern *)ctx;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct wire_connect *record;
	struct wire_traced *entry;
	struct wire_task me = {};
	struct sock *sk = NULL;
	int *value = ctx->optval;

	if ((void *)(value + 1) > ctx->optval_end || *value <= 0)
		return;
	entry = traced_find(BPF_CORE_READ(task, tgid));
	if (!entry || entry->flags & WIRE_TRACED_PROBE)
		return;
	task_fill(&me, task);
	if (!traced_is(entry, &me))
		return;
	/* As a number: ctx->sk is a pointer that the verifier lets nobody calculate with. */
	bpf_probe_read_kernel(&sk, sizeof(sk), (void *)ctx + bpf_core_field_offset(kern->sk));
	if (!sk || BPF_CORE_READ(sk, sk_protocol) != TCP_)
		return;
	if (!record_reserve(record, WIRE_CONNECT, WIRE_LOST_CONNECT))
		return;
	record->task = me;
	record->socket = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	address_of_sock(&record->address, sk, false);
	record->result = -*value;
	record->asked = 1;
	/*
	 * A soft error is told as well (sk_err_soft), and with that the dial goes on.  Whose SYN was acknowledged was
	 * established: bytes_acked counts it (net/ipv4/tcp_input.c, tcp_snd_una_update).
	 */
	record->over = BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE &&
		       !BPF_CORE_READ((struct tcp_sock *)sk, bytes_acked);
	bpf_ringbuf_submit(record, wake_first());
}

/* Every getsockopt() of the cgroup comes by here, of processes that are not traced too. */
SEC("cgroup/getsockopt")
int payload_sockopt(struct bpf_sockopt *ctx)
{
	if (ctx->level == SOL_SOCKET_ && ctx->optname == SO_ERROR_)
		error_emit(ctx);
	answer_keep(ctx);
	return PASS;
}
