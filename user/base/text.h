/* SPDX-License-Identifier: GPL-2.0-only */
/* Small texts that are made for each dial, without the printf() that would be a third of its cost. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Copies from, cut to size - 1 bytes (size is not 0), with its NUL. */
void text_copy(char *to, size_t size, const char *from);

/* Writes value in decimal, without NUL, with zeros before it up to width (at most 20); returns the end. */
char *text_number(char *at, uint64_t value, int width);

#endif
