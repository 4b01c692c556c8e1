// SPDX-License-Identifier: GPL-2.0-only
/* JSON lines: what each looks like, and what is cut of one that is too long. */
#include "sink_world.h"

/* What a traced program may choose as a name: terminal escapes, C1, bidi, bytes that are no UTF-8. */
#define HOSTILE                                                                                    \
	"a\x1b]0;t\x07\n\xc2\x9b"                                                                  \
	"31m\xe2\x80\xae\xff\"\\"

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

static void test_json_an_exit_that_was_missed_has_no_status(void)
{
	struct report r;
	struct world w;

	world_open(&w);
	r = report_of(&w, REPORT_EXIT);
	w.process.exit_ns = 40 * S_NS;
	UNIT_CHECK(
		strstr(json_of(&w, &r), "\"exit_code\":0}") && strstr(json_of(&w, &r), "\"end\":"));
	UNIT_CHECK(!strstr(json_of(&w, &r), "missed"));
	w.process.exit_missed = true;
	UNIT_CHECK(strstr(json_of(&w, &r), "\"role\":\"supervisor\",\"missed\":true}"));
	UNIT_CHECK(!strstr(json_of(&w, &r), "exit_code") && !strstr(json_of(&w, &r), "\"end\":"));
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

/* A kubelet or a COMMAND with hundreds of arguments: the first of them say what it is. */
static void test_json_line_keeps_the_leading_arguments_that_fit(void)
{
	char *args[5000], numbers[5000][8], *list = repeated("10.0.0.0/8,", 12000), want[64];
	size_t shown = 0;
	struct world w;
	struct report r;

	world_open(&w);
	for (size_t i = 0; i < 5000; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "-v=%zu", i);
		args[i] = numbers[i];
	}
	w.process.args = args;
	w.process.arg_count = 5000;
	r = report_of(&w, REPORT_EXEC);
	for (int lists = 0; lists < 2; lists++) {
		json_of(&w, &r);
		/* Not one more would have fitted. */
		UNIT_CHECK(w.out.len <= 16384 && w.out.len > 16384 - sizeof("\"-v=1234\","));
		UNIT_CHECK(strstr(w.out.data, "\"args_truncated\":true") &&
			   strstr(w.out.data, "\"args_count\":5000") &&
			   strstr(w.out.data, "\"cut\":[\"args\"]"));
		UNIT_CHECK(strstr(w.out.data, "\"args\":[\"-v=0\",\"-v=1\","));
		shown = 0;
		for (const char *at = w.out.data; (at = strstr(at, "\"-v=")); at++)
			shown++;
		snprintf(want, sizeof(want), "\"-v=%zu\"],", shown - 1);
		UNIT_CHECK(strstr(w.out.data, want) && shown > (lists ? 300 : 1500));
		add(w.process.environment, "NO_PROXY",
			list); /* whole, and the arguments give way */
	}
	/* Escapes count as what they are written as. */
	for (size_t i = 0; i < 5000; i++)
		args[i] = "\x1b\x1b";
	json_of(&w, &r);
	UNIT_CHECK(w.out.len <= 16384 && w.out.len > 16000);
	world_close(&w);
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

int main(void)
{
	setenv("TZ", "UTC", 1);
	UNIT_RUN(test_json_exec_dial_and_finding_as_designed);
	UNIT_RUN(test_json_an_exit_that_was_missed_has_no_status);
	UNIT_RUN(test_json_makes_one_line_of_every_kind);
	UNIT_RUN(test_json_dials_of_all_outcomes);
	UNIT_RUN(test_json_relay_findings_and_latent_ones);
	UNIT_RUN(test_json_line_is_cut_in_order);
	UNIT_RUN(test_json_line_keeps_the_leading_arguments_that_fit);
	UNIT_RUN(test_json_line_fits_whatever_it_holds);
	UNIT_RUN(test_json_stop_fits_with_many_rows);
	UNIT_RUN(test_nothing_that_a_program_chose_is_obeyed);
	return unit_status();
}
