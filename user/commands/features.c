// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace features`: which hooks this kernel allows, which are taken, what is lost without. */
#include "base/log.h"
#include "commands/commands.h"
#include "live/kernel.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void rows_print(const struct hook_choice *choice)
{
	enum hook_group group = HOOK_GROUPS;

	for (size_t i = 0; i < HOOK_ROWS; i++) {
		const struct hook *hook = &hook_table[i];
		const char *state = choice->error[i]			 ? "refused"
				    : choice->taken[hook->group] == hook ? "chosen"
				    : choice->tried[i]			 ? "available"
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

int features_main(int argc, char **argv)
{
	struct kernel_facts facts;
	struct utsname kernel;
	struct kernel k;
	int err;

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
	err = kernel_facts_read(&facts);
	printf("BTF %s\n", err ? strerror(-err) : "yes");
	printf("environment search whole (%s)\n",
		facts.has_bpf_loop ? "bpf_loop" : "loops of two million: no bpf_loop before 5.17");
	printf("socket numbers %s\n",
		facts.has_cookie ? "the kernel's (socket cookie)" : "our own");
	err = err ? err : kernel_open(&k, NULL, false);
	if (!err) {
		hooks_choose(&k.choice, &facts, NULL, true);
		rows_print(&k.choice);
		if (k.unproved_tcp)
			printf("the tcp hook was not proved: the loopback is down in this "
			       "namespace\n");
		kernel_close(&k);
	} else {
		struct hook_choice choice = {0};

		libbpf_set_print(NULL);
		hooks_choose(&choice, &facts, NULL, true);
		rows_print(&choice);
	}
	kernel_facts_free(&facts);
	return err ? STATUS_CANNOT_TRACE : STATUS_DONE;
}
