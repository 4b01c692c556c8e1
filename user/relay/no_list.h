/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of NO_PROXY and NO_RELAY: which hosts are dialled directly. */
#ifndef RELAY_NO_LIST_H
#define RELAY_NO_LIST_H

#include "relay/relay_text.h"

/*
 * Does an entry of list match host (no brackets) and port?  The rules are those of httpproxy's
 * init and match: "*" alone matches all; addresses and networks match literal addresses only, and
 * are tried before names; "x" matches x and below, ".x" and "*.x" only below; ":port" binds an
 * entry to a port.  True: *entry is the entry as written, trimmed, within list.
 */
bool no_list_match(const char *list, struct text host, struct text port, struct text *entry);

#endif
