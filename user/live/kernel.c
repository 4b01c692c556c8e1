// SPDX-License-Identifier: GPL-2.0-only
#include "live/kernel.h"

#include "base/log.h"
#include "live/kernel_load.h"
#include "live/kernel_probe.h"
#include "live/tracefs.h"

#include "relaytrace.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- attaching ---- */

/*
 * *id, 0 at first, is kept: where tracefs is not mounted, it takes CAP_SYS_ADMIN to look into it, which is
 * given up by the time that the hook comes back.
 */
static struct bpf_link *attach_tracepoint(struct bpf_program *program, const char *name, int *id)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr)};
	struct bpf_link *link;
	int event;

	if (*id <= 0)
		*id = tracefs_event_id("syscalls", name);
	if (*id < 0) {
		errno = -*id;
		return NULL;
	}
	attr.config = (uint64_t)*id;
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return NULL;
	link = bpf_program__attach_perf_event(program, event);
	if (!link) {
		int saved = errno;

		close(event);
		errno = saved;
	}
	return link;
}

static struct bpf_link *attach_program(struct kernel *k, struct bpf_program *program)
{
	const char *name = bpf_program__name(program);

	if (strcmp(name, "connect_enter") == 0)
		return attach_tracepoint(program, "sys_enter_connect", &k->connect_events[0]);
	if (strcmp(name, "connect_exit") == 0)
		return attach_tracepoint(program, "sys_exit_connect", &k->connect_events[1]);
	if (program_is_typed(program))
		return bpf_program__attach_trace(program);
	return bpf_program__attach(program);
}

int kernel_connect_hook(struct kernel *k, bool attached)
{
	const struct hook *hook = k->choice.taken[HOOK_CONNECT];

	for (int i = 0; hook && i < 2 && hook->programs[i]; i++) {
		struct bpf_program *program;

		if (!attached) {
			bpf_link__destroy(k->connect_links[i]);
			k->connect_links[i] = NULL;
			continue;
		}
		if (k->connect_links[i])
			continue;
		program = bpf_object__find_program_by_name(k->bpf->obj, hook->programs[i]);
		k->connect_links[i] = attach_program(k, program);
		if (!k->connect_links[i])
			return -errno;
	}
	return 0;
}

bool kernel_connect_is_costly(const struct kernel *k)
{
	const struct hook *hook = k->choice.taken[HOOK_CONNECT];

	return hook && strcmp(hook->name, "tracepoint") == 0;
}

/* Attaches all but the connect and the cgroup programs; *failed is the group of the one refused. */
static int kernel_attach(struct kernel *k, enum hook_group *failed)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, k->bpf->obj)
	{
		const char *name = bpf_program__name(program);
		struct bpf_link *link;

		if (!bpf_program__autoload(program) || strncmp(name, "connect_", 8) == 0 ||
			strncmp(name, "payload_", 8) == 0 || strcmp(name, "takeover") == 0 ||
			strcmp(name, "sweep_socket") == 0 || k->link_count == KERNEL_LINKS)
			continue;
		link = attach_program(k, program);
		if (!link && strncmp(name, "error_", 6) == 0)
			continue;
		if (!link) {
			*failed = strncmp(name, "state_", 6) == 0 ? HOOK_TCP : HOOK_PROCESS;
			return -errno;
		}
		k->links[k->link_count++] = link;
	}
	*failed = HOOK_CONNECT;
	err = kernel_connect_hook(k, true);
	return err;
}

struct bpf_link *kernel_attach_payload(struct kernel *k, int which, int directory)
{
	struct bpf_program *program;

	if (!k->choice.taken[HOOK_NAMES]) {
		errno = ENOTSUP;
		return NULL;
	}
	program = bpf_object__find_program_by_name(
		k->bpf->obj, k->choice.taken[HOOK_NAMES]->programs[which]);
	return bpf_program__attach_cgroup(program, directory);
}

static void kernel_unload(struct kernel *k)
{
	kernel_connect_hook(k, false);
	for (size_t i = 0; i < k->link_count; i++)
		bpf_link__destroy(k->links[i]);
	k->link_count = 0;
	relaytrace_bpf__destroy(k->bpf);
	k->bpf = NULL;
}

/* ---- proving ---- */

/*
 * Sees each hook fire on calls of our own; *silent_group is the first that did not, or that was refused when it was
 * attached for that (*error).
 */
static bool kernel_prove(struct kernel *k, enum hook_group *silent_group, int *error)
{
	volatile const uint64_t *hits = (volatile const uint64_t *)k->bpf->bss->hits;
	struct probe_result possible;

	int err = probe_run(k, &possible);

	if (possible.names_error) {
		*silent_group = HOOK_NAMES;
		*error = possible.names_error;
		return false;
	}
	if (err)
		return true; /* no probe, no verdict: the attach is all that is known */
	k->unproved_tcp = !possible.tcp;
	k->unproved_names = k->choice.taken[HOOK_NAMES] && !possible.names;
	/* A group without a row has nothing to prove; it is told as missing. */
	if (k->choice.taken[HOOK_CONNECT] && !hits[WIRE_HIT_CONNECT])
		*silent_group = HOOK_CONNECT;
	else if (possible.tcp && !hits[WIRE_HIT_STATE])
		*silent_group = HOOK_TCP;
	else if (!hits[WIRE_HIT_EXEC] || !hits[WIRE_HIT_FORK] || !hits[WIRE_HIT_EXIT])
		*silent_group = HOOK_PROCESS;
	else if (possible.names && !hits[WIRE_HIT_PAYLOAD])
		*silent_group = HOOK_NAMES;
	else
		return true;
	return false;
}

static void row_failed(struct kernel *k, enum hook_group group, int error, const char *why)
{
	for (size_t i = 0; i < HOOK_ROWS; i++) {
		if (&hook_table[i] != k->choice.taken[group])
			continue;
		k->choice.error[i] = error;
		hook_refused(k->choice.why[i], sizeof(k->choice.why[i]), error, why);
	}
}

/* What was tried for a group and why it was refused, one message a row. */
static void rows_tell(const struct kernel *k, enum hook_group group)
{
	for (size_t i = 0; i < HOOK_ROWS; i++)
		if (hook_table[i].group == group && k->choice.error[i])
			log_error("%s: %s", hook_table[i].what, k->choice.why[i]);
}

/* Is there a row for each group without which there is nothing to trace, and for each that was forced? */
static int kernel_complete(const struct kernel *k, const char *forced)
{
	for (int group = 0; group < HOOK_GROUPS; group++) {
		bool needed = group == HOOK_TCP || group == HOOK_PROCESS;

		if (k->choice.taken[group])
			continue;
		if (hooks_group_forced((enum hook_group)group, forced)) {
			rows_tell(k, (enum hook_group)group);
			log_error("--hooks %s: this kernel refuses that hook for '%s'; without "
				  "--hooks the best that it allows is taken, and `relaytrace "
				  "features` lists them%s",
				forced, hook_group_name((enum hook_group)group),
				geteuid() ? "; tracing needs root: run it with sudo" : "");
			return geteuid() ? -EPERM : -ENOTSUP;
		}
		if (!needed)
			continue;
		if (geteuid() != 0) {
			log_error(
				"tracing needs root: run it with sudo; `relaytrace features` lists "
				"what this kernel refuses, `relaytrace check` needs no hooks");
			return -EPERM;
		}
		rows_tell(k, (enum hook_group)group);
		log_error("this kernel allows no hook for '%s', so tracing is not possible here; "
			  "`relaytrace features` lists what was tried, `relaytrace check` needs no "
			  "hooks",
			hook_group_name((enum hook_group)group));
		return -ENOTSUP;
	}
	return 0;
}

void kernel_warn(const struct kernel *k)
{
	for (size_t i = 0; i < HOOK_ROWS; i++) {
		bool last = i + 1 == HOOK_ROWS || hook_table[i + 1].group != hook_table[i].group;

		if (last && !k->choice.taken[hook_table[i].group])
			log_warning("%s: %s; not seen without it: %s", hook_table[i].what,
				k->choice.why[i], hook_table[i].lost);
	}
}

static int kernel_try(struct kernel *k, const struct kernel_facts *facts, bool pods)
{
	enum hook_group group = HOOK_PROCESS;
	int err = kernel_load(k, facts, pods);

	if (err) {
		/* What was probed one by one is refused in the whole: nothing to fall back to. */
		log_error("the kernel refused the tracer's programs: %s; `relaytrace features` "
			  "lists what it allows",
			strerror(-err));
		return err == -EAGAIN ? -EINVAL : err;
	}
	err = kernel_attach(k, &group);
	if (err) {
		row_failed(k, group, err, "attaching it");
		return -EAGAIN;
	}
	if (!kernel_prove(k, &group, &err)) {
		row_failed(k, group, err ? err : -ENODATA,
			err ? "attaching it" : "attached, but it did not fire");
		return -EAGAIN;
	}
	return 0;
}

int kernel_open(struct kernel *k, const char *forced, bool pods)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct kernel_facts facts;
	int err;

	memset(k, 0, sizeof(*k));
	/* Before 5.11 maps count against it; without CAP_SYS_RESOURCE this fails, and mostly may. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = kernel_facts_read(&facts);
	if (err)
		log_error("the kernel's type information (/sys/kernel/btf/vmlinux) cannot be read: "
			  "%s; to trace takes a kernel built with CONFIG_DEBUG_INFO_BTF and /sys "
			  "mounted, `relaytrace check` takes neither",
			strerror(-err));
	while (!err) {
		hooks_choose(&k->choice, &facts, forced, false);
		err = kernel_complete(k, forced);
		if (err)
			break;
		err = kernel_try(k, &facts, pods);
		if (!err)
			break;
		kernel_unload(k);
		err = err == -EAGAIN ? 0 : err;
	}
	kernel_facts_free(&facts);
	/* The kernel's types, 6 MB of them, are not needed again; the heap would keep the room. */
	malloc_trim(0);
	if (err)
		kernel_close(k);
	return err;
}

void kernel_close(struct kernel *k)
{
	kernel_unload(k);
}

int kernel_take_over(struct kernel *k)
{
	struct bpf_link *link;
	char nothing[64];
	int walk, err = 0;

	if (!bpf_program__autoload(k->bpf->progs.takeover))
		return -ENOTSUP;
	link = bpf_program__attach_iter(k->bpf->progs.takeover, NULL);
	if (!link)
		return -errno;
	walk = bpf_iter_create(bpf_link__fd(link));
	/* The program prints nothing: reading to the end is the walk. */
	while (walk >= 0 && read(walk, nothing, sizeof(nothing)) > 0)
		;
	if (walk < 0)
		err = -errno;
	else
		close(walk);
	bpf_link__destroy(link);
	return err;
}

/* ---- maps ---- */

int kernel_add_root_name(struct kernel *k, const char *name)
{
	char comm[16] = {0};
	uint32_t one = 1;

	strncpy(comm, name, sizeof(comm) - 1);
	return bpf_map__update_elem(
		k->bpf->maps.root_names, comm, sizeof(comm), &one, sizeof(one), BPF_ANY);
}

static uint32_t *filter_slot(struct kernel *k, pid_t pid)
{
	size_t slots = sizeof(k->bpf->bss->traced_filter) / sizeof(k->bpf->bss->traced_filter[0]);

	return &k->bpf->bss->traced_filter[(size_t)pid & (slots - 1)];
}

int kernel_add_process(struct kernel *k, pid_t pid, const struct wire_traced *entry)
{
	uint32_t key = (uint32_t)pid;
	int err;

	/* The filter first: an entry behind a closed filter would not be seen. */
	__sync_fetch_and_add(filter_slot(k, pid), 1);
	err = bpf_map__update_elem(
		k->bpf->maps.traced, &key, sizeof(key), entry, sizeof(*entry), BPF_NOEXIST);
	if (err)
		__sync_fetch_and_sub(filter_slot(k, pid), 1);
	return err;
}

void kernel_remove_process(struct kernel *k, pid_t pid)
{
	uint32_t key = (uint32_t)pid;

	if (bpf_map__delete_elem(k->bpf->maps.traced, &key, sizeof(key), 0) == 0)
		__sync_fetch_and_sub(filter_slot(k, pid), 1);
}

int kernel_ring_fd(const struct kernel *k)
{
	return bpf_map__fd(k->bpf->maps.records);
}

int kernel_traced_fd(const struct kernel *k)
{
	return bpf_map__fd(k->bpf->maps.traced);
}

size_t kernel_process_count(const struct kernel *k)
{
	uint32_t key, next, *from = NULL;
	size_t count = 0;

	while (bpf_map_get_next_key(kernel_traced_fd(k), from, &next) == 0) {
		count++;
		key = next;
		from = &key;
	}
	return count;
}

uint32_t *kernel_reader_looks(const struct kernel *k)
{
	return &k->bpf->bss->reader_looks;
}

const volatile uint64_t *kernel_lost(const struct kernel *k)
{
	return (const volatile uint64_t *)k->bpf->bss->lost;
}

uint64_t kernel_missed(const struct kernel *k)
{
	struct bpf_program *program;
	uint64_t missed = 0;

	bpf_object__for_each_program(program, k->bpf->obj)
	{
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (bpf_program__autoload(program) &&
			bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len) == 0)
			missed += info.recursion_misses;
	}
	return missed;
}

void kernel_describe(const struct kernel *k, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int group = 0; group < HOOK_GROUPS && len < size; group++)
		len += (size_t)snprintf(text + len, size - len, "%s%s=%s", group ? " " : "",
			hook_group_name((enum hook_group)group),
			k->choice.taken[group] ? k->choice.taken[group]->name : "none");
}
