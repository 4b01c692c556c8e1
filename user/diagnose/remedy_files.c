// SPDX-License-Identifier: GPL-2.0-only
/* What makes a statement of the node's files arrive that systemd ignores, overrides or does not load. */
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTE "[\"'\\'']"
#define LC_C  "LC_ALL=C "

/*
 * Why systemd ignores a line, and how it is mended: by sed -E, where N stands for the names, or by what to
 * write.  Beside the words of env_file_fault_name() those of unit_facts.c.
 */
static const struct fault {
	const char *name, *text;
	const char *env, *unit; /* scripts; NULL: none is certain */
	const char *write;	/* where there is no script; NULL: the line as it has to be */
} faults[] = {
	{"nul-byte", "the file holds a NUL byte, and systemd reads none of it", "s/\\x00//g", NULL,
		NULL},
	{"not-utf8", "the file holds a byte that is not UTF-8, and systemd reads none of it", NULL,
		NULL, "write it in UTF-8, in a URL as %XX"},
	{"too-large", "the file is over 64 MiB, and systemd reads none of it", NULL, NULL,
		"leave what is no NAME=VALUE out of the file"},
	{"no-equals", "there is no '=' in it", NULL, NULL, NULL},
	{"colon", "a ':' stands where '=' has to be", "s/^\\s*(N)\\s*:\\s*/\\1=/",
		"s/\\b(N):" QUOTE "?/\\1=/", NULL},
	{"export", "an env file is no shell script, and a line with export is no assignment",
		"s/^\\s*export\\s+((N)\\s*=)/\\1/", NULL, NULL},
	{"byte-order-mark", "a byte order mark (UTF-8 with BOM) stands before the name",
		"1s/^\\xEF\\xBB\\xBF//", NULL, NULL},
	{"bad-name", "what stands before the '=' is no name (letters, digits and _)", NULL, NULL,
		NULL},
	{"before-name", "something stands before the name",
		"s/^\\s*(" QUOTE ")((N)=.*)\\1\\s*$/\\2/;s/^[^#=]*\\b(N)\\s*=/\\1=/", NULL, NULL},
	{"comment-continued",
		"the comment above ends in a backslash, which before systemd 254 makes this line a "
		"comment too",
		"s/^(\\s*[#;](.*[^\\\\])?)\\\\+$/\\1/", NULL, NULL},
	{"swallowed",
		"a quote or a backslash above it is still open, and the line became part of that "
		"value",
		NULL, NULL,
		"close the quote in the line that opens it, or take the backslash at the end of "
		"the line above away"},
	{"value-too-long", "it is longer than the kernel takes", NULL, NULL, NULL},
	{"bad-quoting", "a quote in it is not closed", NULL, NULL, NULL},
	{"unknown-specifier", "a % begins a specifier in a unit file, and this one there is not",
		NULL, "/\\b(N)=/s/%%?([0-9A-Fa-f]{2})/%%\\1/g", NULL},
	{"unresolved-specifier",
		"a % begins a specifier in a unit file, and nothing is known for this one", NULL,
		"/\\b(N)=/s/%%?([0-9A-Fa-f]{2})/%%\\1/g", NULL},
	{"unquoted-space", "the value has a blank, and without quotes it ends there", NULL, NULL,
		NULL},
	{"wrong-section", "it stands in another section than [Service]", NULL,
		"/^\\s*Environment\\s*=.*\\b(N)=/{H;$!d;s/.*//};${G;s/\\n\\n/\\n[Service]\\n/}",
		NULL},
	{"no-section", "it stands in no section: the line [Service] is missing above it", NULL,
		"1i [Service]", NULL},
};

static const struct fault *fault_of(const char *name)
{
	static const struct fault other = {"", "it is no assignment", NULL, NULL, NULL};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!strcmp(faults[i].name, name))
			return &faults[i];
	return &other;
}

const char *remedy_fault_text(const char *fault)
{
	return fault_of(fault)->text;
}

static bool is_containerd(const struct unit_variable *v)
{
	return !strncmp(v->name, "CONTAINERD_", strlen("CONTAINERD_"));
}

static bool same_file(const char *a, const char *b)
{
	size_t len = (size_t)(strrchr(a, ':') ? strrchr(a, ':') - a : 0);

	return len && !strncmp(a, b, len + 1) && !strchr(b + len + 1, ':');
}

/*
 * The NO_ list that what makes v arrive makes arrive too: of the same file, with the same fate and fault (where
 * it is the file's own, whatever the line's).
 */
static const struct unit_variable *list_beside(
	const struct rule_input *in, const struct unit_variable *v)
{
	const struct unit_variable *found = NULL;
	struct relay_name name;

	for (size_t i = 0; in->facts && i < in->facts->count; i++) {
		const struct unit_variable *u = &in->facts->variables[i];

		if (!strcmp(u->unit, v->unit) && u->fate == v->fate &&
			same_file(v->source, u->source) && !strcmp(u->fault, v->fault) &&
			(u->worth == WORTH_LIST || u->worth == WORTH_UNSEEN) &&
			relay_name_parse(u->name, strlen(u->name), &name) &&
			name.kind == RELAY_KIND_NO && name.family == in->family &&
			name.containerd == is_containerd(v) && name.spelling != RELAY_MIXED)
			found = u;
	}
	return found;
}

void remedy_clear(const struct rule_input *in, struct finding *out, const struct service *s,
	const char *names)
{
	struct buffer files = {0}, pattern = {0};
	char file[288], unit[80], word[300];

	snprintf(unit, sizeof(unit), "%s.service", s->name);
	for (size_t i = 0; in->facts && i < in->facts->count; i++) {
		const struct unit_variable *u = &in->facts->variables[i];
		const char *at = strstr(names, u->name);
		size_t len = strlen(u->name);

		if (strcmp(u->unit, unit) || u->worth != WORTH_EMPTY || u->in_unit ||
			(u->fate != UNIT_FATE_EFFECTIVE && u->fate != UNIT_FATE_OVERRIDDEN) ||
			!at || (at > names && at[-1] != ' ') || (at[len] && at[len] != ' ') ||
			!remedy_file_of(u->source, file, sizeof(file)))
			continue;
		snprintf(word, sizeof(word), " %s", file);
		if (!files.len || !strstr(buffer_string(&files), word))
			buffer_append_string(&files, word);
	}
	for (const char *c = names; files.len && *c; c++)
		buffer_append_char(&pattern, *c == ' ' ? '|' : *c);
	if (files.len)
		lines_add(&out->remedy,
			"sed -i --follow-symlinks -E 's/^\\s*(%s)\\s*=(\\s|" QUOTE
			")*$/# &/'%s   # an "
			"empty one would win",
			buffer_string(&pattern), buffer_string(&files));
	buffer_free(&files);
	buffer_free(&pattern);
}

/* The script with N as the names, separated by '|'. */
static void fill_names(const char *script, const char *names, struct buffer *out)
{
	for (const char *c = script; *c; c++) {
		if (*c == 'N' && c > script && c[-1] == '(' && c[1] == ')')
			buffer_append_string(out, names);
		else
			buffer_append_char(out, *c);
	}
}

static unsigned int line_of(const char *source)
{
	const char *colon = strrchr(source, ':');

	return colon ? (unsigned int)strtoul(colon + 1, NULL, 10) : 0;
}

/* A line that is no relay variable and keeps systemd from the whole file: out of the way, as a comment. */
static bool mend_refused(
	struct finding *out, const struct unit_variable *v, const struct remedy_spot *at)
{
	if (strcmp(v->fault, "not-utf8") || at->in_unit || !v->refused_line ||
		v->refused_line == line_of(v->source))
		return false;
	lines_add(&out->remedy,
		LC_C "sed -i --follow-symlinks '%u{/[\\x80-\\xFF]/s/^[^#;]/# &/}' %s   # or write "
		     "that line "
		     "in UTF-8",
		v->refused_line, at->file);
	return true;
}

static void say_how(
	struct finding *out, const struct unit_variable *v, const struct fault *f, bool in_unit)
{
	if (f->write)
		lines_add(&out->remedy, "# %s: %s", v->source, f->write);
	else if (in_unit)
		lines_add(&out->remedy,
			"# %s: write it as Environment=\"%s=VALUE\", with %%%% for each %% of the "
			"value",
			v->source, v->name);
	else
		lines_add(&out->remedy, "# %s: write the line as %s=VALUE, nothing before it",
			v->source, v->name);
	if (in_unit)
		remedy_reload(out);
}

/* The line as it has to be; true where a command does it. */
static bool mend_ignored(struct finding *out, const struct unit_variable *v,
	const struct unit_variable *list, const struct remedy_spot *at)
{
	const struct fault *f = fault_of(v->fault);
	const char *script = at->in_unit ? f->unit : f->env;
	struct buffer b = {0};
	char names[128];

	if (!script) {
		if (mend_refused(out, v, at))
			return true;
		say_how(out, v, f, at->in_unit);
		return false;
	}
	snprintf(names, sizeof(names), "%s%s%s", v->name, list ? "|" : "", list ? list->name : "");
	fill_names(script, names, &b);
	if (!strcmp(f->name, "byte-order-mark"))
		lines_add(&out->remedy, LC_C "sed -i --follow-symlinks '%s' %s", buffer_string(&b),
			at->file);
	else
		remedy_sed(out, at, "-E", buffer_string(&b));
	buffer_free(&b);
	return true;
}

/* A drop-in whose settings come after the one that took v away: that one itself, where its name sorts last. */
static void last_drop_in(const struct unit_variable *v, char *out, size_t size)
{
	static const char own[] = "zz-relay.conf";
	const char *base;

	if (remedy_file_of(v->by, out, size)) {
		base = strrchr(out, '/') + 1;
		if (strstr(out, ".d/") && strcmp(base, own) > 0 &&
			strncmp(out, v->source, strlen(out)))
			return;
	}
	snprintf(out, size, "/etc/systemd/system/%s.d/%s", v->unit, own);
}

/* An Environment= that a later empty one forgets: the same again in a drop-in that comes last. */
static void say_again(
	struct finding *out, const struct unit_variable *v, const struct remedy_spot *at)
{
	char last[288];

	last_drop_in(v, last, sizeof(last));
	lines_add(&out->remedy,
		"(umask 077; mkdir -p /etc/systemd/system/%s.d && { printf '\\n[Service]\\n'; sed "
		"-n "
		"'/^\\s*[#;]/d;s|^.*\\b%s=" QUOTE
		"\\?\\([^\"'\\'' ]*\\).*|Environment=\"%s=\\1\"|p' %s; } >> %s)",
		v->unit, v->name, v->name, at->file, last);
	remedy_reload(out);
}

/* The line of a file that the unit does not load, and may be of a shell or of another unit, as one of file. */
static void copy_line(struct finding *out, const struct unit_variable *v,
	const struct unit_variable *list, const struct remedy_spot *at, const char *file)
{
	struct remedy_spot list_at = *at;
	char names[128];

	if (at->in_unit) {
		remedy_copy_to(out, at, v->name, file);
		if (list) {
			snprintf(list_at.name, sizeof(list_at.name), "%s", list->name);
			remedy_copy_to(out, &list_at, list->name, file);
		}
		return;
	}
	snprintf(names, sizeof(names), "%s%s%s", v->name, list ? "|" : "", list ? list->name : "");
	if (v->elsewhere)
		/* "export" goes, and what a shell's line has behind its value. */
		lines_add(&out->remedy,
			"(umask 077; { echo; sed -nE '/^\\s*#/d;s/^(.*[^A-Za-z0-9_])?(%s)=" QUOTE
			"?([^;[:space:]\"'\\'']*).*/\\2=\\3/p' %s; } >> %s)",
			names, at->file, file);
	else
		lines_add(&out->remedy,
			"(umask 077; { echo; grep -hE '^\\s*(%s)\\s*=' %s; } >> %s)", names,
			at->file, file);
}

/*
 * A file that the unit does not load: the line copied where others' lines are with it, so of /etc/environment,
 * or a drop-in that loads all of it.  Then at is where it stands.
 */
static void load(const struct rule_input *in, struct finding *out, const struct service *s,
	const struct unit_variable *v, const struct unit_variable *list, struct remedy_spot *at)
{
	char own[288];

	if (!v->by[0] && remedy_own_file(in, s, own, sizeof(own)) && strcmp(at->file, own) &&
		!(list && list->continued)) {
		copy_line(out, v, list, at, own);
		strcpy(at->file, own);
		at->in_unit = false;
		return;
	}
	last_drop_in(v, own, sizeof(own));
	lines_add(&out->remedy,
		"mkdir -p /etc/systemd/system/%s.d && printf '\\n[Service]\\n%%s\\n' "
		"'EnvironmentFile=-%s' >> %s",
		v->unit, at->file, own);
	remedy_reload(out);
}

static void take_unset_away(struct finding *out, const struct unit_variable *v, const char *file)
{
	/* The name goes; a setting without one would forget the names before it. */
	lines_add(&out->remedy,
		"sed -i --follow-symlinks -e '/^\\s*UnsetEnvironment\\s*=/{s/\\([= ]\\)%s\\(=[^ "
		"]*\\)\\?\\( "
		"\\|$\\)/\\1/;s/^\\s*UnsetEnvironment\\s*=\\s*$/# &/}' %s",
		v->name, file);
	remedy_reload(out);
}

/* Which names a later empty line of an env file takes away: v's, and that of the list beside it. */
static void overridden(const struct rule_input *in, struct finding *out, const struct service *s,
	const struct unit_variable *v)
{
	size_t before = out->remedy.count;

	remedy_clear(in, out, s, v->name);
	if (out->remedy.count == before)
		lines_add(&out->remedy, "# take out or correct %s, which comes later than %s",
			v->by[0] ? v->by : "the later statement", v->source);
}

/* The value of a line that was ignored may be misread in its turn. */
static void mend_too(
	const struct rule_input *in, struct finding *out, const struct unit_variable *u)
{
	const struct variable v = {.name = (char *)u->name,
		.value = (char *)u->value,
		.is_relay = true,
		.url = u->url,
		.source = (char *)u->source};

	if (!remedy_mend(in, out, &v))
		remedy_tell(in, out, &v, remedy_what(&v));
}

void remedy_deliver(const struct rule_input *in, struct finding *out, const struct unit_variable *v)
{
	const struct unit_variable *list = list_beside(in, v);
	struct remedy_spot at, list_at;
	bool arrives = true;
	struct service s;
	char by[288];

	service_of(in->process, &s);
	if (!remedy_spot_at(in, v->name, v->source, &at) || !remedy_is_plain(v->unit)) {
		lines_add(&out->remedy, "# see to %s", v->source);
		return;
	}
	switch (v->fate) {
	case UNIT_FATE_EFFECTIVE:
		if (v->in_unit)
			remedy_reload(out);
		break;
	case UNIT_FATE_IGNORED:
		arrives = mend_ignored(out, v, list, &at);
		if (arrives && v->worth == WORTH_BAD)
			mend_too(in, out, v);
		break;
	case UNIT_FATE_UNLOADED:
		load(in, out, &s, v, list, &at);
		break;
	case UNIT_FATE_UNSET:
		if (remedy_file_of(v->by, by, sizeof(by)))
			take_unset_away(out, v, by);
		break;
	case UNIT_FATE_RESET:
		say_again(out, v, &at);
		break;
	default:
		overridden(in, out, &s, v);
	}
	if (v->fate != UNIT_FATE_IGNORED && v->fate != UNIT_FATE_UNLOADED)
		list = NULL;
	if (list && arrives) {
		remedy_spot_at(in, list->name, list->source, &list_at);
		strcpy(list_at.file, at.file);
		list_at.in_unit = at.in_unit;
		remedy_give_list(in, out, &s, in->family, is_containerd(v), &list_at, list->value);
	} else {
		remedy_give_list(in, out, &s, in->family, is_containerd(v), NULL, NULL);
	}
}
