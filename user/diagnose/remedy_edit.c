// SPDX-License-Identifier: GPL-2.0-only
/* Commands that correct a value in the line where it stands, without showing it. */
#include "diagnose/diagnosis_facts.h"
#include "diagnose/remedy.h"

#include <stdio.h>
#include <string.h>

/* A ' or " within a command that is itself quoted with '. */
#define QUOTE "[\"'\\'']"

struct line {
	char file[288];
	const char *number;
};

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len >= n && !strcmp(text + len - n, suffix);
}

static bool is_unit_file(const char *path)
{
	return ends_with(path, ".service") || ends_with(path, ".conf");
}

/* The line of an env file; a unit file has rules of its own (%% for %, words, continued lines). */
static bool find_line(const struct rule_input *in, const struct variable *v, struct line *out)
{
	const char *source = remedy_source(in, v), *colon = source ? strrchr(source, ':') : NULL;
	size_t len = colon ? (size_t)(colon - source) : 0;

	if (!len || len >= sizeof(out->file) || source[0] != '/')
		return false;
	memcpy(out->file, source, len);
	out->file[len] = '\0';
	out->number = colon + 1;
	return remedy_is_plain(out->file) && !is_unit_file(out->file);
}

void remedy_mend_value(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	static const struct {
		uint32_t fault;
		const char *script; /* of sed, within { } */
	} edits[] = {
		{RELAY_FAULT_CONTROL, "s|[[:cntrl:]]||g"},
		{RELAY_FAULT_QUOTES, "s|" QUOTE "||g"},
		{RELAY_FAULT_LEADING_SPACE, "s|=\\(" QUOTE "\\?\\)[[:space:]]\\+|=\\1|"},
		{RELAY_FAULT_TRAILING_SPACE, "s|[[:space:]]\\+\\(" QUOTE "\\?\\)$|\\1|"},
		/* Those that are an escape already are put aside as newlines. */
		{RELAY_FAULT_BAD_ESCAPE,
			"s|%\\([0-9A-Fa-f]\\{2\\}\\)|\\n\\1|g;s|%|%25|g;s|\\n|%|g"},
		/* What ends a host early, wherever it stands before the last @. */
		{RELAY_FAULT_HOST_CUT, ":a;s|\\(://.*\\)#\\(.*@\\)|\\1%23\\2|;ta;"
				       ":b;s|\\(://.*\\)/\\(.*@\\)|\\1%2F\\2|;tb;"
				       ":c;s|\\(://.*\\)?\\(.*@\\)|\\1%3F\\2|;tc"},
	};
	struct buffer b = {0};
	struct line line;

	if (!find_line(in, v, &line))
		return;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
		if (v->url.faults & edits[i].fault)
			buffer_printf(&b, " -e '%s{%s}'", line.number, edits[i].script);
	if (b.len && !b.failed)
		lines_add(&out->remedy, "sed -i%s %s", b.data, line.file);
	buffer_free(&b);
}

void remedy_plain_scheme(const struct rule_input *in, struct finding *out, const struct variable *v)
{
	struct line line;

	if (find_line(in, v, &line))
		lines_add(&out->remedy,
			"sed -i '%s s#=\\(" QUOTE "\\?\\)[a-z0-9]*://#=\\1http://#I' %s",
			line.number, line.file);
}

void remedy_drop_entry(const struct rule_input *in, struct finding *out, const struct variable *no,
	const char *entry)
{
	struct buffer b = {0};
	struct line line;

	if (!*entry || !find_line(in, no, &line))
		return;
	for (const char *c = entry; *c; c++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.*:/-_",
			    *c)) {
			buffer_free(&b);
			return;
		}
		buffer_printf(&b, *c == '.' || *c == '*' ? "[%c]" : "%c", *c);
	}
	lines_add(&out->remedy,
		"sed -i -E '%ss#(=" QUOTE "?|,)[[:space:]]*%s[[:space:]]*(,|" QUOTE
		"?\\r?$)#\\1\\2#' %s",
		line.number, buffer_string(&b), line.file);
	buffer_free(&b);
}

/* "/etc/default/x:3" to its parts, where both can be pasted. */
static bool split_place(const char *place, struct line *out)
{
	const char *colon = strrchr(place, ':');
	size_t len = colon ? (size_t)(colon - place) : 0;

	if (!len || len >= sizeof(out->file))
		return false;
	memcpy(out->file, place, len);
	out->file[len] = '\0';
	out->number = colon + 1;
	return remedy_is_plain(out->file);
}

/* A file that the unit does not load: loaded by a drop-in, or only the line copied where others' lines are with it. */
static void deliver_unloaded(
	struct finding *out, const struct unit_variable *v, const struct line *at)
{
	int name = (int)(strlen(v->unit) - strlen(".service"));
	char own[160];

	snprintf(own, sizeof(own), "/etc/default/%.*s", name, v->unit);
	if (v->elsewhere && strstr(at->file, "/systemd/"))
		/* A drop-in of others may say more than that line. */
		lines_add(&out->remedy,
			"mkdir -p /etc/systemd/system/%s.d && { echo '[Service]'; sed -n %sp %s; } > "
			"/etc/systemd/system/%s.d/zz-relay.conf && systemctl daemon-reload",
			v->unit, at->number, at->file, v->unit);
	else if (v->elsewhere)
		/* "export" goes, and what a shell's line has behind its value. */
		lines_add(&out->remedy,
			"{ echo; sed -n '%ss/^[^=]*=\\([^;[:space:]]*\\).*/%s=\\1/p' %s; } >> %s",
			at->number, v->name, at->file, own);
	else if (!v->by[0] && strcmp(at->file, own))
		lines_add(&out->remedy, "{ echo; grep -h '^\\s*%s=' %s; } >> %s", v->name, at->file,
			own);
	else
		lines_add(&out->remedy,
			"mkdir -p /etc/systemd/system/%s.d && printf "
			"'[Service]\\nEnvironmentFile=-%%s\\n' %s > /etc/systemd/system/%s.d/"
			"zz-relay.conf && systemctl daemon-reload",
			v->unit, at->file, v->unit);
}

void remedy_deliver(struct finding *out, const struct unit_variable *v)
{
	struct line at, by;
	bool known = split_place(v->source, &at) && remedy_is_plain(v->unit);

	if (v->fate == UNIT_FATE_EFFECTIVE) {
		lines_add(&out->remedy, "systemctl daemon-reload");
	} else if (known && v->fate == UNIT_FATE_UNLOADED) {
		deliver_unloaded(out, v, &at);
	} else if (known && v->fate == UNIT_FATE_UNSET && split_place(v->by, &by)) {
		/* The name goes; a setting without one would forget the names before it. */
		lines_add(&out->remedy,
			"sed -i -e '%s{s/\\([= ]\\)%s\\(=[^ ]*\\)\\?\\( \\|$\\)/\\1/;"
			"s/^\\s*UnsetEnvironment=\\s*$/# &/}' %s && systemctl daemon-reload",
			by.number, v->name, by.file);
	} else if (known && v->fate == UNIT_FATE_OVERRIDDEN && split_place(v->by, &by) &&
		   !is_unit_file(by.file)) {
		lines_add(&out->remedy, "sed -i '%ss/^/# /' %s   # it overrides %s", by.number,
			by.file, v->source);
	} else {
		lines_add(&out->remedy, "# take out or correct %s, which comes later than %s",
			v->by[0] ? v->by : "the later statement", v->source);
	}
}

bool remedy_can_copy(const char *place)
{
	struct line line;

	return split_place(place, &line) && !is_unit_file(line.file);
}

void remedy_copy_line(struct finding *out, const char *place, const char *name, const char *service)
{
	struct line line;

	if (split_place(place, &line))
		lines_add(&out->remedy,
			"{ echo; sed -n '%ss/^[^=]*=\\([^\\r]*\\).*/%s=\\1/p' %s; } >> "
			"/etc/default/%s",
			line.number, name, line.file, service);
}
