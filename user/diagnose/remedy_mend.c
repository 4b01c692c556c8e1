// SPDX-License-Identifier: GPL-2.0-only
/* A relay's value that Go drops or misreads: the command that makes it right, or what to write. */
#include "diagnose/remedy.h"
#include "node/env_file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define QUOTE  "[\"'\\'']"
#define INSIDE "[^\"'\\'' ]"

/* What is left of a fault that another one explains: the host was not where it was meant to be. */
#define CONSEQUENCES                                                                               \
	(RELAY_FAULT_HOST_MASKED | RELAY_FAULT_SCHEME_AS_HOST | RELAY_FAULT_EMPTY_HOST |           \
		RELAY_FAULT_ODD_HOST | RELAY_FAULT_UNKNOWN_SCHEME | RELAY_FAULT_UNPARSED)

/* What ends a host early, or Go refuses, in a user or password; \ stands for itself in env files only doubled. */
#define ENCODED (RELAY_FAULT_HOST_CUT | RELAY_FAULT_BACKSLASH | RELAY_FAULT_ODD_USERINFO)

/*
 * Of sed -E, on the line or the word; NULL: not certain there.  In a unit file a % is written as %%; there the
 * value ends with its word.  %s is the variable's name.
 */
static const struct {
	uint32_t fault;
	const char *env, *unit;
} edits[] = {
	{RELAY_FAULT_CONTROL, "s,[[:cntrl:]],,g;", NULL},
	{RELAY_FAULT_COMMENT, "s,\\s+#[^@]*$,,;", NULL},
	/* Around it, and behind the last @: one in the password is left alone. */
	{RELAY_FAULT_QUOTES,
		"s,^([^=]*=\\s*)(\\\\?" QUOTE ")+,\\1,;:q;s,\\\\?" QUOTE "([^@]*)$,\\1,;tq;",
		"s,(\\b%s=)\\\\?" QUOTE "([^\"'\\''\\]*)\\\\?" QUOTE ",\\1\\2,;"},
	{RELAY_FAULT_LEADING_SPACE, "s,=\\s*(" QUOTE "?)\\s+,=\\1,;", "s,(\\b%s=)\\s+,\\1,;"},
	{RELAY_FAULT_TRAILING_SPACE, "s,\\s+(" QUOTE "?)\\s*$,\\1,;",
		"s,(\\b%s=" INSIDE "*)\\s+(" QUOTE "),\\1\\2,;"},
	/* Those that are an escape already are put aside as newlines. */
	{RELAY_FAULT_BAD_ESCAPE, "s,%%([0-9A-Fa-f]{2}),\\n\\1,g;s,%%,%%25,g;s,\\n,%%,g;",
		"s,%%%%([0-9A-Fa-f]{2}),\\n\\1,g;s,%%%%,%%%%25,g;s,\\n,%%%%,g;"},
};

/* "s,#,%23,g;" for each character that the faults are about. */
static void append_characters(struct buffer *b, uint32_t faults, bool in_unit)
{
	static const struct {
		uint32_t fault;
		const char *pattern, *code;
	} characters[] = {
		{RELAY_FAULT_BACKSLASH, "\\\\+", "5C"},
		{RELAY_FAULT_HOST_CUT, "#", "23"},
		{RELAY_FAULT_HOST_CUT, "/", "2F"},
		{RELAY_FAULT_HOST_CUT, "\\?", "3F"},
		{RELAY_FAULT_ODD_USERINFO, " ", "20"},
		{RELAY_FAULT_ODD_USERINFO, "<", "3C"},
		{RELAY_FAULT_ODD_USERINFO, ">", "3E"},
		{RELAY_FAULT_ODD_USERINFO, "\\[", "5B"},
		{RELAY_FAULT_ODD_USERINFO, "]", "5D"},
		{RELAY_FAULT_ODD_USERINFO, "\\^", "5E"},
		{RELAY_FAULT_ODD_USERINFO, "`", "60"},
		{RELAY_FAULT_ODD_USERINFO, "\\{", "7B"},
		{RELAY_FAULT_ODD_USERINFO, "\\|", "7C"},
		{RELAY_FAULT_ODD_USERINFO, "}", "7D"},
	};

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		if (faults & characters[i].fault)
			buffer_printf(b, "s,%s,%s%s,g;", characters[i].pattern,
				in_unit ? "%%" : "%", characters[i].code);
}

/* User and password alone are taken out, written as %XX, and put back: they end at the last @. */
static void append_encoding(struct buffer *b, const char *name, uint32_t faults, bool in_unit)
{
	static const char scheme[] = "([A-Za-z]+://)?";

	if (in_unit)
		buffer_printf(b,
			"/\\b%s=" QUOTE "?" INSIDE "*@/{h;s,^.*\\b%s=" QUOTE "?%s(" INSIDE
			"*)@.*$,\\2,;",
			name, name, scheme);
	else
		buffer_printf(b, "/@/{h;s,^[^=]*=\\s*" QUOTE "?%s(.*)@[^@]*$,\\2,;", scheme);
	append_characters(b, faults, in_unit);
	if (in_unit)
		buffer_printf(b, "G;s,^(.*)\\n(.*\\b%s=" QUOTE "?%s)" INSIDE "*(@.*)$,\\2\\1\\4,}",
			name, scheme);
	else
		buffer_printf(
			b, "G;s,^(.*)\\n([^=]*=\\s*" QUOTE "?%s).*(@[^@]*)$,\\2\\1\\4,}", scheme);
}

/* Of "http://", or what was meant as that: the length of the word, and of what stands behind it; 0: none is there. */
static size_t scheme_word(const char *value, size_t *separators)
{
	size_t len = strspn(value, "httpsHTTPS");
	bool known = (len == 4 && !strncasecmp(value, "http", 4)) ||
		     (len == 5 && !strncasecmp(value, "https", 5));

	*separators = strspn(value + len, ":;/\\");
	return *separators && len > 1 && (known || value[len] == ':') ? len : 0;
}

/*
 * "http//", "http:/", "http;//", "htpp://" and "http://http://" were meant as "http://": the word's length, and what
 * was meant.  0: it is something else, or well written, or what follows is no host and port.
 */
static size_t scheme_typed(const char *value, const char **meant)
{
	size_t separators, count = 0, len = scheme_word(value, &separators), other;
	const char *rest = value;

	/* The same word again goes with it, as in the script. */
	for (size_t n = len; n == len && len && !strncmp(rest, value, len); count++) {
		rest += n + separators;
		n = scheme_word(rest, &separators);
	}
	*meant = len && strncasecmp(value + len - 1, "s", 1) ? "http" : "https";
	if (!*rest || strpbrk(rest, " \t,") || strstr(rest, "://") || scheme_word(rest, &other))
		return 0;
	if (count == 1 && !strncasecmp(value, *meant, len) && !(*meant)[len] &&
		rest == value + len + 3 && !strncmp(rest - 3, "://", 3))
		return 0;
	return len;
}

static bool append_scheme(
	struct buffer *b, const struct variable *v, const char *name, bool in_unit)
{
	const char *meant;
	size_t len = scheme_typed(v->value, &meant);

	if (!len)
		return false;
	if (in_unit)
		buffer_printf(b, "s,(\\b%s=" QUOTE "?)(%.*s[:;/\\\\]+)+,\\1%s://,;", name, (int)len,
			v->value, meant);
	else
		buffer_printf(b, "s,^([^=]*=\\s*" QUOTE "?)(%.*s[:;/\\\\]+)+,\\1%s://,;", (int)len,
			v->value, meant);
	return true;
}

/*
 * May it be two relays, with a ',' or a blank between them and a password in each?  Then what stands before the last @
 * is no password, and must not be made one.
 */
static bool may_be_two(const struct relay_url *u)
{
	return u->faults & RELAY_FAULT_HOST_CUT &&
	       (u->faults & RELAY_FAULT_ODD_HOST ||
		       (u->faults & RELAY_FAULT_ODD_USERINFO && u->use == RELAY_USABLE));
}

/*
 * Is a quote in user or password?  What is shown has none then.  It may belong there, and whether it does is not to be
 * seen from outside: Go takes a ' there, and a " not.
 */
static bool has_hidden_quote(const struct variable *v)
{
	return v->url.faults & RELAY_FAULT_QUOTES && v->url.faults & RELAY_FAULT_CREDENTIALS &&
	       !strpbrk(v->value, "\"'");
}

/* The script, and whether it surely makes the value what was meant. */
static bool make_script(const struct variable *v, const struct remedy_spot *at, struct buffer *b)
{
	uint32_t faults = v->url.faults & ~RELAY_FAULTS_REMARKS, mended = 0;
	uint32_t encoded = faults & ENCODED;
	bool userinfo = v->url.faults & RELAY_FAULT_CREDENTIALS;

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		const char *edit = at->in_unit ? edits[i].unit : edits[i].env;

		if (!(faults & edits[i].fault) || !edit)
			continue;
		buffer_printf(b, edit, at->name);
		mended |= edits[i].fault;
	}
	/* A blank in a password would end a unit file's word, if that is not in quotes. */
	if (encoded && userinfo && !may_be_two(&v->url) &&
		!(at->in_unit && faults & RELAY_FAULT_ODD_USERINFO)) {
		append_encoding(b, at->name, encoded, at->in_unit);
		mended |= encoded;
	}
	if (!mended && append_scheme(b, v, at->name, at->in_unit))
		mended |= RELAY_FAULT_BACKSLASH;
	return mended && !(faults & ~mended & ~(uint32_t)CONSEQUENCES) && !b->failed;
}

/*
 * Did the value swallow what stands behind a blank: another assignment, "http://relay:3128 NO_PROXY=.svc", or another
 * relay?  Behind a port that is hidden.
 */
static bool has_more(const struct variable *v)
{
	if (v->url.faults & RELAY_FAULT_COMMENT)
		return false;
	for (const char *c = v->value + strspn(v->value, " \t"); (c = strpbrk(c, " \t"));) {
		size_t len;

		c += strspn(c, " \t");
		len = strcspn(c, "= \t");
		if (!strcmp(c, "***") || (c[len] == '=' && env_name_is_valid(c, len)))
			return true;
	}
	return false;
}

/* The statement that gives v, by the name that it has there. */
static bool find_spot(
	const struct rule_input *in, const struct variable *v, struct remedy_spot *out)
{
	const struct variable *own;
	char name[64];

	own = remedy_prefixed(in->process, v, name);
	return remedy_spot_at(in, own ? own->name : v->name, remedy_source(in, v), out);
}

bool remedy_is_unclosed(const struct rule_input *in, const struct variable *v)
{
	struct remedy_spot at;

	return find_spot(in, v, &at) && at.unclosed;
}

bool remedy_mend(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	struct buffer b = {0}, script = {0};
	struct remedy_spot at;
	bool certain;

	/* What stands there by now is not what was read. */
	if (!find_spot(in, v, &at) || at.continued || at.unclosed || has_more(v) ||
		has_hidden_quote(v) || source_is_newer(in, v))
		return false;
	certain = make_script(v, &at, &b);
	if (certain) {
		buffer_printf(&script,
			at.in_unit ? "/^\\s*[^#;].*\\b%s=/{%s}" : "/^\\s*%s\\s*=/{%s}", at.name,
			buffer_string(&b));
		remedy_sed(out, &at, "-E", buffer_string(&script));
	}
	buffer_free(&b);
	buffer_free(&script);
	return certain;
}

void remedy_unquote(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	struct buffer b = {0};
	struct remedy_spot at;

	if (!find_spot(in, v, &at) || at.continued || source_is_newer(in, v))
		return;
	buffer_printf(&b, at.in_unit ? "/^\\s*[^#;].*\\b%s=/{" : "/^\\s*%s\\s*=/{", at.name);
	buffer_append_string(&b, "s,//\\\\?(" QUOTE ")([^\"'\\''\\]*)\\\\?\\1([:@]),//\\2\\3,;"
				 "s,:\\\\?(" QUOTE ")([^\"'\\''\\]*)\\\\?\\1@,:\\2@,}");
	remedy_sed(out, &at, "-E", buffer_string(&b));
	buffer_free(&b);
}

bool remedy_look_again(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	if (!has_more(v) && !remedy_is_unclosed(in, v))
		return false;
	lines_add(&out->remedy,
		"# then look again (relaytrace check): what %s has swallowed, such as a NO_ list, "
		"counts only then",
		v->name);
	return true;
}

/* Is there more than one URL in it? */
static bool has_list(const struct variable *v)
{
	const char *first = strstr(v->value, "://");

	return first && strpbrk(first, " \t,") && strstr(first + 1, "://");
}

const char *remedy_what(const struct rule_input *in, const struct variable *v)
{
	static const struct {
		uint32_t fault;
		const char *what;
	} sentences[] = {
		{RELAY_FAULT_DOLLAR, "write the value itself: nothing expands $NAME there"},
		{RELAY_FAULT_NO_BRACKETS,
			"write an IPv6 address in brackets: http://[ADDRESS]:PORT"},
		{RELAY_FAULT_BAD_PORT, "write http://HOST:PORT, the port a number from 1 to 65535"},
		{RELAY_FAULT_UNKNOWN_SCHEME,
			"write http://HOST:PORT: Go speaks to a relay by http://, https:// and "
			"socks5:// only"},
		{RELAY_FAULT_EMPTY_HOST, "write http://HOST:PORT: Go finds no host in it"},
	};

	if (remedy_is_unclosed(in, v))
		return "close the quote that is opened there: all lines behind it are part of the "
		       "value";
	if (has_more(v))
		return "write http://HOST:PORT and nothing behind it: a further NAME=VALUE goes "
		       "into a line of its own, in a unit file into quotes of its own "
		       "(Environment=\"NAME=VALUE\" \"NAME=VALUE\"), and a second relay Go does "
		       "not take";
	if (has_hidden_quote(v))
		return "write a quote that is part of user or password as %22 (\") or %27 ('), in "
		       "a unit file's Environment= as %%22 or %%27, and take the others away";
	if (has_list(v))
		return "write one http://HOST:PORT: Go takes no list of relays";
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (v->url.faults & sentences[i].fault &&
			!(v->url.faults & (RELAY_FAULT_QUOTES | ENCODED)))
			return sentences[i].what;
	return "write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT without quotes or spaces "
	       "within, "
	       "special characters of the password as %XX (in a unit file's Environment= as %%XX)";
}

/* The same of containerd alone, which is told as the same finding. */
static void mend_containerds(
	const struct rule_input *in, struct finding *out, const struct variable *v)
{
	const struct variable *twin;
	char name[64];

	snprintf(name, sizeof(name), "CONTAINERD_%s", v->name);
	twin = in->process->role == ROLE_SUPERVISOR ? environment_get(in->environment, name) : NULL;
	if (twin && twin->value[0] && !relay_url_is_sound(&twin->url) &&
		!remedy_mend(in, out, twin))
		remedy_tell(in, out, twin, remedy_what(in, twin));
}

void remedy_mend_value(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	struct service s;
	char name[64];

	service_of(in->process, &s);
	if (!remedy_mend(in, out, v))
		remedy_tell(in, out, v, remedy_what(in, v));
	mend_containerds(in, out, v);
	if (!remedy_look_again(in, out, v) && s.kind != SERVICE_NONE && s.kind != SERVICE_POD &&
		s.kind != SERVICE_OTHER)
		remedy_give_list(in, out, &s, in->family,
			remedy_prefixed(in->process, v, name) != NULL, NULL, NULL);
	remedy_restart(in, out);
}

void remedy_plain_scheme(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	struct buffer b = {0};
	struct remedy_spot at;

	if (find_spot(in, v, &at)) {
		if (at.in_unit)
			buffer_printf(&b,
				"/^\\s*[#;]/!s#(\\b%s=" QUOTE "?)[a-z0-9]*://#\\1http://#I",
				at.name);
		else
			buffer_printf(&b, "s#^(\\s*%s\\s*=\\s*" QUOTE "?)[a-z0-9]*://#\\1http://#I",
				at.name);
		remedy_sed(out, &at, "-E", buffer_string(&b));
	}
	buffer_free(&b);
}
