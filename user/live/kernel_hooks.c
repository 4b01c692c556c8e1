// SPDX-License-Identifier: GPL-2.0-only
#include "live/kernel_hooks.h"

#include "live/cgroup.h"
#include "live/tracefs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONNECT_FUNCTION "__sys_connect_file"

/* Asked and not looked up: some machines refuse the programs, others the running. */
static bool test_run_works(void)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", nothing,
		sizeof(nothing) / sizeof(nothing[0]), NULL);
	bool works = program >= 0 && bpf_prog_test_run_opts(program, &run) == 0;

	if (program >= 0)
		close(program);
	return works;
}

/* What libbpf has to say is in our own words, with what to do, where it matters. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static bool has_type(const struct kernel_facts *facts, const char *name, __u32 kind)
{
	return kernel_types_id(&facts->types, name, kind) > 0;
}

int kernel_facts_read(struct kernel_facts *facts)
{
	libbpf_set_print(silent);
	memset(facts, 0, sizeof(*facts));
	if (kernel_types_read(&facts->types))
		return facts->types.error;
	/*
	 * Each function came with what it stands for: 5.17 (e6f2dd0f8067), 5.12 (c5dbb89fc2ac), 5.15
	 * (dd6e10fbd9fb), 5.8.
	 */
	facts->has_bpf_loop = has_type(facts, "bpf_loop", BTF_KIND_FUNC);
	facts->has_cookie = has_type(facts, "bpf_get_socket_ptr_cookie", BTF_KIND_FUNC);
	facts->has_task_regs = has_type(facts, "bpf_task_pt_regs", BTF_KIND_FUNC);
	facts->has_file_iterator = has_type(facts, "bpf_iter_task_file", BTF_KIND_FUNC);
	facts->has_error_report =
		has_type(facts, "btf_trace_inet_sk_error_report", BTF_KIND_TYPEDEF);
	facts->has_test_run = test_run_works();
	return 0;
}

void kernel_facts_free(struct kernel_facts *facts)
{
	kernel_types_free(&facts->types);
	memset(facts, 0, sizeof(*facts));
}

/* ---- probes: each asks the kernel for the smallest thing that would be refused alike ---- */

int hook_refused(char *why, size_t size, int error, const char *what)
{
	const char *hint = error == -EPERM
				   ? " (refused by this machine's policy, or one of CAP_BPF, "
				     "CAP_PERFMON and CAP_NET_ADMIN is missing)"
				   : "";

	snprintf(why, size, "%s: %s%s", what, strerror(-error), hint);
	return error;
}

/* Of a link that was made to see whether it can be: 0, or why not. */
static int link_close(int link, const char *what, char *why, size_t size)
{
	if (link < 0)
		return hook_refused(why, size, link, what);
	close(link);
	return 0;
}

/* Loads "return 0" for a BTF-typed target, and attaches it. */
static int probe_tracing(const struct kernel_facts *facts, enum bpf_attach_type type,
	const char *name, __u32 kind, bool attached, char *why, size_t size)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type);
	int program, link, id = kernel_types_id(&facts->types, name, kind);

	if (id < 0)
		return hook_refused(why, size, id, name);
	opts.attach_btf_id = id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "relaytrace_try", "GPL", nothing, 2, &opts);
	if (program < 0)
		return hook_refused(why, size, program, "loading the program");
	link = attached ? bpf_raw_tracepoint_open(NULL, program) : -1;
	close(program);
	return attached ? link_close(link, "attaching the program", why, size) : 0;
}

static int probe_fexit(const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	return probe_tracing(
		facts, BPF_TRACE_FEXIT, CONNECT_FUNCTION, BTF_KIND_FUNC, attached, why, size);
}

static int probe_tp_btf_tcp(const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	return probe_tracing(facts, BPF_TRACE_RAW_TP, "btf_trace_inet_sock_set_state",
		BTF_KIND_TYPEDEF, attached, why, size);
}

static int probe_tp_btf_process(
	const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	return probe_tracing(facts, BPF_TRACE_RAW_TP, "btf_trace_sched_process_exec",
		BTF_KIND_TYPEDEF, attached, why, size);
}

static int probe_raw_tp(const char *name, bool attached, char *why, size_t size)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int link, program;

	program = bpf_prog_load(
		BPF_PROG_TYPE_RAW_TRACEPOINT, "relaytrace_try", "GPL", nothing, 2, NULL);
	if (program < 0)
		return hook_refused(why, size, program, "loading the program");
	link = attached ? bpf_raw_tracepoint_open(name, program) : -1;
	close(program);
	return attached ? link_close(link, name, why, size) : 0;
}

static int probe_raw_tp_tcp(const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	(void)facts;
	return probe_raw_tp("inet_sock_set_state", attached, why, size);
}

static int probe_raw_tp_process(
	const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	(void)facts;
	return probe_raw_tp("sched_process_exec", attached, why, size);
}

static int probe_perf(struct perf_event_attr *attr, const char *what, char *why, size_t size)
{
	int event = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0)
		return hook_refused(why, size, -errno, what);
	close(event);
	return 0;
}

static int probe_kprobe(const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	FILE *file = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	unsigned int type;

	(void)facts;
	(void)attached;
	if (!file || fscanf(file, "%u", &type) != 1) {
		if (file)
			fclose(file);
		return hook_refused(why, size, -ENOENT, "this kernel was built without kprobes");
	}
	fclose(file);
	attr.type = type;
	attr.config = 1; /* of the return (format/retprobe) */
	attr.config1 = (uint64_t)(uintptr_t)CONNECT_FUNCTION;
	return probe_perf(&attr, "a kretprobe of " CONNECT_FUNCTION, why, size);
}

static int probe_tracepoint(const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	int id = tracefs_event_id("syscalls", "sys_enter_connect");

	/* Opened only when it is attached: taking it back would wait for every processor. */
	(void)facts;
	(void)attached;
	if (id == -EPERM) {
		snprintf(why, size, "tracefs is not mounted, and to mount it takes CAP_SYS_ADMIN");
		return id;
	}
	return id < 0 ? hook_refused(why, size, id, "tracepoint syscalls/sys_enter_connect") : 0;
}

/* Attaches "return 1" to our own cgroup: it lets every packet pass. */
static int probe_cgroup_skb(const struct kernel_facts *facts, bool attached, char *why, size_t size)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_CGROUP_INET_EGRESS);
	int directory, program, link;

	(void)facts;
	directory = cgroup_open_own();
	if (directory == -ENOENT) {
		snprintf(why, size,
			"no cgroup-v2 hierarchy is seen here (`ip netns exec` hides it; nsenter "
			"--net does not)");
		return -ENOENT;
	}
	if (directory < 0)
		return hook_refused(why, size, directory, "opening our own cgroup");
	program = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SKB, "relaytrace_try", "GPL", pass, 2, &opts);
	if (program < 0) {
		close(directory);
		return hook_refused(why, size, program, "loading the program");
	}
	link = attached ? bpf_link_create(program, directory, BPF_CGROUP_INET_EGRESS, NULL) : -1;
	close(program);
	close(directory);
	return attached ? link_close(link, "attaching the program to our own cgroup", why, size)
			: 0;
}

/* One group after the other, the cheapest row first.  Costs: instructions, by `make bench`. */
const struct hook hook_table[HOOK_ROWS] = {
	{HOOK_CONNECT, "fexit", "fexit of " CONNECT_FUNCTION, "a connect() only", probe_fexit, "",
		{"connect_fexit"}},
	{HOOK_CONNECT, "kprobe", "kretprobe of " CONNECT_FUNCTION " (not of io_uring's)",
		"a connect() only, twice that of fexit", probe_kprobe, "", {"connect_kretprobe"}},
	{HOOK_CONNECT, "tracepoint", "tracepoints sys_enter_connect and sys_exit_connect",
		"every system call of the host, while there is a tree to trace", probe_tracepoint,
		"dials that fail without a packet (no route), and connect() by io_uring",
		{"connect_enter", "connect_exit"}},
	{HOOK_TCP, "tp_btf", "tp_btf inet_sock_set_state", "a TCP state change only",
		probe_tp_btf_tcp, "", {"state_tp_btf"}},
	{HOOK_TCP, "raw_tp", "raw tracepoint inet_sock_set_state", "a TCP state change only",
		probe_raw_tp_tcp, "the outcome of every dial", {"state_raw_tp"}},
	{HOOK_PROCESS, "tp_btf", "tp_btf sched_process_* and signal_deliver",
		"a fork, exec, exit or signal only", probe_tp_btf_process, "",
		{"exec_tp_btf", "fork_tp_btf", "exit_tp_btf", "signal_tp_btf"}},
	{HOOK_PROCESS, "raw_tp", "raw tracepoints sched_process_* and signal_deliver",
		"a fork, exec, exit or signal only", probe_raw_tp_process,
		"which processes belong to a tree, and their environment",
		{"exec_raw_tp", "fork_raw_tp", "exit_raw_tp", "signal_raw_tp"}},
	{HOOK_NAMES, "cgroup_skb", "cgroup_skb on the cgroups of the traced trees",
		"the packets of those cgroups only", probe_cgroup_skb,
		"host names, CONNECT requests and the relay's answers",
		{"payload_ingress", "payload_egress", "payload_sockopt"}},
};

const char *hook_group_name(enum hook_group group)
{
	static const char *const names[HOOK_GROUPS] = {"connect", "tcp", "process", "names"};

	return names[group];
}

/* Does word, NAME or GROUP=NAME of len bytes, mean this row? */
static bool word_means(const char *word, size_t len, const struct hook *hook)
{
	const char *equals = memchr(word, '=', len), *group = hook_group_name(hook->group);
	const char *name = equals ? equals + 1 : word;
	size_t name_len = len - (size_t)(name - word);

	if (equals && (strlen(group) != (size_t)(equals - word) ||
			      strncmp(group, word, strlen(group)) != 0))
		return false;
	return strlen(hook->name) == name_len && strncmp(hook->name, name, name_len) == 0;
}

static bool row_is_named(const struct hook *hook, const char *forced)
{
	for (const char *word = forced; word && *word;) {
		size_t len = strcspn(word, ",");

		if (word_means(word, len, hook))
			return true;
		word += len + (word[len] == ',');
	}
	return false;
}

bool hooks_group_forced(enum hook_group group, const char *forced)
{
	for (size_t i = 0; i < HOOK_ROWS; i++)
		if (hook_table[i].group == group && row_is_named(&hook_table[i], forced))
			return true;
	return false;
}

/* Does forced admit this row?  A group that forced does not mention is free. */
static bool row_admitted(const struct hook *hook, const char *forced)
{
	return row_is_named(hook, forced) || !hooks_group_forced(hook->group, forced);
}

bool hooks_are_known(const char *forced)
{
	for (const char *word = forced; *word;) {
		size_t len = strcspn(word, ",");
		bool known = false;

		for (size_t i = 0; i < HOOK_ROWS; i++)
			known |= word_means(word, len, &hook_table[i]);
		if (!known)
			return false;
		word += len + (word[len] == ',');
	}
	return *forced != '\0';
}

void hooks_choose(
	struct hook_choice *choice, const struct kernel_facts *facts, const char *forced, bool all)
{
	memset(choice->taken, 0, sizeof(choice->taken));
	for (size_t i = 0; i < HOOK_ROWS; i++) {
		const struct hook *hook = &hook_table[i];

		if (choice->error[i] || (choice->taken[hook->group] && !all) ||
			(!all && !row_admitted(hook, forced)))
			continue;
		if (!choice->tried[i]) {
			choice->tried[i] = true;
			choice->error[i] =
				hook->probe(facts, all, choice->why[i], sizeof(choice->why[i]));
		}
		if (!choice->error[i] && !choice->taken[hook->group] && row_admitted(hook, forced))
			choice->taken[hook->group] = hook;
	}
}
