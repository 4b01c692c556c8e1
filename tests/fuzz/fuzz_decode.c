// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as kernel records, one after the other through one decoder: what an event points to
 * must be there and end, and no secret that the fuzzer hides in an exec may come out.
 *
 * The input is a run of records, each with its length in two bytes before it.
 */
#include "capture/decode.h"
#include "fuzz.h"
#include "wire.h"

#include <errno.h>

static size_t text_use(const char *text)
{
	return text ? strlen(text) : 0; /* ASan sees where it has no end */
}

static void exec_use(const struct event_exec *x)
{
	fuzz_require(x->environment && x->comm && x->file);
	text_use(x->comm);
	text_use(x->file);
	text_use(x->tree);
	for (size_t i = 0; i < x->arg_count; i++) {
		fuzz_require(x->args[i] != NULL);
		text_use(x->args[i]);
		/* The password of a URL's userinfo, wherever it stands. */
		fuzz_require(!strstr(x->args[i], "://u:hunter2@"));
	}
	for (unsigned int i = 0; i < x->environment->count; i++) {
		const struct variable *v = &x->environment->variables[i];

		fuzz_require(relay_name_is_listed(v->name, strlen(v->name)));
		text_use(v->value);
		fuzz_require(!strstr(v->value, "://u:hunter2@"));
	}
}

static void event_use(const struct event *e)
{
	switch (e->kind) {
	case EVENT_EXEC:
		exec_use(&e->exec);
		break;
	case EVENT_QUESTION:
	case EVENT_ANSWER:
		fuzz_require(e->name.address_count <= EVENT_ADDRESSES);
		fuzz_require(e->name.name && *e->name.name);
		fuzz_require(fuzz_is_host(e->name.name, 256));
		break;
	case EVENT_HELLO:
	case EVENT_REQUEST:
		fuzz_require((e->request.method == NULL) == (e->kind == EVENT_HELLO));
		fuzz_require(e->request.host && fuzz_is_host(e->request.host, 256));
		break;
	case EVENT_REPLY:
		fuzz_require(e->reply.kind <= REPLY_GARBAGE);
		fuzz_require(e->reply.reason && fuzz_is_printable(e->reply.reason, 64));
		break;
	case EVENT_FORK:
	case EVENT_EXIT:
	case EVENT_SIGNAL:
	case EVENT_CONNECT:
	case EVENT_STATE:
		break;
	default:
		fuzz_require(!"a kind that no record makes");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder *d = decoder_new();

	while (d && size > 2) {
		size_t len = (size_t)data[0] | (size_t)data[1] << 8;
		struct event event;
		uint8_t *copy;
		int got;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		copy = fuzz_copy(data, len);
		got = decoder_decode(d, copy, len, &event);
		fuzz_require(got == 1 || got == 0 || got == -EBADMSG);
		if (got == 1)
			event_use(&event);
		free(copy);
		data += len;
		size -= len;
	}
	decoder_free(d);
	return 0;
}
