// SPDX-License-Identifier: GPL-2.0-only
/* Happy eyeballs: which dial that was closed without an error is only the loser of two. */
#include "tracker_story.h"

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

int main(void)
{
	UNIT_RUN(test_a_happy_eyeballs_loser_is_superseded);
	UNIT_RUN(test_an_abandon_beside_an_unrelated_success_stays);
	UNIT_RUN(test_other_names_are_no_siblings);
	UNIT_RUN(test_both_families_dropped_are_both_abandoned);
	UNIT_RUN(test_v6_without_a_route_knows_of_its_sibling);
	return unit_status();
}
