// SPDX-License-Identifier: GPL-2.0-only
/* The text: the classic case as it is printed, and details. */
#include "sink_world.h"

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

int main(void)
{
	setenv("TZ", "UTC", 1);
	UNIT_RUN(test_text_of_the_classic_case);
	UNIT_RUN(test_text_details);
	return unit_status();
}
