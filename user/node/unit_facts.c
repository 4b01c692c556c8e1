// SPDX-License-Identifier: GPL-2.0-only
/* Bytes of unit files and env files to statements: unit_facts_parse(). */
#include "node/unit_files.h"

#include "base/table.h"
#include "node/unit_elsewhere.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LINES_KEPT 256 /* of one env file, before equal names share a statement */

struct parse {
	struct unit_facts *facts;
	unsigned int file;
	const struct unit_name *unit;
	const struct unit_host *host;
	unit_keep_fn *keep;
	size_t begin;	   /* the first statement of this file */
	struct table last; /* of an env file: hash of a name to its latest statement + 1 */
};

int unit_facts_add_file(struct unit_facts *f, enum unit_file_role role, const char *path)
{
	if (f->file_count == f->file_capacity) {
		size_t capacity = f->file_capacity ? f->file_capacity * 2 : 16;
		struct unit_file *more = realloc(f->files, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		f->files = more;
		f->file_capacity = capacity;
	}
	f->files[f->file_count] =
		(struct unit_file){.role = role, .path = strdup(path), .load = -1};
	if (!f->files[f->file_count].path)
		return -ENOMEM;
	return (int)f->file_count++;
}

int unit_facts_add(struct unit_facts *f, const struct unit_statement *s)
{
	struct unit_statement *copy;

	if (f->statement_count == f->statement_capacity) {
		size_t capacity = f->statement_capacity ? f->statement_capacity * 2 : 32;
		struct unit_statement *more = realloc(f->statements, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		f->statements = more;
		f->statement_capacity = capacity;
	}
	copy = &f->statements[f->statement_count++];
	*copy = *s;
	copy->name = s->name ? strdup(s->name) : NULL;
	copy->value = s->value ? strdup(s->value) : NULL;
	copy->judged = s->judged ? malloc(sizeof(*copy->judged)) : NULL;
	if (copy->judged)
		*copy->judged = *s->judged;
	if (s->judged && !copy->judged)
		return -ENOMEM;
	return (s->name && !copy->name) || (s->value && !copy->value) ? -ENOMEM : 0;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void unit_facts_free(struct unit_facts *f)
{
	for (size_t i = 0; i < f->file_count; i++)
		free(f->files[i].path);
	for (size_t i = 0; i < f->statement_count; i++) {
		free(f->statements[i].name);
		free(f->statements[i].judged);
		wipe(f->statements[i].value);
	}
	free(f->files);
	free(f->statements);
	free(f->unit);
	free(f->id);
	free(f->fragment_real);
	memset(f, 0, sizeof(*f));
}

static bool is_kept(const struct parse *p, const char *name, size_t len)
{
	return !p->keep || p->keep(name, len);
}

/* Adds a statement about name (len bytes, up to 255 kept), if it is one to keep. */
static int add(const struct parse *p, enum unit_verb verb, enum unit_setting setting,
	unsigned int line, const char *name, size_t len, const char *value, const char *fault)
{
	struct unit_statement s = {
		verb, setting, p->file, line, false, NULL, (char *)value, NULL, fault, false};
	int err;

	if (!is_kept(p, name, len))
		return 0;
	s.name = strndup(name, len);
	err = s.name ? unit_facts_add(p->facts, &s) : -ENOMEM;
	free(s.name);
	return err;
}

/*
 * A line of an env file.  The later one of a name counts, so where one has hundreds of lines of the same name the
 * later takes the place of the earlier: nobody reads a list of 200,000 that were overridden.
 */
static int add_line(struct parse *p, enum unit_verb verb, unsigned int line, const char *name,
	size_t len, const char *value, const char *fault, bool continued)
{
	size_t before = p->facts->statement_count;
	uint64_t key = table_hash(name, len);
	size_t at = before - p->begin < LINES_KEPT ? 0 : (size_t)table_get(&p->last, key);
	struct unit_statement *s = at ? &p->facts->statements[at - 1] : NULL;
	int err;

	if (s && s->verb == verb && !strncmp(s->name, name, len) && !s->name[len]) {
		char *copy = value ? strdup(value) : NULL;

		if (value && !copy)
			return -ENOMEM;
		wipe(s->value);
		s->value = copy;
		s->line = line;
		s->fault = fault;
		s->continued = continued;
		return 0;
	}
	err = add(p, verb, UNIT_ENV_LINE, line, name, len, value, fault);
	if (!err && p->facts->statement_count > before) {
		p->facts->statements[before].continued = continued;
		err = table_put(&p->last, key, (void *)p->facts->statement_count);
	}
	return err;
}

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/*
 * What a line was meant to be that has a name to keep at `at` of text: "HTTPS_PROXY: VALUE", or
 * "set HTTPS_PROXY=VALUE", of which text ends with the name.
 */
static const char *shape(
	const char *text, size_t len, size_t at, size_t name_len, const char *fault)
{
	const char *after = text + at + name_len, *end = text + len;
	size_t before = 0;

	while (before < at && (text[before] == ' ' || text[before] == '\t'))
		before++;
	if (strcmp(fault, "no-equals") && strcmp(fault, "bad-name"))
		return fault;
	if (before == at && after < end && *after == ':')
		return "colon";
	return before < at && after == end && !strcmp(fault, "bad-name") ? "before-name" : fault;
}

/*
 * Adds text, which systemd ignores, where it mentions a name to keep: "set HTTPS_PROXY".  Without
 * that it may be anything, a secret too, and is not kept.
 */
static int add_ignored(struct parse *p, enum unit_setting setting, unsigned int line,
	const char *text, size_t len, const char *fault)
{
	for (size_t i = 0; i < len;) {
		size_t start = i;
		const char *why;

		while (i < len && is_name_byte(text[i]))
			i++;
		why = shape(text, len, start, i - start, fault);
		if (i > start && is_kept(p, text + start, i - start))
			return setting == UNIT_ENV_LINE
				       ? add_line(p, UNIT_IGNORED, line, text + start, i - start,
						 NULL, why, false)
				       : add(p, UNIT_IGNORED, setting, line, text + start,
						 i - start, NULL, why);
		i += i == start;
	}
	return 0;
}

/* A word of Environment= that systemd passes over though it is an assignment. */
static int add_passed_over(struct parse *p, enum unit_setting setting, unsigned int line,
	const char *word, const char *fault)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);

	if (setting == UNIT_ENVIRONMENT && equals && env_name_is_valid(word, len))
		return add(p, UNIT_IGNORED, setting, line, word, len, equals + 1, fault);
	return add_ignored(p, setting, line, word, len, fault);
}

/* A word of Environment= after its specifiers. */
static int add_assignment(struct parse *p, enum unit_setting setting, unsigned int line,
	const char *text, const char *fault)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);

	if (!equals)
		return add_ignored(p, setting, line, text, len, "no-equals");
	if (!env_name_is_valid(text, len))
		return add_ignored(p, setting, line, text, len, "bad-name");
	if (!env_text_is_utf8(equals + 1, strlen(equals + 1)))
		return add_ignored(p, setting, line, text, len, "not-utf8");
	return add(p, UNIT_SET, setting, line, text, len, equals + 1, fault);
}

/* A word of PassEnvironment= or UnsetEnvironment=. */
static int add_name(struct parse *p, enum unit_setting setting, unsigned int line, const char *text)
{
	enum unit_verb verb = setting == UNIT_PASS_ENVIRONMENT ? UNIT_PASS : UNIT_UNSET;
	const char *equals = verb == UNIT_UNSET ? strchr(text, '=') : NULL;
	size_t len = equals ? (size_t)(equals - text) : strlen(text);

	if (!env_name_is_valid(text, len))
		return add_ignored(p, setting, line, text, len, "bad-name");
	return add(p, verb, setting, line, text, len, equals ? equals + 1 : NULL, "");
}

/* A word of Environment= that is no assignment: it was meant to be part of the one before it, in quotes. */
static bool is_torn_off(const struct parse *p, const char *word, const char *before)
{
	size_t len = strcspn(before, "=");

	return !strchr(word, '=') && before[len] && env_name_is_valid(before, len) &&
	       is_kept(p, before, len);
}

/* passed_over: why systemd takes none of the words, or "". */
static int add_words(struct parse *p, enum unit_setting setting, const struct unit_line *l,
	const char *passed_over)
{
	struct buffer word = {0}, text = {0}, before = {0};
	const char *at = l->value, *start;
	int err = 0, more;

	for (;;) {
		unsigned int line;

		start = at + strspn(at, " \t\r\n");
		line = unit_line_at(l, start);
		more = unit_word(&at, setting != UNIT_PASS_ENVIRONMENT, &word);
		if (more == -EINVAL)
			err = add_ignored(p, setting, line, start, strlen(start), "bad-quoting");
		if (more <= 0)
			break;
		if (*passed_over) {
			err = add_passed_over(p, setting, line, buffer_string(&word), passed_over);
			if (err)
				break;
			continue;
		}
		buffer_clear(&text);
		err = unit_spec_expand(
			p->unit, p->host, p->facts->fragment_real, buffer_string(&word), &text);
		if (err == -EBADSLT)
			err = add_passed_over(
				p, setting, line, buffer_string(&word), "unknown-specifier");
		else if (setting == UNIT_ENVIRONMENT &&
			 is_torn_off(p, buffer_string(&word), buffer_string(&before)))
			err = add_ignored(p, setting, line, buffer_string(&before),
				strcspn(buffer_string(&before), "="), "unquoted-space");
		else if (setting == UNIT_PASS_ENVIRONMENT || setting == UNIT_UNSET_ENVIRONMENT)
			err = err ? err : add_name(p, setting, line, buffer_string(&text));
		else if (err == -ENODATA)
			err = add_assignment(
				p, setting, line, buffer_string(&word), "unresolved-specifier");
		else if (!err)
			err = add_assignment(p, setting, line, buffer_string(&text), "");
		if (err == -ENODATA)
			err = 0;
		if (err)
			break;
		if (strchr(buffer_string(&word), '=')) {
			buffer_clear(&before);
			buffer_append(&before, buffer_string(&word), strcspn(word.data, "=") + 1);
		}
	}
	if (word.data)
		explicit_bzero(word.data, word.capacity);
	if (text.data)
		explicit_bzero(text.data, text.capacity);
	buffer_free(&word);
	buffer_free(&text);
	buffer_free(&before);
	return err ? err : more == -ENOMEM ? more : 0;
}

/* path_simplify(): no double or final slashes, no "." components.  In place. */
static void simplify(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		size_t len;

		from += strspn(from, "/");
		len = strcspn(from, "/");
		if (len && !(len == 1 && from[0] == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

/* Is ".." a component of path? */
static bool has_parent(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/..")); p++)
		if (p[3] == '/' || !p[3])
			return true;
	return false;
}

static int add_load(struct parse *p, const struct unit_line *l)
{
	struct unit_statement s = {UNIT_LOAD, UNIT_ENVIRONMENT_FILE, p->file, l->line, false, NULL,
		NULL, NULL, "", false};
	struct buffer path = {0};
	int err;

	err = unit_spec_expand(p->unit, p->host, p->facts->fragment_real, l->value, &path);
	if (err == -ENOMEM) {
		buffer_free(&path);
		return err;
	}
	s.value = path.data ? path.data : "";
	s.optional = s.value[0] == '-';
	s.value += s.optional;
	if (err) {
		s.verb = UNIT_IGNORED;
		s.fault = err == -EBADSLT ? "unknown-specifier" : "unresolved-specifier";
		s.value = (char *)l->value;
	} else if (s.value[0] != '/') {
		s.verb = UNIT_IGNORED;
		s.fault = "not-absolute";
	} else if (strlen(s.value) >= PATH_MAX || !env_text_is_utf8(s.value, strlen(s.value))) {
		s.verb = UNIT_IGNORED;
		s.fault = "bad-path";
	} else {
		simplify(s.value);
		if (has_parent(s.value)) {
			s.verb = UNIT_IGNORED;
			s.fault = "not-normalized";
		}
	}
	err = unit_facts_add(p->facts, &s);
	buffer_free(&path);
	return err;
}

static int unit_line(void *context, const struct unit_line *l)
{
	static const struct {
		const char *section, *key;
		enum unit_setting setting;
	} keys[] = {
		{"Manager", "DefaultEnvironment", UNIT_DEFAULT_ENVIRONMENT},
		{"Service", "Environment", UNIT_ENVIRONMENT},
		{"Service", "EnvironmentFile", UNIT_ENVIRONMENT_FILE},
		{"Service", "PassEnvironment", UNIT_PASS_ENVIRONMENT},
		{"Service", "UnsetEnvironment", UNIT_UNSET_ENVIRONMENT},
	};
	struct parse *p = context;
	bool manager = p->facts->files[p->file].role == UNIT_FILE_MANAGER;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct unit_statement s = {UNIT_RESET, keys[i].setting, p->file, l->line, false,
			NULL, NULL, NULL, "", false};

		if (strcmp(l->key, keys[i].key) != 0 || manager != (i == 0))
			continue;
		if (strcmp(l->section, keys[i].section) != 0) {
			s.verb = UNIT_IGNORED;
			s.fault = l->section[0] ? "wrong-section" : "no-section";
			if (s.setting != UNIT_ENVIRONMENT_FILE)
				return add_words(p, s.setting, l, s.fault);
			s.value = (char *)l->value;
			return unit_facts_add(p->facts, &s);
		}
		if (!l->value[0])
			return unit_facts_add(p->facts, &s);
		if (s.setting == UNIT_ENVIRONMENT_FILE)
			return add_load(p, l);
		return add_words(p, s.setting, l, "");
	}
	return 0;
}

/*
 * How much of the value is one to a shell, for which it ends at a blank or ';' ("HTTPS_PROXY=http://relay:3128; export
 * HTTPS_PROXY"), or at the quote that it began with.
 */
static size_t shell_value(const struct env_file_entry *e)
{
	const char *equals = e->name + e->name_len, *text = equals + 2;
	char quote = e->value_len && *equals == '=' ? equals[1] : '\0';

	if (quote != '"' && quote != '\'')
		return strcspn(e->value, " \t;");
	/* Each byte of the value is at least one of the text, so nothing is read behind its end. */
	for (size_t i = 0; i < e->value_len; i++) {
		if (text[i] == quote && strchr(" \t\r\n;&|", text[i + 1]))
			return i;
		if (text[i] == quote || (text[i] == '\\' && quote == '"'))
			return strcspn(e->value, " \t;");
	}
	return e->value_len;
}

static int shell_line(struct parse *p, const struct env_file_entry *e)
{
	bool shell = unit_elsewhere_is_shell(p->facts->files[p->file].path);
	char *value = strndup(e->value, shell ? shell_value(e) : e->value_len);
	int err = value ? add_line(p, UNIT_SET, e->line, e->name, e->name_len, value, "",
				  e->last_line > e->line)
			: -ENOMEM;

	wipe(value);
	return err;
}

static int env_line(void *context, const struct env_file_entry *e)
{
	struct parse *p = context;
	const char *fault = env_file_fault_name(e->fault);
	bool elsewhere = p->facts->files[p->file].role == UNIT_FILE_ELSEWHERE;

	/* A shell or pam_env may read it, and for those "export" is fine. */
	if (elsewhere && (!e->ignored || e->fault == ENV_FILE_EXPORT))
		return shell_line(p, e);
	/* Of a line that only has to be mended the value is what the service would get. */
	if (!env_name_is_valid(e->name, e->name_len) || e->fault == ENV_FILE_NO_EQUALS)
		return add_ignored(p, UNIT_ENV_LINE, e->line, e->name, e->name_len, fault);
	return add_line(p, e->ignored ? UNIT_IGNORED : UNIT_SET, e->line, e->name, e->name_len,
		e->value, fault, e->last_line > e->line);
}

int unit_facts_parse(struct unit_facts *f, unsigned int file, const char *bytes, size_t len,
	const struct unit_name *unit, const struct unit_host *host, unit_keep_fn *keep)
{
	struct parse p = {f, file, unit, host, keep, f->statement_count, {0}};
	struct unit_file *read = &f->files[file];
	struct env_file_result result;
	int err;

	if (read->role == UNIT_FILE_ELSEWHERE
			? unit_elsewhere_is_unit_text(read->path)
			: read->role != UNIT_FILE_ENV && read->role != UNIT_FILE_USUAL)
		return unit_text_parse(bytes, len, unit_line, &p, &read->end, &read->end_line);
	err = env_file_parse(bytes, len, env_line, &p, &result);
	table_free(&p.last);
	read->refused = result.refused;
	read->refused_line = result.refused_line;
	return err;
}
