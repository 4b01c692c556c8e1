// SPDX-License-Identifier: GPL-2.0-only
/* What the hooks show of each way in which a dial can go, in every order in which it can arrive. */
#include "tracker_story.h"

#define REGISTRY  "203.0.113.10"
#define REGISTRY6 "2001:db8:113::10"

/* One dial of socket 7 that begins at 1.0 on a non-blocking socket. */
static struct story story_of_dial(void)
{
	struct story s = {.count = 0};

	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_connect(&s, 0.9999, 1.0001, 7, REGISTRY, 443, -EINPROGRESS);
	return s;
}

static void test_each_sk_err_has_its_outcome(void)
{
	static const struct {
		int error;
		enum dial_outcome outcome;
	} rows[] = {{ECONNREFUSED, DIAL_REFUSED}, {ETIMEDOUT, DIAL_TIMEOUT},
		{EHOSTUNREACH, DIAL_UNREACHABLE}, {ENETUNREACH, DIAL_UNREACHABLE},
		{EACCES, DIAL_DENIED}, {EPERM, DIAL_DENIED}, {EPROTO, DIAL_FAILED},
		{0, DIAL_ABANDONED}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story s = story_of_dial();

		story_failed(&s, 1.05, 7, rows[i].error);
		story_expect(&s, 3, rows[i].outcome, DIAL_OPEN);
	}
}

static void test_blocking_refused_and_timeout(void)
{
	struct story refused = {.count = 0}, timeout = {.count = 0};
	struct told told;

	story_open(&refused, 1.0, 7, REGISTRY, 443);
	story_failed(&refused, 1.001, 7, ECONNREFUSED);
	story_connect(&refused, 0.999, 1.002, 7, REGISTRY, 443, -ECONNREFUSED);
	story_expect(&refused, 3, DIAL_REFUSED, DIAL_OPEN);
	story_run(&refused, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "refused:7@1.001 ");
	UNIT_CHECK(told.dial[7].begin_ns == story_ns(0.999) && told.dial[7].error == ECONNREFUSED);
	UNIT_CHECK(told.dial[7].tid == STORY_PID + 1 && told.dial[7].path == DIAL_DIRECT);
	told_free(&told);

	story_open(&timeout, 1.0, 7, REGISTRY, 443);
	story_failed(&timeout, 4.0, 7, ETIMEDOUT);
	story_connect(&timeout, 0.999, 4.001, 7, REGISTRY, 443, -ETIMEDOUT);
	story_expect(&timeout, 3, DIAL_TIMEOUT, DIAL_OPEN);
}

static void test_connect_alone_shows_no_route(void)
{
	static const struct {
		int result;
		enum dial_outcome outcome;
	} rows[] = {{-ENETUNREACH, DIAL_UNREACHABLE}, {-EHOSTUNREACH, DIAL_UNREACHABLE},
		{-EACCES, DIAL_DENIED}, {-EPERM, DIAL_DENIED}, {-EINVAL, DIAL_FAILED}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story s = {.count = 0};
		struct told told;

		story_connect(&s, 1.0, 1.0001, 7, REGISTRY, 443, rows[i].result);
		story_run(&s, NULL, &told);
		UNIT_CHECK(told.last[7] == rows[i].outcome);
		UNIT_CHECK(told.dial[7].error == -rows[i].result && told.dial[7].id == 1);
		UNIT_CHECK(told.deadline == UINT64_MAX);
		told_free(&told);
	}
}

static void test_result_beats_a_close_without_error(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.0001, 7, 0);
	story_connect(&s, 0.9999, 1.0002, 7, REGISTRY, 443, -EADDRNOTAVAIL);
	story_expect(&s, 3, DIAL_FAILED, DIAL_OPEN);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.dial[7].error == EADDRNOTAVAIL);
	told_free(&told);
}

/* The program took the errno with SO_ERROR on another processor, before the hook could read it. */
static void test_an_errno_that_was_taken(void)
{
	struct story heard = story_of_dial(), unheard = story_of_dial();
	struct told told;

	story_state(&heard, 1.05, 7, TCP_STATE_SYN_SENT, TCP_STATE_CLOSE, 0)->state.error_taken =
		true;
	story_connect(&heard, 0, 1.0502, 7, REGISTRY, 443, -ECONNREFUSED)->connect.asked = true;
	story_run(&heard, NULL, &told); /* it is heard last, by who called connect() */
	UNIT_STRING(buffer_string(&told.all), "refused:7@1.050 ");
	told_free(&told);

	story_state(&unheard, 1.05, 7, TCP_STATE_SYN_SENT, TCP_STATE_CLOSE, 0)->state.error_taken =
		true;
	story_expect(&unheard, 3, DIAL_FAILED, DIAL_OPEN);
}

static void test_a_signal_in_connect_is_no_outcome(void)
{
	static const int results[] = {-EINTR, -512, -EALREADY, -EISCONN};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct story s = {.count = 0};
		struct told told;

		story_open(&s, 1.0, 7, REGISTRY, 443);
		story_connect(&s, 0.9999, 2.0, 7, REGISTRY, 443, results[i]);
		story_established(&s, 2.5, 7);
		story_run(&s, NULL, &told);
		UNIT_STRING(buffer_string(&told.all), "established:7@2.500 ");
		told_free(&told);
	}
}

static void test_established_is_told_at_once_and_costs_no_timer(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_established(&s, 1.05, 7);
	s.stop = 1.06;
	story_expect(&s, 3, DIAL_ESTABLISHED, DIAL_OPEN);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.050 ");
	UNIT_CHECK(told.deadline == UINT64_MAX && told.counts.open == 0);
	told_free(&told);
}

static void test_established_blocking_and_closed_in_every_order(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_established(&s, 1.01, 7);
	story_connect(&s, 0.9999, 1.02, 7, REGISTRY, 443, 0);
	story_ended(&s, 1.03, 7, TCP_STATE_CLOSE_WAIT, 0, 4000, 500);
	story_state(&s, 1.04, 7, TCP_STATE_CLOSE_WAIT, TCP_STATE_CLOSE, EPIPE);
	story_expect(&s, 5, DIAL_ESTABLISHED, DIAL_OPEN);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 ");
	told_free(&told);
}

static void test_dropped_is_pending_then_abandoned(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_failed(&s, 31.0, 7, 0);
	story_expect(&s, 3, DIAL_ABANDONED, DIAL_OPEN);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "pending:7@21.000 abandoned:7@31.000 ");
	UNIT_CHECK(told.dial[7].pending_told && told.dial[7].id == 1);
	told_free(&told);
}

static void test_pending_then_established(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_established(&s, 25.0, 7);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "pending:7@21.000 established:7@25.000 ");
	told_free(&told);
}

static void test_the_end_tells_what_is_old_and_counts_the_rest(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_open(&s, 50.0, 8, REGISTRY, 443);
	s.stop = 60.0;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "pending:7@21.000 ");
	UNIT_CHECK(told.counts.open == 2);
	told_free(&told);

	/* A failure that waits for its siblings is told without waiting longer. */
	s = story_of_dial();
	story_failed(&s, 1.05, 7, ECONNREFUSED);
	s.stop = 1.06;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "refused:7@1.050 ");
	told_free(&told);
}

static void test_one_socket_dials_twice(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_connect(&s, 0.9999, 1.0001, 7, REGISTRY, 443, -EINPROGRESS);
	story_failed(&s, 1.01, 7, ECONNREFUSED);
	story_open(&s, 1.02, 7, "203.0.113.11", 443);
	story_connect(&s, 1.0199, 1.0201, 7, "203.0.113.11", 443, -EINPROGRESS);
	story_established(&s, 1.03, 7);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.030 refused:7@1.010 ");
	told_free(&told);

	/* A failed connect() without any state, then one that works. */
	s = (struct story){.count = 0};
	story_connect(&s, 1.0, 1.0001, 7, REGISTRY, 443, -ENETUNREACH);
	story_open(&s, 1.5, 7, "203.0.113.11", 443);
	story_established(&s, 1.6, 7);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "unreachable:7@1.000 established:7@1.600 ");
	told_free(&told);
}

static void test_a_return_belongs_to_the_call_that_it_ends(void)
{
	struct story s = {.count = 0};
	struct told told;

	/* What the first connect() returned was lost; the second fails without any state. */
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_failed(&s, 1.01, 7, ECONNREFUSED);
	story_connect(&s, 1.02, 1.0201, 7, "192.0.2.1", 443, -ENETUNREACH);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "refused:7@1.010 unreachable:7@1.020 ");
	told_free(&told);
}

static void test_asking_again_by_connect_is_no_dial(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_failed(&s, 1.05, 7, ECONNREFUSED);
	story_connect(&s, 1.06, 1.061, 7, REGISTRY, 443, -ECONNREFUSED);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "refused:7@1.050 ");
	told_free(&told);
}

static void test_udp_is_no_dial(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_connect(&s, 1.0, 1.0001, 7, REGISTRY, 9, 0)->connect.protocol = IPPROTO_UDP;
	story_connect(&s, 1.1, 1.1001, 8, REGISTRY6, 9, -ENETUNREACH)->connect.protocol =
		IPPROTO_UDP;
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	told_free(&told);
}

/* ---- happy eyeballs ---- */

static struct story story_of_two(double closed6)
{
	struct story s = {.count = 0};

	story_open(&s, 1.0, 7, REGISTRY6, 443);
	story_open(&s, 1.3, 8, REGISTRY, 443);
	story_established(&s, 1.32, 8);
	story_failed(&s, closed6, 7, 0);
	return s;
}

static void test_a_happy_eyeballs_loser_is_superseded(void)
{
	struct story s = story_of_two(1.321);
	struct told told;

	story_expect(&s, 4, DIAL_SUPERSEDED, DIAL_ESTABLISHED);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.dial[7].group == told.dial[8].group);
	told_free(&told);
	/* Hooks on two processors: the close seems to come first. */
	s = story_of_two(1.3199);
	story_expect(&s, 4, DIAL_SUPERSEDED, DIAL_ESTABLISHED);
}

static void test_an_abandon_beside_an_unrelated_success_stays(void)
{
	struct story s = {.count = 0};

	/* The other one begins long after. */
	story_open(&s, 1.0, 7, REGISTRY, 443);
	story_open(&s, 30.9, 8, "203.0.113.11", 443);
	story_established(&s, 30.95, 8);
	story_failed(&s, 31.0, 7, 0);
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_ESTABLISHED);
	/* They begin together, but the success did not end the other. */
	s = story_of_two(31.0);
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_ESTABLISHED);
	/* Another port. */
	s = story_of_two(1.321);
	s.events[1].state.remote.port = 6443;
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_ESTABLISHED);
	/* The same address again: a retry, or two requests at a time. */
	s = story_of_two(1.321);
	s.events[0].state.remote = s.events[1].state.remote;
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_ESTABLISHED);
	/* Another process. */
	s = story_of_two(1.321);
	s.events[1].pid = STORY_PID + 7;
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_ESTABLISHED);
}

static void test_other_names_are_no_siblings(void)
{
	struct story s = {.count = 0};

	story_answer(&s, 0.5, 3, 28, "registry.example", 0, REGISTRY6);
	story_answer(&s, 0.6, 3, 1, "mirror.example", 0, REGISTRY);
	story_open(&s, 1.0, 7, REGISTRY6, 443);
	story_open(&s, 1.3, 8, REGISTRY, 443);
	story_established(&s, 1.32, 8);
	story_failed(&s, 1.321, 7, 0);
	story_expect(&s, 0, DIAL_ABANDONED, DIAL_ESTABLISHED);
	s.events[1].name.name = "registry.example";
	story_expect(&s, 0, DIAL_SUPERSEDED, DIAL_ESTABLISHED);
}

static void test_both_families_dropped_are_both_abandoned(void)
{
	struct story s = {.count = 0};

	story_open(&s, 1.0, 7, REGISTRY6, 443);
	story_open(&s, 1.3, 8, REGISTRY, 443);
	story_failed(&s, 31.0, 7, 0);
	story_failed(&s, 31.0001, 8, 0);
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_ABANDONED);
}

static void test_v6_without_a_route_knows_of_its_sibling(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_connect(&s, 1.0, 1.0001, 7, REGISTRY6, 443, -ENETUNREACH);
	story_open(&s, 1.001, 8, REGISTRY, 443);
	story_established(&s, 1.05, 8);
	story_expect(&s, 3, DIAL_UNREACHABLE, DIAL_ESTABLISHED);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.dial[7].sibling_established);
	UNIT_CHECK(told.dial[7].group == 1 && told.dial[8].group == 1 && told.dial[8].id == 2);
	told_free(&told);
}

/* ---- the end of the process ---- */

static void test_killed_and_told_to_stop_are_interrupted(void)
{
	struct story s = story_of_dial();

	story_exit(&s, 5.0, 9); /* SIGKILL */
	story_failed(&s, 5.0001, 7, 0);
	story_expect(&s, 4, DIAL_INTERRUPTED, DIAL_OPEN);

	s = story_of_dial();
	story_add(&s, EVENT_SIGNAL, 3.0)->pid = STORY_PID;
	s.events[s.count - 1].signal = 15;
	story_failed(&s, 3.5, 7, 0);
	story_expect(&s, 4, DIAL_INTERRUPTED, DIAL_OPEN);

	/* It ends by itself: it gave up. */
	s = story_of_dial();
	story_exit(&s, 5.0, 1 << 8);
	story_failed(&s, 5.0001, 7, 0);
	story_expect(&s, 4, DIAL_ABANDONED, DIAL_OPEN);

	/* It closed the socket itself, and was killed later. */
	s = story_of_dial();
	story_failed(&s, 4.0, 7, 0);
	story_exit(&s, 6.0, 9);
	story_expect(&s, 0, DIAL_ABANDONED, DIAL_OPEN);

	/* An error is an error. */
	s = story_of_dial();
	story_exit(&s, 5.0, 9);
	story_failed(&s, 5.0001, 7, ECONNREFUSED);
	story_expect(&s, 4, DIAL_REFUSED, DIAL_OPEN);
}

/* ---- after established ---- */

static void test_reset_before_an_answer(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_established(&s, 1.01, 7);
	story_ended(&s, 1.02, 7, TCP_STATE_CLOSE, ECONNRESET, 0, 1);
	story_expect(&s, 4, DIAL_RESET, DIAL_OPEN);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 reset:7@1.020 ");
	told_free(&told);
	/* After an answer it is no matter of the dial. */
	s.events[3].state.received = 1200;
	story_expect(&s, 4, DIAL_ESTABLISHED, DIAL_OPEN);
}

static void test_silence_after_the_hello(void)
{
	struct story s = story_of_dial();
	struct told told;

	/* The hello was dropped on the way: nothing of it was acknowledged. */
	story_established(&s, 1.01, 7);
	story_request(&s, EVENT_HELLO, 1.02, 7, NULL, "index.docker.io", 0);
	story_ended(&s, 11.02, 7, TCP_STATE_FIN_WAIT1, 0, 0, 1);
	story_expect(&s, 5, DIAL_NO_ANSWER, DIAL_OPEN);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "established:7@1.010 no-answer:7@11.020 ");
	UNIT_STRING(told.dial[7].name, "index.docker.io");
	UNIT_CHECK(told.dial[7].name_from == NAME_SNI);
	told_free(&told);

	/* Without payload hooks, what was acknowledged shows that it was asked. */
	s = story_of_dial();
	story_established(&s, 1.01, 7);
	story_ended(&s, 11.02, 7, TCP_STATE_CLOSE, 0, 0, 518);
	story_expect(&s, 4, DIAL_NO_ANSWER, DIAL_OPEN);

	/* A health check that asks nothing, a program that changes its mind at once. */
	s.events[3].state.sent = 1;
	story_expect(&s, 4, DIAL_ESTABLISHED, DIAL_OPEN);
	s.events[3].state.sent = 518;
	s.events[3].time_ns = story_ns(1.5);
	story_expect(&s, 4, DIAL_ESTABLISHED, DIAL_OPEN);
}

static void test_an_established_silence_is_pending_first(void)
{
	struct story s = story_of_dial();
	struct told told;

	story_established(&s, 1.01, 7);
	story_request(&s, EVENT_HELLO, 1.02, 7, NULL, "index.docker.io", 0);
	story_reply(&s, 30.0, 7, REPLY_TLS, 0, NULL);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all),
		"established:7@1.010 pending:7@21.000 established:7@30.000 ");
	told_free(&told);
	s.count--;
	story_ended(&s, 61.0, 7, TCP_STATE_FIN_WAIT1, 0, 0, 1);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all),
		"established:7@1.010 pending:7@21.000 no-answer:7@61.000 ");
	told_free(&told);
}

static void test_a_taken_over_dial_is_at_least(void)
{
	struct story s = story_of_dial();
	struct told told;

	s.events[0].state.taken_over = true;
	story_failed(&s, 15.0, 7, 0);
	story_run(&s, NULL, &told);
	UNIT_CHECK(told.dial[7].at_least);
	told_free(&told);
}

static void test_a_piece_without_a_dialler_is_counted(void)
{
	struct story s = {.count = 0};
	struct told told;

	story_failed(&s, 1.0, 7, ECONNREFUSED);
	story_run(&s, NULL, &told);
	UNIT_STRING(buffer_string(&told.all), "");
	UNIT_CHECK(told.counts.ownerless == 1 && told.deadline == UINT64_MAX);
	told_free(&told);
}

/* ---- bounds ---- */

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
	struct tracker_counts counts = dial_many(30000, 10, outcomes, &deadline);

	UNIT_CHECK(outcomes[DIAL_REFUSED] == 30000 && !counts.dropped && !counts.open);
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
	UNIT_RUN(test_what_ended_is_forgotten);
	UNIT_RUN(test_too_many_open_dials_are_counted);
	UNIT_RUN(test_each_sk_err_has_its_outcome);
	UNIT_RUN(test_blocking_refused_and_timeout);
	UNIT_RUN(test_connect_alone_shows_no_route);
	UNIT_RUN(test_result_beats_a_close_without_error);
	UNIT_RUN(test_an_errno_that_was_taken);
	UNIT_RUN(test_a_signal_in_connect_is_no_outcome);
	UNIT_RUN(test_established_is_told_at_once_and_costs_no_timer);
	UNIT_RUN(test_established_blocking_and_closed_in_every_order);
	UNIT_RUN(test_dropped_is_pending_then_abandoned);
	UNIT_RUN(test_pending_then_established);
	UNIT_RUN(test_the_end_tells_what_is_old_and_counts_the_rest);
	UNIT_RUN(test_one_socket_dials_twice);
	UNIT_RUN(test_a_return_belongs_to_the_call_that_it_ends);
	UNIT_RUN(test_asking_again_by_connect_is_no_dial);
	UNIT_RUN(test_udp_is_no_dial);
	UNIT_RUN(test_a_happy_eyeballs_loser_is_superseded);
	UNIT_RUN(test_an_abandon_beside_an_unrelated_success_stays);
	UNIT_RUN(test_other_names_are_no_siblings);
	UNIT_RUN(test_both_families_dropped_are_both_abandoned);
	UNIT_RUN(test_v6_without_a_route_knows_of_its_sibling);
	UNIT_RUN(test_killed_and_told_to_stop_are_interrupted);
	UNIT_RUN(test_reset_before_an_answer);
	UNIT_RUN(test_silence_after_the_hello);
	UNIT_RUN(test_an_established_silence_is_pending_first);
	UNIT_RUN(test_a_taken_over_dial_is_at_least);
	UNIT_RUN(test_a_piece_without_a_dialler_is_counted);
	return unit_status();
}
