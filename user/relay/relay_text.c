// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_text.h"

#include <string.h>

#define RUNE_INVALID 0xfffdU

bool text_is_ascii(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.at[i] >= 0x80)
			return false;
	return true;
}

bool text_equals(struct text t, const char *s)
{
	return strlen(s) == t.len && memcmp(t.at, s, t.len) == 0;
}

/* One character off t, as Go's utf8.DecodeRune: a bad byte is RUNE_INVALID, one byte long. */
static size_t rune_decode(struct text t, uint32_t *rune)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)t.at[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t r = len == 1 ? first : len ? first & (0x7fU >> len) : 0;

	*rune = RUNE_INVALID;
	if (!len || len > t.len || first > 0xf4)
		return 1;
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)t.at[i] & 0xc0) != 0x80)
			return 1;
		r = r << 6 | ((unsigned char)t.at[i] & 0x3f);
	}
	if (r < least[len] || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return 1;
	*rune = r;
	return len;
}

static void rune_append(struct buffer *out, uint32_t r)
{
	if (r < 0x80) {
		buffer_append_char(out, (char)r);
	} else if (r < 0x800) {
		buffer_append_char(out, (char)(0xc0 | r >> 6));
		buffer_append_char(out, (char)(0x80 | (r & 0x3f)));
	} else {
		if (r < 0x10000) {
			buffer_append_char(out, (char)(0xe0 | r >> 12));
		} else {
			buffer_append_char(out, (char)(0xf0 | r >> 18));
			buffer_append_char(out, (char)(0x80 | (r >> 12 & 0x3f)));
		}
		buffer_append_char(out, (char)(0x80 | (r >> 6 & 0x3f)));
		buffer_append_char(out, (char)(0x80 | (r & 0x3f)));
	}
}

/* Unicode's White_Space (unicode.IsSpace). */
static bool rune_is_space(uint32_t r)
{
	return (r >= 9 && r <= 13) || r == ' ' || r == 0x85 || r == 0xa0 || r == 0x1680 ||
	       (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 || r == 0x202f ||
	       r == 0x205f || r == 0x3000;
}

struct text text_trim(struct text t)
{
	uint32_t r;
	size_t len;

	while (t.len && (len = rune_decode(t, &r)) && rune_is_space(r)) {
		t.at += len;
		t.len -= len;
	}
	while (t.len) {
		size_t start = t.len - 1;

		while (start && ((unsigned char)t.at[start] & 0xc0) == 0x80)
			start--;
		len = rune_decode((struct text){t.at + start, t.len - start}, &r);
		if (start + len != t.len || !rune_is_space(r))
			break;
		t.len = start;
	}
	return t;
}

/* Runs of capitals: each is `shift` below its small letter; with step 2 every other one is. */
static const struct {
	uint16_t first, last;
	uint8_t step, shift;
} capitals[] = {
	{'A', 'Z', 1, 32},
	{0xc0, 0xd6, 1, 32},
	{0xd8, 0xde, 1, 32},
	{0x100, 0x12e, 2, 1},
	{0x132, 0x136, 2, 1},
	{0x139, 0x147, 2, 1},
	{0x14a, 0x176, 2, 1},
	{0x179, 0x17d, 2, 1},
	{0x386, 0x386, 1, 38},
	{0x388, 0x38a, 1, 37},
	{0x38c, 0x38c, 1, 64},
	{0x38e, 0x38f, 1, 63},
	{0x391, 0x3a1, 1, 32},
	{0x3a3, 0x3ab, 1, 32},
	{0x400, 0x40f, 1, 80},
	{0x410, 0x42f, 1, 32},
	{0x460, 0x480, 2, 1},
	{0x48a, 0x4be, 2, 1},
	{0x4d0, 0x52e, 2, 1},
	{0x531, 0x556, 1, 48},
	{0x1e00, 0x1e94, 2, 1},
	{0x1ea0, 0x1efe, 2, 1},
	{0xff21, 0xff3a, 1, 32},
};

static uint32_t rune_lower(uint32_t r)
{
	if (r == 0x178) /* the one whose small letter stands before it */
		return 0xff;
	if (r == 0x130)
		return 'i';
	for (size_t i = 0; i < sizeof(capitals) / sizeof(*capitals); i++)
		if (r >= capitals[i].first && r <= capitals[i].last &&
			(r - capitals[i].first) % capitals[i].step == 0)
			return r + capitals[i].shift;
	return r;
}

void text_append_lower(struct buffer *out, struct text t)
{
	uint32_t r;

	for (size_t i = 0, len; i < t.len; i += len) {
		len = rune_decode((struct text){t.at + i, t.len - i}, &r);
		rune_append(out, rune_lower(r));
	}
}

/* RFC 3492, section 5: the parameters of Punycode; section 6.1: the bias. */
enum { PUNY_BASE = 36, PUNY_TMIN = 1, PUNY_TMAX = 26, PUNY_SKEW = 38, PUNY_DAMP = 700 };

static uint32_t puny_adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / PUNY_DAMP : delta / 2;
	delta += delta / points;
	for (; delta > ((PUNY_BASE - PUNY_TMIN) * PUNY_TMAX) / 2; k += PUNY_BASE)
		delta /= PUNY_BASE - PUNY_TMIN;
	return k + (PUNY_BASE - PUNY_TMIN + 1) * delta / (delta + PUNY_SKEW);
}

static void puny_append_number(struct buffer *out, uint32_t q, uint32_t bias)
{
	for (uint32_t k = PUNY_BASE;; k += PUNY_BASE) {
		uint32_t t = k <= bias ? PUNY_TMIN : k >= bias + PUNY_TMAX ? PUNY_TMAX : k - bias;
		uint32_t digit = q < t ? q : t + (q - t) % (PUNY_BASE - t);

		buffer_append_char(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
		if (q < t)
			return;
		q = (q - t) / (PUNY_BASE - t);
	}
}

/* DNS has labels of 63 bytes; a longer one is no name that anything could reach. */
enum { LABEL_RUNES_MAX = 256 };

/* RFC 3492, section 6.3. */
static void puny_append(struct buffer *out, const uint32_t *runes, uint32_t count)
{
	uint32_t n = 128, bias = 72, delta = 0, basic = 0, done;

	for (uint32_t i = 0; i < count; i++)
		if (runes[i] < 0x80) {
			buffer_append_char(out, (char)runes[i]);
			basic++;
		}
	if (basic)
		buffer_append_char(out, '-');
	for (done = basic; done < count; n++, delta++) {
		uint32_t next = UINT32_MAX;

		for (uint32_t i = 0; i < count; i++)
			if (runes[i] >= n && runes[i] < next)
				next = runes[i];
		delta += (next - n) * (done + 1);
		n = next;
		for (uint32_t i = 0; i < count; i++) {
			delta += runes[i] < n;
			if (runes[i] != n)
				continue;
			puny_append_number(out, delta, bias);
			bias = puny_adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

/* Letters, digits and hyphens, no hyphen at an end nor at both 3 and 4 (UTS 46, 4.1; STD 3). */
static bool label_is_valid(const uint32_t *runes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (runes[i] < 0x80 && runes[i] != '-' && !(runes[i] >= '0' && runes[i] <= '9') &&
			!(runes[i] >= 'a' && runes[i] <= 'z'))
			return false;
	if (count >= 4 && runes[0] == 'x' && runes[1] == 'n' && runes[2] == '-' && runes[3] == '-')
		return true;
	if (count > 4 && runes[2] == '-' && runes[3] == '-')
		return false;
	return !count || (runes[0] != '-' && runes[count - 1] != '-');
}

static bool label_append(struct buffer *out, const uint32_t *runes, uint32_t count)
{
	bool ascii = true;

	if (!label_is_valid(runes, count))
		return false;
	for (uint32_t i = 0; i < count; i++)
		ascii &= runes[i] < 0x80;
	if (!ascii) {
		buffer_append_string(out, "xn--");
		puny_append(out, runes, count);
		return true;
	}
	for (uint32_t i = 0; i < count; i++)
		buffer_append_char(out, (char)runes[i]);
	return true;
}

/* The full stops of East Asian scripts part labels too (RFC 3490, 3.1). */
static bool rune_is_dot(uint32_t r)
{
	return r == '.' || r == 0x3002 || r == 0xff0e || r == 0xff61;
}

static bool append_labels(struct buffer *out, struct text t)
{
	uint32_t label[LABEL_RUNES_MAX], count = 0, r;

	for (size_t i = 0, len; i < t.len; i += len) {
		len = rune_decode((struct text){t.at + i, t.len - i}, &r);
		/* Go refuses U+FFFD itself; a stray byte it takes for one and encodes. */
		if (r == RUNE_INVALID && len > 1)
			return false;
		if (rune_is_dot(r)) {
			if (!label_append(out, label, count))
				return false;
			buffer_append_char(out, '.');
			count = 0;
		} else if (count == LABEL_RUNES_MAX) {
			return false;
		} else {
			label[count++] = rune_lower(r);
		}
	}
	return label_append(out, label, count);
}

bool text_append_idna(struct buffer *out, struct text t)
{
	size_t before = out->len;

	if (text_is_ascii(t)) {
		buffer_append(out, t.at, t.len);
		return true;
	}
	if (append_labels(out, t))
		return true;
	out->len = before;
	if (out->data)
		out->data[before] = '\0';
	return false;
}
