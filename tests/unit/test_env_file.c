// SPDX-License-Identifier: GPL-2.0-only
#include "base/buffer.h"
#include "node/env_file.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Each entry as "LINE NAME=[VALUE]", with "!FAULT" where there is one, ";" between them. */
static int note(void *context, const struct env_file_entry *e)
{
	struct buffer *out = context;

	buffer_printf(out, "%s%u %.*s", out->len ? ";" : "", e->line, (int)e->name_len, e->name);
	if (!e->ignored)
		buffer_printf(out, "=[%s]", e->value);
	if (e->fault)
		buffer_printf(out, "!%s", env_file_fault_name(e->fault));
	return 0;
}

static const char *parse_bytes(const char *bytes, size_t len)
{
	static struct buffer out;
	struct env_file_result result;

	buffer_clear(&out);
	if (env_file_parse(bytes, len, note, &out, &result))
		return "error";
	if (result.refused)
		buffer_printf(&out, "|%s at %u", env_file_fault_name(result.refused),
			result.refused_line);
	return buffer_string(&out);
}

static const char *parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void test_plain_lines(void)
{
	UNIT_STRING(parse("A=1\nB = 2 \n\n\tC=3"), "1 A=[1];2 B=[2];4 C=[3]");
	UNIT_STRING(parse("A=\nB=  \n"), "1 A=[];2 B=[]");
	UNIT_STRING(parse("A=a b\t c  \n"), "1 A=[a b\t c]");
	UNIT_STRING(parse("A=x=y#z ;q\n"), "1 A=[x=y#z ;q]");
	UNIT_STRING(parse("# c\n ; d\nA=1 # not a comment\n"), "3 A=[1 # not a comment]");
	UNIT_STRING(parse("A=$B ${C} `d` %n ~\n"), "1 A=[$B ${C} `d` %n ~]");
	UNIT_STRING(parse(""), "");
}

static void test_quotes(void)
{
	UNIT_STRING(parse("A=\"x y\" \n"), "1 A=[x y]");
	UNIT_STRING(parse("A='x \"y\" \\n'\n"), "1 A=[x \"y\" \\n]");
	UNIT_STRING(parse("A='x' \"y\" z 'w'\n"), "1 A=[xyz 'w']");
	UNIT_STRING(parse("A=x'y'\n"), "1 A=[x'y']");
	UNIT_STRING(parse("A=\"a\\\"b\\$c\\`d\\\\e\\nf\"\n"), "1 A=[a\"b$c`d\\e\\nf]");
	UNIT_STRING(parse("A='x\ny'\nB=1\n"), "1 A=[x\ny];3 B=[1]");
	UNIT_STRING(parse("A=\"x\\\ny\"\nB=1"), "1 A=[xy];3 B=[1]");
	UNIT_STRING(parse("A=\"x\nB=1\n"), "1 A=[x\nB=1\n]!unclosed-quote;2 B!swallowed");
	UNIT_STRING(parse("A='x"), "1 A=[x]!unclosed-quote");
	UNIT_STRING(parse("A=\"x\\"), "1 A=[x]!unclosed-quote");
}

static void test_backslash_joins_and_escapes(void)
{
	UNIT_STRING(parse("A=a\\\nb\nB=1\n"), "1 A=[ab];3 B=[1]");
	UNIT_STRING(parse("A=\\\n  b\n"), "1 A=[  b]");
	UNIT_STRING(parse("A=a\\ \n"), "1 A=[a ]");
	UNIT_STRING(parse("A=a \\"), "1 A=[a ]");
	UNIT_STRING(parse("A=a\\n\\\\\\\"\n"), "1 A=[an\\\"]!backslash-lost");
	/* Of what needs it, or keeps it, nothing is said. */
	UNIT_STRING(parse("A=CORP\\svc\nB=\\$x\\ y\\\\z\nC='a\\b'\nD=\"a\\b\"\n"),
		"1 A=[CORPsvc]!backslash-lost;2 B=[$x y\\z];3 C=[a\\b];4 D=[a\\b]");
	UNIT_STRING(parse("A=a  \\\n\n"), "1 A=[a  ]");
}

static void test_carriage_return_ends_the_line(void)
{
	UNIT_STRING(parse("A=1\r\nB=2\r\n"), "1 A=[1];2 B=[2]");
	UNIT_STRING(parse("A=1\rB=2\n"), "1 A=[1];1 B=[2]");
	UNIT_STRING(parse("A=\"1\"\r\n"), "1 A=[1]");
	UNIT_STRING(parse("A='1\r\n2'\r\n"), "1 A=[1\r\n2]");
	/* The backslash takes the CR, the newline ends the value after all. */
	UNIT_STRING(parse("A=1\\\r\nB=2\r\n"), "1 A=[1];2 B=[2]");
}

static void test_ignored_lines(void)
{
	UNIT_STRING(parse("export A=1\nB=2\n"), "1 A!export;2 B=[2]");
	UNIT_STRING(parse("nonsense\nB=2\nlast"), "1 nonsense!no-equals;2 B=[2];3 last!no-equals");
	UNIT_STRING(parse("9A=1\nA-B=1\n=x\n==y\nA B=1\n"),
		"1 9A!bad-name;2 A-B!bad-name;3 =x!no-equals;4 =!bad-name;5 A B!bad-name");
	UNIT_STRING(parse("\xef\xbb\xbf"
			  "A=1\nB=2\n"),
		"1 A!byte-order-mark;2 B=[2]");
	UNIT_STRING(parse("\xef\xbb\xbf"
			  "export A=1\n"),
		"1 A!export");
	/* The lines of an ignored entry's quoted value are gone with it. */
	UNIT_STRING(parse("export A='x\nB=1'\nC=2"), "1 A!export;3 C=[2]");
}

static void test_a_value_swallows_the_next_lines(void)
{
	UNIT_STRING(parse("A=1\\\nB=2\n  C = 3\n"), "1 A=[1B=2];2 B!swallowed;3 C=[3]");
	UNIT_STRING(parse("A=\"1,\n\n # B=2\n no\n\tC=3\"\nD=4"),
		"1 A=[1,\n\n # B=2\n no\n\tC=3];6 D=[4]");
	/* The next opening quote closes the one that was left open. */
	UNIT_STRING(parse("A='1\nB='2'\nC=3"), "1 A=[1\nB=2'];2 B!swallowed;3 C=[3]");
	UNIT_STRING(parse("A=10.0.0.0/8,\\\n.svc\nB=2"), "1 A=[10.0.0.0/8,.svc];3 B=[2]");
}

static void test_comment_swallows_the_next_line(void)
{
	UNIT_STRING(parse("# old: \\\nA=1\nB=2\n"), "2 A!comment-continued;3 B=[2]");
	UNIT_STRING(parse("# x \\\n# y\nB=2\n"), "3 B=[2]");
	UNIT_STRING(parse("# x \\\r\nB=2\n"), "2 B=[2]");
	UNIT_STRING(parse("# x \\y\nB=2\n"), "2 B=[2]");
	UNIT_STRING(parse("# x \\\nA=1\\\nB=2\nC=3"),
		"2 A!comment-continued;3 B!comment-continued;4 C=[3]");
	UNIT_STRING(parse("#\\"), "");
}

static void test_refused_files(void)
{
	UNIT_STRING(parse("A=1\nB=\xff\nC=2\n"),
		"1 A!not-utf8;2 B!not-utf8;3 C!not-utf8|not-utf8 at 2");
	UNIT_STRING(parse("# \xff\nno\xff\nA=1\n"), "2 no\xff!no-equals;3 A=[1]");
	UNIT_STRING(parse("# \\\nB=\xff\nA=1\n"), "2 B!comment-continued;3 A=[1]");
	UNIT_STRING(parse_bytes("A=1\n\0B=2\n", 9), "1 A!nul-byte;2 !bad-name|nul-byte at 2");
}

static void test_utf8_is_as_systemd_has_it(void)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{"", true},
		{"plain\x01", true},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", true},
		{"\xef\xbb\xbf", true},
		{"\xc3", false},
		{"\x80", false},
		{"\xc0\x80", false},
		{"\xc1\xbf", false},
		{"\xe0\x9f\xbf", false},
		{"\xed\xa0\x80", false},
		{"\xf0\x8f\xbf\xbf", false},
		{"\xf4\x90\x80\x80", false},
		{"\xf4\x8f\xbf\xbd", true},
		{"\xef\xb7\x90", false},
		{"\xef\xbf\xbe", false},
		{"\xf8\x88\x80\x80\x80", false},
		{"\xff", false},
		{"\xe2\x82z", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		UNIT_CHECK(
			env_text_is_utf8(cases[i].text, strlen(cases[i].text)) == cases[i].valid);
}

static void test_long_values(void)
{
	static const struct {
		size_t len;
		const char *fault;
		bool ignored;
	} cases[] = {
		{131072 - 3, "", false},
		{131072 - 2, "value-too-long", false},
		{2097151 - 2, "value-too-long", false},
		{2097151 - 1, "value-too-long", true},
	};
	struct buffer text = {0}, want = {0};
	char *xs = malloc(2097152);

	memset(xs, 'x', 2097152);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_clear(&text);
		buffer_clear(&want);
		buffer_append_string(&text, "A=");
		buffer_append_string(&want, "1 A");
		if (!cases[i].ignored)
			buffer_append_string(&want, "=[");
		buffer_append(&text, xs, cases[i].len);
		if (!cases[i].ignored)
			buffer_append(&want, xs, cases[i].len);
		buffer_printf(&want, "%s%s%s", cases[i].ignored ? "" : "]",
			cases[i].fault[0] ? "!" : "", cases[i].fault);
		UNIT_CHECK(strcmp(parse(buffer_string(&text)), buffer_string(&want)) == 0);
	}
	buffer_free(&text);
	buffer_free(&want);
	free(xs);
}

static int count(void *context, const struct env_file_entry *e)
{
	(void)e;
	++*(size_t *)context;
	return 0;
}

/* Linear, not quadratic: under the sanitizers a quadratic reader would need hours. */
static void test_megabytes_in_linear_time(void)
{
	static const char *const lines[] = {
		"A=1\n", "# \\\n", "A='\n'", "A=\\\n\\\n\n", "export X=\"\n"};
	struct env_file_result result;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct buffer text = {0};
		size_t entries = 0;

		while (text.len < (unit_long() ? 10u : 1u) << 20)
			buffer_append_string(&text, lines[i]);
		UNIT_CHECK(env_file_parse(text.data, text.len, count, &entries, &result) == 0);
		UNIT_CHECK(!result.refused && (entries > 0 || lines[i][0] == '#'));
		buffer_free(&text);
	}
}

static int stop(void *context, const struct env_file_entry *e)
{
	(void)context;
	(void)e;
	return -ECANCELED;
}

static void test_the_callback_can_stop(void)
{
	struct env_file_result result;

	UNIT_CHECK(env_file_parse("A=1\nB=2\n", 8, stop, NULL, &result) == -ECANCELED);
	UNIT_CHECK(env_file_parse("A=1\nB=2\n", 8, NULL, NULL, &result) == 0);
}

static void test_only_regular_files_are_read(void)
{
	char dir[] = "/tmp/env_file.XXXXXX", path[64];
	struct env_file_bytes b;
	FILE *f;

	UNIT_CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/f", dir);
	UNIT_CHECK(env_file_read(dir, &b) == -EISDIR);
	UNIT_CHECK(env_file_read(path, &b) == -ENOENT);
	UNIT_CHECK(env_file_read("/dev/null", &b) == -EINVAL);
	UNIT_CHECK(mkfifo(path, 0600) == 0 && env_file_read(path, &b) == -EINVAL);
	unlink(path);
	f = fopen(path, "w");
	UNIT_CHECK(f && fputs("A=1\n", f) >= 0 && fclose(f) == 0);
	UNIT_CHECK(env_file_read(path, &b) == 0 && b.len == 4 && memcmp(b.bytes, "A=1\n", 4) == 0);
	UNIT_CHECK(b.mtime_ns > 1600000000000000000LL);
	env_file_bytes_free(&b);
	UNIT_CHECK(truncate(path, (off_t)ENV_FILE_BYTES_MAX + 1) == 0);
	UNIT_CHECK(env_file_read(path, &b) == -EFBIG && !b.bytes);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	UNIT_RUN(test_plain_lines);
	UNIT_RUN(test_quotes);
	UNIT_RUN(test_backslash_joins_and_escapes);
	UNIT_RUN(test_carriage_return_ends_the_line);
	UNIT_RUN(test_ignored_lines);
	UNIT_RUN(test_a_value_swallows_the_next_lines);
	UNIT_RUN(test_comment_swallows_the_next_line);
	UNIT_RUN(test_refused_files);
	UNIT_RUN(test_utf8_is_as_systemd_has_it);
	UNIT_RUN(test_long_values);
	UNIT_RUN(test_megabytes_in_linear_time);
	UNIT_RUN(test_the_callback_can_stop);
	UNIT_RUN(test_only_regular_files_are_read);
	return unit_status();
}
