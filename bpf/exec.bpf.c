// SPDX-License-Identifier: GPL-2.0-only
/*
 * A traced process runs a program: its name, arguments and listed environment variables.
 *
 * sched_process_exec and not the system call: here the new image stands, its environment lies
 * between mm->env_start and env_end on pages that exec itself has just written, and the comm is the
 * new one.  Nothing but the listed variables is copied into a record; what was read to look at its
 * name is overwritten by the next.
 */
#include "emit.bpf.h"
#include "listed_name.h"
#include "settings.bpf.h"

/* One for each CPU: an array by CPU number, because a per-CPU map's values end at 32 KiB. */
struct exec_scratch {
	struct wire_exec record;
	char data[WIRE_FILE_MAX + WIRE_ARGS_MAX + WIRE_ENV_MAX + WIRE_VALUE_MAX];
	/* The search: where it stands and where it ends, in the process and in data. */
	__u64 at, end;
	__u32 used, limit;
	__u32 skipping; /* within a value that was cut: its rest is no new variable */
};
struct exec_scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* user space sets the number of CPUs */
	__type(key, __u32);
	__type(value, struct exec_scratch);
};
struct exec_scratch_map exec_scratch SEC(".maps");

#define DATA_LAST                                                                                  \
	(WIRE_FILE_MAX + WIRE_ARGS_MAX + WIRE_ENV_MAX) /* the last place a value may begin */

/*
 * Looks at one variable of the search in the scratch of this CPU: 1 when the search is over.  A
 * global function, because the verifier then looks at it once and not once a turn of the loop.
 */
__noinline int env_next(__u32 cpu)
{
	struct exec_scratch *s = bpf_map_lookup_elem(&exec_scratch, &cpu);
	__u32 used;
	char *place;
	long len;

	if (!s || s->at >= s->end)
		return 1;
	used = s->used;
	if (used > DATA_LAST || used >= s->limit) {
		s->record.flags |= WIRE_ENV_TRUNCATED;
		return 1;
	}
	place = &s->data[used];
	len = bpf_probe_read_user_str(place, WIRE_VALUE_MAX, (void *)s->at);
	if (len <= 0) {
		s->record.flags |= WIRE_ENV_UNREADABLE | WIRE_ENV_TRUNCATED;
		return 1;
	}
	/* A full buffer has a NUL put over its last byte: that byte is read again next time. */
	if (s->skipping) {
		s->skipping = len == WIRE_VALUE_MAX;
	} else {
		s->record.env_seen++;
		s->skipping = len == WIRE_VALUE_MAX;
		if (name_is_listed(place))
			s->used = used + (len & (2 * WIRE_VALUE_MAX - 1));
	}
	s->at += len == WIRE_VALUE_MAX ? len - 1 : len;
	return 0;
}

/*
 * The same 128, and 128 times 128 times: three loops, because the verifier follows 8192 jumps of a function and
 * looks at each global one by itself.
 */
__noinline int env_next_128(__u32 cpu)
{
	for (int i = 0; i < 128; i++)
		if (env_next(cpu))
			return 1;
	return 0;
}

__noinline int env_next_16384(__u32 cpu)
{
	for (int i = 0; i < 128; i++)
		if (env_next_128(cpu))
			return 1;
	return 0;
}

static long env_step(__u32 index, __u32 *cpu)
{
	return env_next(*cpu) != 0;
}

/* Where this kernel has bpf_loop (5.17): the whole of any environment that exec admits. */
static __always_inline void env_search_whole(__u32 cpu)
{
	bpf_loop(1 << 23, env_step, &cpu, 0);
}

/*
 * Elsewhere: two million variables.  exec admits 6 MB, and each takes 9 bytes of them, with its pointer
 * (4.13, commit 98da7d08850f): that is the whole too.
 */
static __always_inline void env_search_bounded(__u32 cpu)
{
	struct exec_scratch *s;

	for (int i = 0; i < 128; i++)
		if (env_next_16384(cpu))
			return;
	s = bpf_map_lookup_elem(&exec_scratch, &cpu);
	if (s && s->at < s->end)
		s->record.flags |= WIRE_ENV_TRUNCATED;
}

static __always_inline bool comm_is_runtime(const char *comm)
{
	return EXACTLY(comm, "containerd-shim") || EXACTLY(comm, "runc\0");
}

/*
 * The traced entry of this process as it is after the exec: made where the program's name is a
 * root's, marked at a runtime shim, gone (NULL, *left set) where it became a container's init:
 * below a shim and in another mount namespace.
 */
static __always_inline struct wire_traced *entry_after_exec(
	struct task_struct *task, __u32 pid, const char *comm, __u32 mntns, bool *root, bool *left)
{
	struct wire_traced *entry = traced_find(pid);
	struct wire_task me = {.pid = pid};

	if (entry) {
		me.start_ns = task_start_ns(task);
		if (!traced_is(entry, &me))
			entry = NULL;
	}
	if (!entry && bpf_map_lookup_elem(&root_names, comm)) {
		struct wire_traced fresh = {.start_ns = task_start_ns(task)};

		traced_add(pid, &fresh);
		entry = bpf_map_lookup_elem(&traced, &pid);
		*root = entry != NULL;
	}
	if (!entry)
		return NULL;
	if (entry->flags & WIRE_TRACED_SHIM) {
		*left = !setting_pods && entry->shim_mntns != mntns;
	} else if (comm_is_runtime(comm)) {
		entry->shim_mntns = mntns;
		entry->flags |= WIRE_TRACED_SHIM;
	}
	return entry;
}

static __always_inline struct exec_scratch *exec_begin(
	struct task_struct *task, struct linux_binprm *bprm, __u32 cpu)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32, mntns;
	struct wire_traced *entry;
	struct task_struct *parent;
	bool root = false, left = false;
	struct exec_scratch *s;
	char comm[16] __attribute__((aligned(8))) = {}; /* compared a word at a time */
	__u64 start, end;
	long len;

	bpf_get_current_comm(comm, sizeof(comm));
	mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	entry = entry_after_exec(task, pid, comm, mntns, &root, &left);
	if (!entry)
		return NULL;
	if (is_probe(entry, WIRE_HIT_EXEC))
		return NULL;
	s = bpf_map_lookup_elem(&exec_scratch, &cpu);
	if (!s)
		return NULL;
	__builtin_memset(&s->record, 0, sizeof(s->record));
	task_fill(&s->record.task, task);
	__builtin_memcpy(s->record.comm, comm, sizeof(comm));
	parent = BPF_CORE_READ(task, real_parent);
	s->record.parent_pid = BPF_CORE_READ(parent, tgid);
	s->record.parent_start_ns = task_start_ns(parent);
	s->record.cgroup_id = bpf_get_current_cgroup_id();
	s->record.netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	s->record.mntns = mntns;
	s->record.flags = root ? WIRE_EXEC_ROOT : 0;
	s->skipping = 0;
	s->at = s->end = 0;

	len = bpf_probe_read_kernel_str(s->data, WIRE_FILE_MAX, BPF_CORE_READ(bprm, filename));
	if (len < 1 || len > WIRE_FILE_MAX) {
		s->data[0] = 0;
		len = 1;
	}
	s->record.file_len = s->used = len;
	if (left) {
		/* The pod's arguments and environment are not ours to read. */
		s->record.flags |= WIRE_EXEC_LEFT;
		traced_remove(pid);
		return s;
	}

	start = BPF_CORE_READ(task, mm, arg_start);
	end = BPF_CORE_READ(task, mm, arg_end);
	len = end - start;
	if (len > WIRE_ARGS_MAX) {
		len = WIRE_ARGS_MAX;
		s->record.flags |= WIRE_ARGS_TRUNCATED;
	}
	if (len > 0 && len <= WIRE_ARGS_MAX &&
		!bpf_probe_read_user(
			&s->data[s->used & (WIRE_FILE_MAX * 2 - 1)], len, (void *)start)) {
		s->record.args_len = len;
		s->used += len;
	} else {
		s->record.flags |= WIRE_ARGS_TRUNCATED;
	}
	s->limit = s->used + WIRE_ENV_MAX;
	s->at = BPF_CORE_READ(task, mm, env_start);
	s->end = BPF_CORE_READ(task, mm, env_end);
	return s;
}

static __always_inline int exec_end(struct exec_scratch *s)
{
	__u32 size = s->used;

	s->record.env_len = size - s->record.file_len - s->record.args_len;
	size += sizeof(s->record);
	if (size > sizeof(s->record) + sizeof(s->data))
		return 0;
	header_fill(&s->record.header, WIRE_EXEC, size);
	if (bpf_ringbuf_output(&records, s, size, wake_now())) {
		__sync_fetch_and_add(&lost[WIRE_LOST_EXEC], 1);
		reader_looks = 0; /* nobody was woken */
	}
	return 0;
}

#define EXEC_PROGRAM(section, name, search)                                                        \
	SEC(section "/sched_process_exec")                                                         \
	int BPF_PROG(name, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)     \
	{                                                                                          \
		__u32 cpu = bpf_get_smp_processor_id();                                            \
		struct exec_scratch *s = exec_begin(task, bprm, cpu);                              \
                                                                                                   \
		if (!s)                                                                            \
			return 0;                                                                  \
		search(cpu);                                                                       \
		return exec_end(s);                                                                \
	}

EXEC_PROGRAM("btf_tp", exec_tp_btf, env_search_whole)
EXEC_PROGRAM("raw_tp", exec_raw_tp, env_search_whole)
EXEC_PROGRAM("btf_tp", exec_tp_btf_bounded, env_search_bounded)
EXEC_PROGRAM("raw_tp", exec_raw_tp_bounded, env_search_bounded)
