// SPDX-License-Identifier: GPL-2.0-only
#include "relay/relay_mask.h"
#include "relay/relay_secret.h"
#include "relay/relay_url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/*
 * Command lines.  An option counts by the words in its name, so that --src-creds, --agent-token
 * and --proxy-user need no entries of their own.
 */
/* curl -u and -U user:password; rke2 and k3s -t TOKEN; nerdctl and podman login -p PASSWORD. */
static const char *const secret_letters[] = {"-u", "-U", "-t", "-p"};

/* Does this word announce that the next one is a secret: --password, -u, "Authorization:"? */
static bool announces_secret(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(secret_letters) / sizeof(*secret_letters); i++)
		if (len == 2 && memcmp(word, secret_letters[i], 2) == 0)
			return true;
	if (!len || (word[0] != '-' && word[len - 1] != ':'))
		return false;
	/* "--header=Proxy-Authorization:", whose value is the next word. */
	return (word[len - 1] == ':' || !memchr(word, '=', len)) && relay_names_secret(word, len);
}

/* The least digits of a digest in a reference (distribution's reference/regexp.go); a port has fewer. */
#define DIGEST_DIGITS 32

/*
 * Is text what stands behind the '@' of an image's digest: "sha256:" or "sha512:" and hex (OCI
 * image-spec, descriptor)?  "http://user:password@sha256:3128" is none.
 */
static bool is_digest(const char *text, size_t len)
{
	if (len < 7 + DIGEST_DIGITS ||
		(memcmp(text, "sha256:", 7) != 0 && memcmp(text, "sha512:", 7) != 0))
		return false;
	for (size_t i = 7; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static const char *find_userinfo_end(const char *word, size_t len)
{
	for (size_t i = len; i-- > 0;) {
		if (word[i] != '@')
			continue;
		if (is_digest(word + i + 1, len - i - 1))
			continue;
		return word + i;
	}
	return NULL;
}

/* Where the authority of a URL, or of user:password@host behind "NAME=", begins. */
static size_t authority_start(const char *word, size_t len)
{
	const char *scheme = memmem(word, len, "://", 3), *equals = memchr(word, '=', len);
	const char *colon = memchr(word, ':', len);

	if (scheme && colon == scheme)
		return (size_t)(scheme - word) + 3;
	if (equals && (!colon || equals < colon))
		return (size_t)(equals - word) + 1;
	return 0;
}

/* The host of a URL in which, for want of an '@', what stands behind ':' is a port or is hidden. */
static size_t shown_without_at(const char *word, size_t len, size_t start)
{
	size_t end = start;
	const char *colon;

	if (start < 3 || memcmp(word + start - 3, "://", 3) != 0 ||
		(start < len && word[start] == '['))
		return len;
	while (end < len && !strchr("/?#", word[end]))
		end++;
	colon = memchr(word + start, ':', end - start);
	if (!colon || relay_is_bare_ipv6(word + start, end - start))
		return len;
	for (const char *p = colon + 1; p < word + end; p++)
		if (!isdigit((unsigned char)*p) && !strchr("'\",;)", *p))
			return (size_t)(colon - word) + 1;
	return len;
}

static bool has_option(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (text[i] == '-' && isspace((unsigned char)text[i - 1]))
			return true;
	return false;
}

static void redact_url_word(const char *word, size_t len, struct buffer *out)
{
	const char *at = find_userinfo_end(word, len);
	size_t start = authority_start(word, len), shown;
	bool url = start >= 3 && memcmp(word + start - 3, "://", 3) == 0;

	/* user@host and unit@instance carry no password; x:y@z may. */
	if (at && at >= word + start &&
		(url || memchr(word + start, ':', (size_t)(at - word) - start))) {
		buffer_append(out, word, start);
		buffer_append_string(out, relay_mask_userinfo);
		/* "http://relay -U user:pa@ss": several words, and the '@' in the password of one. */
		if (has_option(word, (size_t)(at - word)))
			buffer_printf(out, "@%s", relay_mask_rest);
		else
			buffer_append(out, at, len - (size_t)(at - word));
		return;
	}
	shown = shown_without_at(word, len, start);
	buffer_append(out, word, shown);
	if (shown < len)
		buffer_append_string(out, relay_mask_rest);
}

/* Behind the '=' of the first parameter of a query at from or behind it, "?token=V", that is a secret; len: none. */
static size_t query_secret(const char *word, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++) {
		size_t end = i + 1;

		if (word[i] != '?' && word[i] != '&')
			continue;
		while (end < len && !strchr("=&", word[end]))
			end++;
		if (end < len && word[end] == '=' && relay_names_secret(word + i + 1, end - i - 1))
			return end + 1;
	}
	return len;
}

/*
 * podman login -pPASSWORD.  Not letters in a bundle (curl -px, cp -pr), nor ports (-p8080:80), nor what Go's flags begin
 * so with one dash (containerd-shim's -publish-binary).
 */
static bool is_short_password(const char *word, size_t len)
{
	static const char *const flags[] = {"publish-binary", "pid-file", "platform", "parallel",
		"progress", "profiling", "pprof", "pull", "print-config"};
	bool letters = len <= 6, numbers = true;

	if (len < 3 || memcmp(word, "-p", 2) != 0 || memchr(word, '=', len))
		return false;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strlen(flags[i]) == len - 1 && memcmp(flags[i], word + 1, len - 1) == 0)
			return false;
	for (size_t i = 2; i < len; i++) {
		letters &= word[i] >= 'a' && word[i] <= 'z';
		numbers &= isdigit((unsigned char)word[i]) || strchr(":./", word[i]);
	}
	return !letters && !numbers;
}

/* One word.  True: it held, or announced, a secret, and what follows it in the argument is hidden. */
static bool redact_word(const char *word, size_t len, struct buffer *out)
{
	const char *at;
	size_t name = 0;

	while (name < len && word[name] != '=' && word[name] != ':')
		name++;
	if (is_short_password(word, len)) {
		buffer_append(out, word, 2);
		buffer_append_string(out, relay_mask_rest);
		return false;
	}
	if (len > 2 && (memcmp(word, "-u", 2) == 0 || memcmp(word, "-U", 2) == 0) && name < len) {
		buffer_append(out, word, 2);
		buffer_append_string(out, relay_mask_rest);
		return true;
	}
	if (name < len && relay_names_secret(word, name)) {
		buffer_append(out, word, name + 1);
		if (name + 1 < len)
			buffer_append_string(out, relay_mask_rest);
		return true;
	}
	at = relay_last_at(word, len);
	name = query_secret(word, at ? (size_t)(at - word) : 0, len);
	/* The '?' stands in a password, or the '@' in a token: who can tell? */
	if (at && query_secret(word, 0, len) < name)
		name = authority_start(word, len);
	redact_url_word(word, name, out);
	if (name < len)
		buffer_append_string(out, relay_mask_rest);
	return announces_secret(word, len);
}

/* The "://" of the next URL; one whose word stands behind '/' or ':' is in the middle of another. */
static const char *find_next_url(const char *text, size_t len)
{
	const char *end = text + len, *at = text, *word;

	while ((at = memmem(at, (size_t)(end - at), "://", 3))) {
		for (word = at; word > text && isalnum((unsigned char)word[-1]);)
			word--;
		if (word > text && !strchr("/:@", word[-1]))
			return at;
		at += 3;
	}
	return NULL;
}

/*
 * Length of the word that begins here.  A password with a blank in it makes a URL several words: it
 * goes on to the last '@' before the next URL.
 */
static size_t word_length(const char *word, size_t len)
{
	size_t end = 0, url;
	const char *scheme, *next, *at;

	while (end < len && !isspace((unsigned char)word[end]))
		end++;
	scheme = memmem(word, end, "://", 3);
	if (!scheme)
		return end;
	url = (size_t)(scheme - word) + 3;
	next = find_next_url(word + url, len - url);
	at = find_userinfo_end(word + url, next ? (size_t)(next - word) - url : len - url);
	while (at && end < len && (word + end < at || !isspace((unsigned char)word[end])))
		end++;
	return end;
}

/* A path or a port, as behind the ':' of PATH=/bin:/sbin and of host:5000. */
static bool is_place(const char *text, const char *end)
{
	const char *digit = text;

	while (digit < end && isdigit((unsigned char)*digit))
		digit++;
	return digit == end || *text == '/';
}

/*
 * Length of an argument's first word; where it is "user:pa ss@host" or "NAME=user:pa ss@host", with a blank in the
 * password, up to the '@' and the host behind it.
 */
static size_t first_length(const char *argument, size_t len)
{
	size_t end = word_length(argument, len), start = authority_start(argument, end);
	const char *colon = memchr(argument + start, ':', end - start);
	const char *at = find_userinfo_end(argument, len);

	if (!colon || memmem(argument, len, "://", 3) || is_place(colon + 1, argument + end))
		return end;
	while (at && end < len && (argument + end < at || !isspace((unsigned char)argument[end])))
		end++;
	return end;
}

/* An argument may hold a whole command (sh -c): word by word, and no quoting is trusted. */
static void redact_words(const char *argument, size_t len, struct buffer *out)
{
	size_t i = 0;

	while (i < len) {
		size_t word = i;

		i += i ? word_length(argument + i, len - i) : first_length(argument, len);
		if (redact_word(argument + word, i - word, out) && i < len) {
			buffer_append_char(out, argument[i]);
			buffer_append_string(out, relay_mask_rest);
			return;
		}
		while (i < len && isspace((unsigned char)argument[i]))
			buffer_append_char(out, argument[i++]);
	}
}

void relay_argument_redact(const char *previous, const char *argument, struct buffer *out)
{
	if (previous && announces_secret(previous, strlen(previous)) && *argument)
		buffer_append_string(out, relay_mask_rest);
	else
		relay_mask_settled(redact_words, argument, strlen(argument), out);
}
