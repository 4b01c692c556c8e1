// SPDX-License-Identifier: GPL-2.0-only
#include "model/name_cache.h"
#include "unit.h"

#include <stdlib.h>

static struct address address_of(const char *text)
{
	struct address a;

	memset(&a, 0, sizeof(a));
	address_parse(text, &a);
	return a;
}

static const char *find(
	struct name_cache *c, uint64_t scope, const char *text, enum name_from *from, bool *doubt)
{
	struct address a = address_of(text);
	const char *name = name_cache_find(c, scope, 0, &a, UINT64_MAX, from, doubt);

	return name ? name : "";
}

static void add(struct name_cache *c, uint64_t scope, enum name_from from, const char *name,
	const char *text, uint64_t asked_ns)
{
	struct address a = address_of(text);

	UNIT_CHECK(name_cache_add(c, scope, from, name, &a, asked_ns) == 0);
}

static void test_ones_own_question_comes_first(void)
{
	struct name_cache *c = name_cache_new();
	enum name_from from;
	bool doubt;

	add(c, 2, NAME_DNS, "other.example", "203.0.113.1", 30);
	UNIT_STRING(find(c, 1, "203.0.113.1", &from, &doubt), "other.example");
	add(c, 0, NAME_HOSTS, "hosts.example", "203.0.113.1", 20);
	UNIT_STRING(find(c, 1, "203.0.113.1", &from, &doubt), "hosts.example");
	UNIT_CHECK(from == NAME_HOSTS && !doubt);
	add(c, 1, NAME_DNS, "own.example", "203.0.113.1", 10);
	UNIT_STRING(find(c, 1, "203.0.113.1", &from, &doubt), "own.example");
	UNIT_CHECK(from == NAME_DNS && !doubt);
	UNIT_STRING(find(c, 1, "203.0.113.2", &from, &doubt), "");
	UNIT_CHECK(from == NAME_NONE && !doubt);
	name_cache_free(c);
}

static void test_asking_again_makes_a_name_the_latest(void)
{
	struct name_cache *c = name_cache_new();
	bool doubt;

	add(c, 1, NAME_DNS, "a.example", "203.0.113.1", 10);
	add(c, 1, NAME_DNS, "b.example", "203.0.113.1", 20);
	UNIT_STRING(find(c, 1, "203.0.113.1", NULL, &doubt), "b.example");
	UNIT_CHECK(doubt);
	name_cache_asked(c, 1, "a.example", 30);
	UNIT_STRING(find(c, 1, "203.0.113.1", NULL, &doubt), "a.example");
	name_cache_asked(c, 2, "b.example", 40); /* somebody else */
	UNIT_STRING(find(c, 1, "203.0.113.1", NULL, &doubt), "a.example");
	name_cache_free(c);
}

static void test_what_another_asks_for_later_names_nothing(void)
{
	struct name_cache *c = name_cache_new();
	struct address a = address_of("203.0.113.1");
	enum name_from from;

	add(c, 2, NAME_DNS, "other.example", "203.0.113.1", 30);
	UNIT_CHECK(!name_cache_find(c, 1, 0, &a, 29, &from, NULL));
	UNIT_CHECK(from == NAME_NONE);
	UNIT_STRING(name_cache_find(c, 1, 0, &a, 30, NULL, NULL), "other.example");
	/* Asked for often since then: it was asked for before all the same. */
	for (uint64_t ns = 40; ns < 60; ns++)
		name_cache_asked(c, 2, "other.example", ns);
	UNIT_STRING(name_cache_find(c, 1, 0, &a, 35, NULL, NULL), "other.example");
	/* One's own question that comes later may be the second one. */
	UNIT_STRING(name_cache_find(c, 2, 0, &a, 29, NULL, NULL), "other.example");
	name_cache_free(c);
}

static void test_a_hosts_file_is_its_namespaces(void)
{
	struct name_cache *c = name_cache_new();
	struct address a = address_of("203.0.113.1");

	add(c, name_scope_of_hosts(77), NAME_HOSTS, "pod.example", "203.0.113.1", 10);
	UNIT_CHECK(!name_cache_find(c, 1, 78, &a, UINT64_MAX, NULL, NULL));
	UNIT_STRING(name_cache_find(c, 1, 77, &a, UINT64_MAX, NULL, NULL), "pod.example");
	name_cache_free(c);
}

static void test_the_oldest_give_way(void)
{
	struct name_cache *c = name_cache_new();
	char name[32], text[32];

	add(c, 1, NAME_DNS, "first.example", "203.0.113.1", 1);
	for (int i = 0; i < 3 * NAME_CACHE_PAIRS; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		snprintf(text, sizeof(text), "10.%d.%d.1", i / 200, i % 200);
		add(c, 1, NAME_HOSTS, name, text, 2);
	}
	UNIT_STRING(find(c, 1, "203.0.113.1", NULL, NULL), "first.example");
	for (int i = 0; i < NAME_CACHE_PAIRS; i++) {
		snprintf(name, sizeof(name), "d%d.example", i % 7);
		snprintf(text, sizeof(text), "11.%d.%d.1", i / 200, i % 200);
		add(c, 1, NAME_DNS, name, text, 2);
	}
	UNIT_STRING(find(c, 1, "203.0.113.1", NULL, NULL), "");
	UNIT_STRING(find(c, 1, "11.0.1.1", NULL, NULL), "d1.example");
	name_cache_free(c);
}

static void test_a_search_list_completes_a_name(void)
{
	struct name_cache *c = name_cache_new();
	struct address a = address_of("10.77.9.1"), b = address_of("10.77.9.2");

	UNIT_CHECK(name_cache_match(c, "relay", &a) == NAME_NOT_KNOWN);
	add(c, 1, NAME_DNS, "relay.corp.example", "10.77.9.1", 1);
	UNIT_CHECK(name_cache_match(c, "relay", &a) == NAME_MATCHES);
	UNIT_CHECK(name_cache_match(c, "relay.corp.example", &a) == NAME_MATCHES);
	UNIT_CHECK(name_cache_match(c, "relay", &b) == NAME_DIFFERS);
	UNIT_CHECK(name_cache_match(c, "rela", &a) == NAME_NOT_KNOWN);
	name_cache_free(c);
}

static void test_a_name_has_another_address(void)
{
	struct name_cache *c = name_cache_new();
	struct address a = address_of("10.77.9.1"), six = address_of("2001:db8::1");

	add(c, 1, NAME_DNS, "relay.corp.example", "10.77.9.1", 1);
	add(c, 1, NAME_DNS, "relay.corp.example", "2001:db8::1", 1);
	add(c, 2, NAME_DNS, "relay.corp.example", "10.77.9.2", 1);
	UNIT_CHECK(!name_cache_has_other(
		c, 1, "relay.corp.example", &a)); /* another's, another family */
	UNIT_CHECK(!name_cache_has_other(c, 1, "relay.corp.example", &six));
	add(c, 1, NAME_DNS, "relay.corp.example", "10.77.9.3", 1);
	UNIT_CHECK(name_cache_has_other(c, 1, "relay.corp.example", &a));
	UNIT_CHECK(name_cache_has_other(c, 1, "relay", &a));
	UNIT_CHECK(!name_cache_has_other(c, 1, "other", &a));
	a.is_v6 = a.mapped = true; /* dialled through an IPv6 socket */
	UNIT_CHECK(name_cache_has_other(c, 1, "relay", &a));
	name_cache_free(c);
}

int main(void)
{
	UNIT_RUN(test_ones_own_question_comes_first);
	UNIT_RUN(test_asking_again_makes_a_name_the_latest);
	UNIT_RUN(test_what_another_asks_for_later_names_nothing);
	UNIT_RUN(test_a_hosts_file_is_its_namespaces);
	UNIT_RUN(test_the_oldest_give_way);
	UNIT_RUN(test_a_search_list_completes_a_name);
	UNIT_RUN(test_a_name_has_another_address);
	return unit_status();
}
