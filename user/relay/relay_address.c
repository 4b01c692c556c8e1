// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_address.h"

#include <ctype.h>
#include <string.h>

static struct text text_skip(struct text t, size_t n)
{
	return (struct text){t.at + n, t.len - n};
}

/* Digits off the front, as long as the number stays under 2^24 (Go's `big`); 0: none or too big. */
static size_t take_number(struct text t, unsigned int base, unsigned int *out)
{
	size_t i = 0;

	for (*out = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (!(base == 16 ? isxdigit(c) : isdigit(c)))
			break;
		*out = *out * base + (unsigned int)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
		if (*out >= 0xffffff)
			return 0;
	}
	return i;
}

static bool parse_ipv4(struct text t, unsigned char out[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned int n;
		size_t digits;

		if (i) {
			if (!t.len || t.at[0] != '.')
				return false;
			t = text_skip(t, 1);
		}
		digits = take_number(t, 10, &n);
		if (!digits || n > 255 || (digits > 1 && t.at[0] == '0'))
			return false;
		out[i] = (unsigned char)n;
		t = text_skip(t, digits);
	}
	return t.len == 0;
}

/* Moves what stands behind "::" (at gap) to the end; there must be at least one group to fill. */
static bool fill_gap(unsigned char bytes[16], size_t used, size_t gap)
{
	size_t tail = used - gap;

	if (used == 16)
		return false;
	memmove(bytes + 16 - tail, bytes + gap, tail);
	memset(bytes + gap, 0, 16 - used);
	return true;
}

static bool parse_ipv6(struct text t, unsigned char out[16])
{
	const size_t none = 17;
	size_t used = 0, gap = none;

	if (t.len >= 2 && memcmp(t.at, "::", 2) == 0) {
		gap = 0;
		t = text_skip(t, 2);
	}
	while (used < 16 && (t.len || gap != used)) {
		unsigned int group;
		size_t digits = take_number(t, 16, &group);

		if (!digits || group > 0xffff)
			return false;
		if (digits < t.len && t.at[digits] == '.') {
			if ((gap == none && used != 12) || used > 12 || !parse_ipv4(t, out + used))
				return false;
			used += 4;
			t.len = 0;
			break;
		}
		out[used++] = (unsigned char)(group >> 8);
		out[used++] = (unsigned char)group;
		t = text_skip(t, digits);
		if (!t.len)
			break;
		if (t.at[0] != ':' || t.len == 1)
			return false;
		t = text_skip(t, 1);
		if (t.at[0] == ':') {
			if (gap != none)
				return false;
			gap = used;
			t = text_skip(t, 1);
		}
	}
	if (t.len)
		return false;
	return gap == none ? used == 16 : fill_gap(out, used, gap);
}

static void set_ipv4(struct go_ip *out, const unsigned char ipv4[4])
{
	memset(out->bytes, 0, 10);
	memset(out->bytes + 10, 0xff, 2);
	memcpy(out->bytes + 12, ipv4, 4);
}

bool go_ip_parse(struct text t, struct go_ip *out)
{
	unsigned char ipv4[4];

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == ':')
			return parse_ipv6(t, out->bytes);
		if (t.at[i] == '.') {
			if (!parse_ipv4(t, ipv4))
				return false;
			set_ipv4(out, ipv4);
			return true;
		}
	}
	return false;
}

bool go_ip_equals(const struct go_ip *a, const struct go_ip *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool go_ip_is_ipv4(const struct go_ip *a)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

bool go_ip_is_loopback(const struct go_ip *a)
{
	static const unsigned char one[16] = {[15] = 1};

	if (go_ip_is_ipv4(a))
		return a->bytes[12] == 127;
	return memcmp(a->bytes, one, sizeof(one)) == 0;
}

/* a without the bits behind the first n. */
static struct go_ip address_masked(struct go_ip a, unsigned int n)
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int keep = n > i * 8 ? n - i * 8 : 0;

		if (keep < 8)
			a.bytes[i] &= (unsigned char)(0xff00U >> keep);
	}
	return a;
}

bool network_parse(struct text t, struct network *out)
{
	const char *slash = t.len ? memchr(t.at, '/', t.len) : NULL;
	struct text address, length;
	unsigned char ipv4[4];
	size_t digits;
	bool is_ipv4;

	if (!slash)
		return false;
	address = (struct text){t.at, (size_t)(slash - t.at)};
	length = text_skip(t, address.len + 1);
	is_ipv4 = parse_ipv4(address, ipv4);
	if (is_ipv4)
		set_ipv4(&out->base, ipv4);
	else if (!parse_ipv6(address, out->base.bytes))
		return false;
	digits = take_number(length, 10, &out->bits);
	if (!digits || digits != length.len || out->bits > (is_ipv4 ? 32 : 128))
		return false;
	out->bits += is_ipv4 ? 96 : 0;
	out->base = address_masked(out->base, out->bits);
	return true;
}

bool network_contains(const struct network *n, const struct go_ip *a)
{
	struct go_ip masked = address_masked(*a, n->bits);

	return go_ip_is_ipv4(&n->base) == go_ip_is_ipv4(a) && go_ip_equals(&masked, &n->base);
}

bool text_split_host_port(struct text t, struct text *host, struct text *port)
{
	const char *colon = t.len ? memrchr(t.at, ':', t.len) : NULL, *end = t.at + t.len;
	const char *from, *behind;

	if (!colon)
		return false;
	if (t.at[0] == '[') {
		const char *close = memchr(t.at, ']', t.len);

		if (!close || close + 1 != colon)
			return false;
		*host = (struct text){t.at + 1, (size_t)(close - t.at - 1)};
		from = t.at + 1;
		behind = close + 1;
	} else {
		*host = (struct text){t.at, (size_t)(colon - t.at)};
		if (memchr(host->at, ':', host->len))
			return false;
		from = behind = t.at;
	}
	if (memchr(from, '[', (size_t)(end - from)) || memchr(behind, ']', (size_t)(end - behind)))
		return false;
	*port = (struct text){colon + 1, (size_t)(end - colon - 1)};
	return true;
}
