// SPDX-License-Identifier: GPL-2.0-only
/* The one place where the maps and global variables are defined; maps.bpf.h explains them. */
#include "maps.bpf.h"
#include "settings.bpf.h"

const volatile bool setting_pods = false;
const volatile bool setting_cookie = false;
const volatile bool setting_numbered = false;
const volatile bool setting_regs = false;
const volatile unsigned int setting_stack_size = 16384;

struct root_names_map root_names SEC(".maps");
struct traced_map traced SEC(".maps");
struct sockets_map sockets SEC(".maps");
struct talks_map talks SEC(".maps");
struct calls_map calls SEC(".maps");
struct records_map records SEC(".maps");

__u32 traced_filter[FILTER_SLOTS] = {};
__u32 socket_filter[FILTER_SLOTS] = {};
__u64 lost[WIRE_LOSSES] = {};
__u64 hits[WIRE_HITS] = {};
__u32 reader_looks = 0;

char LICENSE[] SEC("license") = "GPL";
