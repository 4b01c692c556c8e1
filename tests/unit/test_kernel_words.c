// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel programs decide on bytes, beside the same said byte by byte. */
#include "first_line.h"
#include "listed_name.h"
#include "unit.h"

#include <ctype.h>
#include <strings.h>

/* The list of design: relay variables in any case, and six names as they are. */
static bool listed(const char *variable)
{
	static const char *const others[] = {"REQUEST_METHOD=", "RKE2_AGENT_HTTP_PROXY_ALLOWED=",
		"K3S_AGENT_HTTP_PROXY_ALLOWED=", "INVOCATION_ID=", "SSL_CERT_FILE=",
		"SSL_CERT_DIR="};
	static const char *const kinds[] = {"HTTP_", "HTTPS_", "NO_", "ALL_"};
	const char *p = variable;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(variable, others[i], strlen(others[i])) == 0)
			return true;
	if (strncasecmp(p, "CONTAINERD_", 11) == 0)
		p += 11;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i]);

		if (strncasecmp(p, kinds[i], len) == 0 &&
			(strncasecmp(p + len, "PROXY=", 6) == 0 ||
				strncasecmp(p + len, "RELAY=", 6) == 0))
			return true;
	}
	return false;
}

static const char *const names[] = {"HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "ALL_PROXY=",
	"HTTP_RELAY=", "HTTPS_RELAY=", "NO_RELAY=", "ALL_RELAY=", "CONTAINERD_HTTP_PROXY=",
	"CONTAINERD_HTTPS_PROXY=", "CONTAINERD_NO_PROXY=", "CONTAINERD_ALL_PROXY=",
	"CONTAINERD_HTTPS_RELAY=", "REQUEST_METHOD=", "RKE2_AGENT_HTTP_PROXY_ALLOWED=",
	"K3S_AGENT_HTTP_PROXY_ALLOWED=", "INVOCATION_ID=", "SSL_CERT_FILE=", "SSL_CERT_DIR="};

#define NAMES (sizeof(names) / sizeof(names[0]))

static void test_names_that_are_listed(void)
{
	char place[128];

	for (size_t i = 0; i < NAMES; i++) {
		memset(place, 'x', sizeof(place));
		memcpy(place, names[i], strlen(names[i]));
		UNIT_CHECK(name_is_listed(place));
		for (size_t at = 0; place[at] != 'x'; at++) {
			char was = place[at];

			place[at] = (char)tolower(was);
			UNIT_CHECK(name_is_listed(place) == listed(place));
			place[at] = was;
		}
	}
}

/* Each letter replaced by each byte: no name that nobody listed comes out. */
static void test_names_that_differ_in_one_byte(void)
{
	char place[128];

	for (size_t i = 0; i < NAMES; i++) {
		memset(place, 0, sizeof(place));
		memcpy(place, names[i], strlen(names[i]));
		for (size_t at = 0; at < strlen(names[i]); at++) {
			for (int byte = 0; byte < 256; byte++) {
				place[at] = (char)byte;
				UNIT_CHECK(name_is_listed(place) == listed(place));
			}
			place[at] = names[i][at];
		}
	}
}

static size_t line_of_bytes(unsigned char *bytes, size_t len)
{
	unsigned char *end = memchr(bytes, '\n', len);
	size_t kept = end ? (size_t)(end - bytes) + 1 : len;

	memset(bytes + kept, 0, len - kept);
	return kept;
}

static void line_check(const unsigned char *bytes, size_t len)
{
	unsigned char want[512];
	__u64 words[64], within = 1;
	size_t kept = 0, line;

	memcpy(words, bytes, len);
	memcpy(want, bytes, len);
	line = line_of_bytes(want, len);
	for (size_t i = 0; i < len / 8; i++)
		kept += line_cut(&words[i], &within);
	UNIT_CHECK(kept == line);
	UNIT_CHECK(within == (bytes[line - 1] != '\n'));
	UNIT_CHECK(memcmp(words, want, len) == 0);
}

static void test_a_line_ends_at_each_place(void)
{
	unsigned char bytes[512];

	memset(bytes, 'a', sizeof(bytes));
	line_check(bytes, sizeof(bytes));
	for (size_t first = 0; first < sizeof(bytes); first++) {
		bytes[first] = '\n';
		line_check(bytes, sizeof(bytes));
		bytes[first] = 'a';
	}
}

/* Bytes near the newline in value, and several newlines: what a borrow or a carry would break. */
static void test_a_line_of_any_bytes(void)
{
	static const unsigned char near[] = {0, 1, 9, '\n', 11, 0x7f, 0x80, 0x8a, 0xff};
	unsigned char bytes[32];
	unsigned int random = 1;

	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1103515245 + 12345;
			bytes[i] = random >> 30 ? (unsigned char)(random >> 16)
						: near[(random >> 16) % sizeof(near)];
		}
		line_check(bytes, sizeof(bytes));
	}
}

int main(void)
{
	UNIT_RUN(test_names_that_are_listed);
	UNIT_RUN(test_names_that_differ_in_one_byte);
	UNIT_RUN(test_a_line_ends_at_each_place);
	UNIT_RUN(test_a_line_of_any_bytes);
	return unit_status();
}
