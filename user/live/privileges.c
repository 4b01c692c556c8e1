// SPDX-License-Identifier: GPL-2.0-only
#include "live/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (1ULL << (capability))

int privileges_drop(uint64_t more)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t keep = more | BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH);

	/* A kernel that does not know a capability says so (capabilities(7)). */
	if (prctl(PR_CAPBSET_READ, CAP_BPF, 0, 0, 0) >= 0)
		keep |= BIT(CAP_BPF) | BIT(CAP_PERFMON);
	else
		keep |= BIT(CAP_SYS_ADMIN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	/* Fails without CAP_SETPCAP, and is then not needed: there is nothing to run that could gain. */
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(keep & BIT(i)))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) != 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) != 0)
		return -errno;
	/* A change of credentials may make us dumpable again (prctl(2)). */
	return prctl(PR_SET_DUMPABLE, 0) ? -errno : 0;
}
