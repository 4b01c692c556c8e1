// SPDX-License-Identifier: GPL-2.0-only
/* What the hooks show of each way in which a dial can go, in every order in which it can arrive. */
#include "tracker_story.h"

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

/* The state change was not seen (the kernel skipped the hook's run), but the program heard what it was. */
static void test_an_outcome_that_only_the_program_was_told(void)
{
	static const struct {
		int result;
		bool over;
		const char *told;
	} rows[] = {
		{-ETIMEDOUT, true, "timeout:7@4.000 "}, {-ECONNREFUSED, true, "refused:7@4.000 "},
		{-EHOSTUNREACH, false, "pending:7@21.000 "}, /* a soft error: the dial goes on */
		{-ECONNRESET, false,
			"pending:7@21.000 "}, /* it was established before, and ended */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story s = {.count = 0};
		struct event *asked;
		struct told told;

		story_open(&s, 1.0, 7, REGISTRY, 443);
		story_connect(&s, 0.9999, 1.0001, 7, REGISTRY, 443, -EINPROGRESS);
		asked = story_connect(&s, 0, 4.0, 7, REGISTRY, 443, rows[i].result);
		asked->connect.asked = true;
		asked->connect.over = rows[i].over;
		story_run(&s, NULL, &told);
		UNIT_STRING(buffer_string(&told.all), rows[i].told);
		UNIT_CHECK(
			told.counts.open == (rows[i].told[0] == 'p') && told.counts.dropped == 0);
		told_free(&told);
	}
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

int main(void)
{
	UNIT_RUN(test_each_sk_err_has_its_outcome);
	UNIT_RUN(test_blocking_refused_and_timeout);
	UNIT_RUN(test_connect_alone_shows_no_route);
	UNIT_RUN(test_result_beats_a_close_without_error);
	UNIT_RUN(test_an_errno_that_was_taken);
	UNIT_RUN(test_an_outcome_that_only_the_program_was_told);
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
	UNIT_RUN(test_a_taken_over_dial_is_at_least);
	UNIT_RUN(test_a_piece_without_a_dialler_is_counted);
	return unit_status();
}
