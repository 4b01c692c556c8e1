// SPDX-License-Identifier: GPL-2.0-only
#include "live/kernel_types.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8 /* 6.3, commit 105ff5339f49; where sysctl vm.memfd_noexec asks for it */
#endif

/* What is asked for: hooks, helpers, and the structures of which a program of bpf/ reads a field. */
static const struct {
	__u32 kind;
	const char *name;
} asked[] = {
	/* kernel_facts_read() */
	{BTF_KIND_FUNC, "bpf_loop"},
	{BTF_KIND_FUNC, "bpf_get_socket_ptr_cookie"},
	{BTF_KIND_FUNC, "bpf_task_pt_regs"},
	/* what programs are attached to */
	{BTF_KIND_FUNC, "bpf_iter_task_file"},
	{BTF_KIND_FUNC, "__sys_connect_file"},
	{BTF_KIND_TYPEDEF, "btf_trace_inet_sk_error_report"},
	{BTF_KIND_TYPEDEF, "btf_trace_inet_sock_set_state"},
	{BTF_KIND_TYPEDEF, "btf_trace_sched_process_exec"},
	{BTF_KIND_TYPEDEF, "btf_trace_sched_process_exit"},
	{BTF_KIND_TYPEDEF, "btf_trace_sched_process_fork"},
	{BTF_KIND_TYPEDEF, "btf_trace_signal_deliver"},
	/* tests/suites/59-features.slow.sh holds the rest against what the programs read */
	{BTF_KIND_STRUCT, "__sk_buff"},
	{BTF_KIND_STRUCT, "bpf_iter__task_file"},
	{BTF_KIND_STRUCT, "bpf_raw_tracepoint_args"},
	{BTF_KIND_STRUCT, "bpf_sockopt"},
	{BTF_KIND_STRUCT, "bpf_sockopt_kern"},
	{BTF_KIND_STRUCT, "fdtable"},
	{BTF_KIND_STRUCT, "file"},
	{BTF_KIND_STRUCT, "files_struct"},
	{BTF_KIND_STRUCT, "in6_addr"},
	{BTF_KIND_STRUCT, "in_addr"},
	{BTF_KIND_STRUCT, "inode"},
	{BTF_KIND_STRUCT, "linux_binprm"},
	{BTF_KIND_STRUCT, "mm_struct"},
	{BTF_KIND_STRUCT, "mnt_namespace"},
	{BTF_KIND_STRUCT, "net"},
	{BTF_KIND_STRUCT, "ns_common"},
	{BTF_KIND_STRUCT, "nsproxy"},
	{BTF_KIND_STRUCT, "pt_regs"},
	{BTF_KIND_STRUCT, "signal_struct"},
	{BTF_KIND_STRUCT, "sock"},
	{BTF_KIND_STRUCT, "sock_common"},
	{BTF_KIND_STRUCT, "sockaddr_in"},
	{BTF_KIND_STRUCT, "sockaddr_in6"},
	{BTF_KIND_STRUCT, "socket"},
	{BTF_KIND_STRUCT, "task_struct"},
	{BTF_KIND_STRUCT, "tcp_sock"},
	{BTF_KIND_STRUCT, "trace_event_raw_sys_enter"},
	{BTF_KIND_STRUCT, "trace_event_raw_sys_exit"},
	{BTF_KIND_STRUCT, "user_pt_regs"},
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

/* ---- the walk ---- */

/* A name may be found more than once, where two files of the kernel do not agree on a structure. */
struct kernel_type {
	__u32 asked, id; /* the place in the list of what is asked for, and the kernel's number */
};

/* The next one that was found; before is NULL at first.  NULL: no more. */
static const struct kernel_type *found_next(
	const struct kernel_types *types, const struct kernel_type *before)
{
	const struct kernel_type *all = (const void *)types->found.data;
	const struct kernel_type *next = before ? before + 1 : all;

	return next && (size_t)(next - all) < types->found.len / sizeof(*all) ? next : NULL;
}

/* A name's place in a table of 256: most names of the kernel's have one that no name of ours has. */
static unsigned int place_of(const char *name)
{
	return ((unsigned char)name[0] * 7U + (unsigned char)name[1] * 3U +
		       (name[1] ? (unsigned char)name[2] : 0)) &
	       255;
}

static int types_walk(struct kernel_types *types)
{
	const char *names = btf__name_by_offset(types->btf, 0); /* one behind the other */
	__u32 count = btf__type_cnt(types->btf);
	bool taken[256] = {false};

	for (size_t i = 0; i < ASKED; i++)
		taken[place_of(asked[i].name)] = true;
	for (__u32 id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(types->btf, id);
		__u32 kind = btf_kind(type);
		const char *name;

		if (kind != BTF_KIND_STRUCT && kind != BTF_KIND_FUNC && kind != BTF_KIND_TYPEDEF)
			continue;
		name = names + type->name_off;
		if (!taken[place_of(name)])
			continue;
		for (__u32 i = 0; i < ASKED; i++) {
			struct kernel_type found = {i, id};

			if (asked[i].kind == kind && strcmp(asked[i].name, name) == 0)
				buffer_append(&types->found, &found, sizeof(found));
		}
	}
	return types->found.failed ? -ENOMEM : 0;
}

int kernel_types_read(struct kernel_types *types)
{
	memset(types, 0, sizeof(*types));
	types->btf = btf__load_vmlinux_btf();
	if (types->btf)
		types->error = types_walk(types);
	else
		/* libbpf looked in /boot too, and says ESRCH where it found nothing at all. */
		types->error = errno == ESRCH ? -ENOENT : -errno;
	return types->error;
}

void kernel_types_free(struct kernel_types *types)
{
	btf__free(types->btf);
	buffer_free(&types->found);
	memset(types, 0, sizeof(*types));
}

int kernel_types_id(const struct kernel_types *types, const char *name, __u32 kind)
{
	for (const struct kernel_type *t = NULL; (t = found_next(types, t));)
		if (asked[t->asked].kind == kind && strcmp(asked[t->asked].name, name) == 0)
			return (int)t->id;
	return types->error ? types->error : -ENOENT;
}

/* ---- the excerpt ---- */

/*
 * Types are copied in the order in which they were asked for, each as one type, so that a number is
 * known before its type is copied.
 */
struct excerpt {
	const struct btf *kernel;
	struct btf *btf;
	__u32 *numbers; /* by the kernel's number; 0: not asked for */
	__u32 *queue;	/* the kernel's numbers, in order */
	__u32 count;
};

/* The number in the excerpt of what a field is, const, volatile and typedefs aside; 0 is void. */
static int excerpt_ask(struct excerpt *e, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(e->kernel, id);

	while (id && (btf_is_mod(type) || btf_is_typedef(type))) {
		id = type->type;
		type = btf__type_by_id(e->kernel, id);
	}
	if (!id)
		return 0;
	if (!e->numbers[id]) {
		e->queue[e->count++] = id;
		e->numbers[id] = e->count;
	}
	return (int)e->numbers[id];
}

static int excerpt_structure(struct excerpt *e, const struct btf_type *type, const char *name)
{
	int err;

	if (btf_is_union(type))
		err = btf__add_union(e->btf, name, type->size);
	else
		err = btf__add_struct(e->btf, name, type->size);
	for (int i = 0; i < btf_vlen(type) && err >= 0; i++) {
		const struct btf_member *field = &btf_members(type)[i];

		err = btf__add_field(e->btf, btf__name_by_offset(e->kernel, field->name_off),
			excerpt_ask(e, field->type), btf_member_bit_offset(type, (__u32)i),
			btf_member_bitfield_size(type, (__u32)i));
	}
	return err;
}

static int excerpt_add(struct excerpt *e, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(e->kernel, id);
	const char *name = btf__name_by_offset(e->kernel, type->name_off);

	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		return btf__add_int(e->btf, name, type->size, btf_int_encoding(type));
	case BTF_KIND_PTR:
		return btf__add_ptr(e->btf, 0);
	case BTF_KIND_ARRAY:
		return btf__add_array(e->btf, excerpt_ask(e, btf_array(type)->index_type),
			excerpt_ask(e, btf_array(type)->type), btf_array(type)->nelems);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return btf__add_enum(e->btf, name, type->size);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return excerpt_structure(e, type, name);
	default: /* nothing else lies within a structure that a program reads */
		return btf__add_struct(e->btf, NULL, 0);
	}
}

static int excerpt_fill(struct excerpt *e, const struct kernel_types *types)
{
	for (const struct kernel_type *t = NULL; (t = found_next(types, t));)
		if (asked[t->asked].kind == BTF_KIND_STRUCT)
			excerpt_ask(e, t->id);
	for (__u32 i = 0; i < e->count; i++) {
		int number = excerpt_add(e, e->queue[i]);

		if (number < 0)
			return number;
	}
	return 0;
}

static int excerpt_write(const struct excerpt *e)
{
	__u32 size;
	const void *data = btf__raw_data(e->btf, &size);
	int file = memfd_create("relaytrace-types", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (file < 0 && errno == EINVAL)
		file = memfd_create("relaytrace-types", MFD_CLOEXEC);
	if (file < 0)
		return -errno;
	if (!data || write(file, data, size) != (ssize_t)size) {
		close(file);
		return data ? -EIO : -ENOMEM;
	}
	return file;
}

int kernel_types_excerpt(const struct kernel_types *types)
{
	__u32 count = types->btf ? btf__type_cnt(types->btf) : 0;
	struct excerpt e = {.kernel = types->btf,
		.btf = btf__new_empty(),
		.numbers = calloc(count + 1, sizeof(*e.numbers)),
		.queue = malloc((count + 1) * sizeof(*e.queue))};
	int result = -ENOMEM;

	if (!types->btf)
		result = types->error;
	else if (e.btf && e.numbers && e.queue)
		result = excerpt_fill(&e, types);
	if (!result)
		result = excerpt_write(&e);
	btf__free(e.btf);
	free(e.numbers);
	free(e.queue);
	return result;
}
