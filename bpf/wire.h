/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the kernel programs and user space: what a ring buffer record and a map
 * value look like.  Only user/live and user/capture/decode include it.
 *
 * Natural alignment, padding explicit and zeroed, sizes asserted.  Addresses are network order in
 * 16 bytes (IPv4 in the first four), ports host order, times CLOCK_BOOTTIME nanoseconds.
 */
#ifndef WIRE_H
#define WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

enum wire_type {
	WIRE_EXEC = 1, /* a traced process runs a new program: sched_process_exec */
	WIRE_FORK,     /* a traced process made a child process (not a thread) */
	WIRE_EXIT,     /* the last thread of a traced process is ending */
	WIRE_SIGNAL,   /* a traced process takes a signal that asks it to stop */
	WIRE_CONNECT,  /* connect() of a traced process returned */
	WIRE_STATE,    /* a TCP socket that a traced process dialled changed its state */
	WIRE_PAYLOAD,  /* first bytes of one direction of a traced socket */
};

struct wire_header {
	__u32 type;
	__u32 size; /* of the whole record, this header included */
	__u64 time_ns;
};

struct wire_task {
	__u32 pid; /* the process, as the host's pid namespace numbers it */
	__u32 tid;
	__u64 start_ns; /* of the process (its leader): with pid its identity */
};

enum wire_exec_flag {
	WIRE_ENV_TRUNCATED = 1 << 0,  /* not all of the environment was searched or kept */
	WIRE_ENV_UNREADABLE = 1 << 1, /* a read failed */
	WIRE_ARGS_TRUNCATED = 1 << 2,
	WIRE_EXEC_ROOT = 1 << 3, /* this program's name starts a tree */
	WIRE_EXEC_LEFT = 1 << 4, /* it became a container's init: no longer traced */
};

/* Bounds of what one exec carries: an 8 KB NO_ list arrives whole. */
#define WIRE_FILE_MAX  512
#define WIRE_ARGS_MAX  4096
#define WIRE_VALUE_MAX 8192  /* of one NAME=VALUE, its NUL included; a longer one is cut there */
#define WIRE_ENV_MAX   32768 /* of all listed variables together */

struct wire_exec {
	struct wire_header header;
	struct wire_task task;
	__u64 cgroup_id;
	__u64 parent_start_ns;
	__u32 parent_pid;
	__u32 netns;
	__u32 mntns;
	__u32 flags;
	__u32 file_len; /* with its NUL; then args_len bytes of NUL-ended arguments, then env_len */
	__u32 args_len;
	__u32 env_len;	/* of NUL-ended NAME=VALUE, listed names only */
	__u32 env_seen; /* how many variables the whole environment was seen to have */
	char comm[16];
};

struct wire_fork {
	struct wire_header header;
	struct wire_task parent;
	struct wire_task child;
};

struct wire_exit {
	struct wire_header header;
	struct wire_task task;
	__s32 status; /* as wait() gives it: signal in the low 7 bits, exit code << 8 */
	__u32 pad;
};

struct wire_signal {
	struct wire_header header;
	struct wire_task task;
	__u32 signal;
	__u32 pad;
};

struct wire_address {
	__u8 remote[16];
	__u8 local[16];
	__u16 remote_port;
	__u16 local_port;
	__u16 family; /* AF_INET or AF_INET6; v4-mapped arrives as AF_INET with mapped set */
	__u8 mapped;
	__u8 protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP & 0xff */
};

struct wire_connect {
	struct wire_header header; /* time_ns: when it returned */
	struct wire_task task;
	__u64 socket;	/* socket cookie, or with the top bit set a number of our own (5.10) */
	__u64 begin_ns; /* when it was called; 0 where the hook sees only the return */
	struct wire_address address;
	__s32 result; /* 0 or -errno (-512: a signal came, the dial goes on) */
	__u16 asked;  /* the answer to getsockopt(SO_ERROR), not of connect() itself */
	__u16 over;   /* asked, in CLOSE and never established: the dial failed with result */
};

struct wire_state {
	struct wire_header header;
	struct wire_task task; /* of the dialler, where old_state is CLOSE; else zero */
	__u64 socket;
	__u64 cookie; /* the kernel's own, where it is known (5.10: from the SYN on) */
	struct wire_address address;
	__s32 error; /* sk_err */
	__u8 old_state;
	__u8 new_state;
	__u8 taken_over; /* it was in SYN_SENT when the tracer came */
	__u8 by_kernel;	 /* to CLOSE: not the program closed it, whatever sk_err still says */
	__u64 received;	 /* payload bytes that had arrived: tcp_sock.bytes_received */
	__u64 sent;	 /* payload bytes that were acknowledged: tcp_sock.bytes_acked */
};

/* What a piece of payload is the beginning of. */
enum wire_part {
	WIRE_PART_DNS,	   /* a whole datagram, or the start of a TCP stream to port 53 */
	WIRE_PART_REQUEST, /* the first bytes that the dialler sent; of HTTP the first line only */
	WIRE_PART_HELLO,   /* the first bytes in the tunnel, after the relay's answer */
	WIRE_PART_REPLY,   /* the first bytes that came back; of HTTP the first line only */
};

/* How much of one part may leave the kernel. */
#define WIRE_HEAD_MAX 512  /* a request line, a status line, in one record */
#define WIRE_DATA_MAX 1280 /* a DNS message (RFC 9715: 1232 with EDNS), a ClientHello */

struct wire_payload {
	struct wire_header header;
	struct wire_task task; /* of the sender, for a DNS question over UDP; else zero */
	__u64 cookie;
	struct wire_address address; /* from the traced side's view; remote is valid for DNS only */
	__u32 offset;		     /* of data[0] within the part */
	__u16 data_len; /* data follows, in a field of WIRE_HEAD_MAX or WIRE_DATA_MAX bytes */
	__u8 part;
	__u8 outgoing;
};

/* Indices of the counters of what was lost. */
enum wire_loss {
	WIRE_LOST_EXEC,
	WIRE_LOST_FORK,
	WIRE_LOST_EXIT,
	WIRE_LOST_SIGNAL,
	WIRE_LOST_CONNECT,
	WIRE_LOST_STATE,
	WIRE_LOST_PAYLOAD,
	WIRE_LOST_PROCESS, /* the table of traced processes was full */
	WIRE_LOST_SOCKET,  /* the table of traced sockets was full */
	WIRE_LOSSES
};

/* Indices of the counters by which user space proves that a hook fires. */
enum wire_hit {
	WIRE_HIT_EXEC,
	WIRE_HIT_FORK,
	WIRE_HIT_EXIT,
	WIRE_HIT_SIGNAL,
	WIRE_HIT_CONNECT,
	WIRE_HIT_STATE,
	WIRE_HIT_PAYLOAD,
	WIRE_HITS
};

enum wire_traced_flag {
	WIRE_TRACED_PROBE = 1 << 0, /* the tracer itself proving its hooks: count, no records */
	WIRE_TRACED_SHIM =
		1 << 1, /* a runtime shim or below: leaves with another mount namespace */
};

/* Value of the map of traced processes; the key is the pid. */
struct wire_traced {
	__u64 start_ns;
	__u32 flags;
	__u32 shim_mntns; /* the mount namespace of the shim, where WIRE_TRACED_SHIM */
};

/* Value of the map of dialled sockets; the key is the address of its struct sock. */
struct wire_dialled {
	__u64 socket; /* the number by which user space joins the pieces */
	__u64 cookie;
};

_Static_assert(sizeof(struct wire_header) == 16, "wire_header");
_Static_assert(sizeof(struct wire_task) == 16, "wire_task");
_Static_assert(sizeof(struct wire_exec) == 96, "wire_exec");
_Static_assert(sizeof(struct wire_fork) == 48, "wire_fork");
_Static_assert(sizeof(struct wire_exit) == 40, "wire_exit");
_Static_assert(sizeof(struct wire_signal) == 40, "wire_signal");
_Static_assert(sizeof(struct wire_address) == 40, "wire_address");
_Static_assert(sizeof(struct wire_connect) == 96, "wire_connect");
_Static_assert(sizeof(struct wire_state) == 112, "wire_state");
_Static_assert(sizeof(struct wire_payload) == 88, "wire_payload");

#endif
