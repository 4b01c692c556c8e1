// SPDX-License-Identifier: GPL-2.0-only
/* The live source's records: from the ring to events, and what was lost on the way. */
#include "live/source_kernel_inside.h"

#include "base/log.h"
#include "live/process_read.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

/*
 * Records taken in one go, before signals, timers and the watchdog get a look in: as many as that, and
 * for so long.  Both, because one record may cost a wait: for an output, for systemctl.
 */
#define RECORDS_AT_ONCE 8192
#define RECORDS_NS	100000000ULL

/* While records come the kernel is asked so often whether it skipped runs of a program. */
#define MISSED_EVERY_NS 1000000000ULL

/* The costly connect hook is attached while there is somebody to trace. */
static void connect_hook_follow(struct live_source *s, const struct event *event)
{
	uint32_t key;
	int err;

	if (!kernel_connect_is_costly(&s->kernel))
		return;
	if (event->kind == EVENT_EXEC && !event->exec.left) {
		err = kernel_connect_hook(&s->kernel, true);
		if (err && !s->connect_told)
			log_warning("connect() cannot be hooked again: %s", strerror(-err));
		s->connect_told = err != 0;
	} else if (event->kind == EVENT_EXIT && !s->command.pid &&
		   bpf_map_get_next_key(kernel_traced_fd(&s->kernel), NULL, &key)) {
		kernel_connect_hook(&s->kernel, false);
	}
}

void live_missed(void *context, const struct event *event)
{
	struct live_source *s = context;

	connect_hook_follow(s, event);
	s->handler(s->context, event);
}

/* What an exec could not bring along is a loss of its own kind, beside the flag on it. */
static void exec_count_lost(uint64_t lost[LOSS_KINDS], const struct event_exec *exec)
{
	const struct environment *e = exec->environment;

	lost[LOSS_UNREADABLE] += e->unreadable;
	lost[LOSS_TRUNCATED] += e->truncated + exec->args_truncated;
	for (size_t i = 0; i < e->count; i++)
		lost[LOSS_TRUNCATED] += e->variables[i].value_cut;
}

/* An exec on its way to the handler: its cgroup gets a name and its packets an eye. */
static void on_exec(struct live_source *s, struct event *event)
{
	struct environment *completed = NULL;
	char version[PROCESS_VERSION_TEXT];

	if (event->exec.environment->origin == ENVIRONMENT_EXEC &&
		event->exec.environment->truncated)
		completed = process_complete_environment(
			(pid_t)event->pid, event->start_ns, event->exec.environment);
	if (completed) {
		decoder_learn(s->decoder, event->pid, completed);
		event->exec.environment = completed;
	}
	exec_count_lost(s->decode_lost, &event->exec);
	event->exec.cgroup = cgroup_hooks_follow(
		&s->cgroups, &s->kernel, (pid_t)event->pid, event->exec.cgroup_id);
	event->exec.version =
		process_read_version((pid_t)event->pid, &event->exec, event->time_ns, version);
	s->handler(s->context, event);
	node_facts_follow(&s->facts, event, s->handler, s->context);
	environment_unref(completed);
}

/* The ring's callback.  A negative return stops its loop; the record counts as taken. */
static int on_record(void *context, void *data, size_t len)
{
	struct live_source *s = context;
	struct event event;
	int got = decoder_decode(s->decoder, data, len, &event);

	if (got < 0)
		s->decode_lost[got == -ENOMEM ? LOSS_MEMORY : LOSS_RECORD]++;
	if (got > 0 && s->due_ns && event.time_ns > s->due_ns)
		s->caught_up = true;
	if (s->discarding) {
		if (got > 0 && !s->caught_up)
			s->decode_lost[event_loss_kind(event.kind)]++;
		return s->caught_up ? -ECANCELED : 0;
	}
	if (got > 0) {
		if (event.kind == EVENT_EXEC && s->command.pid &&
			event.pid == (uint32_t)s->command.pid && !event.exec.tree)
			event.exec.tree = event.exec.comm;
		connect_hook_follow(s, &event);
		reconcile_follow(&s->reconcile, &event, live_missed, s);
		/* What follows an exec takes its time; a unit that starts meanwhile has not got it. */
		if (event.kind == EVENT_EXEC)
			cgroup_hooks_made(&s->cgroups, &s->kernel);
		/* What a verdict on a dial needs is told before the dial ends. */
		if (event.kind == EVENT_STATE || event.kind == EVENT_ANSWER)
			unit_watch_dial(&s->facts.units, event.time_ns, s->handler, s->context);
		if (event.kind == EVENT_EXEC && !event.exec.left)
			on_exec(s, &event);
		else
			s->handler(s->context, &event);
	}
	if (++s->records >= RECORDS_AT_ONCE || s->caught_up ||
		clock_ns(CLOCK_MONOTONIC_COARSE) >= s->batch_ns)
		return -ECANCELED;
	return 0;
}

struct ring_buffer *live_records_open(struct live_source *s)
{
	return ring_buffer__new(kernel_ring_fd(&s->kernel), on_record, s, NULL);
}

int live_records_take(struct live_source *s)
{
	int err;

	s->records = 0;
	s->batch_ns = clock_ns(CLOCK_MONOTONIC_COARSE) + RECORDS_NS;
	err = ring_buffer__consume(s->ring);
	s->drained = err >= 0;
	return err < 0 && err != -ECANCELED ? err : 0;
}

/* How long it sleeps before each look, in ms: short in a storm of dials, and soon no more at all. */
static const int looks_ms[] = {1, 4, 16, 16, 16};
#define LOOKS	     (sizeof(looks_ms) / sizeof(looks_ms[0]))
#define LAST_LOOK_MS 16

int live_records_wait_ms(struct live_source *s)
{
	uint32_t *looks = kernel_reader_looks(&s->kernel);

	if (s->records && !s->drained)
		return 0;
	/* Woken by what was no record for us, it has to look on as well: nobody else is going to wake it. */
	if (s->records || (s->looks > LOOKS && __atomic_load_n(looks, __ATOMIC_SEQ_CST))) {
		__atomic_store_n(looks, 1, __ATOMIC_SEQ_CST);
		s->looks = 0;
	}
	if (s->looks < LOOKS)
		return looks_ms[s->looks++];
	if (s->looks > LOOKS)
		return -1;
	/* One that was about to be handed over silently is there at the last look. */
	s->looks++;
	__atomic_store_n(looks, 0, __ATOMIC_SEQ_CST);
	return LAST_LOOK_MS;
}

void live_records_discard(struct live_source *s)
{
	s->discarding = true;
	ring_buffer__consume(s->ring);
	s->discarding = false;
}

void live_found(void *context, const struct event *event)
{
	struct live_source *s = context;
	struct event copy = *event;

	decoder_learn(s->decoder, event->pid, event->exec.environment);
	reconcile_follow(&s->reconcile, event, live_missed, s);
	on_exec(s, &copy);
}

void live_losses_tell(struct live_source *s)
{
	struct event event = {.kind = EVENT_LOSS};
	uint64_t now_ns = clock_ns(CLOCK_BOOTTIME);

	memcpy(event.loss.lost, s->decode_lost, sizeof(s->decode_lost));
	decode_losses(kernel_lost(&s->kernel), &event.loss);
	/* Asking for the skipped runs costs a system call a program: seldom, and at the end. */
	event.loss.lost[LOSS_MISSED] = s->loss.lost[LOSS_MISSED];
	if (s->stopping || now_ns >= s->missed_asked_ns + MISSED_EVERY_NS) {
		event.loss.lost[LOSS_MISSED] = kernel_missed(&s->kernel);
		s->missed_asked_ns = now_ns;
	}
	if (memcmp(&event.loss, &s->loss, sizeof(s->loss)) == 0)
		return;
	s->loss = event.loss;
	event.time_ns = now_ns;
	s->handler(s->context, &event);
	reconcile_loss(&s->reconcile, &event.loss, now_ns);
}
