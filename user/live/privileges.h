/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tracer is allowed to do once it is attached: no more than it still does. */
#ifndef LIVE_PRIVILEGES_H
#define LIVE_PRIVILEGES_H

#include <stdint.h>

/*
 * Keeps of our capabilities those that tracing goes on to need, and those of more (bits, 1 << CAP_...),
 * gives up the others for good, and can gain no new ones.  What we never had is not missed.
 *
 *   CAP_BPF, CAP_PERFMON  links and maps of trees and cgroups that come later, the connect hook that
 *                         comes and goes with the trees (5.8; before that CAP_SYS_ADMIN)
 *   CAP_NET_ADMIN         a cgroup's packets may be looked at (bpf(2), BPF_LINK_CREATE)
 *   CAP_SYS_PTRACE        /proc/PID/environ, exe and root of processes that are not ours
 *   CAP_DAC_READ_SEARCH   the same of other users' processes; env files; tracefs
 *
 * 0 or -errno.
 */
int privileges_drop(uint64_t more);

#endif
