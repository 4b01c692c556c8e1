/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NODE_KEY_NEAR_H
#define NODE_KEY_NEAR_H

#include <stdbool.h>

/*
 * Is text another key than known, but so like it that known was meant: a letter or two added, left out or changed,
 * other capitals, '_' for '-', a quote that slipped in?
 */
bool key_is_near(const char *text, const char *known);

#endif
