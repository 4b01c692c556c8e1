// SPDX-License-Identifier: GPL-2.0-only
/* What is found where a relay cannot be reached, refuses or is silent. */
#include "diagnosis_story.h"

static void test_relay_unreachable(void)
{
	struct run *r = tell("", RKE2_EXEC "env=HTTPS_PROXY=http://10.77.9.1:3128",
		"1 state pid=4121 socket=7 to=10.77.9.1:3128 close>syn-sent",
		"1.002 state socket=7 to=10.77.9.1:3128 syn-sent>close error=ECONNREFUSED",
		"5 state pid=4121 socket=8 to=10.77.9.1:3128 close>syn-sent",
		"5.002 state socket=8 to=10.77.9.1:3128 syn-sent>established", NULL);

	UNIT_STRING(buffer_string(&r->told), "relay-unreachable/1 -relay-unreachable ");
	UNIT_STRING(buffer_string(&r->message),
		"rke2 (pid 4121) dialled the relay 10.77.9.1:3128 and was refused after 2 ms: the "
		"relay "
		"that HTTPS_PROXY names cannot be reached from this node");
	UNIT_STRING(r->host, "10.77.9.1");
	UNIT_CHECK(r->port == 3128 && r->relay_port == 3128);
	done(r);
	r = tell("", RKE2_EXEC "env=HTTPS_PROXY=http://10.77.9.1",
		"1 state pid=4121 socket=7 to=10.77.9.1:80 close>syn-sent",
		"1.002 state socket=7 to=10.77.9.1:80 syn-sent>close error=ECONNREFUSED", NULL);
	UNIT_CHECK(has(&r->message, "(no port given, 80 assumed)"));
	done(r);
}

static void test_relay_answers(void)
{
	static const struct {
		const char *reply, *told;
	} cases[] = {
		{"status=407 reason=\"Proxy Authentication Required\"", "relay-auth/1 "},
		{"status=403 reason=Forbidden", "relay-forbidden/1 "},
		{"status=503", "relay-upstream/1 "},
		{"status=404", "relay-protocol/1 "},
		{"garbage", "relay-protocol/1 "},
		{"status=200", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer reply = {0};
		struct run *r;

		buffer_printf(&reply, "1.2 reply socket=7 %s", cases[i].reply);
		r = tell("", RKE2_EXEC "env=HTTPS_PROXY=http://10.77.9.1:3128",
			"1 state pid=4121 socket=7 to=10.77.9.1:3128 close>syn-sent",
			"1.01 state socket=7 to=10.77.9.1:3128 syn-sent>established",
			"1.1 request socket=7 method=CONNECT host=index.docker.io port=443",
			buffer_string(&reply),
			"1.3 state socket=7 to=10.77.9.1:3128 established>fin-wait1 received=100",
			NULL);
		UNIT_STRING(buffer_string(&r->told), cases[i].told);
		if (*cases[i].told) {
			UNIT_STRING(r->host, "index.docker.io");
			UNIT_CHECK(r->port == 443 && r->relay_port == 3128);
		}
		done(r);
		buffer_free(&reply);
	}
}

static void test_relay_silent_is_told_once(void)
{
	struct run *r = tell("", RKE2_EXEC "env=HTTPS_PROXY=http://10.77.9.1:3128",
		"1 state pid=4121 socket=7 to=10.77.9.1:3128 close>syn-sent",
		"1.01 state socket=7 to=10.77.9.1:3128 syn-sent>established",
		"1.1 request socket=7 method=CONNECT host=index.docker.io port=443",
		"61 state socket=7 to=10.77.9.1:3128 established>fin-wait1",
		"61 state socket=7 to=10.77.9.1:3128 fin-wait1>close", NULL);

	UNIT_STRING(buffer_string(&r->told), "relay-silent/1 ");
	UNIT_CHECK(has(&r->message, "for index.docker.io:443"));
	done(r);
}

static void test_a_secret_that_is_looked_up(void)
{
	struct run *r = tell("", RKE2_EXEC "env=\"HTTPS_PROXY=http://sekret#x@10.77.9.1:3128\"",
		"1 question pid=4121 id=9 name=sekret",
		"1.1 answer pid=4121 id=9 name=sekret code=NXDOMAIN", "20 clock", NULL);

	UNIT_STRING(buffer_string(&r->told), "value-misread/1 ");
	UNIT_CHECK(!strstr(buffer_string(&r->message), "sekret"));
	UNIT_CHECK(!strstr(buffer_string(&r->chain), "sekret"));
	UNIT_STRING(r->host, "***");
	done(r);
}

int main(void)
{
	UNIT_RUN(test_relay_unreachable);
	UNIT_RUN(test_relay_answers);
	UNIT_RUN(test_relay_silent_is_told_once);
	UNIT_RUN(test_a_secret_that_is_looked_up);
	return unit_status();
}
