// SPDX-License-Identifier: GPL-2.0-only
#include "capture/recording_words.h"

#include <netinet/in.h>
#include <signal.h>

#define ROW(key, type, flags, offset, fallback)                                                    \
	{                                                                                          \
		key, sizeof(key) - 1, WORD_##type, flags, offset, fallback                         \
	}
#define FIELD(key, type, flags, field) ROW(key, type, flags, offsetof(struct event, field), NULL)
#define FALLBACK(key, type, flags, field, to)                                                      \
	ROW(key, type, flags, offsetof(struct event, field), to)
#define PART(key, type, flags) ROW(key, type, flags, 0, NULL)

static const struct word common[] = {
	FIELD("pid", U32, 0, pid),
	FIELD("tid", TID, 0, tid),
	FIELD("start", SECONDS, 0, start_ns),
};

static const struct word start[] = {
	FIELD("wall", SECONDS, WORD_ALWAYS, start.wall_ns),
	FIELD("host", STRING, WORD_ALWAYS, start.host),
	FIELD("boot_id", STRING, 0, start.boot_id),
	FIELD("version", STRING, 0, start.version),
	FALLBACK("names", STRING, WORD_ALWAYS, start.names, "auto"),
	FIELD("hooks", STRING, 0, start.hooks),
	FALLBACK("pending", SECONDS, WORD_ALWAYS, start.pending_ns, "20"),
};

static const struct word exec[] = {
	FIELD("found", FLAG, 0, exec.found),
	FIELD("left", FLAG, 0, exec.left),
	FIELD("tree", OPTIONAL, 0, exec.tree),
	FIELD("parent", U32, 0, exec.parent_pid),
	FIELD("parent_start", SECONDS, 0, exec.parent_start_ns),
	FIELD("cgroup_id", U64, 0, exec.cgroup_id),
	FIELD("cgroup", OPTIONAL, 0, exec.cgroup),
	FIELD("netns", U32, 0, exec.netns),
	FIELD("mntns", U32, 0, exec.mntns),
	FIELD("comm", OPTIONAL, 0, exec.comm),
	FIELD("file", STRING, WORD_REQUIRED, exec.file),
	FIELD("version", OPTIONAL, 0, exec.version),
	FIELD("arg", ARGUMENTS, WORD_REPEATS, exec.args),
	FIELD("args-truncated", FLAG, 0, exec.args_truncated),
	FIELD("env", ENVIRONMENT, WORD_REPEATS, exec.environment),
	PART("judged", NONE, WORD_REPEATS),
	PART("scheme", NONE, WORD_REPEATS),
	PART("host", NONE, WORD_REPEATS),
	PART("port", NONE, WORD_REPEATS),
	PART("source", NONE, WORD_REPEATS),
	PART("cut", NONE, WORD_REPEATS),
	PART("origin", NONE, 0),
	PART("env-truncated", NONE, 0),
	PART("env-unreadable", NONE, 0),
	PART("env-first-lost", NONE, 0),
};

static const struct word fork_words[] = {
	FIELD("child", U32, WORD_REQUIRED, fork.child_pid),
	FIELD("child_start", SECONDS, 0, fork.child_start_ns),
};

static const struct word exit_words[] = {
	FIELD("code", CODE, 0, exit.status),
	FIELD("killed", KILLED, 0, exit.status),
	FIELD("wait", WAIT, 0, exit.status),
	FIELD("missed", FLAG, 0, exit.missed),
};

static const struct word signal_words[] = {
	FIELD("signal", SIGNAL, WORD_REQUIRED, signal),
};

static const struct word connect_words[] = {
	FIELD("socket", U64, 0, connect.socket),
	FIELD("begin", SECONDS, 0, connect.begin_ns),
	FIELD("protocol", PROTOCOL, 0, connect.protocol),
	FIELD("from", ENDPOINT, 0, connect.local),
	FIELD("to", ENDPOINT, WORD_REQUIRED, connect.remote),
	FIELD("result", RESULT, WORD_ALWAYS, connect.result),
	FIELD("asked", FLAG, 0, connect.asked),
	FIELD("over", FLAG, 0, connect.over),
	FIELD("misread", FLAG, 0, connect.misread),
};

static const struct word state[] = {
	FIELD("socket", U64, WORD_ALWAYS, state.socket),
	FIELD("from", ENDPOINT, 0, state.local),
	FIELD("to", ENDPOINT, WORD_REQUIRED, state.remote),
	FIELD(">", STATES, WORD_REQUIRED, state.old_state),
	FIELD("taken-over", FLAG, 0, state.taken_over),
	FIELD("misread", FLAG, 0, state.misread),
	FIELD("error", ERROR, 0, state.error),
	FIELD("error-taken", FLAG, 0, state.error_taken),
	FIELD("received", U64, 0, state.received),
	FIELD("sent", U64, 0, state.sent),
};

static const struct word name[] = {
	FIELD("socket", U64, 0, name.socket),
	FIELD("server", ENDPOINT, 0, name.server),
	FIELD("tcp", FLAG, 0, name.tcp),
	FIELD("id", U16, 0, name.id),
	FIELD("type", DNS_TYPE, WORD_ALWAYS, name.type),
	FIELD("name", STRING, WORD_REQUIRED, name.name),
	FIELD("code", DNS_CODE, 0, name.code),
	FIELD("truncated", FLAG, 0, name.truncated),
	FIELD("address", ADDRESSES, WORD_REPEATS, name.addresses),
};

static const struct word request[] = {
	FIELD("socket", U64, 0, request.socket),
	FIELD("method", OPTIONAL, 0, request.method),
	FIELD("host", STRING, WORD_REQUIRED, request.host),
	FIELD("port", U16, 0, request.port),
};

static const struct word reply[] = {
	FIELD("socket", U64, 0, reply.socket),
	FIELD("tls", REPLY, 0, reply.kind),
	FIELD("garbage", REPLY, 0, reply.kind),
	FIELD("status", U16, 0, reply.status),
	FIELD("reason", STRING, 0, reply.reason),
};

static const struct word fact[] = {
	FIELD("key", STRING, WORD_REQUIRED, fact.key),
	FIELD("field", ARGUMENTS, WORD_REPEATS, fact.fields),
};

static const struct word loss[] = {
	FIELD("exec", U64, 0, loss.lost[LOSS_EXEC]),
	FIELD("fork", U64, 0, loss.lost[LOSS_FORK]),
	FIELD("exit", U64, 0, loss.lost[LOSS_EXIT]),
	FIELD("signal", U64, 0, loss.lost[LOSS_SIGNAL]),
	FIELD("connect", U64, 0, loss.lost[LOSS_CONNECT]),
	FIELD("state", U64, 0, loss.lost[LOSS_STATE]),
	FIELD("payload", U64, 0, loss.lost[LOSS_PAYLOAD]),
	FIELD("process", U64, 0, loss.lost[LOSS_PROCESS]),
	FIELD("socket", U64, 0, loss.lost[LOSS_SOCKET]),
	FIELD("record", U64, 0, loss.lost[LOSS_RECORD]),
	FIELD("truncated", U64, 0, loss.lost[LOSS_TRUNCATED]),
	FIELD("unreadable", U64, 0, loss.lost[LOSS_UNREADABLE]),
	FIELD("missed", U64, 0, loss.lost[LOSS_MISSED]),
	FIELD("memory", U64, 0, loss.lost[LOSS_MEMORY]),
	FIELD("sink", U64, 0, loss.lost[LOSS_SINK]),
};

_Static_assert(sizeof(loss) / sizeof(loss[0]) == LOSS_KINDS, "a kind of loss has no word");

#define WORDS(table)                                                                               \
	{                                                                                          \
		table, sizeof(table) / sizeof(table[0])                                            \
	}

struct words recording_words_common(void)
{
	return (struct words)WORDS(common);
}

struct words recording_words(enum event_kind kind)
{
	static const struct words by_kind[EVENT_KINDS] = {
		[EVENT_START] = WORDS(start),
		[EVENT_EXEC] = WORDS(exec),
		[EVENT_FORK] = WORDS(fork_words),
		[EVENT_EXIT] = WORDS(exit_words),
		[EVENT_SIGNAL] = WORDS(signal_words),
		[EVENT_CONNECT] = WORDS(connect_words),
		[EVENT_STATE] = WORDS(state),
		[EVENT_QUESTION] = WORDS(name),
		[EVENT_ANSWER] = WORDS(name),
		[EVENT_HELLO] = WORDS(request),
		[EVENT_REQUEST] = WORDS(request),
		[EVENT_REPLY] = WORDS(reply),
		[EVENT_FACT] = WORDS(fact),
		[EVENT_LOSS] = WORDS(loss),
	};

	return (unsigned int)kind < EVENT_KINDS ? by_kind[kind] : (struct words){0};
}

const char *recording_state_name(unsigned int number)
{
	/* include/net/tcp_states.h; the ones that enum tcp_state leaves out are here all the same. */
	static const char *const names[] = {
		[TCP_STATE_ESTABLISHED] = "established",
		[TCP_STATE_SYN_SENT] = "syn-sent",
		[3] = "syn-recv",
		[TCP_STATE_FIN_WAIT1] = "fin-wait1",
		[TCP_STATE_FIN_WAIT2] = "fin-wait2",
		[TCP_STATE_TIME_WAIT] = "time-wait",
		[TCP_STATE_CLOSE] = "close",
		[TCP_STATE_CLOSE_WAIT] = "close-wait",
		[TCP_STATE_LAST_ACK] = "last-ack",
		[10] = "listen",
		[TCP_STATE_CLOSING] = "closing",
		[12] = "new-syn-recv",
	};

	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

const struct word_name *recording_names(enum word_type type)
{
	static const struct word_name protocols[] = {
		{IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {0, NULL}};
	static const struct word_name dns_types[] = {{1, "A"}, {28, "AAAA"}, {0, NULL}};
	/* RFC 1035 4.1.1. */
	static const struct word_name dns_codes[] = {{0, "NOERROR"}, {1, "FORMERR"},
		{2, "SERVFAIL"}, {3, "NXDOMAIN"}, {4, "NOTIMP"}, {5, "REFUSED"}, {0, NULL}};
	static const struct word_name signals[] = {{SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"},
		{SIGQUIT, "SIGQUIT"}, {SIGABRT, "SIGABRT"}, {SIGKILL, "SIGKILL"},
		{SIGSEGV, "SIGSEGV"}, {SIGPIPE, "SIGPIPE"}, {SIGTERM, "SIGTERM"}, {0, NULL}};

	switch (type) {
	case WORD_PROTOCOL:
		return protocols;
	case WORD_DNS_TYPE:
		return dns_types;
	case WORD_DNS_CODE:
		return dns_codes;
	case WORD_SIGNAL:
	case WORD_KILLED:
		return signals;
	default:
		return NULL;
	}
}
