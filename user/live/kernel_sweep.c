// SPDX-License-Identifier: GPL-2.0-only
#include "live/kernel_sweep.h"

#include "relaytrace.skel.h"

#include <bpf/bpf.h>

/* The next entry of a map; one that goes between the two calls is left out. */
static bool map_next(int map, const void *from, void *key, void *value)
{
	while (bpf_map_get_next_key(map, from, key) == 0) {
		if (bpf_map_lookup_elem(map, key, value) == 0)
			return true;
		from = key;
	}
	return false;
}

bool kernel_next_process(const struct kernel *k, uint32_t *pid, struct wire_traced *entry)
{
	return map_next(kernel_traced_fd(k), *pid ? pid : NULL, pid, entry);
}

void kernel_forget_process(struct kernel *k, uint32_t pid, uint64_t start_ns)
{
	struct wire_traced entry;

	if (bpf_map_lookup_elem(kernel_traced_fd(k), &pid, &entry) == 0 &&
		entry.start_ns == start_ns)
		kernel_remove_process(k, (pid_t)pid);
}

bool kernel_next_socket(const struct kernel *k, uint64_t *sk, struct wire_dialled *entry)
{
	return map_next(bpf_map__fd(k->bpf->maps.sockets), *sk ? sk : NULL, sk, entry);
}

bool kernel_find_socket(const struct kernel *k, uint64_t sk, struct wire_dialled *entry)
{
	return bpf_map_lookup_elem(bpf_map__fd(k->bpf->maps.sockets), &sk, entry) == 0;
}

bool kernel_socket_is_gone(struct kernel *k, uint64_t sk, const struct wire_dialled *entry)
{
	const uint64_t arguments[] = {sk, entry->cookie};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	return bpf_program__autoload(k->bpf->progs.sweep_socket) &&
	       bpf_prog_test_run_opts(bpf_program__fd(k->bpf->progs.sweep_socket), &run) == 0 &&
	       run.retval == 1;
}

void kernel_forget_socket(struct kernel *k, uint64_t sk, uint64_t socket)
{
	struct wire_dialled entry;
	/* As socket_slot() of the programs has it (maps.bpf.h). */
	uint32_t slot = (uint32_t)sk * 0x9e3779b1U >> 18;

	if (kernel_find_socket(k, sk, &entry) && entry.socket == socket &&
		bpf_map_delete_elem(bpf_map__fd(k->bpf->maps.sockets), &sk) == 0)
		__sync_fetch_and_sub(&k->bpf->bss->socket_filter[slot], 1);
}
