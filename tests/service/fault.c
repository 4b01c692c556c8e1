// SPDX-License-Identifier: GPL-2.0-only
/* LD_PRELOAD: the kernel's ring buffer cannot be read any more once the file that $FAULT names is there. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct ring_buffer;

int ring_buffer__consume(struct ring_buffer *ring)
{
	int (*real)(struct ring_buffer *) = dlsym(RTLD_NEXT, "ring_buffer__consume");
	const char *fault = getenv("FAULT");

	return fault && access(fault, F_OK) == 0 ? -EIO : real(ring);
}
