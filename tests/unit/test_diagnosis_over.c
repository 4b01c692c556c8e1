// SPDX-License-Identifier: GPL-2.0-only
/* When a finding is over, what is said of it, and what came too late to change that. */
#include "diagnosis_story.h"

#define FIRST_RELAY  "env=HTTPS_PROXY=http://10.99.0.1:3128 "
#define SECOND_RELAY "env=HTTPS_PROXY=http://10.99.0.2:3128 "
#define RKE2_AGAIN(env)                                                                            \
	"39 exit pid=4121 code=1",                                                                 \
		"40 exec pid=5000 start=39.5 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/"    \
		"rke2 arg=rke2 arg=agent cgroup=/system.slice/rke2-agent.service " env

/* Socket number n of process pid to a relay: refused, and established. */
#define DIAL_BEGIN(time, pid, n, to)                                                               \
	time " state pid=" pid " tid=" pid " socket=" n " from=10.0.0.2:4000" n " to=" to          \
	     " close>syn-sent"
#define REFUSED(time, n, to)                                                                       \
	time " state socket=" n " from=10.0.0.2:4000" n " to=" to                                  \
	     " syn-sent>close error=ECONNREFUSED"
#define REACHED(time, n, to)                                                                       \
	time " state socket=" n " from=10.0.0.2:4000" n " to=" to " syn-sent>established"

static void test_a_relay_answers_for_itself(void)
{
	static const struct {
		const char *exec, *to, *told, *over;
	} cases[] = {
		{FIRST_RELAY, "10.99.0.1:3128", "relay-unreachable/1 -relay-unreachable ",
			"10.99.0.1:3128 is reached again"},
		/* Another one, while it is named all the same: in any spelling that may be read. */
		{SECOND_RELAY "env=HTTP_PROXY=http://10.99.0.1:3128", "10.99.0.2:3128",
			"relay-unreachable/1 ", ""},
		{SECOND_RELAY "env=all_proxy=http://10.99.0.1:3128", "10.99.0.2:3128",
			"relay-unreachable/1 ", ""},
		{"env=HTTPS_PROXY=http://10.99.0.1:3129 env=HTTP_PROXY=http://10.99.0.1:3128",
			"10.99.0.1:3129", "relay-unreachable/1 ", ""},
		/* And where that is not proved. */
		{SECOND_RELAY "env-truncated", "10.99.0.2:3128", "relay-unreachable/1 ", ""},
		/* It is named no more, or for containerd alone. */
		{SECOND_RELAY, "10.99.0.2:3128", "relay-unreachable/1 -relay-unreachable ",
			"10.99.0.1:3128 is no longer the way: the relay 10.99.0.2:3128 is reached "
			"in its place"},
		{SECOND_RELAY "env=CONTAINERD_HTTPS_PROXY=http://10.99.0.1:3128", "10.99.0.2:3128",
			"relay-unreachable/1 -relay-unreachable ",
			"10.99.0.1:3128 is no longer the way: the relay 10.99.0.2:3128 is reached "
			"in its place"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char exec[512], begin[256], reached[256];
		struct run *r;

		snprintf(exec, sizeof(exec),
			"40 exec pid=5000 start=39.5 parent=1 tree=rke2 comm=rke2 "
			"file=/usr/local/bin/rke2 arg=rke2 arg=agent "
			"cgroup=/system.slice/rke2-agent.service %s",
			cases[i].exec);
		snprintf(begin, sizeof(begin), DIAL_BEGIN("41", "5000", "8", "%s"), cases[i].to);
		snprintf(reached, sizeof(reached), REACHED("41.1", "8", "%s"), cases[i].to);
		r = tell("", RKE2_EXEC FIRST_RELAY, DIAL_BEGIN("1", "4121", "7", "10.99.0.1:3128"),
			REFUSED("1.1", "7", "10.99.0.1:3128"), "39 exit pid=4121 code=1", exec,
			begin, reached, NULL);
		UNIT_STRING(buffer_string(&r->told), cases[i].told);
		UNIT_STRING(r->over, cases[i].over);
		done(r);
	}
}

#define CLASSIC                                                                                    \
	RKE2_EXEC "env=CONTAINERD_HTTPS_PROXY=http://10.99.0.1:3128", NAMED, DROP_BEGIN, DROP_END, \
		RKE2_AGAIN(FIRST_RELAY), DIAL_BEGIN("41", "5000", "8", "10.99.0.1:3128"),          \
		REACHED("41.1", "8", "10.99.0.1:3128")

/* That the target is reached again is said only where it was. */
static void test_what_is_said(void)
{
	struct run *r = tell("", CLASSIC,
		"41.2 request socket=8 method=CONNECT host=index.docker.io port=443",
		"41.3 reply socket=8 status=200", NULL);

	UNIT_STRING(r->over, "index.docker.io:443 is reached again");
	done(r);
	r = tell("", CLASSIC, "41.2 request socket=8 method=CONNECT host=quay.io port=443",
		"41.3 reply socket=8 status=200", NULL);
	UNIT_STRING(r->over,
		"index.docker.io:443 no longer goes that way: the relay 10.99.0.1:3128 "
		"lets quay.io:443 through");
	done(r);
	/* It goes by the relay, which refuses it: that is another matter. */
	r = tell("", CLASSIC, "41.2 request socket=8 method=CONNECT host=index.docker.io port=443",
		"41.3 reply socket=8 status=407", "42 clock", NULL);
	UNIT_STRING(r->over, "");
	UNIT_STRING(buffer_string(&r->told), "containerd-scope/1 relay-auth/1 ");
	done(r);
	/* An answer was not seen. */
	r = tell("", CLASSIC, "100 clock", NULL);
	UNIT_STRING(r->over,
		"index.docker.io:443 no longer goes that way: the relay 10.99.0.1:3128 "
		"is asked");
	done(r);
	/* A relay that wanted a password and lets another host through now. */
	r = tell("", RKE2_EXEC FIRST_RELAY, DIAL_BEGIN("1", "4121", "7", "10.99.0.1:3128"),
		REACHED("1.1", "7", "10.99.0.1:3128"),
		"1.2 request socket=7 method=CONNECT host=index.docker.io port=443",
		"1.3 reply socket=7 status=407", DIAL_BEGIN("9", "4121", "8", "10.99.0.1:3128"),
		REACHED("9.1", "8", "10.99.0.1:3128"),
		"9.2 request socket=8 method=CONNECT host=quay.io port=443",
		"9.3 reply socket=8 status=200", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-auth/1 -relay-auth ");
	UNIT_STRING(r->over, "what stopped index.docker.io:443 is over: the relay 10.99.0.1:3128 "
			     "lets quay.io:443 through");
	done(r);
}

#define TO "10.99.0.1:3128"

/* Failures are told a moment late: those before a success do not open what it closed. */
static void test_failures_before_a_success_only_count(void)
{
	/* None was told when it came. */
	struct run *r = tell("", RKE2_EXEC FIRST_RELAY, DIAL_BEGIN("10", "4121", "1", TO),
		REFUSED("10.001", "1", TO), DIAL_BEGIN("10.01", "4121", "2", TO),
		REFUSED("10.011", "2", TO), DIAL_BEGIN("10.04", "4121", "3", TO),
		REACHED("10.05", "3", TO), "10.105 clock", "10.2 clock", "13 clock", NULL);

	UNIT_STRING(buffer_string(&r->told), "relay-unreachable/1 -relay-unreachable ");
	UNIT_CHECK(r->count == 2 && r->findings == 1);
	done(r);
	/* One was told long before. */
	r = tell("", RKE2_EXEC FIRST_RELAY, DIAL_BEGIN("5", "4121", "1", TO),
		REFUSED("5.001", "1", TO), "6 clock", DIAL_BEGIN("10.01", "4121", "2", TO),
		REFUSED("10.011", "2", TO), DIAL_BEGIN("10.04", "4121", "3", TO),
		REACHED("10.05", "3", TO), "10.2 clock", "13 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-unreachable/1 -relay-unreachable ");
	UNIT_CHECK(r->findings == 1);
	done(r);
	/* One failed after it: it is open. */
	r = tell("", RKE2_EXEC FIRST_RELAY, DIAL_BEGIN("10", "4121", "1", TO),
		REFUSED("10.001", "1", TO), DIAL_BEGIN("10.02", "4121", "2", TO),
		REACHED("10.03", "2", TO), DIAL_BEGIN("10.04", "4121", "3", TO),
		REFUSED("10.05", "3", TO), "10.2 clock", "13 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-unreachable/1 relay-unreachable/2 ");
	done(r);
	/* And one came back long after: the same finding, counted anew. */
	r = tell("", RKE2_EXEC FIRST_RELAY, DIAL_BEGIN("10", "4121", "1", TO),
		REFUSED("10.001", "1", TO), DIAL_BEGIN("10.02", "4121", "2", TO),
		REACHED("10.03", "2", TO), "13 clock", DIAL_BEGIN("20", "4121", "3", TO),
		REFUSED("20.1", "3", TO), "21 clock", NULL);
	UNIT_STRING(buffer_string(&r->told),
		"relay-unreachable/1 -relay-unreachable relay-unreachable/1 ");
	UNIT_CHECK(r->findings == 1);
	done(r);
}

int main(void)
{
	UNIT_RUN(test_a_relay_answers_for_itself);
	UNIT_RUN(test_what_is_said);
	UNIT_RUN(test_failures_before_a_success_only_count);
	return unit_status();
}
