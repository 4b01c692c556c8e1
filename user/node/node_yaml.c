// SPDX-License-Identifier: GPL-2.0-only
#include "node/node_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 256

bool node_yaml_is_text(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return false;
	return true;
}

static struct level *level_at(struct walk *w, size_t depth)
{
	return depth && depth <= DEPTH_KEPT ? &w->levels[depth - 1] : NULL;
}

/* A value is over: the next scalar of a mapping is a key again. */
static void value_done(struct walk *w)
{
	struct level *l = level_at(w, w->depth);

	if (l)
		l->has_key = false;
}

static void on_scalar(struct walk *w, const char *text, size_t len, unsigned int line)
{
	struct level *l = level_at(w, w->depth);

	if (!l)
		return;
	if (!l->mapping || l->has_key) {
		w->value(w, text, len, line);
		value_done(w);
		return;
	}
	l->has_key = true;
	/* A name that does not fit, or holds a NUL, is none that is asked for. */
	if (len >= sizeof(l->key) || !node_yaml_is_text(text, len))
		len = 0;
	memcpy(l->key, text, len);
	l->key[len] = '\0';
	w->replaced = w->depth == 1 ? NODE_SETTINGS : w->replaced;
	if (*l->key)
		w->key(w);
}

static void on_open(struct walk *w, bool mapping)
{
	struct level *l = level_at(w, ++w->depth);

	if (!l)
		return;
	*l = (struct level){.mapping = mapping};
	w->open(w, mapping);
}

static void on_close(struct walk *w)
{
	struct level *l;

	w->depth--;
	l = level_at(w, w->depth);
	/* A collection as a key is none that is asked for; its value follows. */
	if (l && l->mapping && !l->has_key) {
		l->has_key = true;
		l->key[0] = '\0';
	} else {
		value_done(w);
	}
}

/* value NULL: a collection.  A name may be given again: the later counts for what follows. */
static void remember(struct walk *w, const yaml_char_t *name, const char *value, size_t len)
{
	struct anchor *a = &w->anchors[w->anchor_count % ANCHORS_KEPT];
	size_t name_len = name ? strlen((const char *)name) : 0;

	if (!name)
		return;
	w->anchor_count++;
	/* A name that does not fit is none that an alias finds. */
	if (name_len >= sizeof(a->name))
		name_len = 0;
	memcpy(a->name, name, name_len);
	a->name[name_len] = '\0';
	a->is_value = value && len <= sizeof(a->value);
	a->len = a->is_value ? len : 0;
	if (a->is_value)
		memcpy(a->value, value, len);
}

static const struct anchor *anchor_of(const struct walk *w, const yaml_char_t *name)
{
	for (size_t i = 0; i < w->anchor_count && i < ANCHORS_KEPT; i++) {
		const struct anchor *a = &w->anchors[(w->anchor_count - 1 - i) % ANCHORS_KEPT];

		if (a->name[0] && !strcmp(a->name, (const char *)name))
			return a;
	}
	return NULL;
}

static void on_alias(struct walk *w, const yaml_char_t *name)
{
	const struct anchor *a = anchor_of(w, name);
	struct level *l = level_at(w, w->depth);

	if (a && a->is_value) {
		on_scalar(w, a->value, a->len, w->line);
	} else if (l && (!l->mapping || l->has_key)) {
		w->unfollowed(w);
		value_done(w);
	} else {
		on_scalar(w, "", 0, w->line);
	}
}

static void on_event(struct walk *w, const yaml_event_t *e)
{
	w->line = (unsigned int)e->start_mark.line + 1;
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		remember(w, e->data.scalar.anchor, (const char *)e->data.scalar.value,
			e->data.scalar.length);
		on_scalar(w, (const char *)e->data.scalar.value, e->data.scalar.length,
			(unsigned int)e->start_mark.line + 1);
		break;
	case YAML_ALIAS_EVENT:
		on_alias(w, e->data.alias.anchor);
		break;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		remember(w,
			e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.anchor
							    : e->data.sequence_start.anchor,
			NULL, 0);
		on_open(w, e->type == YAML_MAPPING_START_EVENT);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_close(w);
		break;
	default:
		break;
	}
}

static int fail(struct node_config_fault *fault, const char *why, size_t line)
{
	snprintf(fault->text, sizeof(fault->text), "%s", why);
	fault->line = (unsigned int)line + 1;
	return -EINVAL;
}

int node_yaml_walk(struct walk *w, const char *bytes, size_t len, struct node_config_fault *fault)
{
	yaml_parser_t parser;
	bool more = true;
	int err = 0;

	memset(fault, 0, sizeof(*fault));
	w->config->note_count = 0;
	if (len > NODE_CONFIG_BYTES_MAX)
		return fail(fault, "the file is too large", 0);
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	while (more && !err) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			err = fail(fault, parser.problem ? parser.problem : "no YAML",
				parser.problem_mark.line);
			break;
		}
		/* Only the first document counts: Go's yaml.Unmarshal reads no other. */
		more = event.type != YAML_STREAM_END_EVENT && event.type != YAML_DOCUMENT_END_EVENT;
		on_event(w, &event);
		if (w->depth > DEPTH_MAX)
			err = fail(fault, "nested too deep", event.start_mark.line);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}
