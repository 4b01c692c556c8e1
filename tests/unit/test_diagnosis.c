// SPDX-License-Identifier: GPL-2.0-only
/* Stories through process table, dial tracker and diagnosis: what is found, told again, closed. */
#include "base/buffer.h"
#include "capture/recording.h"
#include "diagnose/diagnosis.h"
#include "diagnose/rules.h"
#include "model/dial_tracker.h"
#include "unit.h"

#include <stdarg.h>
#include <stdlib.h>

struct run {
	struct process_table processes;
	struct tracker *tracker;
	struct diagnosis *diagnosis;
	uint64_t now_ns;
	struct buffer told; /* "containerd-scope/1 " for each line, "-containerd-scope " resolved */
	struct buffer message, chain, missing, remedy; /* of the latest finding */
	char host[256], ip[ADDRESS_TEXT], id[17];
	unsigned int port, relay_port, severity;
	bool incomplete;
};

static void join(struct buffer *b, const struct lines *l)
{
	buffer_clear(b);
	for (size_t i = 0; i < l->count; i++)
		buffer_printf(b, "%s\n", l->text[i]);
}

static void on_finding(void *context, const struct finding *f, bool resolved)
{
	struct run *r = context;

	if (resolved) {
		buffer_printf(&r->told, "-%s ", f->rule->id);
		return;
	}
	buffer_printf(&r->told, "%s/%llu ", f->rule->id, (unsigned long long)f->count);
	buffer_clear(&r->message);
	buffer_append_string(&r->message, f->message);
	join(&r->chain, &f->chain);
	join(&r->missing, &f->missing);
	join(&r->remedy, &f->remedy);
	strcpy(r->host, f->host);
	strcpy(r->ip, f->ip);
	strcpy(r->id, f->id);
	r->port = f->port;
	r->relay_port = f->relay_port;
	r->severity = f->severity;
	r->incomplete = f->incomplete;
}

static void on_dial(void *context, const struct dial *d)
{
	diagnosis_dial(((struct run *)context)->diagnosis, d);
}

static void on_resolve(void *context, struct process *process, const struct event_name *name,
	uint16_t code, uint64_t time_ns)
{
	(void)context, (void)process, (void)name, (void)code, (void)time_ns;
}

static void on_relay(void *context, const struct dial *d)
{
	struct run *r = context;

	if (d->replied)
		diagnosis_relay(r->diagnosis, d, r->now_ns);
}

static void on_event(void *context, const struct event *event)
{
	struct run *r = context;
	struct process *p;

	r->now_ns = event->time_ns;
	if (event->kind == EVENT_START) {
		struct tracker_options tracking = {.pending_ns = event->start.pending_ns};
		struct diagnosis_options options = {.names = event->start.names};
		struct tracker_handler on_track = {r, on_dial, on_resolve, on_relay};
		struct diagnosis_handler on_diagnose = {r, on_finding};

		r->tracker = tracker_new(&tracking, &r->processes, &on_track);
		r->diagnosis = diagnosis_new(&options, &on_diagnose);
	}
	diagnosis_tick(r->diagnosis, event->time_ns);
	if (event->kind == EVENT_STOP) {
		tracker_flush(r->tracker, event->time_ns);
		diagnosis_flush(r->diagnosis, event->time_ns);
		return;
	}
	p = process_table_apply(&r->processes, event);
	tracker_apply(r->tracker, event);
	if (p && event->kind == EVENT_EXEC)
		diagnosis_process(r->diagnosis, event->time_ns, p);
	if (event->kind == EVENT_FACT)
		diagnosis_fact(r->diagnosis, event);
	if (event->kind == EVENT_LOSS)
		diagnosis_loss(r->diagnosis, event);
}

/* Runs the lines of a story; "start" and "stop" are put around them. */
static struct run *tell(const char *start, ...)
{
	struct run *r = calloc(1, sizeof(*r));
	struct buffer text = {0};
	struct source *source;
	const char *line;
	va_list ap;

	buffer_printf(
		&text, "relaytrace-recording 1\n0.0 start wall=1 host=n boot_id=b %s\n", start);
	va_start(ap, start);
	while ((line = va_arg(ap, const char *)))
		buffer_printf(&text, "%s\n", line);
	va_end(ap);
	buffer_append_string(&text, "5000 stop\nend\n");
	source = recording_open_text("story", buffer_string(&text), text.len);
	while (source_poll(source, UINT64_MAX, on_event, r) > 0)
		;
	source_close(source);
	tracker_free(r->tracker);
	diagnosis_free(r->diagnosis);
	process_table_free(&r->processes);
	buffer_free(&text);
	return r;
}

static void done(struct run *r)
{
	buffer_free(&r->told);
	buffer_free(&r->message);
	buffer_free(&r->chain);
	buffer_free(&r->missing);
	buffer_free(&r->remedy);
	free(r);
}

static bool has(const struct buffer *b, const char *text)
{
	if (strstr(buffer_string(b), text))
		return true;
	printf("# \"%s\" is not in: %s\n", text, buffer_string(b));
	return false;
}

#define RKE2_EXEC                                                                                  \
	"0.1 exec pid=4121 start=0.05 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2 "      \
	"arg=rke2 arg=agent cgroup=/system.slice/rke2-agent.service "
#define CONTAINERD_EXEC                                                                            \
	"0.1 exec pid=4200 start=0.05 parent=4121 comm=containerd file=/var/lib/rancher/rke2/"     \
	"data/v1.32.5-rke2r1-f08cac670b4e/bin/containerd arg=containerd "
/* Socket 7 of process 4121 to the registry: dropped, given up at 30 s. */
#define DROP_BEGIN                                                                                 \
	"1 state pid=4121 tid=4130 socket=7 from=10.0.0.2:40000 to=203.0.113.10:443 "              \
	"close>syn-sent"
#define DROP_END "31 state socket=7 from=10.0.0.2:40000 to=203.0.113.10:443 syn-sent>close"
#define NAMED                                                                                      \
	"0.9 answer pid=4121 server=10.0.0.53:53 id=1 type=A name=index.docker.io "                \
	"address=203.0.113.10"

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
	UNIT_CHECK(has(&r->remedy, "sed -i 's|^\\s*CONTAINERD_HTTPS_PROXY=\\([^\\r]*\\).*|&\\n"
				   "HTTPS_PROXY=\\1|' $(grep -ls"));
	UNIT_CHECK(has(&r->remedy, "printf '\\nNO_PROXY=127.0.0.0/8,10.0.0.0/8,"));
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
			"no-relay-match/1 ", "and the host does not answer"},
		{"env=HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=*", "no-relay-match/1 ",
			"\"*\""},
		{"env=\"HTTPS_PROXY=http://u:p%@10.77.9.1:3128\"", "value-dropped/1 ",
			"Go cannot parse its value (bad-escape)"},
		{"env=HTTPS_PROXY=", "relay-missing/1 ", "carries no relay variable"},
		{"env=HTTPS_PROXY=http://10.77.9.1:3128", "unexplained/1 ",
			"does not follow Go's rules"},
		{"env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128 "
		 "env=CONTAINERD_NO_PROXY=docker.io",
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

static void test_two_verdicts_of_one_tree(void)
{
	struct run *r = tell("", RKE2_EXEC "env=CONTAINERD_HTTPS_RELAY=http://10.77.9.1:3128",
		CONTAINERD_EXEC "env=HTTPS_RELAY=http://10.77.9.1:3128",
		"1 state pid=4200 socket=7 to=203.0.113.10:443 close>syn-sent",
		"31 state socket=7 to=203.0.113.10:443 syn-sent>close", NULL);

	UNIT_STRING(buffer_string(&r->told), "name-unread/1 ");
	UNIT_CHECK(has(&r->remedy, "CONTAINERD_HTTPS_RELAY=\\([^\\r]*\\).*|&\\n"
				   "CONTAINERD_HTTPS_PROXY=\\1|"));
	done(r);
	/* containerd's success by the relay says nothing about rke2. */
	r = tell("", RKE2_EXEC "env=CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128",
		CONTAINERD_EXEC "env=HTTPS_PROXY=http://10.77.9.1:3128", DROP_BEGIN, DROP_END,
		"40 state pid=4200 socket=8 to=10.77.9.1:3128 close>syn-sent",
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

int main(void)
{
	UNIT_RUN(test_classic);
	UNIT_RUN(test_classic_of_a_relay_site);
	UNIT_RUN(test_variables);
	UNIT_RUN(test_names_told);
	UNIT_RUN(test_relay_unreachable);
	UNIT_RUN(test_relay_answers);
	UNIT_RUN(test_relay_silent_is_told_once);
	UNIT_RUN(test_one_finding_with_a_count);
	UNIT_RUN(test_two_verdicts_of_one_tree);
	UNIT_RUN(test_silence);
	UNIT_RUN(test_local_matter_persists);
	UNIT_RUN(test_network);
	UNIT_RUN(test_a_secret_that_is_looked_up);
	UNIT_RUN(test_pending_is_told_once);
	UNIT_RUN(test_loss_and_snapshots);
	UNIT_RUN(test_rules_are_whole);
	return unit_status();
}
