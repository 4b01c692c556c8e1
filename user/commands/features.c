// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace features`: which hooks this kernel allows, which are taken, what is lost without. */
#include "base/log.h"
#include "commands/commands.h"
#include "live/kernel.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* With attached false nothing was taken: what the kernel allows is available. */
static void rows_print(const struct hook_choice *choice, bool attached)
{
	enum hook_group group = HOOK_GROUPS;

	for (size_t i = 0; i < HOOK_ROWS; i++) {
		const struct hook *hook = &hook_table[i];
		bool taken = attached && choice->taken[hook->group] == hook;
		const char *state = choice->error[i]   ? "refused"
				    : taken	       ? "chosen"
				    : choice->tried[i] ? "available"
						       : "not tried";

		if (hook->group != group)
			printf("%s\n", hook_group_name(hook->group));
		group = hook->group;
		printf("  %-10s %-11s %s; costs %s\n", state, hook->name, hook->what, hook->cost);
		if (choice->error[i])
			printf("  %-10s %-11s %s\n", "", "", choice->why[i]);
		if (!choice->taken[group] && *hook->lost)
			printf("  %-10s %-11s not seen without it: %s\n", "", "", hook->lost);
	}
}

static void facts_print(const struct kernel_facts *facts)
{
	if (facts->types.error) {
		printf("BTF none: %s; it takes /sys/kernel/btf/vmlinux, which a kernel built with "
		       "CONFIG_DEBUG_INFO_BTF has, and no program can be loaded without it\n",
			strerror(-facts->types.error));
		return;
	}
	printf("BTF yes\n");
	printf("environment search whole (%s)\n",
		facts->has_bpf_loop ? "bpf_loop" : "loops of two million: no bpf_loop before 5.17");
	printf("socket numbers %s\n",
		facts->has_cookie ? "the kernel's (socket cookie)" : "our own");
}

static int features_print(const struct kernel_facts *facts)
{
	struct hook_choice choice = {0};
	struct kernel k;
	int err = kernel_open(&k, NULL, false);

	if (err) {
		/* Every program is made to measure from BTF: without it no row can be had. */
		for (size_t i = 0; facts->types.error && i < HOOK_ROWS; i++) {
			choice.error[i] = facts->types.error;
			snprintf(choice.why[i], sizeof(choice.why[i]), "needs BTF");
		}
		hooks_choose(&choice, facts, NULL, true);
		rows_print(&choice, false);
		printf("nothing can be traced here\n");
		return STATUS_CANNOT_TRACE;
	}
	hooks_choose(&k.choice, facts, NULL, true);
	rows_print(&k.choice, true);
	if (k.unproved_tcp)
		printf("the tcp hook was not proved: the loopback is down in this namespace\n");
	if (k.unproved_names)
		printf("the names hook was attached but not proved: no datagram to port 53 of the "
		       "loopback could be sent\n");
	kernel_close(&k);
	return STATUS_DONE;
}

int features_main(int argc, char **argv)
{
	struct kernel_facts facts;
	struct utsname kernel;
	int status;

	if (argc > 1) {
		bool help = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h");

		(help ? (void)printf(
				"usage: relaytrace features\n\nLists the kernel hooks that can be "
				"had here, proved by a call of our own that they saw.\n")
		      : (void)log_error("usage: relaytrace features"));
		return help ? STATUS_DONE : STATUS_USAGE;
	}
	uname(&kernel);
	printf("kernel %s %s\n", kernel.release, kernel.machine);
	if (geteuid() != 0)
		printf("not root: what the kernel refuses below may be allowed to root\n");
	kernel_facts_read(&facts); /* what it found is in facts */
	facts_print(&facts);
	fflush(stdout);
	status = features_print(&facts);
	kernel_facts_free(&facts);
	return status;
}
