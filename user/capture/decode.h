/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place that knows both the kernel's words (wire.h) and ours (event.h).  Here secrets end:
 * values are judged and redacted before an event holds them.
 */
#ifndef CAPTURE_DECODE_H
#define CAPTURE_DECODE_H

#include "capture/event.h"

struct decoder;

/* NULL: out of memory. */
struct decoder *decoder_new(void);
void decoder_free(struct decoder *d);

/*
 * The tree that a root of this comm starts, where that is not the comm itself (a comm has at most 15
 * bytes): "rancher-system-" is rancher-system-agent.  name must outlive the decoder.  At most 64.
 */
void decoder_add_root(struct decoder *d, const char *name);

/*
 * What else is to be masked in names: the hosts in e, which was read elsewhere (processes that were
 * there before).  decoder_decode() does so itself with what it decodes.
 */
void decoder_learn(struct decoder *d, uint32_t pid, const struct environment *e);

/* What is read on the node: lines of hosts files tell where masked names lead. */
void decoder_fact(struct decoder *d, const struct event_fact *fact);

/*
 * One record of len bytes, as it came from the ring, to one event.  1: *out is filled, and what it
 * points to is valid until the next call; 0: the record says nothing new; -EBADMSG: it is damaged
 * or of an unknown kind; -ENOMEM.
 */
int decoder_decode(struct decoder *d, const void *record, size_t len, struct event *out);

/* Adds the kernel side's counters of what was lost (WIRE_LOSSES of them) to those of out. */
void decode_losses(const volatile uint64_t *lost, struct event_loss *out);

#endif
