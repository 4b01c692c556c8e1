/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text made of bytes that came over the network, safe to show, compare and store.
 *
 * Printable ASCII stays; a backslash becomes "\\", every other byte "\DDD", three decimal digits:
 * the form of a name in a zone file (RFC 1035 5.1), used for host names and reasons alike so that
 * two sources of one name give equal text.
 */
#ifndef PACKET_PRINTABLE_H
#define PACKET_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The longest host name as text, with its NUL: 255 bytes on the wire are 253 characters
 * (RFC 1035 2.3.4), a few more where something had to be escaped.
 */
#define HOST_TEXT_SIZE 256

struct printable {
	char *text;  /* the caller's; always NUL-terminated */
	size_t size; /* of text, in bytes, at least 1 */
	size_t len;
	bool cut; /* something did not fit: nothing is appended after that */
};

/* Begins an empty text in the caller's memory. */
void printable_start(struct printable *p, char *text, size_t size);

/* Appends one byte, escaped where needed; an escape goes in whole or not at all. */
void printable_add(struct printable *p, uint8_t byte);

/* The same with A to Z in lower case, and with a space escaped: for host names. */
void printable_add_host(struct printable *p, uint8_t byte);

/* The same for a byte within a DNS label, where a dot is not the one between labels: "\\.". */
void printable_add_label(struct printable *p, uint8_t byte);

/* Appends c as it is: the caller vouches for it. */
void printable_add_plain(struct printable *p, char c);

#endif
