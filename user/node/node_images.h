/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether an image tarball in agent/images has the images that rke2 starts from.  Tarballs are not looked into: they
 * have gigabytes, and are compressed.  Pure.
 */
#ifndef NODE_NODE_IMAGES_H
#define NODE_NODE_IMAGES_H

#include <stdbool.h>

/* In the order in which the better of two counts. */
enum node_images {
	NODE_IMAGES_NONE, /* there is no tarball */
	NODE_IMAGES_OTHERS, /* by its name it has others: of a network plugin, or of another version */
	NODE_IMAGES_OLD, /* it was there before the version that is unpacked, and another is asked for */
	NODE_IMAGES_DOUBT, /* its name does not tell */
	NODE_IMAGES_HELD,  /* by its name it has them */
};

/* One of the endings that K3s and RKE2 import (k3s pkg/agent/containerd, wharfie pkg/tarfile)? */
bool node_images_is_tarball(const char *name);

/*
 * What a tarball of that name holds for version ("v1.32.5+rke2r1"; "": not known).  rke2 takes rke2-runtime from any
 * tarball whose manifest lists it (wharfie pkg/tarfile, FindImage); of those that a release has, it is in rke2-images,
 * -core and -runtime.
 */
enum node_images node_images_of(const char *name, const char *version, bool k3s);

/* Does the name tell a version? */
bool node_images_tells_version(const char *name);

#endif
