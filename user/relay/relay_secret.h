/* SPDX-License-Identifier: GPL-2.0-only */
/* Where in a relay variable's value the secret stands, by position and not by Go's reading. */
#ifndef RELAY_RELAY_SECRET_H
#define RELAY_RELAY_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct relay_secret {
	size_t prefix; /* length of what is surely scheme, quotes and space before the authority */
	size_t word;   /* length of the first scheme's name, quotes and space before it included */
	bool known;    /* Go knows that scheme: http, https, socks5 */
	bool has_at;   /* an '@' (or an escaped one) ends it: there is userinfo */
	size_t from, to; /* the bytes to hide; equal: none */
	size_t tail; /* from here to the end is no part of the value and is hidden too; the length: nothing is */
};

void relay_secret_find(const char *value, size_t len, struct relay_secret *out);

/*
 * Where another setting's name begins, at from or behind it, that a quote left open or a line of two assignments made a part of
 * this value: behind a blank, a control character, or one of more, "NAME=" or "export NAME=".  len: nowhere.
 */
size_t relay_setting_find(const char *value, size_t from, size_t len, const char *more);

/* Does [from, to) touch what is to be hidden? */
bool relay_secret_touches(const struct relay_secret *s, size_t from, size_t to);

/* Is it a bare IPv6 address, a port behind it or not, without brackets? */
bool relay_is_bare_ipv6(const char *text, size_t len);

#endif
