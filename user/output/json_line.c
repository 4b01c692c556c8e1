// SPDX-License-Identifier: GPL-2.0-only
#include "output/json_line.h"

#include "output/wall_time.h"

#include <stdio.h>
#include <string.h>

/*
 * Limits in bytes, before escaping: of a NO_ list, of any other text; and of elements in an array.
 * NO_ lists keep 4 KB each; the rungs behind that are for hostile ones, every byte of which is
 * escaped.
 */
static const struct limits {
	size_t list, text, count;
} ladder[] = {
	{SIZE_MAX, SIZE_MAX, SIZE_MAX},
	{8192, SIZE_MAX, SIZE_MAX},
	{6144, SIZE_MAX, SIZE_MAX},
	{4096, SIZE_MAX, SIZE_MAX},
	{4096, 2048, 64},
	{2048, 1024, 64},
	{1024, 512, 64},
	{256, 256, 32},
	{64, 64, 16},
};

/* Writes the line once; does it fit? */
static bool line_try(
	struct json_line *l, bool fields, json_put_fn *put, const void *what, struct buffer *out)
{
	size_t before = out->len;

	if (fields)
		json_begin_fields(&l->json, out);
	else
		json_begin(&l->json, out);
	put(l, what);
	return out->failed || out->len - before <= JSON_LINE_BYTES;
}

void json_line_write(const struct json_line *as, bool fields, json_put_fn *put, const void *what,
	struct buffer *out)
{
	struct json_line l = *as;
	size_t before = out->len;

	l.args_room = SIZE_MAX;
	if (line_try(&l, fields, put, what, out))
		return;
	for (size_t rung = 0; rung < sizeof(ladder) / sizeof(ladder[0]); rung++) {
		out->len = before;
		l = *as;
		l.rung = rung;
		if (!line_try(&l, fields, put, what, out))
			continue;
		if (out->failed || !(l.cut & JSON_CUT_ARGS))
			return;
		/* It fits without arguments; what is left over is for the first of them. */
		l = *as;
		l.rung = rung;
		l.args_room = JSON_LINE_BYTES - (out->len - before);
		out->len = before;
		line_try(&l, fields, put, what, out);
		return;
	}
	out->len = before;
}

void json_line_time(struct json_line *l, const char *key, uint64_t time_ns)
{
	char text[WALL_TIME_TEXT];

	json_string(&l->json, key,
		wall_time_rfc3339((int64_t)time_ns + l->context->wall_offset_ns, text));
}

/* How much of text (len bytes) fits max: whole characters. */
static size_t fitting(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

void json_line_text(struct json_line *l, const char *key, const char *text)
{
	size_t len = text ? strlen(text) : 0, shown;

	shown = fitting(text, len, ladder[l->rung].text);
	if (shown < len)
		l->cut |= JSON_CUT_TEXT;
	json_string_len(&l->json, key, text ? text : "", shown);
}

void json_line_variable(struct json_line *l, const struct variable *v)
{
	bool list = v->is_relay && v->relay.kind == RELAY_KIND_NO;
	size_t max = list ? ladder[l->rung].list : ladder[l->rung].text;
	size_t len = strlen(v->value), shown = fitting(v->value, len, max);
	struct buffer text = {0};

	if (shown < len)
		l->cut |= list ? JSON_CUT_LISTS : JSON_CUT_TEXT;
	buffer_append_string(&text, v->name);
	buffer_append_char(&text, '=');
	buffer_append(&text, v->value, shown);
	json_string_len(&l->json, NULL, buffer_string(&text), text.len);
	l->json.out->failed |= text.failed;
	buffer_free(&text);
}

void json_line_args(struct json_line *l, const char *key, char *const *args, size_t count)
{
	struct buffer *out = l->json.out;
	size_t begin;

	json_array(&l->json, key);
	begin = out->len;
	for (size_t i = 0; i < count; i++) {
		size_t before = out->len;

		json_string(&l->json, NULL, args[i]);
		if (out->len - begin > l->args_room) {
			out->len = before;
			l->cut |= JSON_CUT_ARGS;
			break;
		}
	}
	json_array_end(&l->json);
}

void json_line_list(struct json_line *l, const char *key, const struct lines *lines)
{
	json_array(&l->json, key);
	for (size_t i = 0; i < lines->count; i++)
		json_line_text(l, NULL, lines->text[i]);
	json_array_end(&l->json);
}

bool json_line_counts(struct json_line *l, size_t *shown)
{
	if (*shown < ladder[l->rung].count) {
		++*shown;
		return true;
	}
	l->cut |= JSON_CUT_TEXT;
	return false;
}

void json_line_begin(
	struct json_line *l, const struct report *r, const char *kind, const char *action)
{
	struct json *j = &l->json;

	json_object(j, NULL);
	json_line_time(l, "@timestamp", r->time_ns);
	json_object(j, "ecs");
	json_string(j, "version", "8.17");
	json_object_end(j);
	json_object(j, "host");
	json_line_text(l, "name", l->context->host);
	if (r->kind == REPORT_START && r->start->boot_id && *r->start->boot_id) {
		json_object(j, "boot");
		json_line_text(l, "id", r->start->boot_id);
		json_object_end(j);
	}
	json_object_end(j);
	json_object(j, "event");
	json_string(j, "kind", kind);
	json_string(j, "action", action);
}

/* Opens "relaytrace"; json_line_end() closes it and the line. */
void json_line_ours(struct json_line *l)
{
	json_object(&l->json, "relaytrace");
	json_unsigned(&l->json, "schema_version", 1);
}

void json_line_end(struct json_line *l)
{
	struct json *j = &l->json;

	if (l->cut) {
		json_array(j, "cut");
		for (unsigned int bit = 0; bit < 3; bit++) {
			static const char *const names[] = {"args", "lists", "text"};

			if (l->cut & 1u << bit)
				json_string(j, NULL, names[bit]);
		}
		json_array_end(j);
	}
	json_object_end(j);
	json_object_end(j);
	json_end(j);
}

void json_line_process(struct json_line *l, const struct process *p)
{
	struct json *j = &l->json;

	json_object(j, "process");
	json_unsigned(j, "pid", p->pid);
	json_line_text(l, "name", p->name);
	json_line_text(l, "entity_id", p->entity_id);
	json_object_end(j);
}

void json_line_unit(struct json_line *l, const struct process *p)
{
	if (p->unit[0]) {
		json_object(&l->json, "service");
		json_line_text(l, "name", p->unit);
		json_object_end(&l->json);
	}
}

void json_line_destination(struct json_line *l, const char *domain, const char *ip, uint16_t port)
{
	struct json *j = &l->json;

	json_object(j, "destination");
	if (*domain || *ip)
		json_line_text(l, "address", *domain ? domain : ip);
	if (*domain)
		json_line_text(l, "domain", domain);
	if (*ip)
		json_line_text(l, "ip", ip);
	if (port)
		json_unsigned(j, "port", port);
	json_object_end(j);
}
