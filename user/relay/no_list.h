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

/*
 * Is entry, trimmed and not empty, one that no host can ever match?  Entries are parted by commas alone, "*" stands by
 * itself or as "*." in front, and what is no address, network or name of a host is compared with names all the same.
 */
bool no_entry_is_void(struct text entry);

/* Takes the next entry off rest, trimmed; false at the end. */
bool no_list_next(struct text *rest, struct text *entry);

#endif
