/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which environment variables may leave the kernel.  Pure, so that a unit test asks it too; a place is followed by 32
 * bytes at least that may be read.
 */
#ifndef LISTED_NAME_H
#define LISTED_NAME_H

#ifdef __bpf__
#define READ_AS(type, p) (*(const type *)(p))
#else
#include <linux/types.h>
#include <stdbool.h>
#include <sys/cdefs.h>
#define READ_AS(type, p)                                                                           \
	({                                                                                         \
		type read_;                                                                        \
		__builtin_memcpy(&read_, (p), sizeof(type));                                       \
		read_;                                                                             \
	})
#endif

/*
 * Compares type after type of bytes while n has room for one.  Both are constants once it is inlined, so that a name
 * costs a load or two and not one for each letter, of which the verifier too looks at each.
 */
#define SAME_AS(type)                                                                              \
	for (; i + (int)sizeof(type) <= n; i += (int)sizeof(type)) {                               \
		__u64 want = 0, mask = 0;                                                          \
                                                                                                   \
		for (int j = 0; j < (int)sizeof(type); j++) {                                      \
			char c = word[i + j];                                                      \
                                                                                                   \
			want |= (__u64)(__u8)c << 8 * j;                                           \
			mask |= (any_case && c >= 'A' && c <= 'Z' ? 0xdfULL : 0xffULL) << 8 * j;   \
		}                                                                                  \
		if ((READ_AS(type, p + i) & mask) != want)                                         \
			return false;                                                              \
	}

/* Do n bytes at p spell word, with any_case in letters of either case? */
static __always_inline bool spells(const char *p, const char *word, int n, bool any_case)
{
	int i = 0;

	SAME_AS(__u64)
	SAME_AS(__u32)
	SAME_AS(__u16)
	SAME_AS(__u8)
	return true;
}

#define SPELLS(p, word)	 spells((p), (word), sizeof(word) - 1, true)
#define EXACTLY(p, word) spells((p), (word), sizeof(word) - 1, false)

static __always_inline bool family_follows(const char *p)
{
	return SPELLS(p, "PROXY=") || SPELLS(p, "RELAY=");
}

static __always_inline bool relay_name_follows(const char *p)
{
	if (SPELLS(p, "HTTP"))
		return p[4] == '_' ? family_follows(p + 5)
				   : (SPELLS(p + 4, "S_") && family_follows(p + 6));
	if (SPELLS(p, "NO_"))
		return family_follows(p + 3);
	if (SPELLS(p, "ALL_"))
		return family_follows(p + 4);
	return false;
}

/* The list of design: relay variables in any case, and six names in upper case. */
static __always_inline bool name_is_listed(const char *p)
{
	switch (p[0] & 0xdf) {
	case 'C':
		return SPELLS(p, "CONTAINERD_") && relay_name_follows(p + 11);
	case 'H':
	case 'N':
	case 'A':
		return relay_name_follows(p);
	case 'R':
		return EXACTLY(p, "REQUEST_METHOD=") ||
		       EXACTLY(p, "RKE2_AGENT_HTTP_PROXY_ALLOWED=");
	case 'K':
		return EXACTLY(p, "K3S_AGENT_HTTP_PROXY_ALLOWED=");
	case 'I':
		return EXACTLY(p, "INVOCATION_ID=");
	case 'S':
		return EXACTLY(p, "SSL_CERT_FILE=") || EXACTLY(p, "SSL_CERT_DIR=");
	}
	return false;
}

#endif
