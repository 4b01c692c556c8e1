/* SPDX-License-Identifier: GPL-2.0-only */
/* An address of a socket. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
	uint8_t bytes[16]; /* IPv4 in the first four, network order */
	uint16_t port;	   /* host order */
	bool is_v6;
	bool mapped; /* an IPv4 address that was dialled through an IPv6 socket */
	bool hidden; /* it stood in a secret: the bytes are 0, the text is "***" */
};

/* Room for address_text(): INET6_ADDRSTRLEN. */
#define ADDRESS_TEXT 46

/* "203.0.113.10", "2001:db8::10" or "***" where it is hidden, no brackets, no port, RFC 5952.  Returns text. */
const char *address_text(const struct address *a, char text[ADDRESS_TEXT]);

/*
 * Reads an address literal without brackets or zone; false, out untouched, where text is none.
 * port is 0.  ::ffff:192.0.2.1 is the IPv4 address, mapped.
 */
bool address_parse(const char *text, struct address *out);

/* The same address?  Ports are not looked at; a mapped one equals the plain IPv4 one. */
bool address_equal(const struct address *a, const struct address *b);

#endif
