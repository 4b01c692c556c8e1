// SPDX-License-Identifier: GPL-2.0-only
#include "live/reconcile.h"

#include "live/clock.h"
#include "live/kernel_sweep.h"
#include "live/process_read.h"
#include "model/process_table.h"

#include <stdlib.h>
#include <unistd.h>

/* After a loss: most of what is missing is in the ring still. */
#define RECONCILE_WAIT_NS 1000000000ULL

/* From looking to telling: a record that another processor is writing is done long before. */
#define RECONCILE_SETTLE_NS 200000000ULL

/* From one to the next: this, and so many times as long as the last one worked. */
#define RECONCILE_REST_NS    2000000000ULL
#define RECONCILE_REST_TIMES 50

/* Processes looked up in one step: about 15 us each. */
#define RECONCILE_AT_ONCE 256

/* The kernel's tables: an entry that goes while they are walked starts the walk anew, so it is bounded. */
#define RECONCILE_ENTRIES 131072

/*
 * Inode numbers of the first pid namespace and the first time namespace (include/linux/proc_ns.h): those whose
 * pids and start times the hooks tell.
 */
#define FIRST_PID_NAMESPACE  0xEFFFFFFCU
#define FIRST_TIME_NAMESPACE 0xEFFFFFFAU

void reconcile_free(struct reconcile *r)
{
	table_free(&r->held);
	free(r->list);
	r->list = NULL;
}

/* ---- whom we hold ---- */

static void exit_tell(
	uint32_t pid, uint64_t start_ns, uint64_t time_ns, event_handler handler, void *context)
{
	struct event event = {.kind = EVENT_EXIT,
		.time_ns = time_ns,
		.pid = pid,
		.tid = pid,
		.start_ns = start_ns,
		.exit.missed = true};

	handler(context, &event);
}

/* A value that a table takes for empty (a process as old as the boot) is not noted: it never ends. */
static void *held_value(uint64_t start_ns)
{
	return (void *)(uintptr_t)start_ns;
}

static void held_note(struct reconcile *r, uint32_t pid, uint64_t start_ns, uint64_t time_ns,
	event_handler handler, void *context)
{
	uint64_t held = (uint64_t)(uintptr_t)table_get(&r->held, pid);

	if (!pid || !start_ns || held == start_ns)
		return;
	/* One that began later is not dead because an old record comes late. */
	if (held > start_ns)
		return;
	if (held)
		exit_tell(pid, held, time_ns, handler, context);
	else if (r->held.count >= PROCESS_TABLE_MAX)
		return;
	/* Without memory it is not looked for later: what was lost is counted all the same. */
	table_put(&r->held, pid, held_value(start_ns));
}

static void held_drop(struct reconcile *r, uint32_t pid, uint64_t start_ns)
{
	if (table_get(&r->held, pid) == held_value(start_ns))
		table_remove(&r->held, pid);
}

void reconcile_follow(
	struct reconcile *r, const struct event *event, event_handler handler, void *context)
{
	if (event->kind == EVENT_EXIT || (event->kind == EVENT_EXEC && event->exec.left))
		held_drop(r, event->pid, event->start_ns);
	else
		held_note(r, event->pid, event->start_ns, event->time_ns, handler, context);
	if (event->kind == EVENT_FORK)
		held_note(r, event->fork.child_pid, event->fork.child_start_ns, event->time_ns,
			handler, context);
}

/* ---- when ---- */

void reconcile_loss(struct reconcile *r, const struct event_loss *loss, uint64_t now_ns)
{
	/* What an exit can be among; a table that was full may be full of the dead. */
	static const enum loss_kind kinds[] = {
		LOSS_EXIT, LOSS_RECORD, LOSS_MEMORY, LOSS_MISSED, LOSS_PROCESS, LOSS_SOCKET};
	bool more = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		more |= loss->lost[kinds[i]] != r->lost[kinds[i]];
		r->lost[kinds[i]] = loss->lost[kinds[i]];
	}
	if (!more)
		return;
	r->again = true;
	if (r->state != RECONCILE_RESTS)
		return;
	r->state = RECONCILE_WAITS;
	r->due_ns = now_ns + RECONCILE_WAIT_NS;
	if (r->rested_ns &&
		r->due_ns < r->rested_ns + RECONCILE_REST_NS + RECONCILE_REST_TIMES * r->spent_ns)
		r->due_ns = r->rested_ns + RECONCILE_REST_NS + RECONCILE_REST_TIMES * r->spent_ns;
}

uint64_t reconcile_deadline(const struct reconcile *r)
{
	return r->state == RECONCILE_RESTS ? UINT64_MAX : r->due_ns;
}

/* ---- looking ---- */

static void suspect_add(struct reconcile *r, uint64_t key, uint64_t start_ns, int kind)
{
	if (r->count == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 256;
		struct suspect *list = realloc(r->list, capacity * sizeof(*list));

		if (!list)
			return;
		r->list = list;
		r->capacity = capacity;
	}
	r->list[r->count++] = (struct suspect){key, start_ns, kind};
}

/*
 * All whose life is in doubt: who is traced, the sockets that look gone, who was told.  The kernel's tables
 * first, also when they are cleared: who hears of an exit may ask whether anybody is traced still.
 */
static void suspects_gather(struct reconcile *r, struct kernel *k)
{
	struct wire_dialled socket;
	struct wire_traced entry;
	uint32_t pid = 0;
	uint32_t time = process_read_namespace(getpid(), "time"); /* 0: before 5.6 there is one */
	/* In other namespaces /proc knows these processes by other numbers, or not at all. */
	bool know = process_read_namespace(getpid(), "pid") == FIRST_PID_NAMESPACE &&
		    (!time || time == FIRST_TIME_NAMESPACE);
	size_t walked;
	uint64_t sk = 0;

	r->count = r->at = r->gone = 0;
	r->spent_ns = 0;
	for (walked = 0; walked < RECONCILE_ENTRIES && kernel_next_process(k, &pid, &entry);
		walked++)
		if (know)
			suspect_add(r, pid, entry.start_ns, SUSPECT_TRACED);
	for (walked = 0; walked < RECONCILE_ENTRIES && kernel_next_socket(k, &sk, &socket);
		walked++)
		if (kernel_socket_is_gone(k, sk, &socket))
			suspect_add(r, sk, socket.socket, SUSPECT_SOCKET);
	for (size_t i = 0; know && r->held.slots && i <= r->held.mask; i++)
		if (r->held.slots[i].value)
			suspect_add(r, r->held.slots[i].key,
				(uint64_t)(uintptr_t)r->held.slots[i].value, SUSPECT_TOLD);
}

/* Keeps of the next suspects those that are gone, at the front of the list. */
static void suspects_look(struct reconcile *r, size_t most)
{
	for (; r->at < r->count && most; r->at++, most--) {
		const struct suspect *s = &r->list[r->at];

		if (s->kind == SUSPECT_SOCKET || !process_lives((pid_t)s->key, s->start_ns))
			r->list[r->gone++] = *s;
	}
}

static void suspects_clear(struct reconcile *r, struct kernel *k, uint64_t now_ns,
	event_handler handler, void *context)
{
	for (size_t i = 0; i < r->gone; i++) {
		const struct suspect *s = &r->list[i];
		struct wire_dialled entry;

		switch (s->kind) {
		case SUSPECT_TOLD:
			/* Its exit may have come after all, and with it its status. */
			if (table_get(&r->held, s->key) != held_value(s->start_ns))
				break;
			table_remove(&r->held, s->key);
			exit_tell((uint32_t)s->key, s->start_ns, now_ns, handler, context);
			break;
		case SUSPECT_TRACED:
			kernel_forget_process(k, (uint32_t)s->key, s->start_ns);
			break;
		case SUSPECT_SOCKET:
			if (kernel_find_socket(k, s->key, &entry) && entry.socket == s->start_ns &&
				kernel_socket_is_gone(k, s->key, &entry))
				kernel_forget_socket(k, s->key, entry.socket);
			break;
		}
	}
	free(r->list);
	r->list = NULL;
	r->count = r->capacity = r->gone = 0;
}

void reconcile_step(struct reconcile *r, struct kernel *k, uint64_t now_ns, bool drained,
	event_handler handler, void *context)
{
	uint64_t began = clock_ns(CLOCK_MONOTONIC);

	if (r->state == RECONCILE_RESTS || now_ns < r->due_ns)
		return;
	if (r->state == RECONCILE_WAITS) {
		r->again = false;
		suspects_gather(r, k);
		r->state = RECONCILE_LOOKS;
	} else if (r->state == RECONCILE_LOOKS) {
		suspects_look(r, RECONCILE_AT_ONCE);
		if (r->at == r->count) {
			r->state = RECONCILE_SETTLES;
			r->due_ns = now_ns + RECONCILE_SETTLE_NS;
		}
	} else if (drained) {
		suspects_clear(r, k, now_ns, handler, context);
		r->rested_ns = now_ns;
		r->state = RECONCILE_RESTS;
	}
	r->spent_ns += clock_ns(CLOCK_MONOTONIC) - began;
	if (r->state == RECONCILE_RESTS && r->again) {
		r->state = RECONCILE_WAITS;
		r->due_ns = now_ns + RECONCILE_REST_NS + RECONCILE_REST_TIMES * r->spent_ns;
	}
}

bool reconcile_hurry(struct reconcile *r, struct kernel *k, uint64_t now_ns)
{
	if (r->state == RECONCILE_RESTS)
		return false;
	suspects_gather(r, k);
	suspects_look(r, r->count);
	r->again = false;
	r->state = RECONCILE_SETTLES;
	r->due_ns = now_ns;
	return true;
}
