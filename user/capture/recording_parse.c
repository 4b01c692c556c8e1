// SPDX-License-Identifier: GPL-2.0-only
#include "capture/recording_parse.h"
#include "capture/recording_text.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What lasts for one line. */
struct line {
	struct recording_parser *parser;
	const struct word *words[2];
	size_t counts[2];
	uint64_t seen[2];
	char *at;
};

int recording_fail(struct recording_parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, sizeof(p->error), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static int keep_string(struct recording_parser *p, const char *string)
{
	if (p->string_count == p->string_capacity) {
		size_t capacity = p->string_capacity ? p->string_capacity * 2 : 32;
		const char **more = realloc(p->strings, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->strings = more;
		p->string_capacity = capacity;
	}
	p->strings[p->string_count++] = string;
	return 0;
}

static int argument_word(struct line *l, const char *value)
{
	struct recording_parser *p = l->parser;
	const char *previous = NULL;

	if (p->event.kind != EVENT_EXEC)
		return keep_string(p, value);
	/* strings holds the raw ones until the line ends, args the redacted ones. */
	if (p->string_count)
		previous = p->strings[p->string_count - 1];
	relay_argument_redact(previous, value, &p->args);
	buffer_append_char(&p->args, '\0');
	return p->args.failed ? -ENOMEM : keep_string(p, value);
}

static int number_word(
	struct recording_parser *p, const struct word *word, const char *value, void *field)
{
	static const uint64_t most[] = {[WORD_U8] = UINT8_MAX,
		[WORD_U16] = UINT16_MAX,
		[WORD_U32] = UINT32_MAX,
		[WORD_U64] = UINT64_MAX,
		[WORD_TID] = UINT32_MAX};
	uint64_t number;

	if (!recording_parse_unsigned(value, most[word->type], &number))
		return recording_fail(p, "%s=%.40s is no number up to %llu", word->key, value,
			(unsigned long long)most[word->type]);
	if (word->type == WORD_U8)
		*(uint8_t *)field = (uint8_t)number;
	else if (word->type == WORD_U16)
		*(uint16_t *)field = (uint16_t)number;
	else if (word->type == WORD_U64)
		*(uint64_t *)field = number;
	else
		*(uint32_t *)field = (uint32_t)number;
	return 0;
}

/* The words whose values are names or numbers. */
static int named_word(
	struct recording_parser *p, const struct word *word, const char *value, void *field)
{
	uint64_t most = word->type == WORD_DNS_TYPE || word->type == WORD_DNS_CODE ? UINT16_MAX
			: word->type == WORD_PROTOCOL				   ? UINT8_MAX
			: word->type == WORD_KILLED				   ? 126
										   : INT32_MAX;
	uint64_t number;

	if (!recording_parse_named(word->type, value, most, &number) ||
		(word->type == WORD_KILLED && !number))
		return recording_fail(p, "%s=%.40s is not known", word->key, value);
	if (word->type == WORD_PROTOCOL)
		*(uint8_t *)field = (uint8_t)number;
	else if (most == UINT16_MAX)
		*(uint16_t *)field = (uint16_t)number;
	else
		*(int *)field = (int)number;
	return 0;
}

static int exit_word(
	struct recording_parser *p, const struct word *word, const char *value, int *status)
{
	uint64_t number;

	if (!recording_parse_unsigned(value, word->type == WORD_CODE ? 255 : UINT32_MAX, &number))
		return recording_fail(p, "%s=%.40s is no status", word->key, value);
	*status = word->type == WORD_CODE ? (int)number << 8 : (int)(uint32_t)number;
	return 0;
}

static int take_word(struct line *l, const struct word *word, char *value)
{
	struct recording_parser *p = l->parser;
	void *field = (char *)&p->event + word->offset;

	switch (word->type) {
	case WORD_FLAG:
		*(bool *)field = true;
		return 0;
	case WORD_U8:
	case WORD_U16:
	case WORD_U32:
	case WORD_U64:
	case WORD_TID:
		return number_word(p, word, value, field);
	case WORD_SECONDS:
		if (!recording_parse_seconds(value, field))
			return recording_fail(
				p, "%s=%.40s is no time in seconds (12 or 12.5)", word->key, value);
		return 0;
	case WORD_STRING:
	case WORD_OPTIONAL:
		*(const char **)field = value;
		return 0;
	case WORD_ENDPOINT:
		if (!recording_parse_endpoint(value, field))
			return recording_fail(
				p, "%s=%.60s is no ADDRESS:PORT or [IPV6]:PORT", word->key, value);
		return 0;
	case WORD_RESULT:
	case WORD_ERROR:
		if (!recording_parse_error(word->type, value, field))
			return recording_fail(p, "%s=%.40s is no %s", word->key, value,
				word->type == WORD_RESULT ? "0 or -ERROR" : "errno");
		return 0;
	case WORD_SIGNAL:
	case WORD_PROTOCOL:
	case WORD_DNS_TYPE:
	case WORD_DNS_CODE:
	case WORD_KILLED:
		return named_word(p, word, value, field);
	case WORD_CODE:
	case WORD_WAIT:
		return exit_word(p, word, value, field);
	case WORD_STATES:
		if (!recording_parse_states(value, &p->event.state))
			return recording_fail(
				p, "%.60s is no OLD>NEW of TCP states (close>syn-sent)", value);
		return 0;
	case WORD_REPLY:
		p->event.reply.kind = word->key[0] == 't' ? REPLY_TLS : REPLY_GARBAGE;
		return 0;
	case WORD_ADDRESSES:
		if (p->event.name.address_count == EVENT_ADDRESSES)
			return recording_fail(p, "more than %d address=", EVENT_ADDRESSES);
		if (!address_parse(value, &p->event.name.addresses[p->event.name.address_count++]))
			return recording_fail(p, "address=%.60s is no address", value);
		return 0;
	case WORD_ARGUMENTS:
		return argument_word(l, value);
	case WORD_ENVIRONMENT:
	case WORD_NONE:
		return recording_environment_word(p, word, value);
	}
	return 0;
}

/* Finds the word of that key and notes that it was seen. */
static int find_word(struct line *l, const char *key, size_t len, const struct word **found)
{
	for (size_t list = 0; list < 2; list++) {
		for (size_t i = 0; i < l->counts[list]; i++) {
			const struct word *word = &l->words[list][i];

			if (word->key_len != len || memcmp(word->key, key, len) != 0)
				continue;
			if (l->seen[list] & 1ull << i && !(word->flags & WORD_REPEATS))
				return recording_fail(
					l->parser, "%s stands there twice", word->key);
			l->seen[list] |= 1ull << i;
			*found = word;
			return 0;
		}
	}
	return recording_fail(l->parser, "%s has no word \"%.*s\"",
		event_kind_name(l->parser->event.kind), (int)(len < 40 ? len : 40), key);
}

static bool takes_no_value(const struct word *word)
{
	return word->type == WORD_FLAG || word->type == WORD_REPLY ||
	       (word->type == WORD_NONE &&
		       (word->key[0] == 'c' || strncmp(word->key, "env-", 4) == 0));
}

/* The next word of the line: 1 and it was taken, 0 at the end. */
static int next_word(struct line *l)
{
	struct recording_parser *p = l->parser;
	const struct word *word = NULL;
	char *key, *value;
	size_t key_len;
	bool has_value;
	int err;

	l->at = recording_skip_space(l->at, &p->line);
	p->where = p->line;
	if (!*l->at)
		return 0;
	key = l->at;
	key_len = strcspn(key, "=> \t\n\"");
	has_value = key[key_len] == '=';
	value = key + key_len + has_value;
	if (key[key_len] == '>') {
		value = key;
		key = ">";
		key_len = 1;
	}
	err = find_word(l, key, key_len, &word);
	if (err)
		return err;
	if (takes_no_value(word) ? has_value || *value == '"'
				 : !has_value && word->type != WORD_STATES)
		return recording_fail(
			p, "%s takes %s", word->key, has_value ? "no value" : "a value");
	err = recording_take_value(value, &l->at, &p->line, p->error, sizeof(p->error));
	if (!err)
		err = take_word(l, word, value);
	return err ? err : 1;
}

/* The words that were left out get what they are then. */
static int set_defaults(struct line *l)
{
	struct recording_parser *p = l->parser;
	struct event *e = &p->event;

	for (size_t list = 0; list < 2; list++) {
		for (size_t i = 0; i < l->counts[list]; i++) {
			const struct word *word = &l->words[list][i];
			void *field = (char *)e + word->offset;

			if (l->seen[list] & 1ull << i)
				continue;
			if (word->flags & WORD_REQUIRED)
				return recording_fail(p, "%s needs %s%s", event_kind_name(e->kind),
					word->type == WORD_STATES ? "OLD>NEW" : word->key,
					word->type == WORD_STATES ? "" : "=");
			if (word->type == WORD_STRING)
				*(const char **)field = word->fallback ? word->fallback : "";
			else if (word->type == WORD_SECONDS && word->fallback)
				recording_parse_seconds(word->fallback, field);
			else if (word->type == WORD_PROTOCOL)
				*(uint8_t *)field = IPPROTO_TCP;
			else if (word->type == WORD_DNS_TYPE)
				*(uint16_t *)field = 1;
			else if (word->type == WORD_TID)
				e->tid = e->pid;
		}
	}
	return 0;
}

static int finish_exec(struct line *l)
{
	struct recording_parser *p = l->parser;
	struct event_exec *exec = &p->event.exec;
	const char *arg, *base = strrchr(exec->file, '/');
	int err = recording_variable_close(p);

	if (err)
		return err;
	if (!p->origin_given && exec->found)
		exec->environment->origin = ENVIRONMENT_SNAPSHOT;
	if (!exec->comm) {
		/* As the kernel names a task: TASK_COMM_LEN is 16. */
		snprintf(p->comm, sizeof(p->comm), "%s", base ? base + 1 : exec->file);
		exec->comm = p->comm;
	}
	arg = buffer_string(&p->args);
	for (size_t i = 0; i < p->string_count; i++) {
		p->strings[i] = arg;
		arg += strlen(arg) + 1;
	}
	exec->args = p->strings;
	exec->arg_count = p->string_count;
	return 0;
}

static int finish(struct line *l)
{
	struct recording_parser *p = l->parser;
	struct event *e = &p->event;
	int err = set_defaults(l);

	if (err)
		return err;
	switch (e->kind) {
	case EVENT_EXEC:
		return finish_exec(l);
	case EVENT_EXIT:
		if (l->seen[1] & (l->seen[1] - 1))
			return recording_fail(
				p, "exit takes one of code=, killed=, wait= and missed");
		return 0;
	case EVENT_FACT:
		e->fact.fields = p->strings;
		e->fact.field_count = p->string_count;
		return 0;
	case EVENT_REPLY: /* bits 1 to 3 of its words are tls, garbage, status */
		if (!(l->seen[1] & 0xe))
			return recording_fail(p, "reply needs status=, tls or garbage");
		if ((l->seen[1] & 6) == 6)
			return recording_fail(p, "reply is tls or garbage");
		return 0;
	default:
		return 0;
	}
}

int recording_parse(struct recording_parser *p, char *text, size_t len, unsigned long first_line)
{
	struct line l = {.parser = p};
	char *time = text, *kind;
	struct words words;
	int err;

	if (p->event.kind == EVENT_EXEC)
		environment_unref(p->event.exec.environment);
	memset(&p->event, 0, sizeof(p->event));
	p->event.kind = EVENT_KINDS;
	buffer_clear(&p->args);
	p->string_count = 0;
	p->variable.name = NULL;
	p->origin_given = false;
	p->line = p->where = first_line;
	if (memchr(text, '\0', len))
		return recording_fail(p, "it holds a zero byte");

	kind = time + strcspn(time, " \t\n");
	if (*kind)
		*kind++ = '\0';
	if (!recording_parse_seconds(time, &p->event.time_ns))
		return recording_fail(p, "\"%.40s\" is no time in seconds (12 or 12.5)", time);
	kind += strspn(kind, " ");
	l.at = kind + strcspn(kind, " \t\n");
	if (!recording_parse_kind(kind, (size_t)(l.at - kind), &p->event.kind))
		return recording_fail(p, "\"%.*s\" is no kind of event",
			(int)(l.at - kind < 40 ? l.at - kind : 40), kind);
	if (p->event.kind == EVENT_EXEC) {
		p->event.exec.environment = environment_new(ENVIRONMENT_EXEC);
		if (!p->event.exec.environment)
			return -ENOMEM;
	}
	words = recording_words_common();
	l.words[0] = words.words;
	l.counts[0] = words.count;
	words = recording_words(p->event.kind);
	l.words[1] = words.words;
	l.counts[1] = words.count;
	do {
		err = next_word(&l);
	} while (err > 0);
	return err ? err : finish(&l);
}

void recording_parser_free(struct recording_parser *p)
{
	if (p->event.kind == EVENT_EXEC)
		environment_unref(p->event.exec.environment);
	buffer_free(&p->args);
	free(p->strings);
	memset(p, 0, sizeof(*p));
}
