// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_mask.h"
#include "relay/relay_name.h"
#include "relay/relay_secret.h"
#include "relay/relay_text.h"
#include "relay/relay_url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void relay_url_redact(const char *value, size_t len, struct buffer *out)
{
	struct relay_secret secret;

	relay_secret_find(value, len, &secret);
	buffer_append(out, value, secret.from);
	if (secret.has_at)
		buffer_append_string(out, relay_mask_userinfo);
	else if (secret.from < secret.to)
		buffer_append_string(out, relay_mask_rest);
	buffer_append(out, value + secret.to, secret.tail - secret.to);
	if (secret.tail < len)
		buffer_append_string(out, relay_mask_rest);
}

void relay_url_redact_cut(const char *value, size_t len, struct buffer *out)
{
	struct relay_secret secret;

	relay_secret_find(value, len, &secret);
	buffer_append(out, value, secret.prefix);
	buffer_append_string(out, relay_mask_userinfo);
}

/* A host, an address or a network, as a NO_ list has them; nothing with a port, see below. */
static bool is_plain_entry(const char *entry, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)entry[i]) &&
			(!entry[i] || !strchr(" \t.*-_/", entry[i])))
			return relay_is_bare_ipv6(entry, len);
	return true;
}

/* An address with a zone, a network or a port: what stands behind its first ':' is no secret. */
static bool is_address_entry(const char *entry, size_t len)
{
	for (size_t i = 0; i < len && entry[i] != '%'; i++)
		if (!isxdigit((unsigned char)entry[i]) && (!entry[i] || !strchr(":./[]", entry[i])))
			return false;
	return true;
}

/* No '@' in it: a URL that was cut, or host:port where the port is none, which matches nothing. */
static void redact_entry(const char *entry, size_t len, struct buffer *out)
{
	const char *colon = len ? memchr(entry, ':', len) : NULL;
	size_t i;

	if (memmem(entry, len, "//", 2)) {
		relay_url_redact(entry, len, out);
		return;
	}
	if (!colon || is_address_entry(entry, len)) {
		buffer_append(out, entry, len);
		return;
	}
	for (i = (size_t)(colon - entry) + 1; i < len && isdigit((unsigned char)entry[i]);)
		i++;
	buffer_append(out, entry, i < len ? (size_t)(colon - entry) + 1 : len);
	if (i < len)
		buffer_append_string(out, relay_mask_rest);
}

/* With the white space around it, which Go takes off before it looks. */
static void redact_spaced_entry(const char *entry, size_t len, struct buffer *out)
{
	struct text core = text_trim((struct text){entry, len});
	const char *behind = core.at + core.len;

	buffer_append(out, entry, (size_t)(core.at - entry));
	redact_entry(core.at, core.len, out);
	buffer_append(out, behind, (size_t)(entry + len - behind));
}

/* Length of the entry that begins here. */
static size_t entry_length(const char *list, size_t len)
{
	const char *comma = len ? memchr(list, ',', len) : NULL;

	return comma ? (size_t)(comma - list) : len;
}

static bool parts_list(unsigned char c)
{
	return c <= ' ' || c == 0x7f || strchr(";,\"'", c);
}

/* The name of another setting that begins at name: a NO_ list, which has no secret either? */
static bool is_list_name(const char *name, size_t len)
{
	struct relay_name relay;
	size_t end = 0;

	while (end < len && name[end] != '=')
		end++;
	return relay_name_parse(name, end, &relay) && relay.kind == RELAY_KIND_NO;
}

/* Such an entry of a NO_ list that nothing in it can be a secret: perhaps with a port. */
static bool is_shown_entry(const char *entry, size_t len)
{
	const char *colon = len ? memchr(entry, ':', len) : NULL;
	size_t host = colon ? (size_t)(colon - entry) : len;

	for (size_t i = host + 1; i < len; i++)
		if (!isdigit((unsigned char)entry[i]))
			return is_address_entry(entry, len);
	return is_plain_entry(entry, host);
}

/*
 * What a list has of another setting, which begins at setting: hidden up to its ',', and where it may be a secret's, or
 * an entry behind it is none, to the end.
 */
static void redact_setting(const char *setting, size_t len, struct buffer *out)
{
	const char *equals = memchr(setting, '=', len);
	size_t own = entry_length(setting, len);
	bool whole = !equals || relay_names_secret(setting, (size_t)(equals - setting));

	for (size_t at = own; at < len && !whole;) {
		size_t entry = entry_length(setting + at + 1, len - at - 1);

		whole = !is_shown_entry(setting + at + 1, entry);
		at += 1 + entry;
	}
	buffer_append_string(out, relay_mask_rest);
	if (!whole)
		buffer_append(out, setting + own, len - own);
}

static void redact_list(const char *value, size_t len, struct buffer *out)
{
	size_t setting = relay_setting_find(value, 0, len, ",;"), parts;
	const char *at, *end, *below, *behind = value + len;

	while (setting < len && is_list_name(value + setting, len - setting))
		setting = relay_setting_find(value, setting + 1, len, ",;");
	parts = setting;
	/* What parts it from the list is no entry's. */
	while (setting < len && parts && parts_list((unsigned char)value[parts - 1]))
		parts--;
	end = value + parts;
	below = relay_last_at(value + setting, len - setting);
	at = below ? NULL : relay_last_at(value, parts);
	while (value < end) {
		size_t entry = entry_length(value, (size_t)(end - value));

		/* "http://user:pa,ss@relay" pasted into a list: its password looks like two entries. */
		if (at && (value + entry > at || !is_plain_entry(value, entry))) {
			buffer_append_string(out, relay_mask_userinfo);
			value = at;
			at = NULL;
			entry = entry_length(value, (size_t)(end - value));
			buffer_append(out, value, entry);
		} else if (below && !is_plain_entry(value, entry)) {
			/* A userinfo may begin here that ends in what is hidden. */
			buffer_append_string(out, relay_mask_rest);
			value = end;
			break;
		} else {
			redact_spaced_entry(value, entry, out);
		}
		value += entry;
		if (value < end)
			buffer_append_char(out, *value++);
	}
	if (end == behind)
		return;
	buffer_append(out, end, (size_t)(behind - end) - (len - setting));
	redact_setting(behind - (len - setting), len - setting, out);
}

void relay_list_redact(const char *value, size_t len, struct buffer *out)
{
	relay_mask_settled(redact_list, value, len, out);
}
