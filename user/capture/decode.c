// SPDX-License-Identifier: GPL-2.0-only
#include "capture/decode.h"

#include "base/buffer.h"
#include "base/table.h"
#include "capture/masked_names.h"
#include "capture/payload.h"
#include "wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DECODER_ROOTS 64
#define DECODER_ARGS  (WIRE_ARGS_MAX / 2 + 1)
/* As many as the kernel's side follows (talks in bpf/maps.bpf.h), in two halves. */
#define DECODER_SOCKETS 8192

struct decoder {
	const char *roots[DECODER_ROOTS];
	size_t root_count;
	char comm[17];
	struct buffer raw;  /* the arguments as they came, the last one NUL-ended too */
	struct buffer args; /* the redacted arguments, NUL-ended, one after the other */
	size_t arg_at[DECODER_ARGS];
	const char *arg[DECODER_ARGS];
	struct environment *environment; /* of the exec that was decoded last */
	/*
	 * 5.10 only: from the kernel's cookie, which packets carry, to the number of our own by which
	 * the state changes of that socket go.  The value is the number.  What is old is forgotten: its end may have
	 * been lost, and only the first bytes of a connection are looked at.
	 */
	struct table sockets, sockets_before;
	struct payload payload;
	struct masked_names masked;
};

struct decoder *decoder_new(void)
{
	return calloc(1, sizeof(struct decoder));
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	buffer_free(&d->raw);
	buffer_free(&d->args);
	environment_unref(d->environment);
	table_free(&d->sockets);
	table_free(&d->sockets_before);
	masked_names_free(&d->masked);
	free(d);
}

void decoder_add_root(struct decoder *d, const char *name)
{
	if (d->root_count < DECODER_ROOTS)
		d->roots[d->root_count++] = name;
}

void decoder_learn(struct decoder *d, uint32_t pid, const struct environment *e)
{
	masked_names_learn(&d->masked, pid, e);
}

void decoder_fact(struct decoder *d, const struct event_fact *fact)
{
	masked_names_hosts(&d->masked, fact);
}

static const char *decoder_tree(const struct decoder *d)
{
	for (size_t i = 0; i < d->root_count; i++)
		if (strncmp(d->roots[i], d->comm, 15) == 0)
			return d->roots[i];
	return d->comm;
}

static void address_take(struct address *out, const uint8_t bytes[16], uint16_t port,
	const struct wire_address *wire)
{
	out->is_v6 = wire->family == AF_INET6;
	out->mapped = wire->mapped != 0;
	out->port = port;
	memcpy(out->bytes, bytes, out->is_v6 ? 16 : 4);
}

static void task_take(struct event *out, const struct wire_task *task)
{
	out->pid = task->pid;
	out->tid = task->tid;
	out->start_ns = task->start_ns;
}

/* ---- exec ---- */

static int arguments_take(struct decoder *d, struct event_exec *out, const char *bytes, size_t len)
{
	const char *previous = NULL;
	size_t count = 0;

	buffer_clear(&d->raw);
	buffer_clear(&d->args);
	buffer_append(&d->raw, bytes, len);
	if (d->raw.failed)
		return -ENOMEM;
	for (size_t at = 0; at < len && count < DECODER_ARGS; count++) {
		const char *argument = d->raw.data + at; /* a buffer ends in a NUL */

		d->arg_at[count] = d->args.len;
		relay_argument_redact(previous, argument, &d->args);
		buffer_append_char(&d->args, '\0');
		previous = argument;
		at += strlen(argument) + 1;
	}
	/* Nothing unredacted stays behind, for a core dump to hold. */
	if (len)
		explicit_bzero(d->raw.data, d->raw.len);
	if (d->args.failed)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		d->arg[i] = d->args.data + d->arg_at[i];
	out->args = d->arg;
	out->arg_count = count;
	return 0;
}

static int environment_take(struct environment *e, const char *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t size = strnlen(bytes + at, len - at);
		const char *equals = memchr(bytes + at, '=', size);
		int err;

		if (equals) {
			size_t name = (size_t)(equals - (bytes + at));

			err = environment_add(e, bytes + at, name, equals + 1, size - name - 1,
				size >= WIRE_VALUE_MAX - 1, NULL);
			if (err)
				return err;
		}
		at += size + 1;
	}
	return 0;
}

static int decode_exec(struct decoder *d, const struct wire_exec *w, size_t len, struct event *out)
{
	const char *data = (const char *)(w + 1);
	size_t room = len - sizeof(*w);
	int err;

	if (w->file_len < 1 || w->file_len > room || w->args_len > room - w->file_len ||
		w->env_len > room - w->file_len - w->args_len || data[w->file_len - 1])
		return -EBADMSG;
	environment_unref(d->environment);
	d->environment = environment_new(ENVIRONMENT_EXEC);
	if (!d->environment)
		return -ENOMEM;
	memcpy(d->comm, w->comm, sizeof(w->comm));
	out->kind = EVENT_EXEC;
	task_take(out, &w->task);
	out->exec = (struct event_exec){
		.left = w->flags & WIRE_EXEC_LEFT,
		.tree = w->flags & WIRE_EXEC_ROOT ? decoder_tree(d) : NULL,
		.parent_pid = w->parent_pid,
		.parent_start_ns = w->parent_start_ns,
		.cgroup_id = w->cgroup_id,
		.netns = w->netns,
		.mntns = w->mntns,
		.comm = d->comm,
		.file = data,
		.args_truncated = w->flags & WIRE_ARGS_TRUNCATED,
		.environment = d->environment,
	};
	d->environment->truncated = w->flags & WIRE_ENV_TRUNCATED;
	d->environment->unreadable = w->flags & WIRE_ENV_UNREADABLE;
	err = arguments_take(d, &out->exec, data + w->file_len, w->args_len);
	if (!err)
		err = environment_take(
			d->environment, data + w->file_len + w->args_len, w->env_len);
	if (!err)
		decoder_learn(d, out->pid, d->environment);
	return err ? err : 1;
}

/* ---- the others ---- */

static int decode_connect(struct decoder *d, const struct wire_connect *w, struct event *out)
{
	out->kind = EVENT_CONNECT;
	task_take(out, &w->task);
	out->connect = (struct event_connect){.socket = w->socket,
		.begin_ns = w->begin_ns,
		.protocol = w->address.protocol,
		.result = w->result,
		.asked = w->asked != 0,
		.over = w->over != 0};
	address_take(&out->connect.remote, w->address.remote, w->address.remote_port, &w->address);
	out->connect.misread = masked_names_dial(&d->masked, out->pid, &out->connect.remote);
	return 1;
}

static void cookie_learn(struct decoder *d, uint64_t cookie, uint64_t socket)
{
	if (d->sockets.count >= DECODER_SOCKETS) {
		table_free(&d->sockets_before);
		d->sockets_before = d->sockets;
		d->sockets = (struct table){0};
	}
	table_put(&d->sockets, cookie, (void *)(uintptr_t)socket);
}

static uint64_t socket_of_cookie(const struct decoder *d, uint64_t cookie)
{
	void *own = table_get(&d->sockets, cookie);

	if (!own)
		own = table_get(&d->sockets_before, cookie);
	return own ? (uint64_t)(uintptr_t)own : cookie;
}

static void cookie_follow(struct decoder *d, const struct wire_state *w)
{
	if (!w->cookie || w->cookie == w->socket)
		return;
	if (w->new_state == TCP_STATE_ESTABLISHED) {
		cookie_learn(d, w->cookie, w->socket);
	} else if (w->old_state != TCP_STATE_CLOSE) {
		table_remove(&d->sockets, w->cookie);
		table_remove(&d->sockets_before, w->cookie);
	}
}

static int decode_state(struct decoder *d, const struct wire_state *w, struct event *out)
{
	bool to_itself; /* then its own address is the one that may have to be hidden */

	cookie_follow(d, w);
	out->kind = EVENT_STATE;
	task_take(out, &w->task);
	out->state = (struct event_state){.socket = w->socket,
		.old_state = w->old_state,
		.new_state = w->new_state,
		.taken_over = w->taken_over,
		.error = w->error,
		.error_taken = w->by_kernel && !w->error,
		.received = w->received,
		.sent = w->sent};
	address_take(&out->state.remote, w->address.remote, w->address.remote_port, &w->address);
	address_take(&out->state.local, w->address.local, w->address.local_port, &w->address);
	to_itself = address_equal(&out->state.remote, &out->state.local);
	out->state.misread = masked_names_dial(&d->masked, out->pid, &out->state.remote);
	if (to_itself && out->state.remote.hidden)
		out->state.local = (struct address){.port = out->state.local.port, .hidden = true};
	return 1;
}

static int decode_fork(struct decoder *d, const struct wire_fork *w, struct event *out)
{
	out->kind = EVENT_FORK;
	task_take(out, &w->parent);
	out->fork.child_pid = w->child.pid;
	out->fork.child_start_ns = w->child.start_ns;
	masked_names_fork(&d->masked, w->parent.pid, w->child.pid);
	return 1;
}

static int decode_payload(
	struct decoder *d, const struct wire_payload *w, size_t len, struct event *out)
{
	static const enum payload_part parts[] = {
		[WIRE_PART_DNS] = PAYLOAD_DNS,
		[WIRE_PART_REQUEST] = PAYLOAD_REQUEST,
		[WIRE_PART_HELLO] = PAYLOAD_HELLO,
		[WIRE_PART_REPLY] = PAYLOAD_REPLY,
	};
	uint64_t socket = socket_of_cookie(d, w->cookie);

	if (w->data_len > len - sizeof(*w) || w->part >= sizeof(parts) / sizeof(parts[0]))
		return -EBADMSG;
	if (!payload_take(&d->payload, socket, parts[w->part], w->outgoing,
		    w->address.protocol == IPPROTO_TCP, w->offset, (const uint8_t *)(w + 1),
		    w->data_len, out))
		return 0;
	task_take(out, &w->task);
	/* `socket` stands at another place in each kind's part of the union. */
	if (out->kind == EVENT_QUESTION || out->kind == EVENT_ANSWER) {
		out->name.socket = socket;
		out->name.name = masked_names_show(
			&d->masked, out->name.name, out->name.addresses, out->name.address_count);
		address_take(
			&out->name.server, w->address.remote, w->address.remote_port, &w->address);
	} else if (out->kind == EVENT_REPLY) {
		out->reply.socket = socket;
	} else {
		out->request.socket = socket;
		out->request.host = masked_names_show(&d->masked, out->request.host, NULL, 0);
	}
	return 1;
}

int decoder_decode(struct decoder *d, const void *record, size_t len, struct event *out)
{
	/* Each kind's least size; what follows it is checked by the kind. */
	static const size_t sizes[] = {
		[WIRE_EXEC] = sizeof(struct wire_exec),
		[WIRE_FORK] = sizeof(struct wire_fork),
		[WIRE_EXIT] = sizeof(struct wire_exit),
		[WIRE_SIGNAL] = sizeof(struct wire_signal),
		[WIRE_CONNECT] = sizeof(struct wire_connect),
		[WIRE_STATE] = sizeof(struct wire_state),
		[WIRE_PAYLOAD] = sizeof(struct wire_payload),
	};
	const struct wire_header *header = record;
	const struct wire_signal *signal = record;
	const struct wire_exit *exit = record;

	if (len < sizeof(*header) || header->size > len ||
		header->type >= sizeof(sizes) / sizeof(sizes[0]) || !sizes[header->type] ||
		header->size < sizes[header->type])
		return -EBADMSG;
	memset(out, 0, sizeof(*out));
	out->time_ns = header->time_ns;
	switch (header->type) {
	case WIRE_EXEC:
		return decode_exec(d, record, header->size, out);
	case WIRE_FORK:
		return decode_fork(d, record, out);
	case WIRE_EXIT:
		out->kind = EVENT_EXIT;
		task_take(out, &exit->task);
		out->exit.status = exit->status;
		masked_names_exit(&d->masked, out->pid);
		return 1;
	case WIRE_SIGNAL:
		out->kind = EVENT_SIGNAL;
		task_take(out, &signal->task);
		out->signal = (int)signal->signal;
		return 1;
	case WIRE_CONNECT:
		return decode_connect(d, record, out);
	case WIRE_STATE:
		return decode_state(d, record, out);
	case WIRE_PAYLOAD:
		return decode_payload(d, record, header->size, out);
	}
	return -EBADMSG;
}

void decode_losses(const volatile uint64_t *lost, struct event_loss *out)
{
	static const enum loss_kind kinds[WIRE_LOSSES] = {
		[WIRE_LOST_EXEC] = LOSS_EXEC,
		[WIRE_LOST_FORK] = LOSS_FORK,
		[WIRE_LOST_EXIT] = LOSS_EXIT,
		[WIRE_LOST_SIGNAL] = LOSS_SIGNAL,
		[WIRE_LOST_CONNECT] = LOSS_CONNECT,
		[WIRE_LOST_STATE] = LOSS_STATE,
		[WIRE_LOST_PAYLOAD] = LOSS_PAYLOAD,
		[WIRE_LOST_PROCESS] = LOSS_PROCESS,
		[WIRE_LOST_SOCKET] = LOSS_SOCKET,
	};

	for (int i = 0; i < WIRE_LOSSES; i++)
		out->lost[kinds[i]] += lost[i];
}
