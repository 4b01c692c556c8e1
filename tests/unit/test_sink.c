// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sinks.  Every JSON line that is made here is also appended to the file that $SCHEMA_LINES
 * names, which tests/suites/30-schema.fast.sh validates.
 */
#include "diagnose/rules.h"
#include "output/sink.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define S_NS 1000000000ull

/* What a traced program may choose as a name: terminal escapes, C1, bidi, bytes that are no UTF-8. */
#define HOSTILE                                                                                    \
	"a\x1b]0;t\x07\n\xc2\x9b"                                                                  \
	"31m\xe2\x80\xae\xff\"\\"

static const struct rule rule = {
	.id = "containerd-scope",
	.title = "CONTAINERD_ variables reach containerd alone",
	.reference = "https://github.com/rancher/rke2/issues/1834",
};

/* A small world: rke2, which carries what reached containerd alone, and its dial that failed. */
struct world {
	struct process process;
	struct dial dial;
	struct finding finding;
	struct totals totals;
	struct summary_row row;
	struct event_start start;
	struct event_name name;
	char *args[3];
	struct sink *json, *text;
	struct buffer out;
};

static void add(struct environment *e, const char *name, const char *value)
{
	UNIT_CHECK(environment_add(e, name, strlen(name), value, strlen(value), false, NULL) == 0);
}

static void world_open(struct world *w)
{
	struct address remote;

	memset(w, 0, sizeof(*w));
	address_parse("203.0.113.10", &remote);
	remote.port = 443;
	w->args[0] = "rke2";
	w->args[1] = "agent";
	w->process = (struct process){.references = 1,
		.pid = 4121,
		.start_ns = S_NS / 2,
		.parent_pid = 1,
		.entity_id = "6b1c2d3e-4121-500000000",
		.tree = "rke2",
		.role = ROLE_SUPERVISOR,
		.name = "rke2",
		.executable = "/usr/local/bin/rke2",
		.unit = "rke2-agent.service",
		.args = w->args,
		.arg_count = 2,
		.environment = environment_new(ENVIRONMENT_EXEC)};
	add(w->process.environment, "CONTAINERD_HTTPS_PROXY", "http://joe:hunter2@relay:3128");
	w->dial = (struct dial){.id = 17,
		.process = &w->process,
		.environment = w->process.environment,
		.remote = remote,
		.begin_ns = 1 * S_NS,
		.end_ns = 31 * S_NS + 412345,
		.outcome = DIAL_ABANDONED,
		.path = DIAL_DIRECT,
		.name = "index.docker.io",
		.name_from = NAME_DNS};
	w->finding = (struct finding){.id = "0123456789abcdef",
		.rule = &rule,
		.severity = SEVERITY_ERROR,
		.count = 1,
		.first_ns = 31 * S_NS,
		.last_ns = 31 * S_NS,
		.message = "rke2 (pid 4121) dialled index.docker.io:443 directly and gave up after "
			   "30.0 s",
		.chain = {3,
			{"dial failed", "went direct", "HTTPS_PROXY not in rke2's environment"}},
		.missing = {1, {"HTTPS_PROXY"}},
		.remedy = {2, {"sed -n 's/^CONTAINERD_//p' /etc/default/rke2-agent "
			       ">>/etc/default/rke2-agent",
				      "systemctl restart rke2-agent"}},
		.process = &w->process,
		.dial = &w->dial,
		.host = "index.docker.io",
		.ip = "203.0.113.10",
		.port = 443};
	w->totals.seen[EVENT_EXEC] = 1;
	w->totals.findings = w->totals.errors = 1;
	w->totals.dials[ROLE_SUPERVISOR][DIAL_DIRECT][DIAL_ABANDONED] = 3;
	w->row.process = &w->process;
	w->row.dials[DIAL_DIRECT][DIAL_ABANDONED] = 3;
	w->row.dials[DIAL_DIRECT][DIAL_ESTABLISHED] = 1;
	w->start = (struct event_start){.host = "node1",
		.boot_id = "6b1c2d3e",
		.version = "0.1.0",
		.names = "auto",
		.hooks = "connect=fexit tcp=tp_btf",
		.pending_ns = 20 * S_NS};
	w->name = (struct event_name){
		.type = 1, .id = 7, .name = "index.docker.io", .address_count = 1};
	w->name.addresses[0] = remote;
	address_parse("127.0.0.53", &w->name.server);
	w->name.server.port = 53;
	w->json = sink_json_new();
	w->text = sink_text_new();
	/* 2025-11-24T00:43:20Z */
	w->json->context = w->text->context = (struct sink_context){
		.wall_offset_ns = 1763945000ll * (int64_t)S_NS, .host = "node1"};
}

static void world_close(struct world *w)
{
	environment_unref(w->process.environment);
	sink_free(w->json);
	sink_free(w->text);
	buffer_free(&w->out);
}

static struct report report_of(struct world *w, enum report_kind kind)
{
	struct report r = {.kind = kind, .time_ns = 31 * S_NS + 412345};

	switch (kind) {
	case REPORT_START:
		r.time_ns = 0;
		r.start = &w->start;
		break;
	case REPORT_STOP:
		r.rows = &w->row;
		r.row_count = 1;
		/* fall through */
	case REPORT_LOSS:
	case REPORT_HEARTBEAT:
		r.totals = &w->totals;
		break;
	case REPORT_DIAL:
	case REPORT_RELAY:
		r.dial = &w->dial;
		r.process = &w->process;
		break;
	default:
		r.process = &w->process;
		r.name = &w->name;
		r.finding = &w->finding;
	}
	return r;
}

/* The report as JSON; the text is valid until the next. */
static const char *json_of(struct world *w, const struct report *r)
{
	const char *lines = getenv("SCHEMA_LINES");

	buffer_clear(&w->out);
	w->json->ops->format(w->json, r, &w->out);
	if (lines && w->out.len) {
		int fd = open(lines, O_WRONLY | O_APPEND | O_CREAT, 0600);

		UNIT_CHECK(write(fd, w->out.data, w->out.len) == (ssize_t)w->out.len);
		close(fd);
	}
	return buffer_string(&w->out);
}

static const char *text_of(struct world *w, const struct report *r)
{
	buffer_clear(&w->out);
	w->text->ops->format(w->text, r, &w->out);
	return buffer_string(&w->out);
}

#define BEGIN(time)                                                                                \
	"{\"@timestamp\":\"" time "\",\"ecs\":{\"version\":\"8.17\"},\"host\":{\"name\":"          \
				  "\"node1\"},"
#define AT "2025-11-24T00:43:51.000412345Z"
#define PROCESS                                                                                    \
	"\"process\":{\"pid\":4121,\"name\":\"rke2\",\"entity_id\":\"6b1c2d3e-4121-500000000\"}"

static void test_json_exec_dial_and_finding_as_designed(void)
{
	struct world w;
	struct report r;

	world_open(&w);
	r = report_of(&w, REPORT_EXEC);
	UNIT_STRING(json_of(&w, &r),
		BEGIN(AT) "\"event\":{\"kind\":\"event\",\"action\":\"exec\"},\"process\":{\"pid\":"
			  "4121,"
			  "\"name\":\"rke2\",\"executable\":\"/usr/local/bin/"
			  "rke2\",\"args\":[\"rke2\",\"agent\"],"
			  "\"args_count\":2,\"entity_id\":\"6b1c2d3e-4121-500000000\","
			  "\"start\":\"2025-11-24T00:43:20.500000000Z\",\"parent\":{\"pid\":1},"
			  "\"env_vars\":[\"CONTAINERD_HTTPS_PROXY=http://***:***@relay:3128\"]},"
			  "\"service\":{\"name\":\"rke2-agent.service\"},"
			  "\"relaytrace\":{\"schema_version\":1,\"tree\":\"rke2\",\"role\":"
			  "\"supervisor\",\"found\":false,"
			  "\"args_truncated\":false,\"environment\":{\"origin\":\"exec\","
			  "\"truncated\":false,"
			  "\"faults\":[{\"variable\":\"CONTAINERD_HTTPS_PROXY\",\"fault\":"
			  "\"credentials\"}]}}}\n");
	r = report_of(&w, REPORT_DIAL);
	UNIT_STRING(json_of(&w, &r),
		BEGIN(AT) "\"event\":{\"kind\":\"event\",\"action\":\"dial\",\"outcome\":"
			  "\"failure\","
			  "\"reason\":\"abandoned\",\"duration\":30000412345}," PROCESS
			  ",\"network\":{\"transport\":\"tcp\",\"type\":\"ipv4\"},"
			  "\"destination\":{\"address\":\"index.docker.io\",\"domain\":\"index."
			  "docker.io\","
			  "\"ip\":\"203.0.113.10\",\"port\":443},\"relaytrace\":{\"schema_"
			  "version\":1,"
			  "\"role\":\"supervisor\",\"dial\":{\"id\":17,\"outcome\":\"abandoned\","
			  "\"path\":\"direct\","
			  "\"errno\":0,\"name_from\":\"dns\"}}}\n");
	r = report_of(&w, REPORT_FINDING);
	UNIT_STRING(json_of(&w, &r),
		BEGIN(AT) "\"event\":{\"kind\":\"alert\",\"action\":\"finding\",\"code\":"
			  "\"containerd-scope\","
			  "\"severity\":3},\"rule\":{\"id\":\"containerd-scope\","
			  "\"name\":\"CONTAINERD_ variables reach containerd alone\","
			  "\"reference\":\"https://github.com/rancher/rke2/issues/1834\"},"
			  "\"message\":\"rke2 (pid 4121) dialled index.docker.io:443 directly and "
			  "gave up after 30.0 s\"," PROCESS
			  ",\"service\":{\"name\":\"rke2-agent.service\"},"
			  "\"destination\":{\"address\":\"index.docker.io\",\"domain\":\"index."
			  "docker.io\","
			  "\"ip\":\"203.0.113.10\",\"port\":443},\"relaytrace\":{\"schema_"
			  "version\":1,"
			  "\"role\":\"supervisor\",\"severity\":\"error\",\"dial\":{\"id\":17,"
			  "\"outcome\":\"abandoned\","
			  "\"path\":\"direct\",\"errno\":0},\"chain\":[\"dial failed\",\"went "
			  "direct\","
			  "\"HTTPS_PROXY not in rke2's "
			  "environment\"],\"missing\":[\"HTTPS_PROXY\"],"
			  "\"remedy\":[\"sed -n 's/^CONTAINERD_//p' /etc/default/rke2-agent "
			  ">>/etc/default/rke2-agent\",\"systemctl restart "
			  "rke2-agent\"],\"count\":1,"
			  "\"incomplete\":false,\"finding\":{\"id\":\"0123456789abcdef\","
			  "\"first\":\"2025-11-24T00:43:51.000000000Z\",\"last\":\"2025-11-24T00:"
			  "43:51.000000000Z\"}}}\n");
	world_close(&w);
}

static void test_json_makes_one_line_of_every_kind(void)
{
	struct world w;

	world_open(&w);
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		struct report r = report_of(&w, kind);
		const char *line = json_of(&w, &r);

		UNIT_CHECK(w.out.len > 2 && strchr(line, '\n') == line + w.out.len - 1);
		w.json->context.quiet = true;
		json_of(&w, &r);
		UNIT_CHECK((w.out.len > 0) == (kind == REPORT_START || kind == REPORT_FINDING ||
						      kind == REPORT_RESOLVED ||
						      kind == REPORT_LOSS || kind == REPORT_STOP));
		w.json->context.quiet = false;
	}
	world_close(&w);
}

/* Every outcome, path and source of a name: the schema knows them all. */
static void test_json_dials_of_all_outcomes(void)
{
	struct world w;
	struct report r;

	world_open(&w);
	r = report_of(&w, REPORT_DIAL);
	add(w.process.environment, "HTTPS_PROXY", "relay.example:3128");
	for (int outcome = DIAL_REFUSED; outcome < DIAL_OUTCOMES; outcome++) {
		w.dial.outcome = outcome;
		w.dial.path = outcome % DIAL_PATHS;
		w.dial.name_from = outcome % (NAME_SNI + 1);
		w.dial.error = outcome * 10;
		w.dial.at_least = w.dial.name_doubtful = outcome & 1;
		w.dial.local = w.dial.remote;
		json_of(&w, &r);
	}
	memset(&w.dial.remote, 0, sizeof(w.dial.remote));
	memset(&w.dial.local, 0, sizeof(w.dial.local));
	w.dial.outcome = DIAL_UNRESOLVED;
	w.dial.path = DIAL_DIRECT;
	w.dial.error = 0;
	w.dial.name_from = NAME_DNS;
	w.dial.dns_code = DNS_CODE_TIMEOUT;
	UNIT_CHECK(strstr(json_of(&w, &r),
		"\"network\":{\"transport\":\"tcp\"},\"destination\":{\"address\":"
		"\"index.docker.io\",\"domain\":\"index.docker.io\"},"));
	UNIT_CHECK(strstr(buffer_string(&w.out), "\"response_code\":\"TIMEOUT\""));

	/* Through a relay the destination is the relay, and what was asked for stands with it. */
	address_parse("2001:db8::9", &w.dial.remote);
	w.dial.remote.port = 3128;
	w.dial.outcome = DIAL_ESTABLISHED;
	w.dial.path = DIAL_RELAY;
	w.dial.name_from = NAME_CONNECT;
	w.dial.relay_variable = environment_get(w.process.environment, "HTTPS_PROXY");
	strcpy(w.dial.connect_host, "index.docker.io");
	w.dial.connect_port = 443;
	w.dial.status = 403;
	strcpy(w.dial.reason, "Forbidden");
	UNIT_CHECK(strstr(json_of(&w, &r),
		"\"destination\":{\"address\":\"2001:db8::9\",\"ip\":\"2001:db8::9\","
		"\"port\":3128}"));
	UNIT_CHECK(strstr(buffer_string(&w.out), "\"type\":\"ipv6\""));
	UNIT_CHECK(strstr(buffer_string(&w.out),
		"\"relay\":{\"host\":\"relay.example\",\"ip\":\"2001:db8::9\",\"port\":3128,"
		"\"connect_host\":\"index.docker.io\",\"connect_port\":443,\"status\":403,"
		"\"reason\":\"Forbidden\"}"));
	r.kind = REPORT_RELAY;
	UNIT_CHECK(strstr(json_of(&w, &r), "\"action\":\"relay\",\"outcome\":\"failure\""));
	world_close(&w);
}

static void test_json_relay_findings_and_latent_ones(void)
{
	static const struct rule relay = {.id = "relay-forbidden", .title = "the relay refused"};
	struct world w;
	struct report r;

	world_open(&w);
	r = report_of(&w, REPORT_FINDING);
	w.finding.rule = &relay;
	strcpy(w.finding.relay_host, "relay");
	strcpy(w.finding.relay_ip, "10.77.9.1");
	w.finding.relay_port = 3128;
	w.finding.relay_status = 403;
	UNIT_CHECK(strstr(json_of(&w, &r),
		"\"relay\":{\"host\":\"relay\",\"ip\":\"10.77.9.1\",\"port\":3128,"
		"\"status\":403}"));
	w.finding.dial = NULL;
	w.finding.severity = SEVERITY_WARNING;
	w.finding.host[0] = w.finding.ip[0] = '\0';
	UNIT_CHECK(!strstr(json_of(&w, &r), "\"dial\"") &&
		   !strstr(buffer_string(&w.out), "destination"));
	UNIT_CHECK(strstr(buffer_string(&w.out), "\"severity\":4"));
	w.finding.severity = SEVERITY_INFO;
	UNIT_CHECK(strstr(json_of(&w, &r), "\"severity\":6"));
	world_close(&w);
}

static char *repeated(const char *piece, size_t len)
{
	char *text = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = piece[i % strlen(piece)];
	text[len] = '\0';
	return text;
}

static void test_json_line_is_cut_in_order(void)
{
	char *long_arg = repeated("argument ", 30000), *list = repeated("10.0.0.0/8,", 7000);
	const char *found;
	struct world w;
	struct report r;

	world_open(&w);
	r = report_of(&w, REPORT_EXEC);
	w.args[1] = long_arg;
	json_of(&w, &r);
	UNIT_CHECK(w.out.len <= 16384 && strstr(w.out.data, "\"cut\":[\"args\"]"));
	UNIT_CHECK(strstr(w.out.data, "\"args_truncated\":true") &&
		   strstr(w.out.data, "\"args_count\":2"));

	/* Two lists fit when the arguments are gone; of four, each keeps 4 KB or all but the rest. */
	add(w.process.environment, "NO_PROXY", list);
	add(w.process.environment, "no_proxy", list);
	json_of(&w, &r);
	UNIT_CHECK(w.out.len <= 16384 && w.out.len > 14000 &&
		   strstr(w.out.data, "\"cut\":[\"args\"]"));
	add(w.process.environment, "CONTAINERD_NO_PROXY", list);
	json_of(&w, &r);
	UNIT_CHECK(w.out.len <= 16384 && strstr(w.out.data, "\"cut\":[\"args\",\"lists\"]"));
	found = strstr(w.out.data, "CONTAINERD_NO_PROXY=");
	UNIT_CHECK(found && strcspn(found, "\"") >= 4096);
	UNIT_CHECK(strstr(w.out.data, "CONTAINERD_HTTPS_PROXY=http://***:***@relay:3128"));
	world_close(&w);
	free(long_arg);
	free(list);
}

static void test_json_line_fits_whatever_it_holds(void)
{
	char *evil = repeated("\x1b", 20000), name[32];
	struct world w;
	struct report r;

	world_open(&w);
	w.process.name = w.process.executable = w.args[0] = w.args[1] = evil;
	/* Hundreds of spellings of one name, each with a long value. */
	for (int i = 0; i < 512; i++) {
		snprintf(name, sizeof(name), "HTTPS_PROXY");
		for (int bit = 0; bit < 9; bit++)
			if (i & 1 << bit && name[bit] != '_')
				name[bit] |= 0x20;
		environment_add(w.process.environment, name, 11, evil, 2000, false, NULL);
	}
	w.finding.message = w.finding.chain.text[0] = w.finding.remedy.text[0] = evil;
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		r = report_of(&w, kind);
		json_of(&w, &r);
		UNIT_CHECK(w.out.len > 100 && w.out.len <= 16384);
	}
	world_close(&w);
	free(evil);
}

static void test_json_stop_fits_with_many_rows(void)
{
	struct summary_row rows[64];
	struct world w;
	struct report r;

	world_open(&w);
	for (int role = 0; role < ROLES; role++)
		for (int path = 0; path < DIAL_PATHS; path++)
			for (int outcome = 1; outcome < DIAL_OUTCOMES; outcome++)
				w.totals.dials[role][path][outcome] = UINT64_MAX;
	for (int i = 0; i < 64; i++) {
		rows[i] = w.row;
		memcpy(rows[i].dials, w.totals.dials[0], sizeof(rows[i].dials));
	}
	r = report_of(&w, REPORT_STOP);
	r.rows = rows;
	r.row_count = 64;
	json_of(&w, &r);
	UNIT_CHECK(w.out.len <= 16384 && strstr(w.out.data, "\"cut\":[\"text\"]"));
	world_close(&w);
}

static void test_nothing_that_a_program_chose_is_obeyed(void)
{
	struct world w;

	world_open(&w);
	w.process.name = w.process.executable = w.args[1] = HOSTILE;
	add(w.process.environment, "NO_PROXY", HOSTILE);
	w.finding.message = w.finding.chain.text[0] = w.finding.missing.text[0] = HOSTILE;
	w.finding.remedy.text[0] = HOSTILE;
	w.name.name = HOSTILE;
	strcpy(w.dial.name, HOSTILE);
	strcpy(w.dial.connect_host, HOSTILE);
	w.dial.connect_port = w.dial.status = 1;
	strcpy(w.dial.reason, HOSTILE);
	strcpy(w.finding.host, HOSTILE);
	strcpy(w.process.unit, HOSTILE);
	w.start.hooks = w.start.version = HOSTILE;
	strcpy(w.json->context.host, HOSTILE);
	strcpy(w.text->context.host, HOSTILE);
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		struct report r = report_of(&w, kind);

		for (int sink = 0; sink < 2; sink++) {
			const char *out = sink ? text_of(&w, &r) : json_of(&w, &r);

			UNIT_CHECK(!strpbrk(out, "\x1b\x07\xff"));
			UNIT_CHECK(!strstr(out, "\xc2\x9b") && !strstr(out, "\xe2\x80\xae"));
		}
	}
	world_close(&w);
}

static void test_text_of_the_classic_case(void)
{
	struct buffer all = {0};
	struct world w;

	world_open(&w);
	w.name.server.port = 53;
	for (int kind = 0; kind < REPORT_KINDS; kind++) {
		struct report r = report_of(&w, kind);

		if (kind == REPORT_EXIT)
			w.process.exit_status = 1 << 8;
		if (kind == REPORT_RELAY) {
			w.dial.status = 407;
			strcpy(w.dial.reason, "Proxy Authentication Required");
			strcpy(w.dial.connect_host, "index.docker.io");
			w.dial.connect_port = 443;
		}
		if (kind == REPORT_LOSS)
			w.totals.lost[LOSS_CONNECT] = 2;
		buffer_append_string(&all, text_of(&w, &r));
	}
	UNIT_STRING(buffer_string(&all),
		"00:43:20.000  START    relaytrace 0.1.0 on node1, 2025-11-24; hooks connect=fexit "
		"tcp=tp_btf\n"
		"00:43:51.000  exec     rke2[4121]           supervisor  /usr/local/bin/rke2  "
		"rke2-agent.service  "
		"CONTAINERD_HTTPS_PROXY=http://***:***@relay:3128\n"
		"00:43:51.000  exit     rke2[4121]           status 1\n"
		"00:43:51.000  dial     rke2[4121]           index.docker.io:443 (203.0.113.10) "
		"direct   "
		"abandoned after 30.0 s\n"
		"00:43:51.000  resolve  rke2[4121]           index.docker.io                    A  "
		"      203.0.113.10\n"
		"00:43:51.000  relay    rke2[4121]           203.0.113.10:443                   "
		"asked for "
		"index.docker.io:443 answered 407 Proxy Authentication Required\n"
		"00:43:51.000  FINDING  rke2[4121]           error  containerd-scope: CONTAINERD_ "
		"variables reach "
		"containerd alone\n"
		"  | rke2 (pid 4121) dialled index.docker.io:443 directly and gave up after 30.0 "
		"s\n"
		"  |   dial failed\n"
		"  |   \xe2\x86\x90 went direct\n"
		"  |   \xe2\x86\x90 HTTPS_PROXY not in rke2's environment\n"
		"  | missing: HTTPS_PROXY\n"
		"  | what to do:\n"
		"      sed -n 's/^CONTAINERD_//p' /etc/default/rke2-agent "
		">>/etc/default/rke2-agent\n"
		"      systemctl restart rke2-agent\n"
		"  | seen 1 time, id 0123456789abcdef, more: relaytrace rules containerd-scope\n"
		"00:43:51.000  RESOLVED rke2[4121]           containerd-scope: index.docker.io:443 "
		"is reached again; "
		"it was seen 1 time, id 0123456789abcdef\n"
		"00:43:51.000  LOSS     lost since the start: 2 connect (+2); what follows may be "
		"incomplete\n"
		"00:43:51.000  STOP     after 31.0 s\n"
		"  rke2[4121]  supervisor  rke2-agent.service\n"
		"      CONTAINERD_HTTPS_PROXY=http://***:***@relay:3128\n"
		"      dials direct   3 abandoned, 1 established\n"
		"  1 finding: 1 error, 0 warnings, 0 info\n"
		"      resolved containerd-scope     rke2[4121]           index.docker.io:443      "
		"          1 time, "
		"id 0123456789abcdef\n"
		"  lost: 2 connect; the above may be incomplete\n");
	buffer_free(&all);
	world_close(&w);
}

static void test_text_details(void)
{
	char *list = repeated("10.0.0.0/8,", 4000);
	struct world w;
	struct report r;

	world_open(&w);
	/* A repeat is one line; a loss that did not change is none. */
	r = report_of(&w, REPORT_FINDING);
	w.finding.count = 10;
	w.finding.incomplete = true;
	UNIT_STRING(text_of(&w, &r), "00:43:51.000  FINDING  rke2[4121]           error  "
				     "containerd-scope: CONTAINERD_ variables reach "
				     "containerd alone; again, index.docker.io:443, seen 10 times "
				     "since 00:43:51, id 0123456789abcdef\n");
	w.finding.count = 1;
	UNIT_CHECK(strstr(text_of(&w, &r), "  | events were lost around it: it may be wrong\n"));
	r = report_of(&w, REPORT_LOSS);
	UNIT_STRING(text_of(&w, &r), "");
	w.totals.lost[LOSS_EXEC] = 5;
	UNIT_CHECK(strstr(text_of(&w, &r), " 5 exec (+5);"));
	UNIT_STRING(text_of(&w, &r), "");
	w.totals.lost[LOSS_EXEC] = 6;
	UNIT_CHECK(strstr(text_of(&w, &r), " 6 exec (+1);"));

	/* A value that is wrong says so, a long one is shortened, a missing one is not claimed. */
	add(w.process.environment, "HTTPS_PROXY", "\"http://relay\"");
	add(w.process.environment, "NO_PROXY", list);
	r = report_of(&w, REPORT_EXEC);
	UNIT_CHECK(strstr(text_of(&w, &r), "HTTPS_PROXY=\"http://relay\" (quotes"));
	UNIT_CHECK(strstr(buffer_string(&w.out), "... (4000 bytes)") && w.out.len < 600);
	environment_unref(w.process.environment);
	w.process.environment = environment_new(ENVIRONMENT_EXEC);
	UNIT_CHECK(strstr(text_of(&w, &r), "  no relay variable\n"));
	w.process.environment->truncated = true;
	UNIT_CHECK(strstr(
		text_of(&w, &r), "  no relay variable seen  (only a part of its environment"));

	/* Another day gets a line; colours only where they are wanted. */
	r.time_ns += 86400 * S_NS;
	UNIT_CHECK(strncmp(text_of(&w, &r), "-- 2025-11-25 --\n00:43:51.000  exec ", 35) == 0);
	UNIT_CHECK(!strchr(buffer_string(&w.out), '\x1b'));
	w.text->context.colour = true;
	UNIT_CHECK(strstr(text_of(&w, &r), "\x1b[2m00:43:51.000\x1b[0m"));
	world_close(&w);
	free(list);
}

/* Puts text into the sink's line and writes it. */
static int put(struct sink *s, const char *text)
{
	buffer_append_string(&s->line, text);
	return sink_write_line(s);
}

static void check_file(const char *path, const char *want)
{
	char got[256] = "";
	FILE *f = fopen(path, "r");

	UNIT_CHECK(f && fread(got, 1, sizeof(got) - 1, f) == strlen(want));
	UNIT_STRING(got, want);
	if (f)
		fclose(f);
}

static void test_sink_file_is_private_and_appended_to(void)
{
	char dir[] = "/tmp/relaytrace-test-XXXXXX", path[64];
	struct sink *s = sink_record_new();
	struct stat st;
	int fd;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/out", dir);
	umask(0);
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(s->fd >= 0 && fstat(s->fd, &st) == 0 && (st.st_mode & 07777) == 0600);
	UNIT_CHECK(put(s, "one\ntwo\n") == 0 && s->written == 2 && s->refused == 0);
	/* The tracer is killed in the middle of a line; the next one must not be glued to it. */
	UNIT_CHECK(put(s, "hal") == 0);
	close(s->fd);
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(put(s, "three\n") == 0);
	check_file(path, "one\ntwo\nhal\nthree\n");
	close(s->fd);
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(put(s, "four\n") == 0);
	check_file(path, "one\ntwo\nhal\nthree\nfour\n");
	sink_free(s);
	UNIT_CHECK(sink_open_file(dir, NULL) == -EISDIR);
	UNIT_CHECK(sink_open_file("/nonexistent/out", NULL) == -ENOENT);
	unlink(path);
	UNIT_CHECK(mkfifo(path, 0600) == 0 && sink_open_file(path, NULL) == -ENXIO);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	s = sink_record_new();
	s->fd = sink_open_file(path, NULL);
	UNIT_CHECK(s->fd >= 0 && put(s, "x\n") == 0);
	close(fd);
	sink_free(s);
	unlink(path);
	rmdir(dir);
}

static void test_sink_that_refuses_is_told_once(void)
{
	struct sink *s = sink_record_new();
	int fds[2];

	s->fd = sink_open_file("/dev/full", NULL);
	UNIT_CHECK(put(s, "a\nb\n") == -ENOSPC && s->refused == 2 && s->failed);
	UNIT_CHECK(put(s, "c\n") == 0 && s->refused == 3 && s->written == 0);
	sink_free(s);

	signal(SIGPIPE, SIG_IGN);
	s = sink_record_new();
	UNIT_CHECK(pipe(fds) == 0);
	s->fd = fds[1];
	close(fds[0]);
	UNIT_CHECK(put(s, "a\n") == -EPIPE && put(s, "b\n") == 0 && s->refused == 2);
	sink_free(s);
}

static void test_sink_full_disk_leaves_no_half_line(void)
{
	char path[] = "/tmp/relaytrace-test-XXXXXX";
	struct sink *s = sink_record_new();
	int fd = mkstemp(path), status = 0;
	pid_t child;

	/* A limit on the size of files is a disk that is full at byte 10: write() is short, then fails. */
	child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, RLIM_INFINITY});
		s->fd = sink_open_file(path, NULL);
		_exit(!(put(s, "12345\n") == 0 && put(s, "67890\n") == -EFBIG &&
			put(s, "78\n") == 0 && s->written == 2 && s->refused == 1));
	}
	UNIT_CHECK(waitpid(child, &status, 0) == child && status == 0);
	check_file(path, "12345\n78\n");
	close(fd);
	unlink(path);
	sink_free(s);
}

static void test_sink_short_writes_go_on(void)
{
	struct sink *s = sink_record_new();
	char *text = repeated("0123456789abcdef", 1 << 18), buffer[4096];
	size_t got = 0;
	ssize_t n;
	int fds[2], status;
	pid_t child;

	UNIT_CHECK(pipe(fds) == 0);
	child = fork();
	if (child == 0) {
		/* An output that does not block and has a slow reader. */
		close(fds[0]);
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		s->fd = fds[1];
		_exit(put(s, text) != 0);
	}
	close(fds[1]);
	while ((n = read(fds[0], buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			UNIT_CHECK(buffer[i] == text[(got + (size_t)i) % 16]);
		got += (size_t)n;
	}
	UNIT_CHECK(got == 1 << 18 && waitpid(child, &status, 0) == child && status == 0);
	close(fds[0]);
	sink_free(s);
	free(text);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	UNIT_RUN(test_json_exec_dial_and_finding_as_designed);
	UNIT_RUN(test_json_makes_one_line_of_every_kind);
	UNIT_RUN(test_json_dials_of_all_outcomes);
	UNIT_RUN(test_json_relay_findings_and_latent_ones);
	UNIT_RUN(test_json_line_is_cut_in_order);
	UNIT_RUN(test_json_line_fits_whatever_it_holds);
	UNIT_RUN(test_json_stop_fits_with_many_rows);
	UNIT_RUN(test_nothing_that_a_program_chose_is_obeyed);
	UNIT_RUN(test_text_of_the_classic_case);
	UNIT_RUN(test_text_details);
	UNIT_RUN(test_sink_file_is_private_and_appended_to);
	UNIT_RUN(test_sink_that_refuses_is_told_once);
	UNIT_RUN(test_sink_full_disk_leaves_no_half_line);
	UNIT_RUN(test_sink_short_writes_go_on);
	return unit_status();
}
