/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version that a Go program was built with, from the build information that its linker leaves in
 * it.  Pure: whoever calls reads the bytes.
 */
#ifndef NODE_GO_BUILD_H
#define NODE_GO_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads exactly len bytes at that place of the file; false where there are fewer. */
typedef bool go_read_fn(void *context, uint64_t at, void *out, size_t len);

/*
 * The value that -ldflags "-X .../pkg/version.Version=VALUE" gave (rke2 and k3s: scripts/version.sh,
 * "v1.32.5+rke2r1"), out of an ELF file.  False where there is none: no Go, before Go 1.18,
 * -trimpath, damaged.  Source of the format: Go's debug/buildinfo.
 */
bool go_build_version(go_read_fn *read, void *context, char *out, size_t size);

#endif
