/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was told of processes against those that live, after something was lost.
 *
 * An exit whose record found no room, or whose hook the kernel skipped, is never told by anybody else: the
 * process would be held for ever, and what the kernel's tables hold of it too.  So after a loss the
 * processes that were told are looked up in /proc, those that are gone are told as exits that were missed,
 * and the kernel's tables are cleared of what is gone.  Without a loss nothing is looked at.
 *
 * It looks first and tells later: what a look finds gone may have its exit in the ring, and a socket
 * is in the table a moment before it dials.
 */
#ifndef LIVE_RECONCILE_H
#define LIVE_RECONCILE_H

#include "base/table.h"
#include "capture/source.h"
#include "live/kernel.h"

enum reconcile_state {
	RECONCILE_RESTS,
	RECONCILE_WAITS,   /* wanted, not begun */
	RECONCILE_LOOKS,   /* at so many processes a step */
	RECONCILE_SETTLES, /* until what was in the ring is told */
};

struct suspect {
	uint64_t key;	   /* a pid, or the address of a socket */
	uint64_t start_ns; /* or the socket's number */
	enum { SUSPECT_TOLD, SUSPECT_TRACED, SUSPECT_SOCKET } kind;
};

/* A zeroed struct is a valid one that rests. */
struct reconcile {
	struct table held; /* pid to start time: told, and no exit of it */
	enum reconcile_state state;
	bool again;		      /* more was lost meanwhile */
	uint64_t due_ns;	      /* of the next step; valid unless it rests */
	uint64_t rested_ns, spent_ns; /* when the last one ended, and how long it worked */
	uint64_t lost[LOSS_KINDS];    /* when last looked at */
	struct suspect *list;	      /* owned */
	size_t count, capacity, at, gone;
};

void reconcile_free(struct reconcile *r);

/*
 * Notes whom the event is about, before it is told; handler gets the exit of one whose pid it shows to be
 * another's by now.
 */
void reconcile_follow(
	struct reconcile *r, const struct event *event, event_handler handler, void *context);

/* The totals of what was lost: where an exit may be among what is new, a look is wanted. */
void reconcile_loss(struct reconcile *r, const struct event_loss *loss, uint64_t now_ns);

/* When there is something to do; UINT64_MAX: nothing. */
uint64_t reconcile_deadline(const struct reconcile *r);

/*
 * Does a part of what is due, some milliseconds at most; handler gets the exits.  drained: all
 * that was in the ring at a time after the last step is told.
 */
void reconcile_step(struct reconcile *r, struct kernel *k, uint64_t now_ns, bool drained,
	event_handler handler, void *context);

/*
 * At the end, where something was lost that was not looked into yet: the look, all of it.  Then the
 * ring is to be drained once more, and reconcile_step() tells.  False: there is no need.
 */
bool reconcile_hurry(struct reconcile *r, struct kernel *k, uint64_t now_ns);

#endif
