// SPDX-License-Identifier: GPL-2.0-only
/*
 * Relay values with a password that the fuzzer chooses.  Nothing that is kept or shown may hold
 * four bytes in a row of it, however the value is malformed.
 */
#include "relay/environment.h"
#include "relay/relay_choice.h"
#include "relay/supervisor_environment.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRAM = 4 };

static const char *const prefixes[] = {"http://", "", "\"http://", " http://", "https://",
	"http:", "http//", "http:\\\\", "http:/", "ftp://", "socks5h://", "http://http://",
	"http:///", "'"};
static const char *const suffixes[] = {"@relay:3128", "@relay:3128\"", "@relay",
	"@[fd00::1]:3128/\r", "%40relay:3128", "@", "@re@lay:1"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * What a port looks like, and what wraps a value, is shown even where a cut password begins so; a
 * '*' may be our mask's.
 */
static bool is_public(const char *gram)
{
	if (memchr(gram, '*', GRAM))
		return true;
	for (int i = 0; i < GRAM; i++)
		if ((unsigned char)gram[i] > ' ' && gram[i] != 0x7f &&
			!strchr("0123456789:/?#\"'%;,", gram[i]))
			return false;
	return true;
}

static void check(const char *what, const char *shown, size_t shown_len, const char *password,
	size_t len, const char *public_text)
{
	const char *user = memmem(shown, shown_len, "user:", 5);

	/* Ours, up to the user; its end and a port-like beginning may look like a piece of it. */
	if (user) {
		shown_len -= (size_t)(user + 5 - shown);
		shown = user + 5;
	}
	for (size_t i = 0; i + GRAM <= len; i++) {
		const char *gram = password + i;

		if (memmem(public_text, strlen(public_text), gram, GRAM) || is_public(gram))
			continue;
		if (!memmem(shown, shown_len, gram, GRAM))
			continue;
		fprintf(stderr, "%s shows \"%.4s\" of the password: \"%.*s\"\n", what, gram,
			(int)shown_len, shown);
		abort();
	}
}

static void check_variable(
	const struct environment *e, const char *password, size_t len, const char *public_text)
{
	const struct variable *v = &e->variables[0];
	struct choice c;
	char reason[1024];

	check("the value", v->value, strlen(v->value), password, len, public_text);
	check("the host", v->url.host, strlen(v->url.host), password, len, public_text);
	check("the scheme", v->url.scheme, strlen(v->url.scheme), password, len, public_text);
	choice_for_url(e, RELAY_FAMILY_PROXY, "https://index.docker.io/", &c);
	choice_reason_text(&c, reason, sizeof(reason));
	check("the choice", c.relay.host, strlen(c.relay.host), password, len, public_text);
	check("the reason", reason, strlen(reason), password, len, public_text);
}

/* A recording is redacted again when it is read: that must change nothing. */
static void check_again(const char *value, size_t len,
	void (*redact)(const char *value, size_t len, struct buffer *out))
{
	struct buffer once = {0}, twice = {0};

	redact(value, len, &once);
	redact(buffer_string(&once), once.len, &twice);
	if (strcmp(buffer_string(&once), buffer_string(&twice)) != 0) {
		fprintf(stderr, "\"%s\" becomes \"%s\"\n", buffer_string(&once),
			buffer_string(&twice));
		abort();
	}
	buffer_free(&once);
	buffer_free(&twice);
}

static void check_value(const char *value, size_t value_len, const char *password, size_t len,
	const char *public_text)
{
	static const char name[] = "HTTPS_PROXY";

	check_again(value, value_len, relay_url_redact);
	check_again(value, value_len, relay_url_redact_cut);
	check_again(value, value_len, relay_list_redact);
	for (int cut = 0; cut < 2; cut++) {
		struct environment *e = environment_new(ENVIRONMENT_EXEC);

		if (!e || environment_add(e, name, strlen(name), value, value_len, cut, NULL))
			abort();
		check_variable(e, password, len, public_text);
		environment_unref(e);
	}
}

static bool is_plain_scheme(const char *prefix)
{
	return !strcmp(prefix, "http://") || !strcmp(prefix, "https://");
}

static void check_argument(const char *option, const char *value, const char *password, size_t len,
	const char *public_text)
{
	struct buffer argument = {0}, out = {0};

	buffer_append_string(&argument, option);
	buffer_append_string(&argument, value);
	relay_argument_redact("--proxy", buffer_string(&argument), &out);
	check("the argument", buffer_string(&out), out.len, password, len, public_text);
	buffer_free(&argument);
	buffer_free(&out);
}

/* The text as it is: nothing may crash, and what is valid must stay in its bounds. */
static void try_raw(const char *text, size_t len)
{
	struct environment *e = environment_new(ENVIRONMENT_EXEC);
	struct buffer out = {0};
	struct choice c;
	struct supervisor server = {.server = true};
	char *copy = strndup(text, len);

	if (!e || !copy)
		abort();
	environment_add_block(e, text, len, "x");
	environment_add(e, "HTTP_PROXY", 10, text, len, false, NULL);
	environment_add(e, "HTTPS_PROXY", 11, "relay:1", 7, false, NULL);
	environment_add(e, "NO_PROXY", 8, text, len, false, NULL);
	choice_for_url(e, RELAY_FAMILY_PROXY, copy, &c);
	choice_for_host(e, RELAY_FAMILY_PROXY, "https", copy, 443, &c);
	relay_argument_redact(NULL, copy, &out);
	relay_argument_redact(copy, copy, &out);
	environment_unref(environment_of_containerd(e, &server));
	environment_unref(e);
	buffer_free(&out);
	free(copy);
}

/*
 * A value that was cut behind the password, as a shell cuts at '&', tells nothing where what is left
 * is a value in itself: "user://host", "user:pass@host", "user:3128 # a comment".
 */
static bool can_tell_cut(const char *password, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if ((password[i] == ' ' || password[i] == '\t') && password[i + 1] == '#')
			return false;
	return !memmem(password, len, "//", 2) && !memchr(password, '@', len) &&
	       !memmem(password, len, "%40", 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *prefix, *suffix, *password = (const char *)data + 2;
	struct buffer value = {0}, public_text = {0};
	size_t len;

	if (size < 2)
		return 0;
	prefix = prefixes[data[0] % COUNT(prefixes)];
	suffix = suffixes[data[1] % COUNT(suffixes)];
	len = strnlen(password, size - 2);
	try_raw(password, size - 2);
	buffer_printf(&value, "%suser:%.*s", prefix, (int)len, password);
	buffer_printf(&public_text,
		"--proxy=%suser: ***:***%s http\xff"
		"HTTPS_PROXY names it is set, but "
		"Go cannot parse it and silently goes direct",
		prefix, suffix);
	if (can_tell_cut(password, len))
		check_value(buffer_string(&value), value.len, password, len,
			buffer_string(&public_text));
	buffer_append_string(&value, suffix);
	check_value(buffer_string(&value), value.len, password, len, buffer_string(&public_text));
	/* An argument with blanks is a command line, whose words are told apart; a URL is one word. */
	if (suffix[0] == '@' && prefix[0] == 'h' && len &&
		(!strpbrk(buffer_string(&value), " \t\r\n\v\f") ||
			(is_plain_scheme(prefix) && !memmem(password, len, "//", 2))))
		check_argument("--proxy=", buffer_string(&value), password, len,
			buffer_string(&public_text));
	buffer_free(&value);
	buffer_free(&public_text);
	return 0;
}
