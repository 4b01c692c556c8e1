// SPDX-License-Identifier: GPL-2.0-only
#include "live/kernel_load.h"

#include "relaytrace.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- programs with a type of the kernel's ---- */

/*
 * What libbpf has as tp_btf/, fexit/ and iter/ (whose sections it would look up in types that it reads for that, the
 * kernel's whole BTF): sections of our own, for which it asks back.
 */
static const struct typed_section {
	const char *prefix;
	enum bpf_attach_type type;
	const char *target; /* of the name behind the prefix: "btf_trace_" */
	__u32 kind;
} typed_sections[] = {
	{"btf_tp/", BPF_TRACE_RAW_TP, "btf_trace_", BTF_KIND_TYPEDEF},
	{"btf_fexit/", BPF_TRACE_FEXIT, "", BTF_KIND_FUNC},
	{"btf_iter/", BPF_TRACE_ITER, "bpf_iter_", BTF_KIND_FUNC},
};

static const struct typed_section *typed_section(const struct bpf_program *program)
{
	const char *name = bpf_program__section_name(program);

	for (size_t i = 0; i < sizeof(typed_sections) / sizeof(typed_sections[0]); i++)
		if (strncmp(name, typed_sections[i].prefix, strlen(typed_sections[i].prefix)) == 0)
			return &typed_sections[i];
	return NULL;
}

bool program_is_typed(const struct bpf_program *program)
{
	return typed_section(program) != NULL;
}

/*
 * libbpf is about to load a program of a section that it does not know.  Only now is it told the type: of a tracing
 * program it would have read the kernel's BTF (obj_needs_vmlinux_btf(), 1.0 to 1.7).
 */
static int typed_prepare(struct bpf_program *program, struct bpf_prog_load_opts *opts, long types)
{
	const struct typed_section *section = typed_section(program);
	char target[64];
	int id, err;

	if (!section)
		return -EINVAL;
	snprintf(target, sizeof(target), "%s%s", section->target,
		bpf_program__section_name(program) + strlen(section->prefix));
	id = kernel_types_id((const struct kernel_types *)types, target, section->kind);
	if (id < 0)
		return id;
	opts->attach_btf_id = (__u32)id;
	opts->expected_attach_type = section->type;
	err = bpf_program__set_expected_attach_type(program, section->type);
	return err ? err : bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
}

/* ---- which programs ---- */

/* Is program the one that the taken rows name?  The exec programs have a twin without bpf_loop. */
static bool program_wanted(
	const struct kernel *k, const struct kernel_facts *facts, const char *program)
{
	for (int group = 0; group < HOOK_GROUPS; group++) {
		const struct hook *hook = k->choice.taken[group];

		for (int i = 0; hook && i < 6 && hook->programs[i]; i++) {
			const char *name = hook->programs[i];
			size_t len = strlen(name);

			if (strncmp(name, "exec_", 5) != 0 || facts->has_bpf_loop) {
				if (strcmp(program, name) == 0)
					return true;
			} else if (strncmp(program, name, len) == 0 &&
				   strcmp(program + len, "_bounded") == 0) {
				return true;
			}
		}
	}
	return false;
}

/* Programs beside the table's rows, which are taken where the kernel has what they hook. */
static bool program_is_extra(
	const struct kernel *k, const struct kernel_facts *facts, const char *program)
{
	if (strcmp(program, "takeover") == 0)
		return facts->has_file_iterator;
	if (strcmp(program, "sweep_socket") == 0)
		return facts->has_test_run;
	return strcmp(program, "error_tp_btf") == 0 && facts->has_error_report &&
	       k->choice.taken[HOOK_NAMES] && facts->has_cookie;
}

/* Says which programs to load, and what is constant in them. */
static int programs_configure(struct kernel *k, const struct kernel_facts *facts, bool pods)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, k->bpf->obj)
	{
		const char *name = bpf_program__name(program);

		bpf_program__set_autoload(program,
			program_wanted(k, facts, name) || program_is_extra(k, facts, name));
	}
	k->bpf->rodata->setting_pods = pods;
	k->bpf->rodata->setting_cookie = facts->has_cookie;
	k->bpf->rodata->setting_regs = facts->has_task_regs;
	/* A stack of 64 KiB pages has one at least (arm64, THREAD_SIZE); x86 has 16 KiB. */
	if (sysconf(_SC_PAGESIZE) > 16384)
		k->bpf->rodata->setting_stack_size = (unsigned int)sysconf(_SC_PAGESIZE);
	k->bpf->rodata->setting_numbered =
		facts->has_cookie && strcmp(k->choice.taken[HOOK_TCP]->name, "tp_btf") == 0;
	return bpf_map__set_max_entries(
		k->bpf->maps.exec_scratch, (unsigned int)libbpf_num_possible_cpus());
}

/* types: a file with the types that libbpf relocates by; NULL: it reads the kernel's. */
static int programs_load(
	struct kernel *k, const struct kernel_facts *facts, bool pods, const char *types)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = types);
	int err;

	k->bpf = relaytrace_bpf__open_opts(&opts);
	if (!k->bpf)
		return -errno;
	err = programs_configure(k, facts, pods);
	return err ? err : relaytrace_bpf__load(k->bpf);
}

int kernel_load(struct kernel *k, const struct kernel_facts *facts, bool pods)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, typed, .cookie = (long)&facts->types,
		.prog_prepare_load_fn = typed_prepare);
	int err = -ENOENT, handler, excerpt;
	char path[32];

	/* For the sections that libbpf does not know; of a type that needs no BTF: typed_prepare() sets it right. */
	handler = libbpf_register_prog_handler(NULL, BPF_PROG_TYPE_RAW_TRACEPOINT, 0, &typed);
	if (handler < 0)
		return handler;
	excerpt = kernel_types_excerpt(&facts->types);
	if (excerpt >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", excerpt);
		err = programs_load(k, facts, pods, path);
		close(excerpt);
	}
	/* A system without memfd, or a kernel that has a field where the excerpt does not look. */
	if (err) {
		relaytrace_bpf__destroy(k->bpf);
		err = programs_load(k, facts, pods, NULL);
	}
	libbpf_unregister_prog_handler(handler);
	return err;
}
