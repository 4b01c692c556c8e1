// SPDX-License-Identifier: GPL-2.0-only
/* Dials whose process ends, and what becomes of those that were established. */
#include "tracker_story.h"

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

int main(void)
{
	UNIT_RUN(test_killed_and_told_to_stop_are_interrupted);
	UNIT_RUN(test_reset_before_an_answer);
	UNIT_RUN(test_silence_after_the_hello);
	UNIT_RUN(test_an_established_silence_is_pending_first);
	return unit_status();
}
