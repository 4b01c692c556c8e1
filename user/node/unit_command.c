// SPDX-License-Identifier: GPL-2.0-only
#include "node/unit_command.h"

#include <errno.h>
#include <string.h>

struct reader {
	const struct unit_facts *facts;
	const struct unit_host *host;
	struct unit_name unit;
	struct unit_command *out;
};

void unit_command_free(struct unit_command *c)
{
	for (size_t i = 0; i < c->words.count; i++)
		explicit_bzero(c->words.text[i], strlen(c->words.text[i]));
	unit_list_free(&c->words);
	memset(c, 0, sizeof(*c));
}

/* Is there a $ that stands for a variable?  "$$" is one of the text. */
static bool has_variable(const char *word)
{
	for (; *word; word++)
		if (*word == '$') {
			if (word[1] != '$')
				return true;
			word++;
		}
	return false;
}

static int add_word(struct reader *r, const char *word, bool expands)
{
	struct buffer text = {0};
	int err = unit_spec_expand(&r->unit, r->host, r->facts->fragment_real, word, &text);

	if (err == -ENODATA || err == -EBADSLT) {
		r->out->unclear = true;
		err = 0;
	} else if (!err) {
		r->out->unclear |= expands && has_variable(buffer_string(&text));
		err = unit_list_add(&r->out->words, buffer_string(&text));
	}
	if (text.data)
		explicit_bzero(text.data, text.capacity);
	buffer_free(&text);
	return err;
}

static int command_line(void *context, const struct unit_line *l)
{
	struct reader *r = context;
	const char *at = l->value;
	bool expands = true, named = false;
	struct buffer word = {0};
	int more, err = 0;

	if (strcmp(l->section, "Service") || strcmp(l->key, "ExecStart"))
		return 0;
	unit_command_free(r->out);
	for (; *at && strchr("@-:+!|", *at); at++) {
		expands &= *at != ':';
		named |= *at == '@';
	}
	while (!err && (more = unit_word(&at, true, &word)) > 0) {
		/* With '@' the second word is what the program is to be called. */
		if (named && r->out->words.count == 1)
			named = false;
		else
			err = add_word(r, buffer_string(&word), expands);
	}
	if (!err && more == -ENOMEM)
		err = more;
	r->out->unclear |= !err && more < 0;
	if (word.data)
		explicit_bzero(word.data, word.capacity);
	buffer_free(&word);
	return err;
}

int unit_command_read(const struct unit_root *root, const struct unit_host *host,
	const struct unit_facts *facts, struct unit_command *out)
{
	struct reader r = {.facts = facts, .host = host, .out = out};
	int err = 0;

	memset(out, 0, sizeof(*out));
	if (!unit_name_parse(facts->id ? facts->id : facts->unit, &r.unit))
		return 0;
	for (size_t i = 0; !err && i < facts->file_count; i++) {
		const struct unit_file *f = &facts->files[i];
		struct env_file_bytes bytes;
		enum unit_text_end end;
		unsigned int line;

		if ((f->role != UNIT_FILE_FRAGMENT && f->role != UNIT_FILE_DROP_IN) || f->error ||
			f->masked)
			continue;
		err = unit_root_read(root, f->path, &bytes);
		if (!err) {
			err = unit_text_parse(
				bytes.bytes, bytes.len, command_line, &r, &end, &line);
			env_file_bytes_free(&bytes);
		}
		if (err != -ENOMEM)
			err = 0;
	}
	if (err)
		unit_command_free(out);
	return err;
}
