// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_mask.h"

#include <string.h>
#include <strings.h>

const char relay_mask_userinfo[] = "***:***";
const char relay_mask_rest[] = "***";

/* Real values need one pass or two. */
#define REDACT_PASSES 16

void relay_mask_settled(void (*redact)(const char *text, size_t len, struct buffer *out),
	const char *text, size_t len, struct buffer *out)
{
	struct buffer before = {0};
	size_t start = out->len;
	int passes = 0;

	redact(text, len, out);
	while (!out->failed && !before.failed &&
		(out->len - start != len || (len && memcmp(out->data + start, text, len)))) {
		buffer_clear(&before);
		if (passes++ == REDACT_PASSES)
			buffer_append_string(&before, relay_mask_rest);
		else
			buffer_append(&before, out->data + start, out->len - start);
		text = buffer_string(&before);
		len = before.len;
		out->len = start;
		out->data[start] = '\0';
		redact(text, len, out);
	}
	out->failed |= before.failed;
	buffer_free(&before);
}

static const char *const secret_words[] = {"token", "passw", "passphrase", "secret", "cred", "user",
	"auth", "apikey", "api-key", "access-key", "bearer", "signature"};

bool relay_names_secret(const char *name, size_t len)
{
	for (size_t w = 0; w < sizeof(secret_words) / sizeof(*secret_words); w++) {
		size_t word = strlen(secret_words[w]);

		for (size_t i = 0; i + word <= len; i++)
			if (strncasecmp(name + i, secret_words[w], word) == 0)
				return true;
	}
	/* curl --pass and --proxy-pass; not --passive, nor --pass-through. */
	return len >= 5 && strncasecmp(name + len - 5, "-pass", 5) == 0;
}

const char *relay_last_at(const char *value, size_t len)
{
	for (size_t i = len; i-- > 0;)
		if (value[i] == '@' || (len - i >= 3 && memcmp(value + i, "%40", 3) == 0))
			return value + i;
	return NULL;
}
