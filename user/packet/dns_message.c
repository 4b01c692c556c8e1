// SPDX-License-Identifier: GPL-2.0-only
#include "packet/dns_message.h"

#include <errno.h>
#include <string.h>

#define DNS_HEADER_LEN 12
#define DNS_CLASS_IN   1
#define DNS_NAME_MAX   255 /* on the wire, with the root: RFC 1035 2.3.4 */

/* Resolvers give up earlier (unbound: 11, BIND: 16); a longer chain is a loop. */
#define DNS_CNAMES_MAX 16

struct dns_bytes {
	const uint8_t *bytes;
	size_t len;
};

struct dns_record {
	size_t owner; /* where its name begins */
	uint16_t type;
	uint32_t ttl_s;
	size_t data;
	size_t data_len;
};

static uint16_t dns_u16(const struct dns_bytes *m, size_t at)
{
	return (uint16_t)(m->bytes[at] << 8 | m->bytes[at + 1]);
}

/*
 * A walk over the labels of one name.  A compression pointer leads to a prior occurrence
 * (RFC 1035 4.1.4): what it points to begins and ends before the piece that the pointer is in.
 * So every jump goes further back and the walk ends; and what a pointer means never depends on
 * bytes that were not captured.
 */
struct dns_walk {
	const struct dns_bytes *message;
	size_t at;
	size_t piece; /* where the current run of labels begins */
	size_t limit; /* where it must have ended */
	size_t wire_len;
};

static struct dns_walk dns_walk_start(const struct dns_bytes *m, size_t at)
{
	return (struct dns_walk){.message = m, .at = at, .piece = at, .limit = m->len};
}

/* The next label; its length is 0 at the root, where the walk ends.  0, -EAGAIN, -EBADMSG. */
static int dns_walk_next(struct dns_walk *w, const uint8_t **label, size_t *label_len)
{
	const struct dns_bytes *m = w->message;

	for (;;) {
		int over = w->limit == m->len ? -EAGAIN : -EBADMSG;
		uint8_t first;
		size_t target;

		if (w->at >= w->limit)
			return over;
		first = m->bytes[w->at];
		if (first < 64) {
			if (first >= w->limit - w->at)
				return over;
			w->wire_len += 1u + first;
			if (w->wire_len > DNS_NAME_MAX)
				return -EBADMSG;
			*label = m->bytes + w->at + 1;
			*label_len = first;
			w->at += 1u + first;
			return 0;
		}
		/* 01 and 10 in the top bits were never taken up (RFC 6891 5). */
		if (first < 192)
			return -EBADMSG;
		if (w->limit - w->at < 2)
			return over;
		target = dns_u16(m, w->at) & 0x3fff;
		if (target < DNS_HEADER_LEN)
			return -EBADMSG;
		w->limit = w->piece; /* a target at or after it is refused in the next round */
		w->at = w->piece = target;
	}
}

/* Moves *at behind the name that begins there, without following its pointer. */
static int dns_name_skip(const struct dns_bytes *m, size_t *at)
{
	while (*at < m->len) {
		uint8_t first = m->bytes[*at];

		if (first >= 64 && first < 192)
			return -EBADMSG;
		*at += first >= 192 ? 2u : 1u + first;
		if (first >= 192 || first == 0)
			return *at <= m->len ? 0 : -EAGAIN;
	}
	return -EAGAIN;
}

static int dns_name_text(const struct dns_bytes *m, size_t at, struct dns_message *out)
{
	struct dns_walk walk = dns_walk_start(m, at);
	struct printable text;
	const uint8_t *label;
	size_t label_len;

	printable_start(&text, out->name, sizeof(out->name));
	for (;;) {
		int err = dns_walk_next(&walk, &label, &label_len);

		if (err) {
			out->name[0] = '\0';
			return err;
		}
		if (label_len == 0)
			break;
		if (text.len)
			printable_add_plain(&text, '.');
		for (size_t i = 0; i < label_len; i++)
			printable_add_label(&text, label[i]);
	}
	if (text.len == 0)
		printable_add_plain(&text, '.');
	out->name_cut = text.cut;
	return 0;
}

static uint8_t dns_lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

/* Are the two names one, whatever their case (RFC 4343)?  Damaged names equal nothing. */
static bool dns_names_equal(const struct dns_bytes *m, size_t a, size_t b)
{
	struct dns_walk walks[2] = {dns_walk_start(m, a), dns_walk_start(m, b)};
	const uint8_t *labels[2];
	size_t lens[2];

	if (a == b)
		return true;
	do {
		for (int i = 0; i < 2; i++)
			if (dns_walk_next(&walks[i], &labels[i], &lens[i]))
				return false;
		if (lens[0] != lens[1])
			return false;
		for (size_t i = 0; i < lens[0]; i++)
			if (dns_lower(labels[0][i]) != dns_lower(labels[1][i]))
				return false;
	} while (lens[0]);
	return true;
}

/*
 * Reads the record at *at and moves *at behind it.  Records of other classes get type 0.  All
 * that can be wrong with one is found here, so that every pass over the answers ends at the same.
 */
static int dns_record_read(const struct dns_bytes *m, size_t *at, struct dns_record *r)
{
	int err;

	r->owner = *at;
	err = dns_name_skip(m, at);
	if (err)
		return err;
	if (m->len - *at < 10)
		return -EAGAIN;
	r->type = dns_u16(m, *at + 2) == DNS_CLASS_IN ? dns_u16(m, *at) : 0;
	r->ttl_s = (uint32_t)dns_u16(m, *at + 4) << 16 | dns_u16(m, *at + 6);
	if (r->ttl_s > INT32_MAX) /* to be taken as zero: RFC 2181 8 */
		r->ttl_s = 0;
	r->data_len = dns_u16(m, *at + 8);
	*at += 10;
	if (m->len - *at < r->data_len)
		return -EAGAIN;
	r->data = *at;
	*at += r->data_len;
	if (r->type == DNS_TYPE_A && r->data_len != 4)
		return -EBADMSG;
	if (r->type == DNS_TYPE_AAAA && r->data_len != 16)
		return -EBADMSG;
	if (r->type == DNS_TYPE_CNAME) { /* its target ends where the record does */
		size_t end = r->data;

		err = dns_name_skip(m, &end);
		if (err || end != *at)
			return -EBADMSG;
	}
	return 0;
}

/* Follows one CNAME of *name, wherever it stands among the answers.  False where there is none. */
static bool dns_cname_follow(
	const struct dns_bytes *m, size_t at, unsigned int count, size_t *name, uint32_t *ttl_s)
{
	struct dns_record r;

	for (; count && dns_record_read(m, &at, &r) == 0; count--) {
		if (r.type != DNS_TYPE_CNAME || !dns_names_equal(m, r.owner, *name))
			continue;
		*name = r.data;
		if (r.ttl_s < *ttl_s)
			*ttl_s = r.ttl_s;
		return true;
	}
	return false;
}

/* Keeps the addresses of name.  0, or why the records could not be read to the end. */
static int dns_addresses_read(const struct dns_bytes *m, size_t at, unsigned int count, size_t name,
	uint32_t ttl_s, struct dns_message *out)
{
	for (; count; count--) {
		struct address *address;
		struct dns_record r;
		int err = dns_record_read(m, &at, &r);

		if (err)
			return err;
		if (r.type != DNS_TYPE_A && r.type != DNS_TYPE_AAAA)
			continue;
		if (!dns_names_equal(m, r.owner, name))
			continue;
		if (out->address_count == DNS_ADDRESSES) {
			out->more_addresses = true;
			continue;
		}
		out->ttl_s[out->address_count] = r.ttl_s < ttl_s ? r.ttl_s : ttl_s;
		address = &out->addresses[out->address_count++];
		address->is_v6 = r.type == DNS_TYPE_AAAA;
		memcpy(address->bytes, m->bytes + r.data, r.data_len);
	}
	return 0;
}

static void dns_answers_read(const struct dns_bytes *m, size_t at, unsigned int count, size_t name,
	struct dns_message *out)
{
	uint32_t ttl_s = UINT32_MAX;
	int err;

	for (int i = 0; i < DNS_CNAMES_MAX; i++)
		if (!dns_cname_follow(m, at, count, &name, &ttl_s))
			break;
	err = dns_addresses_read(m, at, count, name, ttl_s, out);
	out->cut = err == -EAGAIN;
	out->damaged = err == -EBADMSG;
}

int dns_message_parse(const uint8_t *bytes, size_t len, struct dns_message *out)
{
	struct dns_bytes m = {bytes, len};
	size_t at = DNS_HEADER_LEN;
	int err;

	memset(out, 0, sizeof(*out));
	if (len > 2 &&
		(bytes[2] & 0x78)) /* an opcode other than QUERY: not what a resolver sends */
		return -EBADMSG;
	if (len < DNS_HEADER_LEN)
		return -EAGAIN;
	out->id = dns_u16(&m, 0);
	out->is_answer = bytes[2] & 0x80;
	out->truncated = bytes[2] & 0x02;
	out->response_code = bytes[3] & 0x0f;
	out->question_count = dns_u16(&m, 4);
	if (out->question_count == 0) /* some servers drop it from a FORMERR */
		return out->is_answer ? 0 : -EBADMSG;
	for (unsigned int i = 0; i < out->question_count; i++) {
		if (i == 0) {
			err = dns_name_text(&m, at, out);
			if (err)
				return err;
		}
		err = dns_name_skip(&m, &at);
		if (err)
			return err;
		if (len - at < 4)
			return -EAGAIN;
		if (i == 0)
			out->type = dns_u16(&m, at);
		at += 4;
	}
	if (out->is_answer)
		dns_answers_read(&m, at, dns_u16(&m, 6), DNS_HEADER_LEN, out);
	return 0;
}

int dns_message_parse_stream(const uint8_t *bytes, size_t len, struct dns_message *out)
{
	size_t whole, have;
	int err;

	memset(out, 0, sizeof(*out));
	if (len < 2)
		return -EAGAIN;
	whole = (size_t)bytes[0] << 8 | bytes[1];
	if (whole < DNS_HEADER_LEN)
		return -EBADMSG;
	have = len - 2 < whole ? len - 2 : whole;
	err = dns_message_parse(bytes + 2, have, out);
	out->stream_len = 2 + whole;
	if (have == whole && err == -EAGAIN)
		return -EBADMSG;
	if (have == whole && out->cut) {
		out->cut = false;
		out->damaged = true;
	}
	return err;
}
