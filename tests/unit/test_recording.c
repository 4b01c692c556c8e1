// SPDX-License-Identifier: GPL-2.0-only
#include "capture/recording.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define HEADER "relaytrace-recording 1\n"
#define START  "0.0 start\n"
#define END    "1 stop\nend\n"

/* What came out of reading a text: the events as they are written again, and what was told. */
struct outcome {
	struct buffer events;
	char told[1024];
	int result; /* of the last poll; 99: the opening failed */
	size_t stops;
};

static void take(void *context, const struct event *event)
{
	struct outcome *o = context;

	recording_write_event(&o->events, event);
	o->stops += event->kind == EVENT_STOP;
}

static void read_all(struct outcome *o, struct source *source)
{
	o->result = 99;
	if (source) {
		do {
			o->result = source_poll(source, UINT64_MAX, take, o);
		} while (o->result > 0);
	}
	source_close(source);
}

/* Reads text (path: instead the file there) with standard error in o->told. */
static void run(struct outcome *o, const char *text, size_t len, const char *path)
{
	FILE *told = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t got;

	memset(o, 0, sizeof(*o));
	dup2(fileno(told), STDERR_FILENO);
	read_all(o, path ? recording_open(path) : recording_open_text("story", text, len));
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(told);
	got = fread(o->told, 1, sizeof(o->told) - 1, told);
	o->told[got] = '\0';
	fclose(told);
}

static void run_text(struct outcome *o, const char *text)
{
	run(o, text, strlen(text), NULL);
}

/* The event's line is read and written as want; and want is read and written as itself. */
static void check_line(const char *line, const char *want)
{
	struct buffer text = {0};
	struct outcome first, second;

	buffer_printf(&text, HEADER "%s\n9.000000000 stop\nend\n", line);
	run_text(&first, buffer_string(&text));
	UNIT_STRING(first.told, "");
	UNIT_CHECK(first.result == 0);
	buffer_clear(&text);
	buffer_printf(&text, "%s\n9.000000000 stop\n", want);
	UNIT_STRING(buffer_string(&first.events), buffer_string(&text));
	buffer_clear(&text);
	buffer_printf(&text, HEADER "%send\n", buffer_string(&first.events));
	run_text(&second, buffer_string(&text));
	UNIT_STRING(second.told, "");
	UNIT_STRING(buffer_string(&second.events), buffer_string(&first.events));
	buffer_free(&first.events);
	buffer_free(&second.events);
	buffer_free(&text);
}

static void test_recording_every_kind_goes_round(void)
{
	check_line("0 start",
		"0.000000000 start wall=0.000000000 host=\"\" names=auto pending=20.000000000");
	check_line("0.5 start wall=1763945000.25 host=node1 boot_id=6b1c version=0.1.0 names=RELAY "
		   "pending=2 "
		   "hooks=\"connect=tracepoint tcp=tp_btf\"",
		"0.500000000 start wall=1763945000.250000000 host=node1 boot_id=6b1c version=0.1.0 "
		"names=RELAY hooks=\"connect=tracepoint tcp=tp_btf\" pending=2.000000000");
	check_line("1 fork pid=1 tid=3 start=0.1 child=2 child_start=0.2",
		"1.000000000 fork pid=1 tid=3 start=0.100000000 child=2 child_start=0.200000000");
	check_line("1 exit pid=1", "1.000000000 exit pid=1 code=0");
	check_line("1 exit pid=1 code=3", "1.000000000 exit pid=1 code=3");
	check_line("1 exit pid=1 killed=9", "1.000000000 exit pid=1 killed=SIGKILL");
	check_line("1 exit pid=1 wait=139", "1.000000000 exit pid=1 wait=139");
	check_line("1 exit pid=1 missed", "1.000000000 exit pid=1 missed");
	check_line("1 signal pid=1 signal=15", "1.000000000 signal pid=1 signal=SIGTERM");
	check_line("1 signal pid=1 signal=63", "1.000000000 signal pid=1 signal=63");
	check_line("1 connect pid=4 tid=5 socket=7 begin=0.9 from=10.0.0.2:40000 "
		   "to=203.0.113.10:443 result=-115",
		"1.000000000 connect pid=4 tid=5 socket=7 begin=0.900000000 from=10.0.0.2:40000 "
		"to=203.0.113.10:443 result=-EINPROGRESS");
	check_line("1 connect pid=4 to=[2001:db8::1]:443 result=-ENETUNREACH protocol=17",
		"1.000000000 connect pid=4 protocol=udp to=[2001:db8::1]:443 result=-ENETUNREACH");
	check_line("1 connect pid=4 to=[::ffff:203.0.113.10]:443 result=-9999 protocol=6",
		"1.000000000 connect pid=4 to=[::ffff:203.0.113.10]:443 result=-9999");
	check_line("1 state pid=4 socket=7 to=203.0.113.10:443 close>syn-sent taken-over",
		"1.000000000 state pid=4 socket=7 to=203.0.113.10:443 close>syn-sent taken-over");
	check_line("1 state socket=7 to=203.0.113.10:443 2>7 error=111 received=5 "
		   "sent=18446744073709551615",
		"1.000000000 state socket=7 to=203.0.113.10:443 syn-sent>close error=ECONNREFUSED "
		"received=5 sent=18446744073709551615");
	check_line("1 question pid=4 server=127.0.0.53:53 id=65535 name=index.docker.io",
		"1.000000000 question pid=4 server=127.0.0.53:53 id=65535 type=A "
		"name=index.docker.io");
	check_line("1 answer server=[::1]:53 tcp type=28 name=x code=3 truncated",
		"1.000000000 answer server=[::1]:53 tcp type=AAAA name=x code=NXDOMAIN truncated");
	check_line("1 answer type=65 name=x address=203.0.113.10 address=2001:db8::a",
		"1.000000000 answer type=65 name=x code=NOERROR address=203.0.113.10 "
		"address=2001:db8::a");
	check_line("1 hello socket=7 host=\"\"", "1.000000000 hello socket=7 host=\"\"");
	check_line("1 request socket=7 method=CONNECT host=2001:db8::1 port=443",
		"1.000000000 request socket=7 method=CONNECT host=2001:db8::1 port=443");
	check_line("1 reply socket=7 status=407 reason=\"Proxy Authentication Required\"",
		"1.000000000 reply socket=7 status=407 reason=\"Proxy Authentication Required\"");
	check_line("1 reply socket=7 tls", "1.000000000 reply socket=7 tls");
	check_line(
		"1 reply socket=7 garbage status=1", "1.000000000 reply socket=7 garbage status=1");
	check_line("1 fact key=hosts field=10.0.0.1 field=\"a b\" field=\"\"",
		"1.000000000 fact key=hosts field=10.0.0.1 field=\"a b\" field=\"\"");
	check_line("1 loss sink=3 exec=1", "1.000000000 loss exec=1 sink=3");
	check_line("18446744072.999999999 clock", "18446744072.999999999 clock");
}

static void test_recording_every_loss_has_its_word(void)
{
	struct event e = {.kind = EVENT_LOSS}, *seen = &e;
	struct buffer out = {0};

	for (int i = 0; i < LOSS_KINDS; i++) {
		char want[64];

		memset(&seen->loss, 0, sizeof(seen->loss));
		seen->loss.lost[i] = 7;
		buffer_clear(&out);
		recording_write_event(&out, seen);
		snprintf(want, sizeof(want), "0.000000000 loss %s=7\n", loss_kind_name(i));
		UNIT_STRING(buffer_string(&out), want);
	}
	buffer_free(&out);
}

static void test_recording_exec_goes_round(void)
{
	check_line("1 exec pid=4 file=/usr/local/bin/rancher-system-agent",
		"1.000000000 exec pid=4 comm=rancher-system- "
		"file=/usr/local/bin/rancher-system-agent");
	check_line("1 exec pid=4 found left tree=rke2 parent=1 parent_start=0.5 cgroup_id=9 "
		   "cgroup=/a/b netns=2 "
		   "mntns=3 comm=x file=\"\" arg=a args-truncated arg=\"b c\" env-truncated "
		   "env-unreadable env-first-lost origin=given",
		"1.000000000 exec pid=4 found left tree=rke2 parent=1 parent_start=0.500000000 "
		"cgroup_id=9 cgroup=/a/b netns=2 mntns=3 comm=x file=\"\" arg=a arg=\"b c\" "
		"args-truncated origin=given env-truncated env-unreadable env-first-lost");
	/* A story's value is judged and redacted; the recording of it keeps both. */
	check_line(
		"1 exec pid=4 comm=x file=x env=HTTPS_PROXY=http://u:p@relay:3128\n\tenv=PATH=/bin "
		"source=/etc/environment:1 env=NO_PROXY=.svc,10.0.0.0/8 source=/etc/default/x:3",
		"1.000000000 exec pid=4 comm=x file=x env=HTTPS_PROXY=http://***:***@relay:3128 "
		"judged=usable,credentials scheme=http host=relay port=3128 "
		"env=NO_PROXY=.svc,10.0.0.0/8 "
		"judged=plain source=/etc/default/x:3");
	check_line("1 exec pid=4 comm=x file=x env=HTTPS_PROXY=http://u:p@relay:3128333",
		"1.000000000 exec pid=4 comm=x file=x env=HTTPS_PROXY=http://***:***@relay:3128333 "
		"judged=usable,credentials,bad-port scheme=http host=relay port=3128333");
	/* What the redacted text no longer shows: the password had a '#' in it, and Go stops there. */
	check_line("1 exec pid=4 comm=x file=x env=HTTPS_PROXY=http://u:p%zz@relay:3128 "
		   "env=https_proxy=",
		"1.000000000 exec pid=4 comm=x file=x env=HTTPS_PROXY=http://***:***@relay:3128 "
		"judged=dropped,credentials,bad-escape env=https_proxy= judged=empty");
}

static void test_recording_hides_secrets(void)
{
	struct outcome o;

	run_text(&o, HEADER START
		"1 exec pid=4 file=curl arg=curl arg=--proxy-user arg=joe:hunter2 "
		"arg=http://u:hunter2@h/ "
		"arg=--token=hunter2 env=HTTP_PROXY=http://joe:hunter2@relay "
		/* a judgement behind a value that nobody redacted */
		"env=HTTPS_PROXY=http://joe:hunter2@relay judged=usable host=relay\n" END);
	UNIT_STRING(o.told, "");
	UNIT_CHECK(!strstr(buffer_string(&o.events), "hunter2"));
	UNIT_CHECK(strstr(buffer_string(&o.events), "--proxy-user arg=***"));
	buffer_free(&o.events);
}

static void test_recording_strings_keep_every_byte(void)
{
	struct event_start start = {.host = "h"};
	struct event e = {.kind = EVENT_START, .start = start};
	struct buffer text = {0};
	char all[256];
	struct outcome o;

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	e.start.hooks = all;
	recording_write_header(&text);
	recording_write_event(&text, &e);
	recording_write_end(&text);
	for (size_t i = 0; i < text.len; i++)
		UNIT_CHECK(text.data[i] == '\n' || (text.data[i] >= ' ' && text.data[i] <= '~'));
	run_text(&o, buffer_string(&text));
	UNIT_STRING(o.told, "");
	UNIT_CHECK(o.result == 0 && o.stops == 1);
	UNIT_CHECK(strncmp(buffer_string(&o.events), strchr(text.data, '\n') + 1, 200) == 0);
	buffer_free(&text);
	buffer_free(&o.events);
}

static void test_recording_lines_go_on_and_comments_are_skipped(void)
{
	struct outcome o;

	run_text(&o, HEADER
		"# a story\n\n  \t\n0 start\n\thost=a\n\n1 exec pid=1\n\tfile=x\n\targ=\"y z\"\n"
		"2 stop\nend\n# more\n" HEADER "0 start host=b\nend");
	UNIT_STRING(o.told, "");
	UNIT_CHECK(o.result == 0 && o.stops == 2);
	UNIT_STRING(buffer_string(&o.events),
		"0.000000000 start wall=0.000000000 host=a names=auto pending=20.000000000\n"
		"1.000000000 exec pid=1 comm=x file=x arg=\"y z\"\n"
		"2.000000000 stop\n"
		"0.000000000 start wall=0.000000000 host=b names=auto pending=20.000000000\n"
		"0.000000000 stop\n");
	buffer_free(&o.events);
}

static void test_recording_damage_is_told_with_its_line(void)
{
	static const struct {
		const char *line, *told;
	} cases[] = {
		{"x start", "story:3: \"x\" is no time in seconds (12 or 12.5)"},
		{"-1 clock", "story:3: \"-1\" is no time"},
		{"1e3 clock", "story:3: \"1e3\" is no time"},
		{"1. clock", "story:3: \"1.\" is no time"},
		{"1.0000000001 clock", "is no time"},
		{"18446744073.709551616 clock", "is no time"},
		{"99999999999999999999999 clock", "is no time"},
		{"1", "story:3: \"\" is no kind of event"},
		{"1 clok", "story:3: \"clok\" is no kind of event"},
		{"1 clock pid=4 erro=5", "story:3: clock has no word \"erro\""},
		{"1 clock\n\tpid=4\n\tpid=5", "story:5: pid stands there twice"},
		{"1 clock\n\tpid=4\n\ttid=\"5\"\n\tstart=x\n\ty", "story:6: start=x is no time"},
		{"1 clock pid=4294967296", "pid=4294967296 is no number up to 4294967295"},
		{"1 clock pid=", "pid= is no number"},
		{"1 clock pid=+4", "pid=+4 is no number"},
		{"1 clock pid", "pid takes a value"},
		{"1 exec pid=1 file=x found=1", "found takes no value"},
		{"1 exec pid=1 file=x found\"x\"", "found takes a value"},
		{"1 exec pid=1", "exec needs file="},
		{"1 exec file=x env=HTTPS_PROXY", "env= takes NAME=VALUE"},
		{"1 exec file=x judged=usable", "judged belongs behind an env="},
		{"1 exec file=x env=HTTP_PROXY=x judged=good", "judged= begins with"},
		{"1 exec file=x env=HTTP_PROXY=x judged=usable,odd", "\"odd\" is no fault"},
		{"1 exec file=x env=HTTP_PROXY=x host=y", "host= belongs behind a judged="},
		{"1 exec file=x origin=y", "origin= is exec, snapshot or given"},
		{"1 state socket=1 to=1.2.3.4:5", "state needs OLD>NEW"},
		{"1 state socket=1 close>syn-sent", "state needs to="},
		{"1 state to=1.2.3.4:5 close>shut", "close>shut is no OLD>NEW"},
		{"1 state to=1.2.3.4 close>close", "to=1.2.3.4 is no ADDRESS:PORT"},
		{"1 state to=2001:db8::1:443 close>close", "is no ADDRESS:PORT or [IPV6]:PORT"},
		{"1 state to=1.2.3.4:65536 close>close", "is no ADDRESS:PORT"},
		{"1 state to=relay:443 close>close", "is no ADDRESS:PORT"},
		{"1 state to=1.2.3.4:5 close>close error=-111", "error=-111 is no errno"},
		{"1 connect to=1.2.3.4:5 result=115", "result=115 is no 0 or -ERROR"},
		{"1 connect to=1.2.3.4:5 result=-ENOSUCH", "result=-ENOSUCH is no 0 or -ERROR"},
		{"1 exit code=256", "code=256 is no status"},
		{"1 exit code=1 killed=9", "exit takes one of"},
		{"1 exit code=1 missed", "exit takes one of"},
		{"1 reply socket=1", "reply needs status=, tls or garbage"},
		{"1 fact key=\"x", "a quote is not closed on its line"},
		{"1 fact key=\"x\n\t\"", "story:3: a quote is not closed on its line"},
		{"1 fact key=\"x\"y", "something follows a closing quote"},
		{"1 fact key=\"\\q\"", "a backslash that begins none of"},
		{"1 fact key=\"\\x00\"", "a backslash that begins none of"},
		{"1 fact key=\"\\x4\"", "a backslash that begins none of"},
		{"1 fact key=a\"b", "is to be quoted"},
		{"1 fact key=a\r", "is to be quoted"},
		{"1 fact key=\"a\x1b\"", "a control character in quotes"},
		{"1 fact key=a b", "fact has no word \"b\""},
		{"1 stop\n2 clock", "story:4: only the end line may follow a stop"},
		{"# x\n\tpid=4", "story:4: \"\" is no time"},
		{"1 clock\x1b[31m", "story:3: \"clock\\x1b[31m\" is no kind"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer text = {0};
		struct outcome o;

		buffer_printf(&text, HEADER START "%s\n" END, cases[i].line);
		run_text(&o, buffer_string(&text));
		if (!strstr(o.told, cases[i].told))
			UNIT_STRING(o.told, cases[i].told);
		UNIT_CHECK(o.result == -EBADMSG && o.stops == 1);
		UNIT_CHECK(strncmp(buffer_string(&o.events), "0.000000000 start ", 18) == 0);
		buffer_free(&o.events);
		buffer_free(&text);
	}
}

static void test_recording_refuses_what_is_none(void)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{"", "story: it is empty, not a recording"},
		{"\n\n# only a comment\n", "story: it is empty"},
		{"\x7f"
		 "ELF\n",
			"story:1: not a recording: its first line would be \"relaytrace-recording "
			"1\""},
		{"relaytrace-recording 2\n",
			"story:1: a recording of version 2; this relaytrace reads version 1"},
		{"relaytrace-recording 1 \n", "story:1: a recording of version 1 ;"},
	};
	struct outcome o;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_text(&o, cases[i].text);
		UNIT_CHECK(o.result == 99 && o.stops == 0);
		if (!strstr(o.told, cases[i].told))
			UNIT_STRING(o.told, cases[i].told);
		buffer_free(&o.events);
	}
	run(&o, NULL, 0, "/nonexistent/recording");
	UNIT_CHECK(o.result == 99 && strstr(o.told, "No such file or directory"));
	run(&o, NULL, 0, "/");
	UNIT_CHECK(o.result == 99 && strstr(o.told, "Is a directory"));
	run(&o, HEADER "0 clock\0\nend\n", sizeof(HEADER) + 12, NULL);
	UNIT_CHECK(o.result == -EBADMSG && strstr(o.told, "story:2: it holds a zero byte"));
	buffer_free(&o.events);
}

static void test_recording_cut_anywhere_hands_on_what_came_before(void)
{
	static const char text[] =
		HEADER "0 start host=a\n1 fork pid=1 child=2\n2 fork pid=1 child=3\n3 stop\nend\n";

	for (size_t len = sizeof(HEADER) - 1; len < sizeof(text) - 1; len++) {
		struct outcome o;

		run(&o, text, len, NULL);
		/* The last newline is not needed. */
		UNIT_CHECK(o.result == (len == sizeof(text) - 2 ? 0 : -EBADMSG));
		UNIT_CHECK((len == sizeof(text) - 2) == (o.told[0] == '\0'));
		UNIT_CHECK(o.stops == 1);
		buffer_free(&o.events);
	}
}

static void test_recording_a_killed_tracer_does_not_hide_the_next(void)
{
	struct outcome o;

	/* The first was cut between lines, the second in a line, the third is whole. */
	run_text(&o, HEADER "0 start host=a\n" HEADER "0 start host=b\n1 fork pi\n" HEADER
			    "0 start host=c\n1 stop\nend\n");
	UNIT_CHECK(o.result == -EBADMSG && o.stops == 3);
	UNIT_CHECK(strstr(o.told, "story:3: the recording that begins in line 1 has no end line"));
	UNIT_CHECK(strstr(o.told, "story:5: fork has no word \"pi\""));
	UNIT_CHECK(strstr(buffer_string(&o.events), "host=c"));
	buffer_free(&o.events);
}

static void test_recording_from_a_file_across_reads(void)
{
	char path[] = "/tmp/relaytrace-test-XXXXXX";
	struct buffer text = {0}, want = {0};
	struct outcome o;
	int fd = mkstemp(path);

	recording_write_header(&text);
	for (int i = 0; i < 20000; i++)
		buffer_printf(&want, "%d.000000000 fork pid=%d child=%d\n", i, i + 1, i + 2);
	buffer_append(&text, want.data, want.len);
	buffer_printf(&text, "20000 fact key=long field=%0*d\n20001 stop\nend\n", 300000, 1);
	UNIT_CHECK(write(fd, text.data, text.len) == (ssize_t)text.len);
	run(&o, NULL, 0, path);
	UNIT_STRING(o.told, "");
	UNIT_CHECK(o.result == 0 && o.stops == 1);
	UNIT_CHECK(o.events.len > want.len + 300000 &&
		   memcmp(o.events.data, want.data, want.len) == 0);
	buffer_free(&o.events);

	/* A line without end is refused before it fills the memory. */
	buffer_clear(&text);
	buffer_printf(&text, HEADER "0 start\n1 fact key=%0*d\nend\n", 1100000, 1);
	UNIT_CHECK(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	UNIT_CHECK(write(fd, text.data, text.len) == (ssize_t)text.len);
	run(&o, NULL, 0, path);
	UNIT_CHECK(o.result == -EBADMSG && o.stops == 1 &&
		   strstr(o.told, "an event of more than 1048576 bytes"));
	buffer_free(&o.events);
	close(fd);
	unlink(path);
	buffer_free(&text);
	buffer_free(&want);
}

static void test_address_text_is_rfc5952(void)
{
	static const char *const same[] = {"0.0.0.0", "203.0.113.10", "::", "::1", "1::", "::1:2",
		"2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "2001:db8::1:0:0:1",
		"1:2:3:4:5:6:7:8", "fe80::1:0:0:abcd"};
	static const char *const wrong[] = {"", "relay", "1.2.3", "01.2.3.4", "0x1.2.3.4",
		"1.2.3.4:5", "[::1]", "::1%lo", ":::", "1.2.3.4 ", "2001:db8::1::"};
	struct address a, b;
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		UNIT_CHECK(address_parse(same[i], &a));
		UNIT_STRING(address_text(&a, text), same[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		a.port = 7;
		UNIT_CHECK(!address_parse(wrong[i], &a) && a.port == 7);
	}
	UNIT_CHECK(address_parse("2001:DB8:0:0:0:0:0:1", &a) && a.is_v6);
	UNIT_STRING(address_text(&a, text), "2001:db8::1");
	UNIT_CHECK(address_parse("::ffff:203.0.113.10", &a) && !a.is_v6 && a.mapped);
	UNIT_STRING(address_text(&a, text), "203.0.113.10");
	UNIT_CHECK(address_parse("203.0.113.10", &b) && address_equal(&a, &b));
	UNIT_CHECK(address_parse("203.0.113.11", &b) && !address_equal(&a, &b));
	UNIT_CHECK(address_parse("cb00:710a::", &b) && !address_equal(&a, &b));
	UNIT_STRING(error_name(111), "ECONNREFUSED");
	UNIT_CHECK(!error_name(9999) && error_number("ECONNREFUSED") == 111 && !error_number("E"));
}

int main(void)
{
	UNIT_RUN(test_recording_every_kind_goes_round);
	UNIT_RUN(test_recording_every_loss_has_its_word);
	UNIT_RUN(test_recording_exec_goes_round);
	UNIT_RUN(test_recording_hides_secrets);
	UNIT_RUN(test_recording_strings_keep_every_byte);
	UNIT_RUN(test_recording_lines_go_on_and_comments_are_skipped);
	UNIT_RUN(test_recording_damage_is_told_with_its_line);
	UNIT_RUN(test_recording_refuses_what_is_none);
	UNIT_RUN(test_recording_cut_anywhere_hands_on_what_came_before);
	UNIT_RUN(test_recording_a_killed_tracer_does_not_hide_the_next);
	UNIT_RUN(test_recording_from_a_file_across_reads);
	UNIT_RUN(test_address_text_is_rfc5952);
	return unit_status();
}
