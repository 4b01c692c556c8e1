// SPDX-License-Identifier: GPL-2.0-only
#include "capture/event.h"

#include <errno.h>
#include <string.h>

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[EVENT_KINDS] = {
		[EVENT_START] = "start",
		[EVENT_EXEC] = "exec",
		[EVENT_FORK] = "fork",
		[EVENT_EXIT] = "exit",
		[EVENT_SIGNAL] = "signal",
		[EVENT_CONNECT] = "connect",
		[EVENT_STATE] = "state",
		[EVENT_QUESTION] = "question",
		[EVENT_ANSWER] = "answer",
		[EVENT_HELLO] = "hello",
		[EVENT_REQUEST] = "request",
		[EVENT_REPLY] = "reply",
		[EVENT_FACT] = "fact",
		[EVENT_LOSS] = "loss",
		[EVENT_CLOCK] = "clock",
		[EVENT_STOP] = "stop",
	};

	return (unsigned int)kind < EVENT_KINDS ? names[kind] : "?";
}

enum loss_kind event_loss_kind(enum event_kind kind)
{
	switch (kind) {
	case EVENT_EXEC:
		return LOSS_EXEC;
	case EVENT_FORK:
		return LOSS_FORK;
	case EVENT_EXIT:
		return LOSS_EXIT;
	case EVENT_SIGNAL:
		return LOSS_SIGNAL;
	case EVENT_CONNECT:
		return LOSS_CONNECT;
	case EVENT_STATE:
		return LOSS_STATE;
	case EVENT_QUESTION:
	case EVENT_ANSWER:
	case EVENT_HELLO:
	case EVENT_REQUEST:
	case EVENT_REPLY:
		return LOSS_PAYLOAD;
	default:
		return LOSS_RECORD;
	}
}

const char *loss_kind_name(enum loss_kind kind)
{
	static const char *const names[LOSS_KINDS] = {
		[LOSS_EXEC] = "exec",
		[LOSS_FORK] = "fork",
		[LOSS_EXIT] = "exit",
		[LOSS_SIGNAL] = "signal",
		[LOSS_CONNECT] = "connect",
		[LOSS_STATE] = "state",
		[LOSS_PAYLOAD] = "payload",
		[LOSS_PROCESS] = "process",
		[LOSS_SOCKET] = "socket",
		[LOSS_RECORD] = "record",
		[LOSS_TRUNCATED] = "truncated",
		[LOSS_UNREADABLE] = "unreadable",
		[LOSS_MISSED] = "missed",
		[LOSS_MEMORY] = "memory",
		[LOSS_SINK] = "sink",
	};

	return (unsigned int)kind < LOSS_KINDS ? names[kind] : "?";
}

/* What connect(), a TCP socket or a DNS socket can end with; errno(3) and include/linux/errno.h. */
static const struct {
	int number;
	const char *name;
} errors[] = {
	{EPERM, "EPERM"}, {ENOENT, "ENOENT"}, {EINTR, "EINTR"}, {EIO, "EIO"}, {EBADF, "EBADF"},
	{EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"}, {EFAULT, "EFAULT"},
	{ENODEV, "ENODEV"}, {EINVAL, "EINVAL"}, {EPIPE, "EPIPE"}, {ENOTSOCK, "ENOTSOCK"},
	{EDESTADDRREQ, "EDESTADDRREQ"}, {EMSGSIZE, "EMSGSIZE"}, {EPROTOTYPE, "EPROTOTYPE"},
	{ENOPROTOOPT, "ENOPROTOOPT"}, {EPROTO, "EPROTO"}, {EOPNOTSUPP, "EOPNOTSUPP"},
	{EAFNOSUPPORT, "EAFNOSUPPORT"}, {EADDRINUSE, "EADDRINUSE"},
	{EADDRNOTAVAIL, "EADDRNOTAVAIL"}, {ENETDOWN, "ENETDOWN"}, {ENETUNREACH, "ENETUNREACH"},
	{ENETRESET, "ENETRESET"}, {ECONNABORTED, "ECONNABORTED"}, {ECONNRESET, "ECONNRESET"},
	{ENOBUFS, "ENOBUFS"}, {EISCONN, "EISCONN"}, {ENOTCONN, "ENOTCONN"},
	{ETIMEDOUT, "ETIMEDOUT"}, {ECONNREFUSED, "ECONNREFUSED"}, {EHOSTDOWN, "EHOSTDOWN"},
	{EHOSTUNREACH, "EHOSTUNREACH"}, {EALREADY, "EALREADY"}, {EINPROGRESS, "EINPROGRESS"},
	{ECANCELED, "ECANCELED"},
	{512, "ERESTARTSYS"}, /* the kernel's own: connect() is begun again after a signal */
};

const char *error_name(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].number == error)
			return errors[i].name;
	}
	return NULL;
}

int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	}
	return 0;
}
