/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened, in the words of the rest of the program.  A source makes events from kernel
 * records, from a recording or from a test's story; nobody downstream can tell which.
 *
 * The pipeline is a function of the sequence of events alone: no clock, no /proc and no file is
 * read behind it, so a replay prints what the live run printed.
 *
 * Times are CLOCK_BOOTTIME nanoseconds.  All that an event points to belongs to its source and is
 * valid until the handler returns; an environment may be kept with environment_ref().
 */
#ifndef CAPTURE_EVENT_H
#define CAPTURE_EVENT_H

#include "base/address.h"
#include "relay/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
	EVENT_START,	/* the tracer began: first of each run */
	EVENT_EXEC,	/* a process of a tree runs a program (hook), or was found running (scan) */
	EVENT_FORK,	/* a child process; it runs its parent's program until an exec */
	EVENT_EXIT,	/* the last thread of a process is ending, or it was found gone */
	EVENT_SIGNAL,	/* a process takes a signal that asks it to stop */
	EVENT_CONNECT,	/* connect() returned */
	EVENT_STATE,	/* a TCP socket changed its state */
	EVENT_QUESTION, /* a DNS question left */
	EVENT_ANSWER,	/* a DNS answer came */
	EVENT_HELLO,	/* a TLS ClientHello left */
	EVENT_REQUEST,	/* an HTTP request line left: CONNECT, or one with an absolute URL */
	EVENT_REPLY, /* the peer's first bytes on a socket: a status line, or what else they are */
	EVENT_FACT,  /* something read on the node: a hosts entry, a unit's variable, ... */
	EVENT_LOSS,  /* the totals of what was lost, after one of them changed */
	EVENT_CLOCK, /* nothing but time passed */
	EVENT_STOP,  /* the tracer ends: last of each run */
	EVENT_KINDS
};

struct event_start {
	uint64_t wall_ns; /* CLOCK_REALTIME at the event's time */
	const char *host, *boot_id, *version;
	const char *names;   /* --names: "auto", "PROXY" or "RELAY" */
	const char *hooks;   /* "connect=tracepoint tcp=tp_btf process=tp_btf names=cgroup_skb" */
	uint64_t pending_ns; /* --pending */
};

struct event_exec {
	bool found; /* by a scan of /proc, not by the hook: all of it is a snapshot */
	bool left;  /* it became a container's init: no longer traced */
	const char
		*tree; /* "rke2": it starts a tree of that name; NULL: it belongs to its parent's */
	uint32_t parent_pid;
	uint64_t parent_start_ns; /* 0: unknown */
	uint64_t cgroup_id;
	uint32_t netns, mntns;
	const char *comm;	 /* at most 15 bytes */
	const char *file;	 /* the path given to exec, or what /proc/PID/exe names */
	const char *version;	 /* of rke2 and k3s, where the file says it; else NULL */
	const char *cgroup;	 /* the path below the cgroup2 root where known, else NULL */
	const char *const *args; /* redacted */
	size_t arg_count;
	bool args_truncated;
	struct environment *environment; /* never NULL */
};

struct event_fork {
	uint32_t child_pid;
	uint64_t child_start_ns;
};

struct event_exit {
	int status;  /* as wait() gives it; 0 where missed */
	bool missed; /* no hook told it: the process was found gone, at the event's time */
};

struct event_connect {
	uint64_t socket;   /* joins with event_state; 0: unknown */
	uint64_t begin_ns; /* when it was called; 0: unknown */
	struct address remote, local;
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	int result;	  /* 0 or -errno; -512 (ERESTARTSYS): a signal came and the dial goes on */
	bool asked;	  /* not connect() said so, but getsockopt(SO_ERROR) later */
	bool over;	  /* asked of a closed socket that was never established: the dial failed */
	bool misread; /* remote is what Go takes for the relay in a value whose host is masked */
};

enum tcp_state { /* the kernel's numbers: include/net/tcp_states.h */
	TCP_STATE_ESTABLISHED = 1,
	TCP_STATE_SYN_SENT = 2,
	TCP_STATE_FIN_WAIT1 = 4,
	TCP_STATE_FIN_WAIT2 = 5,
	TCP_STATE_TIME_WAIT = 6,
	TCP_STATE_CLOSE = 7,
	TCP_STATE_CLOSE_WAIT = 8,
	TCP_STATE_LAST_ACK = 9,
	TCP_STATE_CLOSING = 11,
};

struct event_state {
	uint64_t socket;
	struct address remote, local;
	uint8_t old_state, new_state; /* enum tcp_state */
	bool taken_over; /* it was in SYN_SENT when the tracer came: the dial is older than that */
	int error;	 /* sk_err, positive; 0 where the program closed it */
	bool misread;	 /* as event_connect's */
	/* The kernel ended it, but the program took the errno (SO_ERROR) before the hook could read it. */
	bool error_taken;
	uint64_t received, sent; /* payload bytes so far */
};

#define EVENT_ADDRESSES 80 /* a registry's pull goes to any one of an answer's addresses */

struct event_name { /* EVENT_QUESTION, EVENT_ANSWER */
	uint64_t socket;
	struct address server;
	bool tcp;
	uint16_t id;	  /* of the message */
	uint16_t type;	  /* A is 1, AAAA 28 */
	const char *name; /* lower case, escaped, no final dot */
	uint16_t code;	  /* the answer's: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
	bool truncated;	  /* the answer says: ask again over TCP */
	size_t address_count;
	struct address addresses[EVENT_ADDRESSES];
};

struct event_request { /* EVENT_HELLO: host is the server name or ""; EVENT_REQUEST */
	uint64_t socket;
	const char *method; /* "CONNECT", "GET", ...; NULL for a hello */
	const char *host;   /* no brackets */
	uint16_t port;
};

enum reply_kind {
	REPLY_HTTP,    /* a status line: status and reason are valid */
	REPLY_TLS,     /* a TLS record */
	REPLY_GARBAGE, /* neither */
};

struct event_reply {
	uint64_t socket;
	enum reply_kind kind;
	uint16_t status;
	const char *reason;
};

/* One thing read on the node; key says what kind, fields what it is (see diagnose/ for each). */
struct event_fact {
	const char *key;
	const char *const *fields;
	size_t field_count;
};

/* What can be lost; loss_kind_name() gives the names that outputs use. */
enum loss_kind {
	LOSS_EXEC,
	LOSS_FORK,
	LOSS_EXIT,
	LOSS_SIGNAL,
	LOSS_CONNECT,
	LOSS_STATE,
	LOSS_PAYLOAD,
	LOSS_PROCESS, /* a table of processes was full: the kernel's of traced ones, or ours */
	LOSS_SOCKET,  /* the kernel's table of traced sockets was full */
	LOSS_RECORD,  /* a kernel record that could not be understood */
	LOSS_TRUNCATED, /* environments that were not searched whole, values and arguments that were cut */
	LOSS_UNREADABLE, /* environments that could not be read */
	LOSS_MISSED,	 /* runs of a hook that the kernel skipped (recursion) */
	LOSS_MEMORY,	 /* dropped because memory ran out */
	LOSS_SINK,	 /* lines that an output refused */
	LOSS_KINDS
};

struct event_loss {
	uint64_t lost[LOSS_KINDS]; /* totals since the start */
};

struct event {
	enum event_kind kind;
	uint64_t time_ns;
	uint32_t pid, tid; /* 0 where no process belongs to it */
	uint64_t start_ns; /* of that process; 0: unknown, the one that lives is meant */
	union {
		struct event_start start;
		struct event_exec exec;
		struct event_fork fork;
		struct event_exit exit;
		int signal; /* EVENT_SIGNAL */
		struct event_connect connect;
		struct event_state state;
		struct event_name name;
		struct event_request request;
		struct event_reply reply;
		struct event_fact fact;
		struct event_loss loss;
	};
};

/* "exec", "state" ...: the word of a kind in recordings. */
const char *event_kind_name(enum event_kind kind);

/* What is lost with an event of that kind. */
enum loss_kind event_loss_kind(enum event_kind kind);

/* "exec", "connect" ...: the name of a kind of loss in every output. */
const char *loss_kind_name(enum loss_kind kind);

/* "ECONNREFUSED" of 111: an errno that a socket can end with; NULL where it has no name here. */
const char *error_name(int error);

/* The errno (positive) of that name, 0 where there is none. */
int error_number(const char *name);

#endif
