// SPDX-License-Identifier: GPL-2.0-only
#include "relay/no_list.h"

#include "relay/relay_address.h"

#include <ctype.h>
#include <string.h>

struct wanted {
	struct text host; /* lower case */
	struct text port;
	bool is_address;
	struct go_ip address;
	struct buffer lower, name; /* room for an entry in lower case, and as the DNS has it */
};

bool no_list_next(struct text *rest, struct text *entry)
{
	const char *comma;

	if (!rest->at)
		return false;
	comma = memchr(rest->at, ',', rest->len);
	*entry = (struct text){rest->at, comma ? (size_t)(comma - rest->at) : rest->len};
	if (comma)
		*rest = (struct text){comma + 1, rest->len - entry->len - 1};
	else
		rest->at = NULL;
	*entry = text_trim(*entry);
	return true;
}

static bool port_matches(const struct wanted *w, struct text port)
{
	return !port.len || (port.len == w->port.len && memcmp(port.at, w->port.at, port.len) == 0);
}

static bool name_matches(struct wanted *w, struct text name)
{
	struct text host = w->host, dotted;
	bool itself;

	if (name.len >= 2 && memcmp(name.at, "*.", 2) == 0)
		name = (struct text){name.at + 1, name.len - 1};
	itself = name.at[0] != '.';
	buffer_clear(&w->name);
	if (itself)
		buffer_append_char(&w->name, '.');
	if (!text_append_idna(&w->name, name))
		buffer_append(&w->name, name.at, name.len);
	dotted = (struct text){buffer_string(&w->name), w->name.len};
	if (w->name.failed || !dotted.len)
		return false;
	if (host.len >= dotted.len &&
		memcmp(host.at + host.len - dotted.len, dotted.at, dotted.len) == 0)
		return true;
	return itself && host.len == dotted.len - 1 &&
	       memcmp(host.at, dotted.at + 1, host.len) == 0;
}

/* Go keeps two lists, and asks that of addresses first. */
enum pass { PASS_ADDRESSES, PASS_NAMES };

static bool entry_matches(struct wanted *w, struct text entry, enum pass pass)
{
	struct text host = entry, port = {"", 0};
	struct go_ip address;
	struct network network;

	buffer_clear(&w->lower);
	text_append_lower(&w->lower, entry);
	if (!w->lower.len || w->lower.failed)
		return false;
	entry = (struct text){w->lower.data, w->lower.len};
	if (network_parse(entry, &network))
		return pass == PASS_ADDRESSES && network_contains(&network, &w->address);
	if (!text_split_host_port(entry, &host, &port)) {
		host = entry;
		port.len = 0;
	} else if (host.len && host.at[0] == '[' && host.at[host.len - 1] == ']') {
		host = (struct text){host.at + 1, host.len - 2};
	}
	if (!host.len || !port_matches(w, port))
		return false;
	if (go_ip_parse(host, &address))
		return pass == PASS_ADDRESSES && go_ip_equals(&address, &w->address);
	return pass == PASS_NAMES && name_matches(w, host);
}

static bool has_star(const char *list, struct text *entry)
{
	struct text rest = {list, strlen(list)};

	while (no_list_next(&rest, entry))
		if (text_equals(*entry, "*"))
			return true;
	return false;
}

bool no_list_match(const char *list, struct text host, struct text port, struct text *entry)
{
	struct buffer lower_host = {0};
	struct wanted w = {.port = port};
	bool found = has_star(list, entry);

	w.is_address = go_ip_parse(host, &w.address);
	text_append_lower(&lower_host, text_trim(host));
	w.host = (struct text){buffer_string(&lower_host), lower_host.len};
	for (enum pass pass = PASS_ADDRESSES; !found && pass <= PASS_NAMES; pass++) {
		struct text rest = {list, strlen(list)};

		if (pass == PASS_ADDRESSES && !w.is_address)
			continue;
		while (!found && no_list_next(&rest, entry))
			found = entry_matches(&w, *entry, pass);
	}
	buffer_free(&lower_host);
	buffer_free(&w.lower);
	buffer_free(&w.name);
	return found;
}

bool no_entry_is_void(struct text entry)
{
	struct text host = entry, port = {"", 0};
	struct go_ip address;
	struct network network;

	if (!entry.len || text_equals(entry, "*") || network_parse(entry, &network))
		return false;
	if (text_split_host_port(entry, &host, &port)) {
		if (host.len > 1 && host.at[0] == '[' && host.at[host.len - 1] == ']')
			host = (struct text){host.at + 1, host.len - 2};
	} else {
		host = entry;
	}
	if (go_ip_parse(host, &address))
		return false;
	if (host.len >= 2 && !memcmp(host.at, "*.", 2))
		host = (struct text){host.at + 2, host.len - 2};
	for (size_t i = 0; i < port.len; i++)
		if (!isdigit((unsigned char)port.at[i]))
			return true;
	/* Beyond ASCII it may be a name of the IDN kind. */
	for (size_t i = 0; i < host.len; i++)
		if ((unsigned char)host.at[i] < 0x80 && !isalnum((unsigned char)host.at[i]) &&
			!strchr(".-_", host.at[i]))
			return true;
	return !host.len;
}
