// SPDX-License-Identifier: GPL-2.0-only
/*
 * LD_PRELOAD: the kernel's ring buffer cannot be read any more once the file that $FAULT names is there; in the place
 * of a memfd comes the file that $FAULT_MEMFD names (none: it is refused), which is said on standard error.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct ring_buffer;

int ring_buffer__consume(struct ring_buffer *ring)
{
	int (*real)(struct ring_buffer *) = dlsym(RTLD_NEXT, "ring_buffer__consume");
	const char *fault = getenv("FAULT");

	return fault && access(fault, F_OK) == 0 ? -EIO : real(ring);
}

int memfd_create(const char *name, unsigned int flags)
{
	int (*real)(const char *, unsigned int) = dlsym(RTLD_NEXT, "memfd_create");
	const char *fault = getenv("FAULT_MEMFD");

	if (!fault)
		return real(name, flags);
	dprintf(STDERR_FILENO, "no memfd\n");
	return open(fault, O_RDWR | O_CLOEXEC);
}
