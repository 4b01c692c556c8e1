// SPDX-License-Identifier: GPL-2.0-only
/*
 * The facts that a tracer would record about units below a root and about the node's configuration, as
 * lines of a recording.  usage: unit_tell ROOT SECONDS UNIT...
 */
#include "capture/recording.h"
#include "node/node_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(void *context, const struct event *event)
{
	struct buffer *b = context;

	buffer_clear(b);
	recording_write_event(b, event);
	fputs(buffer_string(b), stdout);
}

static int tell_unit(const struct unit_root *root, const struct unit_host *host, const char *unit,
	uint64_t time_ns, struct buffer *b)
{
	struct unit_facts facts;
	int err = unit_facts_read(root, host, NULL, unit, &facts);

	if (err)
		return err;
	err = node_unit_tell(&facts, false, time_ns, print, b);
	unit_facts_free(&facts);
	return err;
}

static int tell_files(const struct unit_root *root, bool agent, uint64_t time_ns, struct buffer *b)
{
	struct node_files files;
	int err = node_files_read(
		root, agent ? DISTRIBUTION_AGENT : DISTRIBUTION_RKE2, NULL, NULL, &files);

	if (err)
		return err;
	node_files_tell(&files, time_ns, print, b);
	node_files_free(&files);
	return 0;
}

int main(int argc, char **argv)
{
	struct unit_root root = {argc > 1 ? argv[1] : ""};
	uint64_t time_ns = argc > 2 ? (uint64_t)(strtod(argv[2], NULL) * 1e9) : 0;
	struct buffer b = {0};
	struct unit_host host;
	bool agent = false;
	int err = unit_host_read(&root, &host);

	for (int i = 3; !err && i < argc; i++) {
		agent |= !strcmp(argv[i], "rancher-system-agent");
		err = tell_unit(&root, &host, argv[i], time_ns, &b);
	}
	if (!err) {
		unit_host_free(&host);
		err = tell_files(&root, agent, time_ns, &b);
	}
	buffer_free(&b);
	if (err)
		fprintf(stderr, "unit_tell: %s\n", strerror(-err));
	return err != 0;
}
