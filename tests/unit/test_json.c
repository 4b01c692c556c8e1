// SPDX-License-Identifier: GPL-2.0-only
#include "output/escape.h"
#include "output/json_writer.h"
#include "unit.h"

static void test_json_nests_and_sets_commas(void)
{
	struct buffer out = {0};
	struct json j;

	json_begin(&j, &out);
	json_object(&j, NULL);
	json_object(&j, "empty");
	json_object_end(&j);
	json_array(&j, "list");
	json_number(&j, NULL, INT64_MIN);
	json_unsigned(&j, NULL, UINT64_MAX);
	json_object(&j, NULL);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_object_end(&j);
	json_array(&j, NULL);
	json_array_end(&j);
	json_array_end(&j);
	json_null(&j, "nothing");
	json_string(&j, "none", NULL);
	json_string(&j, "text", "");
	json_object_end(&j);
	UNIT_STRING(buffer_string(&out),
		"{\"empty\":{},\"list\":[-9223372036854775808,18446744073709551615,"
		"{\"yes\":true,\"no\":false},[]],\"nothing\":null,\"none\":null,\"text\":\"\"}");
	buffer_free(&out);
}

/* What the writer makes of one string, quotes included. */
static void check_string(const char *value, size_t len, const char *want)
{
	struct buffer out = {0};
	struct json j;

	json_begin(&j, &out);
	json_string_len(&j, NULL, value, len);
	UNIT_STRING(buffer_string(&out), want);
	buffer_free(&out);
}

#define CHECK_JSON(value, want) check_string(value, sizeof(value) - 1, "\"" want "\"")

static void test_json_escapes_what_a_program_chose(void)
{
	CHECK_JSON("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	CHECK_JSON("a\"b\\c/", "a\\\"b\\\\c/");
	CHECK_JSON("\x1b[31m\x07", "\\u001b[31m\\u0007");
	CHECK_JSON("a\nb\tc\rd\x7f", "a\\nb\\tc\\u000dd\\u007f");
	CHECK_JSON("a\0b", "a\\u0000b");
	CHECK_JSON("\xc2\x9b"
		   "31m",
		"\\u009b31m"); /* CSI as one C1 character */
	CHECK_JSON("\x9b"
		   "31m",
		"\\\\x9b31m"); /* ... and as one byte */
	CHECK_JSON("\xe2\x80\xae\xe2\x80\xa8\xe2\x81\xa6", "\\u202e\\u2028\\u2066");
	CHECK_JSON("\xf3\xa0\x81\x81", "\\udb40\\udc41"); /* a tag character */
}

static void test_json_shows_bytes_that_are_no_utf8(void)
{
	CHECK_JSON("\xff", "\\\\xff");
	CHECK_JSON("\xc3", "\\\\xc3");		  /* cut short */
	CHECK_JSON("\xc0\xaf", "\\\\xc0\\\\xaf"); /* overlong */
	CHECK_JSON("\xe0\x80\xaf", "\\\\xe0\\\\x80\\\\xaf");
	CHECK_JSON("\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80"); /* a surrogate */
	CHECK_JSON("\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80");
	CHECK_JSON("\xe2\x82x", "\\\\xe2\\\\x82x");
}

static void test_escape_text_for_a_person(void)
{
	static const char hostile[] = "a\x1b]0;x\x07\n\xc2\x85\xe2\x80\xae\xff\\";
	struct buffer out = {0};

	escape_text(&out, hostile, sizeof(hostile) - 1);
	UNIT_STRING(buffer_string(&out), "a\\x1b]0;x\\x07\\n\\x85\\u{202e}\\xff\\");
	buffer_free(&out);
}

int main(void)
{
	UNIT_RUN(test_json_nests_and_sets_commas);
	UNIT_RUN(test_json_escapes_what_a_program_chose);
	UNIT_RUN(test_json_shows_bytes_that_are_no_utf8);
	UNIT_RUN(test_escape_text_for_a_person);
	return unit_status();
}
