// SPDX-License-Identifier: GPL-2.0-only
/* What is found in a story, told again, and closed. */
#include "diagnosis_story.h"

static void test_classic(void)
{
	struct run *r = tell("", RKE2_EXEC "env=CONTAINERD_HTTPS_PROXY=http://u:p@10.77.9.1:3128",
		NAMED, DROP_BEGIN, DROP_END, NULL);

	UNIT_STRING(buffer_string(&r->told), "containerd-scope/1 ");
	UNIT_STRING(buffer_string(&r->message),
		"rke2 (pid 4121) dialled index.docker.io:443 directly and gave up after 30.0 s: "
		"only "
		"CONTAINERD_HTTPS_PROXY is set, and that reaches containerd alone");
	UNIT_STRING(buffer_string(&r->missing), "HTTPS_PROXY\n");
	UNIT_CHECK(has(&r->remedy, "sed -i --follow-symlinks "
				   "'s|^\\s*CONTAINERD_HTTPS_PROXY\\s*=\\s*\\([^\\r]*\\).*|&\\n"
				   "HTTPS_PROXY=\\1|' $(grep -ls"));
	UNIT_CHECK(has(&r->remedy, "printf '\\n\\n%s\\n' 'NO_PROXY=127.0.0.0/8,10.0.0.0/8,"));
	UNIT_CHECK(has(&r->remedy, "systemctl restart rke2-agent\n"));
	UNIT_CHECK(has(&r->remedy, "/var/lib/rancher/rke2/agent/images/"));
	UNIT_CHECK(!strstr(buffer_string(&r->remedy), "***"));
	UNIT_STRING(r->host, "index.docker.io");
	UNIT_STRING(r->ip, "203.0.113.10");
	UNIT_CHECK(r->port == 443 && r->severity == SEVERITY_ERROR && !r->incomplete);
	done(r);
}

static void test_classic_of_a_relay_site(void)
{
	struct run *r = tell("", RKE2_EXEC "env=CONTAINERD_HTTPS_RELAY=http://10.77.9.1:3128",
		NAMED, DROP_BEGIN, DROP_END, NULL);

	UNIT_STRING(buffer_string(&r->told), "containerd-scope/1 ");
	UNIT_STRING(buffer_string(&r->missing), "HTTPS_PROXY\nHTTPS_RELAY\n");
	UNIT_CHECK(has(&r->remedy, "stock RKE2 reads HTTPS_PROXY"));
	UNIT_CHECK(has(&r->remedy, "&\\nHTTPS_PROXY=\\1\\nHTTPS_RELAY=\\1|"));
	done(r);
}

static void test_variables(void)
{
	static const struct {
		const char *env, *told, *says;
	} cases[] = {
		{"", "relay-missing/1 ", "no relay is known here"},
		{"env=HTTPS_RELAY=http://10.77.9.1:3128", "name-unread/1 ",
			"it carries HTTPS_RELAY"},
		{"env=Https_Proxy=http://10.77.9.1:3128", "name-unread/1 ", "reads HTTPS_PROXY"},
		{"env=HTTP_PROXY=http://10.77.9.1:3128", "scheme-uncovered/1 ",
			"HTTP_PROXY is set, and https needs HTTPS_PROXY"},
		{"env=ALL_PROXY=http://10.77.9.1:3128", "scheme-uncovered/1 ", "ALL_PROXY is set"},
		{"env=HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=10.0.0.0/8,docker.io",
			"no-relay-match/1 ", "the entry \"docker.io\" of NO_PROXY sent it past"},
		{"env=HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=index.docker.io",
			"no-relay-match/1 ", "what fails is the host"},
		{"env=HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=*", "no-relay-match/1 ",
			"\"*\""},
		{"env=\"HTTPS_PROXY=http://u:p%@10.77.9.1:3128\"", "value-dropped/1 ",
			"Go cannot parse its value (bad-escape)"},
		{"env=HTTPS_PROXY=", "relay-missing/1 ", "carries no relay variable"},
		{"env=HTTPS_PROXY=http://10.77.9.1:3128", "unexplained/1 ",
			"does not follow Go's rules"},
		/* What containerd's own list says decides only where it means just this host. */
		{"env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128 "
		 "env=CONTAINERD_NO_PROXY=docker.io",
			"containerd-scope/1 ", "only CONTAINERD_HTTPS_PROXY is set"},
		{"env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=*",
			"containerd-scope/1 ", "only CONTAINERD_HTTPS_PROXY is set"},
		{"env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128 "
		 "env=CONTAINERD_NO_PROXY=10.0.0.0/8,index.docker.io",
			"unexplained/1 ", ""},
		{"env=HTTP_PROXY=http://1.2.3.4:1 env=http_proxy=http://1.2.3.5:1",
			"scheme-uncovered/1 case-conflict/1 ", "HTTP_PROXY and http_proxy"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer exec = {0};
		struct run *r;

		buffer_printf(&exec, RKE2_EXEC "%s", cases[i].env);
		r = tell("", buffer_string(&exec), NAMED, DROP_BEGIN, DROP_END, NULL);
		UNIT_STRING(buffer_string(&r->told), cases[i].told);
		UNIT_CHECK(has(&r->message, cases[i].says));
		done(r);
		buffer_free(&exec);
	}
}

static void test_names_told(void)
{
	struct run *r =
		tell("names=RELAY", RKE2_EXEC "env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128",
			NAMED, DROP_BEGIN, DROP_END, NULL);

	UNIT_STRING(buffer_string(&r->told), "containerd-scope/1 ");
	UNIT_STRING(buffer_string(&r->missing), "HTTPS_RELAY\nHTTPS_PROXY\n");
	done(r);
	r = tell("names=RELAY", RKE2_EXEC "env=HTTPS_PROXY=http://10.77.9.1:3128", NAMED,
		DROP_BEGIN, DROP_END, NULL);
	UNIT_STRING(buffer_string(&r->told), "name-unread/1 ");
	UNIT_CHECK(has(&r->chain, "stock programs read it; --names RELAY takes rke2 for one that "
				  "reads names in _RELAY instead"));
	done(r);
	/* A supervisor that dials the relay which only HTTPS_RELAY names evidently reads it. */
	r = tell("", RKE2_EXEC "env=HTTPS_RELAY=http://10.77.9.1:3128",
		"1 state pid=4121 socket=6 to=10.77.9.1:3128 close>syn-sent",
		"1.1 state socket=6 to=10.77.9.1:3128 syn-sent>established",
		"2 exec pid=4122 start=1.9 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2",
		"3 state pid=4122 socket=8 to=203.0.113.10:443 close>syn-sent",
		"33 state socket=8 to=203.0.113.10:443 syn-sent>close", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 ");
	UNIT_STRING(buffer_string(&r->missing), "HTTPS_RELAY\nHTTPS_PROXY\n");
	done(r);
}

static void test_one_finding_with_a_count(void)
{
	struct run *r, *s;

	/* Three addresses of one name; two tries without any name. */
	r = tell("", RKE2_EXEC,
		"0.9 answer pid=4121 id=1 name=index.docker.io address=203.0.113.10 "
		"address=203.0.113.11 address=203.0.113.12",
		"1 state pid=4121 socket=7 to=203.0.113.10:443 close>syn-sent",
		"11 state socket=7 to=203.0.113.10:443 syn-sent>close",
		"11 state pid=4121 socket=8 to=203.0.113.11:443 close>syn-sent",
		"21 state socket=8 to=203.0.113.11:443 syn-sent>close",
		"21 state pid=4121 socket=9 to=203.0.113.12:443 close>syn-sent",
		"31 state socket=9 to=203.0.113.12:443 syn-sent>close", "33 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 relay-missing/3 ");
	done(r);
	r = tell("", RKE2_EXEC, "1 state pid=4121 socket=7 to=203.0.113.10:443 close>syn-sent",
		"11 state socket=7 to=203.0.113.10:443 syn-sent>close",
		"11 state pid=4121 socket=8 to=203.0.113.11:443 close>syn-sent",
		"21 state socket=8 to=203.0.113.11:443 syn-sent>close",
		"700 state pid=4121 socket=9 to=203.0.113.10:443 close>syn-sent",
		"701 state socket=9 to=203.0.113.10:443 syn-sent>close", "1400 clock",
		"1401 state pid=4121 socket=10 to=203.0.113.10:443 close>syn-sent",
		"1401.1 state socket=10 to=203.0.113.10:443 syn-sent>established", NULL);
	UNIT_STRING(buffer_string(&r->told),
		"relay-missing/1 relay-missing/2 relay-missing/3 -relay-missing ");
	/* The id outlives a crash loop: another process of the same program, in another run. */
	s = tell("",
		"0.1 exec pid=99 start=0.05 parent=1 tree=rke2 comm=rke2 "
		"file=/usr/local/bin/rke2 cgroup=/system.slice/rke2-agent.service",
		"1 state pid=99 socket=7 to=203.0.113.10:443 close>syn-sent",
		"11 state socket=7 to=203.0.113.10:443 syn-sent>close", NULL);
	UNIT_STRING(s->id, r->id);
	done(r);
	done(s);
}

#define RELAY "env=HTTPS_PROXY=http://10.77.9.1:3128 "

static void test_the_list_of_containerd(void)
{
	static const struct {
		const char *env, *told;
	} cases[] = {
		{RELAY, ""}, /* by CONTAINERD_ alone, and no list: meant so */
		{RELAY "env=NO_PROXY=.svc,.cluster.local", "cluster-via-relay/1 "},
		{RELAY "env=NO_PROXY=10.43.*,10.42.0.0/16", "cluster-via-relay/1 "},
		{RELAY "env=NO_PROXY=10.43.0.1", ""},
		{RELAY "env=NO_PROXY=*", ""},
		{RELAY "env=NO_PROXY=10.43.0.0/16,172.16.*", "entry-unread/1 "},
		{"env=NO_PROXY=172.16.*", ""}, /* no relay, no harm */
		{"env=HTTP_PROXY=http://10.77.9.1:3128", ""},
		{"", ""},
	};
	struct run *r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer exec = {0};

		buffer_printf(&exec, CONTAINERD_EXEC "%s", cases[i].env);
		r = tell("", RKE2_EXEC, buffer_string(&exec), NULL);
		UNIT_STRING(buffer_string(&r->told), cases[i].told);
		if (strstr(cases[i].told, "cluster"))
			UNIT_CHECK(r->severity == SEVERITY_WARNING && r->port == 443);
		buffer_free(&exec);
		done(r);
	}
	/* The services' range as the configuration has it. */
	r = tell("", RKE2_EXEC,
		"0.2 fact key=config field=service-cidr field=100.64.0.0/16 field=/c:1",
		CONTAINERD_EXEC RELAY "env=NO_PROXY=10.0.0.0/8", NULL);
	UNIT_STRING(buffer_string(&r->told), "cluster-via-relay/1 ");
	UNIT_STRING(r->host, "100.64.0.1");
	done(r);
	/* A containerd that no rke2 started has no cluster. */
	r = tell("",
		"0.5 exec pid=4200 start=0.4 parent=1 tree=containerd comm=containerd "
		"file=/usr/bin/containerd " RELAY,
		NULL);
	UNIT_STRING(buffer_string(&r->told), "");
	done(r);
}

static void test_two_verdicts_of_one_tree(void)
{
	struct run *r = tell("", RKE2_EXEC "env=CONTAINERD_HTTPS_RELAY=http://10.77.9.1:3128",
		CONTAINERD_EXEC "env=HTTPS_RELAY=http://10.77.9.1:3128",
		"1 state pid=4200 socket=7 to=203.0.113.10:443 close>syn-sent",
		"31 state socket=7 to=203.0.113.10:443 syn-sent>close", NULL);

	UNIT_STRING(buffer_string(&r->told), "name-unread/1 ");
	UNIT_CHECK(has(&r->remedy, "CONTAINERD_HTTPS_RELAY\\s*=\\s*\\([^\\r]*\\).*|&\\n"
				   "CONTAINERD_HTTPS_PROXY=\\1|"));
	done(r);
	/* containerd's success by the relay says nothing about rke2. */
	r = tell("", RKE2_EXEC "env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128",
		CONTAINERD_EXEC "env=HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=10.0.0.0/8",
		DROP_BEGIN, DROP_END, "40 state pid=4200 socket=8 to=10.77.9.1:3128 close>syn-sent",
		"40.1 state socket=8 to=10.77.9.1:3128 syn-sent>established",
		"40.2 request socket=8 method=CONNECT host=registry-1.docker.io port=443",
		"40.3 reply socket=8 status=200",
		"50 exec pid=4300 start=49 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2 "
		"arg=rke2 arg=agent env=HTTPS_PROXY=http://10.77.9.1:3128",
		"51 state pid=4300 socket=9 to=10.77.9.1:3128 close>syn-sent",
		"51.1 state socket=9 to=10.77.9.1:3128 syn-sent>established", NULL);
	UNIT_STRING(buffer_string(&r->told), "containerd-scope/1 -containerd-scope ");
	done(r);
}

static void test_silence(void)
{
	struct run *r;

	/* IPv6 without a route, IPv4 works. */
	r = tell("", RKE2_EXEC,
		"1 connect pid=4121 socket=6 to=[2001:db8::10]:443 result=-ENETUNREACH",
		"1.001 state pid=4121 socket=7 to=203.0.113.10:443 close>syn-sent",
		"1.02 state socket=7 to=203.0.113.10:443 syn-sent>established", NULL);
	UNIT_STRING(buffer_string(&r->told), "");
	done(r);
	/* IPv6 without a route, IPv4 dropped: one finding, about IPv4. */
	r = tell("", RKE2_EXEC,
		"1 connect pid=4121 socket=6 to=[2001:db8::10]:443 result=-ENETUNREACH",
		"1.001 state pid=4121 socket=7 to=203.0.113.10:443 close>syn-sent",
		"31 state socket=7 to=203.0.113.10:443 syn-sent>close", "33 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 ");
	UNIT_STRING(r->ip, "203.0.113.10");
	done(r);
	/* No IPv4 at all: told, late. */
	r = tell("", RKE2_EXEC,
		"1 connect pid=4121 socket=6 to=[2001:db8::10]:443 result=-ENETUNREACH", "90 clock",
		NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 ");
	done(r);
	/* Both dropped. */
	r = tell("", RKE2_EXEC, "1 state pid=4121 socket=6 to=[2001:db8::10]:443 close>syn-sent",
		"1.3 state pid=4121 socket=7 to=203.0.113.10:443 close>syn-sent",
		"31 state socket=6 to=[2001:db8::10]:443 syn-sent>close",
		"31.001 state socket=7 to=203.0.113.10:443 syn-sent>close", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 relay-missing/2 ");
	done(r);
	/* Killed while dialling. */
	r = tell("", RKE2_EXEC, DROP_BEGIN, "5 signal pid=4121 signal=15",
		"5.1 state socket=7 to=203.0.113.10:443 syn-sent>close", "5.2 exit pid=4121", NULL);
	UNIT_STRING(buffer_string(&r->told), "");
	done(r);
	/* Spegel refused, then the next endpoint works; a supervisor join that is retried. */
	r = tell("", RKE2_EXEC, "1 state pid=4121 socket=6 to=127.0.0.1:9345 close>syn-sent",
		"1.001 state socket=6 to=127.0.0.1:9345 syn-sent>close error=ECONNREFUSED",
		"2 state pid=4121 socket=7 to=203.0.113.10:443 close>syn-sent",
		"2.1 state socket=7 to=203.0.113.10:443 syn-sent>established",
		"3 state pid=4121 socket=8 to=10.0.0.1:9345 close>syn-sent",
		"3.001 state socket=8 to=10.0.0.1:9345 syn-sent>close error=ECONNREFUSED",
		"33 state pid=4121 socket=9 to=10.0.0.1:9345 close>syn-sent",
		"33.001 state socket=9 to=10.0.0.1:9345 syn-sent>established", NULL);
	UNIT_STRING(buffer_string(&r->told), "");
	done(r);
}

static void test_local_matter_persists(void)
{
	struct run *r =
		tell("", RKE2_EXEC, "1 state pid=4121 socket=6 to=10.0.0.1:9345 close>syn-sent",
			"1.001 state socket=6 to=10.0.0.1:9345 syn-sent>close error=ECONNREFUSED",
			"40 state pid=4121 socket=7 to=10.0.0.1:9345 close>syn-sent",
			"40.001 state socket=7 to=10.0.0.1:9345 syn-sent>close error=ECONNREFUSED",
			"70 state pid=4121 socket=8 to=10.0.0.1:9345 close>syn-sent",
			"70.001 state socket=8 to=10.0.0.1:9345 syn-sent>close error=ECONNREFUSED",
			"80 state pid=4121 socket=9 to=10.0.0.1:9345 close>syn-sent",
			"80.001 state socket=9 to=10.0.0.1:9345 syn-sent>established", NULL);

	UNIT_STRING(buffer_string(&r->told), "not-a-relay-matter/1 -not-a-relay-matter ");
	UNIT_CHECK(r->severity == SEVERITY_INFO);
	done(r);
}

static void test_network(void)
{
	struct run *r;

	r = tell("", RKE2_EXEC, "1 connect pid=4121 socket=6 to=203.0.113.10:443 result=-EACCES",
		NULL);
	UNIT_STRING(buffer_string(&r->told), "not-a-relay-matter/1 ");
	done(r);
	r = tell("", RKE2_EXEC,
		"1 connect pid=4121 socket=6 to=203.0.113.10:443 result=-ENETUNREACH", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 ");
	UNIT_CHECK(has(&r->message, "found it unreachable (ENETUNREACH)"));
	done(r);
	r = tell("", RKE2_EXEC, "1 state pid=4121 socket=7 to=10.0.0.5:443 close>syn-sent",
		"1.1 state socket=7 to=10.0.0.5:443 syn-sent>close error=ECONNREFUSED", NULL);
	UNIT_STRING(buffer_string(&r->told), "unexplained/1 ");
	done(r);
	r = tell("", RKE2_EXEC, DROP_BEGIN,
		"1.1 state socket=7 to=203.0.113.10:443 "
		"syn-sent>established",
		"1.2 hello socket=7 host=index.docker.io",
		"1.3 state socket=7 to=203.0.113.10:443 established>close error=ECONNRESET", NULL);
	UNIT_STRING(buffer_string(&r->told), "direct-reset/1 ");
	done(r);
	r = tell("", RKE2_EXEC, "1 question pid=4121 id=9 name=index.docker.io",
		"1.1 answer pid=4121 id=9 name=index.docker.io code=NXDOMAIN", "20 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "resolver-failed/1 ");
	done(r);
	r = tell("", RKE2_EXEC "env=HTTPS_PROXY=http://relay.corp:3128",
		"1 question pid=4121 id=9 name=relay.corp",
		"1.1 answer pid=4121 id=9 name=relay.corp code=NXDOMAIN", "20 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-unresolved/1 ");
	UNIT_CHECK(r->port == 3128);
	done(r);
	r = tell("", RKE2_EXEC "env=\"HTTPS_PROXY=http://relay:3128 \"",
		"1 question pid=4121 id=9 name=http",
		"1.1 answer pid=4121 id=9 name=http code=NXDOMAIN", "20 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "value-misread/1 ");
	done(r);
}

static void test_pending_is_told_once(void)
{
	/* Told with its outcome; at the end, if that never came. */
	struct run *r = tell("", RKE2_EXEC, DROP_BEGIN, "25 clock", DROP_END, NULL);

	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 ");
	UNIT_CHECK(has(&r->message, "gave up after 30.0 s"));
	done(r);
	r = tell("", RKE2_EXEC, DROP_BEGIN, "25 clock", NULL);
	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 ");
	UNIT_CHECK(has(&r->message, "was still waiting after 20.0 s"));
	done(r);
}

static void test_loss_and_snapshots(void)
{
	struct run *r = tell("", RKE2_EXEC, DROP_BEGIN, "9 loss state=1", DROP_END, NULL);

	UNIT_CHECK(r->incomplete);
	done(r);
	r = tell("", RKE2_EXEC, "0.2 loss sink=1", DROP_BEGIN, DROP_END, NULL);
	UNIT_CHECK(!r->incomplete);
	done(r);
	r = tell("",
		RKE2_EXEC "found env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128 "
			  "origin=snapshot env-first-lost",
		DROP_BEGIN, DROP_END, NULL);
	UNIT_CHECK(has(&r->message, "only CONTAINERD_HTTPS_PROXY was seen in its environment"));
	UNIT_CHECK(has(&r->chain, "HTTPS_PROXY was not seen in rke2's environment"));
	done(r);
}

static void test_rules_are_whole(void)
{
	size_t count;
	const struct rule *rules = rules_all(&count);

	for (size_t i = 0; i < count; i++) {
		UNIT_CHECK(rule_find(rules[i].id) == &rules[i]);
		UNIT_CHECK(rules[i].applies && rules[i].title && rules[i].says && rules[i].needs &&
			   rules[i].confused && rules[i].remedy);
		UNIT_CHECK(!strncmp(rules[i].reference, "https://", 8));
	}
	UNIT_CHECK(!rule_find("x"));
}

/* Two registries by address, tried at once one after the other, are two targets; the order is nothing to the ids. */
static void test_nameless_targets(void)
{
	const char *const a[] = {"1 state pid=4121 socket=7 from=10.0.0.2:1 to=198.51.100.3:443 "
				 "close>syn-sent",
		"1.01 state socket=7 from=10.0.0.2:1 to=198.51.100.3:443 syn-sent>close "
		"error=ECONNREFUSED"};
	const char *const b[] = {"1.011 state pid=4121 socket=8 from=10.0.0.2:2 "
				 "to=203.0.113.12:443 close>syn-sent",
		"1.02 state socket=8 from=10.0.0.2:2 to=203.0.113.12:443 syn-sent>close "
		"error=ECONNREFUSED"};
	struct run *r = tell("", RKE2_EXEC, a[0], a[1], b[0], b[1], NULL);
	char id[17];

	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 relay-missing/1 ");
	UNIT_STRING(r->ip, "203.0.113.12");
	memcpy(id, r->id, sizeof(id));
	done(r);
	r = tell("", RKE2_EXEC, b[0], b[1], NULL);
	UNIT_STRING(r->id, id);
	done(r);
}

/* A failure is told a moment after it happened: what succeeded within that moment closes it all the same. */
static void test_success_before_told(void)
{
	struct run *r = tell("", RKE2_EXEC,
		"1 state pid=4121 socket=7 from=10.0.0.2:1 to=198.51.100.3:443 close>syn-sent",
		"1.01 state socket=7 from=10.0.0.2:1 to=198.51.100.3:443 syn-sent>close "
		"error=ECONNREFUSED",
		"1.02 state pid=4121 socket=8 from=10.0.0.2:2 to=198.51.100.3:443 close>syn-sent",
		"1.03 state socket=8 from=10.0.0.2:2 to=198.51.100.3:443 syn-sent>established",
		NULL);

	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 -relay-missing ");
	done(r);
}

/* A shell that becomes rke2 begins a tree of another name: the role and the program are the same. */
static void test_success_in_another_tree(void)
{
	struct run *r = tell("",
		"0.1 exec pid=4100 start=0.05 parent=1 tree=bash comm=bash file=/bin/bash",
		"0.2 fork pid=4100 start=0.05 child=4121 child_start=0.2",
		"0.3 exec pid=4121 start=0.2 parent=4100 comm=rke2 file=/usr/local/bin/rke2",
		"1 state pid=4121 socket=7 from=10.0.0.2:1 to=198.51.100.3:443 close>syn-sent",
		"1.01 state socket=7 from=10.0.0.2:1 to=198.51.100.3:443 syn-sent>close "
		"error=ECONNREFUSED",
		"2 exit pid=4121 code=1",
		"3 exec pid=4100 start=0.05 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2",
		"4 state pid=4100 socket=8 from=10.0.0.2:2 to=198.51.100.3:443 close>syn-sent",
		"4.03 state socket=8 from=10.0.0.2:2 to=198.51.100.3:443 syn-sent>established",
		NULL);

	UNIT_STRING(buffer_string(&r->told), "relay-missing/1 -relay-missing ");
	done(r);
}

int main(void)
{
	UNIT_RUN(test_classic);
	UNIT_RUN(test_classic_of_a_relay_site);
	UNIT_RUN(test_variables);
	UNIT_RUN(test_names_told);
	UNIT_RUN(test_one_finding_with_a_count);
	UNIT_RUN(test_the_list_of_containerd);
	UNIT_RUN(test_two_verdicts_of_one_tree);
	UNIT_RUN(test_silence);
	UNIT_RUN(test_local_matter_persists);
	UNIT_RUN(test_network);
	UNIT_RUN(test_pending_is_told_once);
	UNIT_RUN(test_loss_and_snapshots);
	UNIT_RUN(test_nameless_targets);
	UNIT_RUN(test_success_before_told);
	UNIT_RUN(test_success_in_another_tree);
	UNIT_RUN(test_rules_are_whole);
	return unit_status();
}
