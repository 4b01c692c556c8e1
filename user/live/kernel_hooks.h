/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which hooks this kernel allows, and which are taken: for each thing to see a few ways to see it,
 * the cheapest first.  A way counts as working when it was seen to fire.
 */
#ifndef LIVE_KERNEL_HOOKS_H
#define LIVE_KERNEL_HOOKS_H

#include "live/kernel_types.h"

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

enum hook_group { HOOK_CONNECT, HOOK_TCP, HOOK_PROCESS, HOOK_NAMES, HOOK_GROUPS };

struct kernel_facts {
	struct kernel_types types;
	bool has_bpf_loop, has_cookie, has_file_iterator, has_error_report, has_task_regs;
	bool has_test_run; /* a raw_tp program may be loaded, and run by us (5.10) */
};

/* Reads the kernel's BTF; from here on libbpf is silent.  0, -ENOENT where there is none, or -errno with a facts that may still be freed. */
int kernel_facts_read(struct kernel_facts *facts);
void kernel_facts_free(struct kernel_facts *facts);

struct hook {
	enum hook_group group;
	const char *name; /* "fexit": what --hooks takes */
	const char *what; /* "fexit of __sys_connect_file" */
	const char *cost; /* what it costs a process that is not traced */
	/*
	 * Can it be had?  0, or -errno with the reason in why (size bytes).  With attached it is attached for
	 * a moment too, which takes many times as long, and is seen anyway where it is taken.
	 */
	int (*probe)(const struct kernel_facts *facts, bool attached, char *why, size_t size);
	const char *lost; /* what is not seen where this row and those below it are refused */
	const char *programs[6]; /* names in the BPF object, NULL-ended */
};

#define HOOK_ROWS 8
extern const struct hook hook_table[HOOK_ROWS];

/* What became of each row, and the row taken for each group. */
struct hook_choice {
	const struct hook *taken[HOOK_GROUPS]; /* NULL: none works */
	int error[HOOK_ROWS];		       /* 0: works or was not tried */
	bool tried[HOOK_ROWS];
	char why[HOOK_ROWS][160];
};

/* Writes to why (size bytes) that what was refused with -errno error, and what may be missing.  Returns error. */
int hook_refused(char *why, size_t size, int error, const char *what);

/* "connect", "tcp", "process", "names". */
const char *hook_group_name(enum hook_group group);

/* Is forced a comma-separated list of NAME or GROUP=NAME, each of which is a row of the table? */
bool hooks_are_known(const char *forced);

/* Does forced (NULL: nothing) name a row of this group? */
bool hooks_group_forced(enum hook_group group, const char *forced);

/*
 * Chooses for each group the first row that can be had, that forced admits (NULL: all are) and that
 * has no error yet; call it again after setting a row's error to fall to the next one.  With all,
 * rows after the chosen one are probed too, and those that are not taken are attached for that (`features`).
 */
void hooks_choose(
	struct hook_choice *choice, const struct kernel_facts *facts, const char *forced, bool all);

#endif
