// SPDX-License-Identifier: GPL-2.0-only
#include "capture/recording.h"

#include "base/text.h"
#include "capture/recording_words.h"

#include <netinet/in.h>
#include <string.h>

#define NS_PER_S 1000000000ull

static void put_seconds(struct buffer *out, uint64_t ns)
{
	char fraction[10] = ".";

	buffer_append_number(out, ns / NS_PER_S);
	text_number(fraction + 1, ns % NS_PER_S, 9);
	buffer_append(out, fraction, sizeof(fraction));
}

/* May c stand in a value without quotes?  Only ASCII does, so that a recording is ASCII. */
static bool is_bare(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Appends value (len bytes) bare where it can be, else in double quotes. */
static void put_value(struct buffer *out, const char *value, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t plain = 0;

	while (plain < len && is_bare(value[plain]))
		plain++;
	if (len && plain == len) {
		buffer_append(out, value, len);
		return;
	}
	buffer_append_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];
		char escape[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

		if (c == ' ' || is_bare((char)c)) {
			buffer_append_char(out, (char)c);
		} else if (c == '"' || c == '\\' || c == '\n' || c == '\t') {
			buffer_append_char(out, '\\');
			buffer_append_char(out, c == '\n' ? 'n' : c == '\t' ? 't' : (char)c);
		} else {
			buffer_append(out, escape, sizeof(escape));
		}
	}
	buffer_append_char(out, '"');
}

static void put_key(struct buffer *out, const struct word *word)
{
	buffer_append_char(out, ' ');
	buffer_append(out, word->key, word->key_len);
	buffer_append_char(out, '=');
}

static void put_text(struct buffer *out, const char *key, const char *value)
{
	buffer_append_char(out, ' ');
	buffer_append_string(out, key);
	buffer_append_char(out, '=');
	put_value(out, value ? value : "", value ? strlen(value) : 0);
}

static void put_word(struct buffer *out, const char *word)
{
	buffer_append_char(out, ' ');
	buffer_append_string(out, word);
}

/* An address as the reader takes it: a mapped one keeps what it is by its ::ffff:. */
static void put_address(struct buffer *out, const struct address *a)
{
	char text[ADDRESS_TEXT];

	if (a->mapped && !a->is_v6)
		buffer_append_string(out, "::ffff:");
	buffer_append_string(out, address_text(a, text));
}

static void put_endpoint(struct buffer *out, const struct address *a)
{
	bool brackets = a->is_v6 || a->mapped;

	if (brackets)
		buffer_append_char(out, '[');
	put_address(out, a);
	if (brackets)
		buffer_append_char(out, ']');
	buffer_append_char(out, ':');
	buffer_append_number(out, a->port);
}

static bool address_is_unset(const struct address *a)
{
	static const uint8_t zero[16];

	return !a->port && !a->is_v6 && !a->mapped && !a->hidden && memcmp(a->bytes, zero, 4) == 0;
}

static void put_named(struct buffer *out, const struct word *word, unsigned int number)
{
	const struct word_name *names = recording_names(word->type);

	put_key(out, word);
	for (; names && names->name; names++) {
		if (names->number == number) {
			buffer_append_string(out, names->name);
			return;
		}
	}
	buffer_append_number(out, number);
}

static void put_errno(struct buffer *out, const struct word *word, int error)
{
	unsigned int number = error < 0 ? 0u - (unsigned int)error : (unsigned int)error;
	const char *name = error_name((int)number);

	put_key(out, word);
	if (error < 0)
		buffer_append_char(out, '-');
	if (name)
		buffer_append_string(out, name);
	else
		buffer_append_number(out, number);
}

static void put_exit(struct buffer *out, const struct word *word, const struct event_exit *exit)
{
	int status = exit->status;
	bool by_itself = status >= 0 && !(status & ~0xff00);
	bool killed = status > 0 && status < 0x7f;

	if (exit->missed)
		return;
	if (by_itself && word->type == WORD_CODE) {
		put_key(out, word);
		buffer_append_number(out, (uint64_t)status >> 8);
	} else if (killed && word->type == WORD_KILLED) {
		put_named(out, word, (unsigned int)status);
	} else if (!by_itself && !killed && word->type == WORD_WAIT) {
		put_key(out, word);
		buffer_append_number(out, (uint32_t)status);
	}
}

static void put_states(struct buffer *out, const struct event_state *state)
{
	const unsigned int numbers[] = {state->old_state, state->new_state};

	for (size_t i = 0; i < 2; i++) {
		const char *name = recording_state_name(numbers[i]);

		buffer_append_char(out, i ? '>' : ' ');
		if (name)
			buffer_append_string(out, name);
		else
			buffer_append_number(out, numbers[i]);
	}
}

/* judged=usable,credentials,no-port scheme=http host=relay port=3128: what the text hides. */
static void put_judgement(struct buffer *out, const struct variable *v)
{
	static const char *const uses[] = {
		[RELAY_EMPTY] = "empty", [RELAY_USABLE] = "usable", [RELAY_DROPPED] = "dropped"};
	const struct relay_url *url = &v->url;

	if (!v->is_relay || v->relay.kind == RELAY_KIND_NO) {
		put_word(out, "judged=plain");
		return;
	}
	put_word(out, "judged=");
	buffer_append_string(out, uses[url->use]);
	for (unsigned int bit = 0; bit < 32; bit++) {
		const char *fault = url->faults & 1u << bit ? relay_fault_name(1u << bit) : NULL;

		if (fault) {
			buffer_append_char(out, ',');
			buffer_append_string(out, fault);
		}
	}
	if (url->scheme[0])
		put_text(out, "scheme", url->scheme);
	if (url->host[0])
		put_text(out, "host", url->host);
	if (url->port) {
		put_word(out, "port=");
		buffer_append_number(out, url->port);
	}
}

static void put_environment(struct buffer *out, const struct event_exec *exec)
{
	static const char *const origins[] = {[ENVIRONMENT_EXEC] = "exec",
		[ENVIRONMENT_SNAPSHOT] = "snapshot",
		[ENVIRONMENT_GIVEN] = "given"};
	const struct environment *e = exec->environment;

	if (!e)
		return;
	if (e->origin != (exec->found ? ENVIRONMENT_SNAPSHOT : ENVIRONMENT_EXEC))
		put_text(out, "origin", origins[e->origin]);
	if (e->truncated)
		put_word(out, "env-truncated");
	if (e->unreadable)
		put_word(out, "env-unreadable");
	if (e->first_lost)
		put_word(out, "env-first-lost");
	for (unsigned int i = 0; i < e->count; i++) {
		const struct variable *v = &e->variables[i];
		struct buffer text = {0};

		buffer_printf(&text, "%s=%s", v->name, v->value);
		put_text(out, "env", buffer_string(&text));
		out->failed |= text.failed;
		buffer_free(&text);
		put_judgement(out, v);
		if (v->value_cut)
			put_word(out, "cut");
		if (v->source)
			put_text(out, "source", v->source);
	}
}

static void put_arguments(struct buffer *out, const struct word *word, const struct event *event)
{
	bool is_exec = event->kind == EVENT_EXEC;
	const char *const *list = is_exec ? event->exec.args : event->fact.fields;
	size_t count = is_exec ? event->exec.arg_count : event->fact.field_count;

	for (size_t i = 0; i < count; i++)
		put_text(out, word->key, list[i]);
}

static void put_addresses(
	struct buffer *out, const struct word *word, const struct event_name *name)
{
	for (size_t i = 0; i < name->address_count && i < EVENT_ADDRESSES; i++) {
		put_key(out, word);
		put_address(out, &name->addresses[i]);
	}
}

/* A number that is left out where it is zero. */
static void put_number(struct buffer *out, const struct word *word, uint64_t value, bool always)
{
	if (!value && !always)
		return;
	put_key(out, word);
	buffer_append_number(out, value);
}

static void put_field(struct buffer *out, const struct word *word, const struct event *event)
{
	const void *field = (const char *)event + word->offset;
	bool always = word->flags & (WORD_REQUIRED | WORD_ALWAYS);
	const char *text;

	switch (word->type) {
	case WORD_FLAG:
		if (*(const bool *)field)
			put_word(out, word->key);
		break;
	case WORD_U8:
		put_number(out, word, *(const uint8_t *)field, always);
		break;
	case WORD_U16:
		/* A status line is what makes a reply one of HTTP, be its number nonsense. */
		put_number(out, word, *(const uint16_t *)field,
			always || (event->kind == EVENT_REPLY && event->reply.kind == REPLY_HTTP));
		break;
	case WORD_U32:
		put_number(out, word, *(const uint32_t *)field, always);
		break;
	case WORD_U64:
		put_number(out, word, *(const uint64_t *)field, always);
		break;
	case WORD_TID:
		if (event->tid != event->pid)
			put_number(out, word, event->tid, true);
		break;
	case WORD_SECONDS:
		if (!*(const uint64_t *)field && !always)
			break;
		put_key(out, word);
		put_seconds(out, *(const uint64_t *)field);
		break;
	case WORD_STRING:
		text = *(const char *const *)field;
		if (!text)
			text = word->fallback ? word->fallback : "";
		if (*text || always)
			put_text(out, word->key, text);
		break;
	case WORD_OPTIONAL:
		text = *(const char *const *)field;
		if (text)
			put_text(out, word->key, text);
		break;
	case WORD_ENDPOINT:
		if (address_is_unset(field) && !always)
			break;
		put_key(out, word);
		put_endpoint(out, field);
		break;
	case WORD_RESULT:
	case WORD_ERROR:
		if (*(const int *)field || always)
			put_errno(out, word, *(const int *)field);
		break;
	case WORD_SIGNAL:
		put_named(out, word, (unsigned int)*(const int *)field);
		break;
	case WORD_PROTOCOL:
		if (*(const uint8_t *)field != IPPROTO_TCP)
			put_named(out, word, *(const uint8_t *)field);
		break;
	case WORD_DNS_TYPE:
		put_named(out, word, *(const uint16_t *)field);
		break;
	case WORD_DNS_CODE:
		if (event->kind == EVENT_ANSWER || *(const uint16_t *)field)
			put_named(out, word, *(const uint16_t *)field);
		break;
	case WORD_CODE:
	case WORD_KILLED:
	case WORD_WAIT:
		put_exit(out, word, &event->exit);
		break;
	case WORD_STATES:
		put_states(out, &event->state);
		break;
	case WORD_REPLY:
		if (event->reply.kind == (word->key[0] == 't' ? REPLY_TLS : REPLY_GARBAGE))
			put_word(out, word->key);
		break;
	case WORD_ADDRESSES:
		put_addresses(out, word, &event->name);
		break;
	case WORD_ARGUMENTS:
		put_arguments(out, word, event);
		break;
	case WORD_ENVIRONMENT:
		put_environment(out, &event->exec);
		break;
	case WORD_NONE:
		break;
	}
}

void recording_write_header(struct buffer *out)
{
	buffer_append_string(out, RECORDING_HEADER "\n");
}

void recording_write_event(struct buffer *out, const struct event *event)
{
	const struct words lists[] = {recording_words_common(), recording_words(event->kind)};

	put_seconds(out, event->time_ns);
	put_word(out, event_kind_name(event->kind));
	for (size_t list = 0; list < 2; list++) {
		for (size_t i = 0; i < lists[list].count; i++)
			put_field(out, &lists[list].words[i], event);
	}
	buffer_append_char(out, '\n');
}

void recording_write_end(struct buffer *out)
{
	buffer_append_string(out, "end\n");
}
