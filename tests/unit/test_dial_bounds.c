// SPDX-License-Identifier: GPL-2.0-only
/* More dials than anybody has: what is kept, forgotten, and counted. */
#include "tracker_story.h"

static void count_dial(void *context, const struct dial *d)
{
	unsigned int *outcomes = context;

	outcomes[d->outcome]++;
}

/* Dials of one process, `open` of them at a time, each refused; returns the tracker's counts. */
static struct tracker_counts dial_many(unsigned int dials, unsigned int open,
	unsigned int outcomes[DIAL_OUTCOMES], uint64_t *deadline)
{
	struct tracker_options options = {.pending_ns = story_ns(20)};
	struct tracker_handler handler = {outcomes, count_dial, NULL, NULL};
	struct process_table table = {0};
	struct tracker *t = tracker_new(&options, &table, &handler);
	struct event e = {.kind = EVENT_STATE, .pid = STORY_PID, .time_ns = 1};
	struct event clock = {.kind = EVENT_CLOCK};
	struct tracker_counts counts;

	e.state.remote = story_address(REGISTRY, 443);
	for (unsigned int i = 0; i < dials + open; i++) {
		e.time_ns += 1000;
		e.state.old_state = TCP_STATE_CLOSE;
		e.state.new_state = TCP_STATE_SYN_SENT;
		e.state.socket = i + 1;
		e.state.error = 0;
		e.pid = STORY_PID;
		if (i < dials)
			tracker_apply(t, &e);
		e.state.old_state = TCP_STATE_SYN_SENT;
		e.state.new_state = TCP_STATE_CLOSE;
		e.state.socket = i + 1 - open;
		e.state.error = ECONNREFUSED;
		e.pid = 0;
		e.time_ns += 1000;
		if (i >= open)
			tracker_apply(t, &e);
	}
	clock.time_ns = e.time_ns + story_ns(10);
	tracker_apply(t, &clock);
	counts = tracker_counts(t);
	*deadline = tracker_deadline(t);
	tracker_free(t);
	process_table_free(&table);
	return counts;
}

static void test_a_storm_of_dials_is_told_whole(void)
{
	unsigned int outcomes[DIAL_OUTCOMES] = {0};
	uint64_t deadline;
	unsigned int dials = unit_long() ? 30000 : 3000;
	struct tracker_counts counts = dial_many(dials, 10, outcomes, &deadline);

	UNIT_CHECK(outcomes[DIAL_REFUSED] == dials && !counts.dropped && !counts.open);
	UNIT_CHECK(deadline == UINT64_MAX);
}

static void test_what_ended_is_forgotten(void)
{
	struct tracker_options options = {.pending_ns = story_ns(20)};
	struct tracker_handler handler = {.context = NULL};
	struct process_table table = {0};
	struct tracker *t = tracker_new(&options, &table, &handler);
	struct event e = {.kind = EVENT_STATE, .time_ns = 1};

	/* Each connection ends before the next but one begins; the kernel tells no CLOSE. */
	e.state.remote = story_address(REGISTRY, 443);
	for (uint64_t i = 1; i < TRACKER_DIALS + 1000; i++) {
		static const uint8_t states[] = {TCP_STATE_CLOSE, TCP_STATE_SYN_SENT,
			TCP_STATE_ESTABLISHED, TCP_STATE_FIN_WAIT1};

		for (size_t n = 0; n + 1 < sizeof(states); n++) {
			e.pid = n ? 0 : STORY_PID;
			e.time_ns += story_ns(0.001);
			e.state.socket = i;
			e.state.old_state = states[n];
			e.state.new_state = states[n + 1];
			tracker_apply(t, &e);
		}
	}
	UNIT_CHECK(!tracker_counts(t).dropped && !tracker_counts(t).ownerless);
	tracker_free(t);
	process_table_free(&table);
}

static void test_too_many_open_dials_are_counted(void)
{
	unsigned int outcomes[DIAL_OUTCOMES] = {0};
	uint64_t deadline;
	struct tracker_counts counts =
		dial_many(TRACKER_DIALS + 100, TRACKER_DIALS + 100, outcomes, &deadline);

	/* Each that gave way is counted, and so is its end, which belongs to nobody any more. */
	UNIT_CHECK(outcomes[DIAL_REFUSED] == TRACKER_DIALS && counts.dropped == 100);
	UNIT_CHECK(counts.ownerless == 100);
	UNIT_CHECK(deadline == UINT64_MAX && !counts.open);
}

int main(void)
{
	UNIT_RUN(test_a_storm_of_dials_is_told_whole);
	if (unit_long()) { /* as many dials as the tracker keeps, and more */
		UNIT_RUN(test_what_ended_is_forgotten);
		UNIT_RUN(test_too_many_open_dials_are_counted);
	}
	return unit_status();
}
