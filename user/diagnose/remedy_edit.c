// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands that change a statement where it stands, without showing it.  They find it by its name, because
 * what another remedy inserts makes line numbers wrong; they write through symbolic links; and pasted twice they
 * do no harm.
 */
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <string.h>

/* A ' or " within a command that is itself quoted with '; and what is no end of a NO_ list. */
#define QUOTE "[\"'\\'']"
#define LIST  "[^\"'\\''=]"

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len >= n && !strcmp(text + len - n, suffix);
}

/* In "FILE:LINE", FILE into file (size bytes); false where it cannot be pasted. */
bool remedy_file_of(const char *source, char *file, size_t size)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	size_t len = colon ? (size_t)(colon - source) : 0;

	if (!len || len >= size || source[0] != '/')
		return false;
	memcpy(file, source, len);
	file[len] = '\0';
	return remedy_is_plain(file);
}

bool remedy_spot_at(
	const struct rule_input *in, const char *name, const char *source, struct remedy_spot *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (!remedy_file_of(source, out->file, sizeof(out->file)) || !remedy_is_plain(name))
		return false;
	out->in_unit = ends_with(out->file, ".service") || ends_with(out->file, ".conf");
	for (size_t i = 0; in->facts && i < in->facts->count; i++) {
		const struct unit_variable *v = &in->facts->variables[i];

		/* Of a file of others less is known than of one's own, and both are there. */
		if (!strcmp(v->source, source) && !strcmp(v->name, name)) {
			out->in_unit = v->in_unit;
			out->continued |= v->continued;
			out->unclosed |= !strcmp(v->fault, "unclosed-quote");
		}
	}
	return true;
}

void remedy_spot(const struct rule_input *in, const struct service *s, const char *name,
	const char *source, struct remedy_spot *out)
{
	struct buffer files = {0};

	if (remedy_spot_at(in, name, source, out))
		return;
	service_files(s, &files);
	snprintf(out->file, sizeof(out->file), "$(grep -ls '^\\s*%s\\s*=' %s)", name,
		buffer_string(&files));
	buffer_free(&files);
}

void remedy_reload(struct finding *out)
{
	static const char reload[] = "systemctl daemon-reload";
	struct lines *l = &out->remedy;

	/* Once, behind all that makes it necessary. */
	for (size_t i = 0; i < l->count; i++) {
		char *text = l->text[i];

		if (strcmp(text, reload))
			continue;
		memmove(&l->text[i], &l->text[i + 1], (l->count - i - 1) * sizeof(l->text[0]));
		l->text[l->count - 1] = text;
		return;
	}
	lines_add(l, "%s", reload);
}

void remedy_sed(
	struct finding *out, const struct remedy_spot *at, const char *flags, const char *script)
{
	lines_add(&out->remedy, "sed -i --follow-symlinks%s%s '%s' %s", *flags ? " " : "", flags,
		script, at->file);
	if (at->in_unit)
		remedy_reload(out);
}

void remedy_word(struct buffer *b, const char *before, const char *name, const char *after)
{
	/* N: the name.  To the quote that opened the word or the value, or to a blank; a backslash there is no end. */
	static const char word[] = "(\"N=([^\"\\]*)\"|'\\''N=([^'\\''\\]*)'\\''|N=\"([^\"\\]*)\"|"
				   "N='\\''([^'\\''\\]*)'\\''|N=([^\"'\\''[:space:]\\]*))";

	buffer_printf(b, "(^|%s[=[:space:]])", before);
	for (const char *c = word; *c; c++) {
		if (*c == 'N')
			buffer_append_string(b, name);
		else
			buffer_append_char(b, *c);
	}
	buffer_printf(b, "(\\\\?$|[[:space:]]%s)", after);
}

void remedy_copy(struct finding *out, const struct remedy_spot *at, const char *to)
{
	struct buffer b = {0}, lines = {0};

	for (const char *name = to; *name;) {
		size_t n = strcspn(name, " ");

		buffer_printf(&lines,
			at->in_unit ? " \"%.*s=" REMEDY_WORD_VALUE "\"" : "\\n%.*s=\\1", (int)n,
			name);
		name += n + (name[n] == ' ');
	}
	/* The CR of a CRLF file is left out. */
	if (at->in_unit) {
		buffer_append_string(&b, "/^\\s*[#;]/!s,");
		remedy_word(&b, "", at->name, "");
		buffer_printf(&b, ",\\1\\2%s\\8,", buffer_string(&lines));
	} else if (at->continued) {
		buffer_printf(&b,
			"/^\\s*%s\\s*=/{:a;/\\\\$/{N;ba};s|^\\s*%s\\s*=\\s*\\(.*\\)|&%s|}",
			at->name, at->name, buffer_string(&lines));
	} else {
		buffer_printf(&b, "s|^\\s*%s\\s*=\\s*\\([^\\r]*\\).*|&%s|", at->name,
			buffer_string(&lines));
	}
	remedy_sed(out, at, at->in_unit ? "-E" : "", buffer_string(&b));
	buffer_free(&b);
	buffer_free(&lines);
}

void remedy_set_beside(
	struct finding *out, const struct remedy_spot *at, const char *name, const char *value)
{
	struct buffer b = {0};

	/* In front: what stands there may go on in the next line. */
	buffer_printf(&b,
		at->in_unit ? "/^\\s*[#;]/!s|" QUOTE "\\?\\b%s=|\"%s=%s\" &|"
			    : "s|^\\s*%s\\s*=|%s=%s\\n&|",
		at->name, name, value);
	remedy_sed(out, at, "", buffer_string(&b));
	buffer_free(&b);
}

void remedy_set(const struct rule_input *in, struct finding *out, const struct remedy_spot *at,
	const char *value)
{
	struct buffer b = {0};

	if (at->continued) {
		remedy_append(in, out, at->file, at->name, value);
		return;
	}
	buffer_printf(&b, "s|^\\(\\s*%s\\s*=\\).*|\\1%s|", at->name, value);
	remedy_sed(out, at, "", buffer_string(&b));
	buffer_free(&b);
}

void remedy_prepend(struct finding *out, const struct remedy_spot *at, const char *entries)
{
	struct buffer b = {0};

	buffer_printf(&b,
		at->in_unit ? "/^\\s*[#;]/!s|\\b%s=" QUOTE "\\?|&%s,|"
			    : "s|^\\s*%s\\s*=\\s*" QUOTE "\\?|&%s,|",
		at->name, entries);
	remedy_sed(out, at, "", buffer_string(&b));
	buffer_free(&b);
}

/* entry as part of an extended regular expression. */
static void append_entry(struct buffer *b, const char *entry)
{
	for (const char *c = entry; *c; c++)
		buffer_printf(b, strchr(".*[]", *c) ? "\\%c" : "%c", *c);
}

void remedy_drop(struct finding *out, const struct remedy_spot *at, char (*entries)[REMEDY_ENTRY],
	size_t count)
{
	struct buffer one = {0}, b = {0};

	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_append_char(&one, '|');
		append_entry(&one, entries[i]);
	}
	/* In a unit file up to the quote, or to the next word that is an assignment. */
	if (at->in_unit)
		buffer_printf(&b,
			"/^\\s*[#;]/!{:a;s#(\\b%s=" QUOTE "?(" LIST "*,)?\\s*)(%s)\\s*(,|" QUOTE
			"|\\s|$)#\\1\\4#;ta;:b;s#(\\b%s=" QUOTE "?(" LIST "*,)?)(\\s*,)+#\\1#;tb}",
			at->name, buffer_string(&one), at->name);
	else
		buffer_printf(&b,
			"/^\\s*%s\\s*=/%s{:a;s#([=,]\\s*" QUOTE "?|^)\\s*(%s)\\s*,#\\1#;ta;"
			"s#(,|(=\\s*" QUOTE "?))\\s*(%s)\\s*(" QUOTE "?\\s*)$#\\2\\4#}",
			at->name, at->continued ? ",/[^\\\\]$/" : "", buffer_string(&one),
			buffer_string(&one));
	remedy_sed(out, at, "-E", buffer_string(&b));
	buffer_free(&one);
	buffer_free(&b);
}

bool remedy_is_open(const struct rule_input *in, struct finding *out, const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; in->facts && i < in->facts->count; i++) {
		const struct unit_variable *v = &in->facts->variables[i];

		if (strncmp(v->source, file, len) || v->source[len] != ':' ||
			strcmp(v->fault, "unclosed-quote"))
			continue;
		lines_add(&out->remedy,
			"# %s: close the quote that is opened there: what is added behind it would "
			"be part of %s",
			v->source, v->name);
		return true;
	}
	return false;
}

void remedy_append(const struct rule_input *in, struct finding *out, const char *file,
	const char *name, const char *value)
{
	if (remedy_is_open(in, out, file))
		lines_add(&out->remedy, "# then add to that file: %s=%s", name, value);
	else
		lines_add(&out->remedy, "printf '\\n\\n%%s\\n' '%s=%s' >> %s", name, value, file);
}

void remedy_add_drop_in(struct finding *out, const char *unit, const char *assignment)
{
	lines_add(&out->remedy,
		"mkdir -p /etc/systemd/system/%s.d && printf '[Service]\\n%%s\\n' '%s' >> "
		"/etc/systemd/system/%s.d/zz-relay.conf",
		unit, assignment, unit);
	remedy_reload(out);
}

/*
 * A file that may be new gets a secret: nobody else may read it.  What a unit file's %% stands for is a % in an
 * env file.
 */
void remedy_copy_to(const struct rule_input *in, struct finding *out, const struct remedy_spot *at,
	const char *name, const char *file)
{
	struct buffer word = {0};

	if (remedy_is_open(in, out, file)) {
		lines_add(&out->remedy, "# then add to that file: %s=...   (the value of %s, %s)",
			name, at->name, at->file);
		return;
	}
	if (at->in_unit) {
		remedy_word(&word, ".*", at->name, ".*");
		lines_add(&out->remedy,
			"(umask 077; { " REMEDY_NEW_LINE
			"sed -nE '/^\\s*[#;]/d;s,%s,%s=\"" REMEDY_WORD_VALUE
			"\",;T;s,%%%%,%%,g;p' %s; } >> %s)",
			buffer_string(&word), name, at->file, file);
	} else {
		lines_add(&out->remedy,
			"(umask 077; { " REMEDY_NEW_LINE
			"sed -n 's|^\\s*%s\\s*=\\s*\\([^\\r]*\\).*|%s=\\1|p' "
			"%s; } >> %s)",
			at->name, name, at->file, file);
	}
	buffer_free(&word);
}
