// SPDX-License-Identifier: GPL-2.0-only
#include "capture/decode.h"
#include "unit.h"
#include "wire_records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct record r;
static struct event e;

static int decode(struct decoder *d)
{
	/* In memory of its own size: ASan sees what is read beyond it. */
	void *copy = malloc(r.header.size);
	int got;

	memcpy(copy, r.bytes, r.header.size);
	got = decoder_decode(d, copy, r.header.size, &e);
	if (got == 1 && e.kind == EVENT_EXEC)
		e.exec.file = "(in the record)";
	free(copy);
	return got;
}

static void exec_record(const char *args, size_t args_len, const char *env, size_t env_len)
{
	static const char file[] = "/usr/local/bin/rke2";

	record_start(&r, WIRE_EXEC, sizeof(r.exec));
	r.exec.task.pid = 10;
	r.exec.task.start_ns = 5;
	r.exec.flags = WIRE_EXEC_ROOT;
	memcpy(r.exec.comm, "rke2", 5);
	r.exec.file_len = sizeof(file);
	r.exec.args_len = (unsigned int)args_len;
	r.exec.env_len = (unsigned int)env_len;
	record_append(&r, file, sizeof(file));
	record_append(&r, args, args_len);
	record_append(&r, env, env_len);
}

static void test_exec_is_redacted_right_here(void)
{
	static const char args[] =
		"rke2\0agent\0--token\0s3cret\0--proxy=http://me:s3cret@relay:1\0"
		"--token\0s3cret"; /* the last one lost its NUL */
	static const char env[] = "HTTPS_PROXY=http://me:s3cret@relay:3128\0NO_PROXY=.svc\0";
	struct decoder *d = decoder_new();

	exec_record(args, sizeof(args) - 1, env, sizeof(env) - 1);
	UNIT_CHECK(decode(d) == 1 && e.kind == EVENT_EXEC && e.pid == 10 && e.start_ns == 5);
	UNIT_STRING(e.exec.tree, "rke2");
	UNIT_STRING(e.exec.comm, "rke2");
	UNIT_CHECK(e.exec.arg_count == 7 && e.exec.environment->count == 2);
	UNIT_STRING(e.exec.args[1], "agent");
	for (size_t i = 0; i < e.exec.arg_count; i++)
		UNIT_CHECK(!strstr(e.exec.args[i], "s3cret"));
	UNIT_STRING(e.exec.environment->variables[0].value, "http://***:***@relay:3128");
	UNIT_CHECK(e.exec.environment->variables[0].url.faults & RELAY_FAULT_CREDENTIALS);
	UNIT_STRING(e.exec.environment->variables[1].value, ".svc");
	UNIT_CHECK(environment_proves_absence(e.exec.environment));
	decoder_free(d);
}

static void test_what_was_cut_is_flagged(void)
{
	struct decoder *d = decoder_new();

	exec_record("rke2", 5, "NO_PROXY=", 10);
	r.exec.flags |= WIRE_ENV_TRUNCATED | WIRE_ARGS_TRUNCATED;
	UNIT_CHECK(decode(d) == 1 && e.exec.args_truncated && e.exec.environment->truncated);
	UNIT_CHECK(!environment_proves_absence(e.exec.environment));
	decoder_free(d);
}

static void test_lengths_that_lie_are_refused(void)
{
	struct decoder *d = decoder_new();

	exec_record("rke2", 5, "NO_PROXY=", 10);
	r.exec.file_len = 0xffffffff;
	UNIT_CHECK(decode(d) == -EBADMSG);
	exec_record("rke2", 5, "NO_PROXY=", 10);
	r.exec.args_len = 0xffffffff;
	UNIT_CHECK(decode(d) == -EBADMSG);
	exec_record("rke2", 5, "NO_PROXY=", 10);
	r.exec.env_len++;
	UNIT_CHECK(decode(d) == -EBADMSG);
	record_payload(&r, IPPROTO_TCP, 7, WIRE_PART_REQUEST, true, 0, "x", 1);
	r.payload.data_len = 2;
	UNIT_CHECK(decode(d) == -EBADMSG);
	r.payload.data_len = 1;
	r.payload.part = WIRE_PART_REPLY + 1;
	UNIT_CHECK(decode(d) == -EBADMSG);
	record_start(&r, WIRE_STATE, sizeof(r.state) - 1);
	UNIT_CHECK(decode(d) == -EBADMSG);
	record_start(&r, WIRE_STATE, sizeof(r.state));
	UNIT_CHECK(decoder_decode(d, &r, sizeof(r.state) - 1, &e) == -EBADMSG);
	UNIT_CHECK(decoder_decode(d, &r, 3, &e) == -EBADMSG);
	record_start(&r, 4711, sizeof(r.state));
	UNIT_CHECK(decode(d) == -EBADMSG);
	decoder_free(d);
}

static void test_connect_and_state_keep_their_numbers(void)
{
	struct decoder *d = decoder_new();

	record_start(&r, WIRE_CONNECT, sizeof(r.connect));
	r.connect.socket = 99;
	r.connect.begin_ns = 900;
	r.connect.result = -101;
	r.connect.address.family = AF_INET6;
	r.connect.address.protocol = IPPROTO_UDP;
	r.connect.address.remote_port = 53;
	r.connect.address.remote[15] = 1;
	UNIT_CHECK(decode(d) == 1 && e.kind == EVENT_CONNECT && e.time_ns == 1000);
	UNIT_CHECK(e.connect.socket == 99 && e.connect.begin_ns == 900 && e.connect.result == -101);
	UNIT_CHECK(e.connect.remote.is_v6 && e.connect.remote.port == 53 &&
		   e.connect.remote.bytes[15] == 1 && e.connect.protocol == IPPROTO_UDP);
	UNIT_CHECK(!e.connect.asked && !e.connect.over);
	r.connect.asked = r.connect.over = 1;
	UNIT_CHECK(decode(d) == 1 && e.connect.asked && e.connect.over);
	record_start(&r, WIRE_STATE, sizeof(r.state));
	r.state.socket = 99;
	r.state.old_state = TCP_STATE_SYN_SENT;
	r.state.new_state = TCP_STATE_CLOSE;
	r.state.error = 111;
	r.state.address.family = AF_INET;
	r.state.address.mapped = 1;
	UNIT_CHECK(decode(d) == 1 && e.kind == EVENT_STATE && e.state.error == 111);
	UNIT_CHECK(!e.state.remote.is_v6 && e.state.remote.mapped);
	decoder_free(d);
}

/* ---- payload ---- */

static int send_bytes(struct decoder *d, unsigned long long cookie, enum wire_part part,
	unsigned int offset, const char *text)
{
	record_payload(
		&r, IPPROTO_TCP, cookie, part, part != WIRE_PART_REPLY, offset, text, strlen(text));
	return decode(d);
}

static void test_a_conversation_with_a_relay(void)
{
	struct decoder *d = decoder_new();

	UNIT_CHECK(send_bytes(d, 7, WIRE_PART_REQUEST, 0,
			   "CONNECT index.docker.io:443 HTTP/1.1\r\n") == 1);
	UNIT_CHECK(e.kind == EVENT_REQUEST && e.request.port == 443 && e.request.socket == 7);
	UNIT_STRING(e.request.method, "CONNECT");
	UNIT_STRING(e.request.host, "index.docker.io");
	UNIT_CHECK(send_bytes(d, 7, WIRE_PART_REPLY, 0,
			   "HTTP/1.1 407 Proxy Authentication Required\r\n") == 1);
	UNIT_CHECK(e.kind == EVENT_REPLY && e.reply.kind == REPLY_HTTP && e.reply.status == 407);
	UNIT_STRING(e.reply.reason, "Proxy Authentication Required");
	UNIT_CHECK(e.reply.socket == 7);

	/* In pieces, and one that is missing. */
	UNIT_CHECK(send_bytes(d, 8, WIRE_PART_REPLY, 0, "HTTP") == 0);
	UNIT_CHECK(send_bytes(d, 9, WIRE_PART_REPLY, 0, "HTTP") == 0);
	UNIT_CHECK(send_bytes(d, 8, WIRE_PART_REPLY, 4, "/1.0 403 Forbidden\r\n") == 1);
	UNIT_CHECK(e.reply.status == 403 && e.reply.socket == 8);
	UNIT_CHECK(send_bytes(d, 9, WIRE_PART_REPLY, 8, " 403 Forbidden\r\n") == 0);
	decoder_free(d);
}

static void test_what_is_no_http(void)
{
	struct decoder *d = decoder_new();

	UNIT_CHECK(send_bytes(d, 7, WIRE_PART_REPLY, 0, "SSH-2.0-OpenSSH\r\n") == 1);
	UNIT_CHECK(e.kind == EVENT_REPLY && e.reply.kind == REPLY_GARBAGE);
	UNIT_CHECK(send_bytes(d, 8, WIRE_PART_REPLY, 0, "\x15\x03\x01") == 1);
	UNIT_CHECK(e.kind == EVENT_REPLY && e.reply.kind == REPLY_TLS);
	UNIT_CHECK(send_bytes(d, 9, WIRE_PART_REQUEST, 0, "\x05\x01\x02") == 1);
	UNIT_STRING(e.request.method, "SOCKS5");
	UNIT_CHECK(send_bytes(d, 10, WIRE_PART_REQUEST, 0, "GET / HTTP/1.1\r\n") == 0);
	UNIT_CHECK(send_bytes(d, 11, WIRE_PART_REQUEST, 0, "GET http://a.example/x HTTP/1.1\r\n") ==
		   1);
	UNIT_STRING(e.request.host, "a.example");
	UNIT_CHECK(e.request.port == 80);
	decoder_free(d);
}

static size_t dns_question(unsigned char *out, const char *label, bool answer)
{
	size_t len = strlen(label);

	memcpy(out, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	if (answer) {
		out[2] = 0x81;
		out[3] = 0x80;
		out[7] = 1;
	}
	out[12] = (unsigned char)len;
	memcpy(out + 13, label, len);
	memcpy(out + 13 + len, "\0\0\x01\0\x01", 5);
	if (!answer)
		return 18 + len;
	memcpy(out + 18 + len, "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xcb\0\x71\x0a", 16);
	return 34 + len;
}

static void test_dns_over_udp(void)
{
	struct decoder *d = decoder_new();
	unsigned char message[256];
	size_t len = dns_question(message, "Registry", false);

	record_payload(&r, IPPROTO_UDP, 7, WIRE_PART_DNS, true, 0, message, len);
	r.payload.task.pid = 10;
	UNIT_CHECK(decode(d) == 1 && e.kind == EVENT_QUESTION && e.pid == 10);
	UNIT_STRING(e.name.name, "registry");
	UNIT_CHECK(e.name.type == 1 && e.name.id == 0x1234 && e.name.server.port == 53);
	UNIT_CHECK(e.name.socket == 7 && e.name.server.bytes[3] == 0x35 && !e.name.tcp);
	len = dns_question(message, "registry", true);
	record_payload(&r, IPPROTO_UDP, 7, WIRE_PART_DNS, false, 0, message, len);
	UNIT_CHECK(decode(d) == 1 && e.kind == EVENT_ANSWER && e.name.address_count == 1);
	UNIT_CHECK(e.name.code == 0 && e.name.addresses[0].bytes[0] == 203);
	r.payload.outgoing = 1; /* a resolver's own */
	UNIT_CHECK(decode(d) == 0);
	decoder_free(d);
}

/* Go dials "s3cret" there, and a resolver tries it with a search domain behind it too. */
static void test_a_name_that_is_part_of_a_secret_is_masked(void)
{
	static const char env[] = "HTTPS_PROXY=http://S3cret/word@relay:3128\0";
	static const struct {
		const char *asked, *told;
	} names[] = {
		{"s3cret", "***"},
		{"S3CRET", "***"},
		{"s3cret-2", "s3cret-2"},
		{"relay", "relay"},
	};
	struct decoder *d = decoder_new();
	unsigned char message[256];

	exec_record("", 0, env, sizeof(env) - 1);
	UNIT_CHECK(decode(d) == 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (int answer = 0; answer < 2; answer++) {
			size_t len = dns_question(message, names[i].asked, answer);

			record_payload(&r, IPPROTO_UDP, 7, WIRE_PART_DNS, !answer, 0, message, len);
			UNIT_CHECK(decode(d) == 1);
			UNIT_STRING(e.name.name, names[i].told);
		}
	UNIT_CHECK(send_bytes(d, 1, WIRE_PART_REQUEST, 0,
			   "CONNECT s3cret.corp.example:443 HTTP/1.1\r\n\r\n") == 1);
	UNIT_STRING(e.request.host, "***.corp.example");
	decoder_free(d);
}

/* A dial of pid to a.b.c.d:port as its first state change says it; "ADDRESS:PORT[ misread]". */
static const char *dialled(
	struct decoder *d, unsigned int pid, const char address[4], unsigned int port)
{
	static char text[80];
	char ip[ADDRESS_TEXT];

	record_start(&r, WIRE_STATE, sizeof(r.state));
	r.state.task.pid = pid;
	r.state.socket = 99;
	r.state.old_state = TCP_STATE_CLOSE;
	r.state.new_state = TCP_STATE_SYN_SENT;
	r.state.address.family = AF_INET;
	memcpy(r.state.address.remote, address, 4);
	r.state.address.remote_port = (unsigned short)port;
	UNIT_CHECK(decode(d) == 1);
	snprintf(text, sizeof(text), "%s:%u%s", address_text(&e.state.remote, ip),
		e.state.remote.port, e.state.misread ? " misread" : "");
	return text;
}

static const char there[4] = "\xcb\x00\x71\x0a", elsewhere[4] = "\x0a\x00\x00\x05";

static struct decoder *decoder_of(const char *env)
{
	struct decoder *d = decoder_new();

	exec_record("", 0, env, strlen(env) + 1);
	UNIT_CHECK(decode(d) == 1);
	return d;
}

static void answer(struct decoder *d, const char *name)
{
	unsigned char message[256];
	size_t len = dns_question(message, name, true);

	record_payload(&r, IPPROTO_UDP, 7, WIRE_PART_DNS, false, 0, message, len);
	UNIT_CHECK(decode(d) == 1);
}

/* What Go takes for host and port is the head of the secret, digits that nobody else dials. */
static void test_a_dial_to_a_part_of_a_secret_is_masked(void)
{
	struct decoder *d = decoder_of("HTTPS_PROXY=http://user:54321#x@10.77.9.1:3128");

	answer(d, "user");
	UNIT_STRING(dialled(d, 10, there, 54321), "203.0.113.10:0 misread");
	UNIT_STRING(dialled(d, 0, there, 54321), "203.0.113.10:0 misread");
	UNIT_STRING(dialled(d, 10, there, 443), "203.0.113.10:443");
	/* By whom the name was resolved may not have been seen. */
	UNIT_STRING(dialled(d, 10, elsewhere, 54321), "10.0.0.5:0 misread");
	UNIT_STRING(dialled(d, 11, there, 54321), "203.0.113.10:54321");
	record_start(&r, WIRE_CONNECT, sizeof(r.connect));
	r.connect.task.pid = 10;
	r.connect.address.family = AF_INET;
	r.connect.address.remote_port = 54321;
	UNIT_CHECK(decode(d) == 1 && e.connect.misread && !e.connect.remote.port);
	decoder_free(d);
}

static void test_a_dial_to_an_address_in_a_secret_is_masked(void)
{
	struct decoder *d = decoder_of("HTTPS_PROXY=http://u:p@203.0.113.10:54321/x@relay:3128");

	UNIT_STRING(dialled(d, 10, there, 54321), "***:0 misread");
	UNIT_STRING(dialled(d, 10, there, 443), "203.0.113.10:443");
	decoder_free(d);
	d = decoder_of("HTTPS_PROXY=http://203.0.113.10/x@relay:3128");
	UNIT_STRING(dialled(d, 10, there, 80), "***:80 misread");
	UNIT_STRING(dialled(d, 10, elsewhere, 80), "10.0.0.5:80");
	decoder_free(d);
}

/* A port that is dialled every day says nothing, where the address does not. */
static void test_a_dial_to_an_everyday_port_needs_the_address(void)
{
	static const char *const line[] = {"10.0.0.5", "other", "User"};
	const struct event_fact hosts = {"hosts", line, 3};
	struct decoder *d = decoder_of("HTTPS_PROXY=http://user:443?x@relay:3128");

	UNIT_STRING(dialled(d, 10, there, 443), "203.0.113.10:443");
	UNIT_STRING(dialled(d, 10, elsewhere, 443), "10.0.0.5:443");
	answer(d, "user");
	UNIT_STRING(dialled(d, 10, there, 443), "203.0.113.10:0 misread");
	decoder_fact(d, &hosts);
	UNIT_STRING(dialled(d, 10, elsewhere, 443), "10.0.0.5:0 misread");
	decoder_free(d);
}

static void test_a_child_dials_what_its_parent_carries(void)
{
	struct decoder *d = decoder_of("HTTPS_PROXY=http://user:54321/x@relay:3128");

	record_start(&r, WIRE_FORK, sizeof(r.fork));
	r.fork.parent.pid = 10;
	r.fork.child.pid = 11;
	UNIT_CHECK(decode(d) == 1);
	UNIT_STRING(dialled(d, 11, there, 54321), "203.0.113.10:0 misread");
	record_start(&r, WIRE_EXIT, sizeof(r.exit));
	r.exit.task.pid = 11;
	UNIT_CHECK(decode(d) == 1);
	UNIT_STRING(dialled(d, 11, there, 54321), "203.0.113.10:54321");
	exec_record("", 0, "HTTPS_PROXY=http://relay:3128", 30);
	UNIT_CHECK(decode(d) == 1);
	UNIT_STRING(dialled(d, 10, there, 54321), "203.0.113.10:54321");
	decoder_free(d);
}

static void test_dns_over_tcp_in_two_segments(void)
{
	struct decoder *d = decoder_new();
	unsigned char message[256] = {0};
	size_t len = dns_question(message + 2, "registry", true);

	message[1] = (unsigned char)len;
	record_payload(&r, IPPROTO_TCP, 7, WIRE_PART_DNS, false, 0, message, 20);
	UNIT_CHECK(decode(d) == 0);
	record_payload(&r, IPPROTO_TCP, 7, WIRE_PART_DNS, false, 20, message + 20, len + 2 - 20);
	UNIT_CHECK(decode(d) == 1 && e.kind == EVENT_ANSWER && e.name.tcp);
	UNIT_CHECK(e.name.address_count == 1 && e.name.socket == 7);
	decoder_free(d);
}

static void establish(struct decoder *d, unsigned long long cookie, unsigned long long socket)
{
	record_start(&r, WIRE_STATE, sizeof(r.state));
	r.state.socket = 1ULL << 63 | socket;
	r.state.cookie = cookie;
	r.state.old_state = TCP_STATE_SYN_SENT;
	r.state.new_state = TCP_STATE_ESTABLISHED;
	decode(d);
}

static void test_payload_goes_by_the_number_of_its_socket(void)
{
	struct decoder *d = decoder_new();

	establish(d, 7, 5);
	UNIT_CHECK(send_bytes(d, 7, WIRE_PART_REQUEST, 0, "CONNECT a:1 HTTP/1.1\r\n") == 1);
	UNIT_CHECK(e.request.socket == (1ULL << 63 | 5));
	decoder_free(d);
}

/* Whose end was lost is forgotten when many have come since: a month of them needs no more than a minute of them. */
static void test_sockets_that_never_end_are_bounded(void)
{
	struct decoder *d = decoder_new();

	for (unsigned long long cookie = 1; cookie <= 40000; cookie++)
		establish(d, cookie, cookie + 100000);
	UNIT_CHECK(send_bytes(d, 40000, WIRE_PART_REQUEST, 0, "CONNECT a:1 HTTP/1.1\r\n") == 1);
	UNIT_CHECK(e.request.socket == (1ULL << 63 | 140000));
	UNIT_CHECK(send_bytes(d, 32000, WIRE_PART_REQUEST, 0, "CONNECT a:1 HTTP/1.1\r\n") == 1);
	UNIT_CHECK(e.request.socket == (1ULL << 63 | 132000));
	UNIT_CHECK(send_bytes(d, 1, WIRE_PART_REQUEST, 0, "CONNECT a:1 HTTP/1.1\r\n") == 1);
	UNIT_CHECK(e.request.socket == 1);
	decoder_free(d);
}

static void test_pieces_are_bounded(void)
{
	struct decoder *d = decoder_new();

	for (unsigned long long cookie = 1; cookie < 1000; cookie++)
		UNIT_CHECK(send_bytes(d, cookie, WIRE_PART_REQUEST, 0, "CONN") == 0);
	/* The latest is still put together; the oldest was given up. */
	UNIT_CHECK(send_bytes(d, 999, WIRE_PART_REQUEST, 4, "ECT a:1 HTTP/1.1\r\n") == 1);
	UNIT_CHECK(send_bytes(d, 1, WIRE_PART_REQUEST, 4, "ECT a:1 HTTP/1.1\r\n") == 0);
	decoder_free(d);
}

int main(void)
{
	UNIT_RUN(test_exec_is_redacted_right_here);
	UNIT_RUN(test_what_was_cut_is_flagged);
	UNIT_RUN(test_lengths_that_lie_are_refused);
	UNIT_RUN(test_connect_and_state_keep_their_numbers);
	UNIT_RUN(test_a_conversation_with_a_relay);
	UNIT_RUN(test_what_is_no_http);
	UNIT_RUN(test_dns_over_udp);
	UNIT_RUN(test_a_name_that_is_part_of_a_secret_is_masked);
	UNIT_RUN(test_a_dial_to_a_part_of_a_secret_is_masked);
	UNIT_RUN(test_a_dial_to_an_address_in_a_secret_is_masked);
	UNIT_RUN(test_a_dial_to_an_everyday_port_needs_the_address);
	UNIT_RUN(test_a_child_dials_what_its_parent_carries);
	UNIT_RUN(test_dns_over_tcp_in_two_segments);
	UNIT_RUN(test_payload_goes_by_the_number_of_its_socket);
	UNIT_RUN(test_sockets_that_never_end_are_bounded);
	UNIT_RUN(test_pieces_are_bounded);
	return unit_status();
}
