/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the first line of some bytes ends, eight of them at a time.  Pure, so that a unit test asks it too. */
#ifndef FIRST_LINE_H
#define FIRST_LINE_H

#ifndef __bpf__
#include <linux/types.h>
#include <sys/cdefs.h>
#endif

#define EACH_BYTE 0x0101010101010101ULL /* times a byte: that byte in each of eight */

/*
 * Zeroes what stands behind the line in the next eight bytes, of which the first is the lowest.  *within is 1 before
 * the first and 0 once the line has ended.  Returns how many bytes are the line's, its newline included.
 *
 * The lowest bit of ends is the first newline's (https://graphics.stanford.edu/~seander/bithacks.html, ZeroInWord).
 * Without a branch, because the verifier walks both ways of each in every turn; by a product and not by a mask of
 * all bits or none, because that of 6.18 walks both ways of such a mask too.
 */
static __always_inline __u32 line_cut(__u64 *word, __u64 *within)
{
	__u64 other = *word ^ '\n' * EACH_BYTE;
	__u64 ends = (other - EACH_BYTE) & ~other & 0x80 * EACH_BYTE;
	__u64 keep = (ends ^ (ends - 1)) * *within, open = *within;

	asm volatile("" : "+r"(keep));
	*word &= keep;
	open &= 1 - ((ends | -ends) >> 63);
	asm volatile("" : "+r"(open));
	*within = open;
	return ((keep & EACH_BYTE) * EACH_BYTE) >> 56;
}

#endif
