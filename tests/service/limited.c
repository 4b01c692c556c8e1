// SPDX-License-Identifier: GPL-2.0-only
/*
 * limited MASK UID COMMAND ARG...: runs COMMAND as that user with exactly the capabilities of MASK
 * (hexadecimal, 1 << CAP_...), which it and nothing else may have.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint64_t mask;
	uid_t uid;

	if (argc < 4)
		return 125;
	mask = strtoull(argv[1], NULL, 16);
	uid = (uid_t)strtoul(argv[2], NULL, 10);
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(mask >> i & 1))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)) {
		perror("limited: user");
		return 125;
	}
	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = data[i].inheritable =
			(uint32_t)(mask >> (32 * i));
	if (syscall(SYS_capset, &header, data)) {
		perror("limited: capset");
		return 125;
	}
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (mask >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0)) {
			perror("limited: ambient");
			return 125;
		}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
