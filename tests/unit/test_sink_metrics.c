// SPDX-License-Identifier: GPL-2.0-only
/* The metrics' file after stories that went through the whole pipeline. */
#include "capture/recording.h"
#include "output/pipeline.h"
#include "unit.h"

#include <unistd.h>

#define HEAD                                                                                       \
	"relaytrace-recording 1\n"                                                                 \
	"0.0 start wall=1763945000 host=node1 boot_id=6b1c2d3e version=0.1.0\n"                    \
	"0.1 exec pid=4121 start=0.05 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2\n"

struct story {
	struct pipeline_options options;
	struct pipeline *pipeline;
	struct buffer text;
	char dir[40], path[64];
};

static struct sink *metrics_at(const char *path)
{
	struct sink *s = sink_metrics_new();

	UNIT_CHECK(s != NULL);
	s->path = strdup(path);
	return s;
}

static void story_open(struct story *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->dir, "/tmp/relaytrace-test-XXXXXX");
	UNIT_CHECK(mkdtemp(s->dir) != NULL);
	snprintf(s->path, sizeof(s->path), "%s/prom", s->dir);
	s->options.sinks[s->options.sink_count++] = metrics_at(s->path);
	s->options.heartbeat_ns = 10 * 1000000000ULL;
	s->pipeline = pipeline_new(&s->options);
	UNIT_CHECK(s->pipeline != NULL);
}

static void story_close(struct story *s)
{
	pipeline_free(s->pipeline);
	for (size_t i = 0; i < s->options.sink_count; i++)
		sink_free(s->options.sinks[i]);
	unlink(s->path);
	buffer_free(&s->text);
	rmdir(s->dir);
}

/* Tells what stands in s->text, but for the end of the run: what comes next goes on with it. */
static void on_event(void *context, const struct event *event)
{
	if (event->kind != EVENT_STOP)
		pipeline_event(context, event);
}

static void story_tell(struct story *s)
{
	struct source *source;

	buffer_append_string(&s->text, "end\n");
	source = recording_open_text("story", buffer_string(&s->text), s->text.len);
	UNIT_CHECK(source != NULL);
	while (source_poll(source, UINT64_MAX, on_event, s->pipeline) > 0)
		;
	source_close(source);
	buffer_clear(&s->text);
}

/* The value of a series; -1: it is not there. */
static long value_of(const char *path, const char *series)
{
	char line[512];
	size_t len = strlen(series);
	FILE *file = fopen(path, "re");
	long value = -1;

	UNIT_CHECK(file != NULL);
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, series, len) && line[len] == ' ')
			value = strtol(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

#define DIALS(outcome)                                                                             \
	"relaytrace_dials_total{role=\"supervisor\",path=\"direct\",outcome=\"" outcome "\"}"
#define FOUND(what, rule, severity)                                                                \
	"relaytrace_findings_" what "{rule=\"" rule "\",severity=\"" severity "\"}"

static void dial_reset(struct story *s, double at, int socket)
{
	const char *way = "from=10.77.0.2:40000 to=203.0.113.10:443";

	buffer_printf(
		&s->text, "%.3f state pid=4121 socket=%d %s close>syn-sent\n", at, socket, way);
	buffer_printf(
		&s->text, "%.3f state socket=%d %s syn-sent>established\n", at + 0.01, socket, way);
	buffer_printf(
		&s->text, "%.3f clock\n", at + 12); /* a heartbeat: it is told as established */
	buffer_printf(&s->text, "%.3f hello socket=%d host=index.docker.io\n", at + 12.5, socket);
	buffer_printf(&s->text,
		"%.3f state socket=%d %s established>close error=ECONNRESET sent=300\n", at + 13,
		socket, way);
	buffer_printf(&s->text, "%.3f clock\n", at + 40);
}

/* A dial that is established and reset later has one place, and no counter falls. */
static void test_metrics_count_a_dial_once(void)
{
	struct story s;

	story_open(&s);
	buffer_append_string(&s.text, HEAD);
	for (int i = 0; i < 5; i++)
		dial_reset(&s, 1 + 50 * i, 7 + i);
	story_tell(&s);
	UNIT_CHECK(value_of(s.path, DIALS("reset")) == 5);
	/* The first was written as established before it was reset; the later ones take its place. */
	UNIT_CHECK(value_of(s.path, DIALS("established")) == 1);
	story_close(&s);
}

/* What is asked for by a reload goes on where the tracer is. */
static void test_metrics_of_a_reload_go_on(void)
{
	struct pipeline_options more;
	struct story s;
	char path[80];

	story_open(&s);
	snprintf(path, sizeof(path), "%s.more", s.path);
	buffer_append_string(&s.text, HEAD);
	dial_reset(&s, 1, 7);
	story_tell(&s);
	more = s.options;
	more.sinks[more.sink_count++] = metrics_at(path);
	pipeline_set_outputs(s.pipeline, &more);
	s.options = more;
	UNIT_CHECK(value_of(path, DIALS("reset")) == 1);
	UNIT_CHECK(value_of(path, FOUND("total", "direct-reset", "error")) == 1);
	UNIT_CHECK(value_of(path, FOUND("open", "direct-reset", "error")) == 1);
	UNIT_CHECK(value_of(path, "relaytrace_events_total{kind=\"exec\"}") == 1);
	UNIT_CHECK(value_of(path, "relaytrace_last_event_timestamp_seconds") == 1763945014);
	unlink(path);
	story_close(&s);
}

/* More than are kept apart, then all repaired: the gauge is what is kept, and comes back to 0. */
static void test_metrics_open_comes_back(void)
{
	const int many = 1100;
	struct story s;

	story_open(&s);
	buffer_append_string(&s.text, HEAD);
	for (int i = 0; i < many; i++) {
		char way[80];

		buffer_printf(&s.text,
			"%d question pid=4121 server=10.77.0.53:53 id=1 name=host%d.example\n"
			"%d.1 answer pid=4121 server=10.77.0.53:53 id=1 name=host%d.example "
			"address=198.51.%d.%d\n",
			1 + i, i, 1 + i, i, i / 250, 1 + i % 250);
		snprintf(way, sizeof(way), "from=10.77.0.2:%d to=198.51.%d.%d:443", 20000 + i,
			i / 250, 1 + i % 250);
		buffer_printf(&s.text, "%d.2 state pid=4121 socket=%d %s close>syn-sent\n", 1 + i,
			100 + i, way);
		buffer_printf(&s.text,
			"%d.5 state socket=%d %s syn-sent>close error=ECONNREFUSED\n", 1 + i,
			100 + i, way);
	}
	buffer_printf(&s.text, "%d clock\n%d clock\n", many + 30, many + 60);
	story_tell(&s);
	UNIT_CHECK(value_of(s.path, FOUND("total", "relay-missing", "error")) == many);
	UNIT_CHECK(value_of(s.path, FOUND("open", "relay-missing", "error")) == 1024);
	UNIT_CHECK(value_of(s.path, FOUND("open", "relay-missing", "warning")) == 0);

	buffer_append_string(&s.text, "relaytrace-recording 1\n");
	buffer_printf(&s.text, "2000 exec pid=5000 start=1999 parent=1 tree=rke2 comm=rke2 "
			       "file=/usr/local/bin/rke2 "
			       "env=HTTPS_PROXY=http://10.77.9.1:3128\n"
			       "2001 state pid=5000 socket=9000 from=10.77.0.2:40001 "
			       "to=10.77.9.1:3128 close>syn-sent\n"
			       "2001.1 state socket=9000 from=10.77.0.2:40001 to=10.77.9.1:3128 "
			       "syn-sent>established\n"
			       "2001.2 request socket=9000 host=index.docker.io port=443\n"
			       "2001.3 reply socket=9000 status=200\n"
			       "2010 state socket=9000 from=10.77.0.2:40001 to=10.77.9.1:3128 "
			       "established>close-wait "
			       "received=9000 sent=900\n"
			       "2100 clock\n2200 clock\n");
	story_tell(&s);
	UNIT_CHECK(value_of(s.path, FOUND("open", "relay-missing", "error")) == 0);
	UNIT_CHECK(value_of(s.path, FOUND("total", "relay-missing", "error")) == many);
	story_close(&s);
}

/* Several runs in one recording: no counter falls, a loss of an earlier run included. */
static void test_metrics_of_several_runs(void)
{
	static const int lost[] = {5, 1};
	struct story s;

	story_open(&s);
	for (int run = 0; run < 2; run++) {
		buffer_append_string(&s.text, HEAD);
		dial_reset(&s, 1, 7);
		buffer_printf(&s.text, "90 loss exec=%d\n", lost[run]);
		story_tell(&s);
		UNIT_CHECK(value_of(s.path, "relaytrace_lost_total{kind=\"exec\"}") == 5 + run);
		UNIT_CHECK(value_of(s.path, "relaytrace_events_total{kind=\"start\"}") == 1 + run);
		UNIT_CHECK(value_of(s.path, DIALS("reset")) == 1 + run);
		UNIT_CHECK(value_of(s.path, FOUND("total", "direct-reset", "error")) == 1 + run);
		UNIT_CHECK(value_of(s.path, FOUND("open", "direct-reset", "error")) == 1);
	}
	story_close(&s);
}

/* What is resolved and comes back is the same finding. */
static void test_metrics_count_an_id_once(void)
{
	struct story s;

	story_open(&s);
	buffer_append_string(&s.text,
		"relaytrace-recording 1\n"
		"0.0 start wall=1763945000 host=node1 boot_id=6b1c2d3e version=0.1.0\n"
		"0.1 exec pid=4121 start=0.05 parent=1 tree=rke2 comm=rke2 "
		"file=/usr/local/bin/rke2 env=HTTPS_PROXY=http://10.77.9.1:3128\n");
	for (int i = 0; i < 3; i++) {
		const char *way = "from=10.77.0.2:40000 to=10.77.9.1:3128";

		for (int good = 0; good < 2; good++) {
			int at = 10 + 20 * i + 10 * good, socket = 7 + 2 * i + good;

			buffer_printf(&s.text,
				"%d state pid=4121 socket=%d %s close>syn-sent\n"
				"%d.1 state socket=%d %s syn-sent>%s\n%d clock\n",
				at, socket, way, at, socket, way,
				good ? "established" : "close error=ECONNREFUSED", at + 5);
		}
	}
	buffer_append_string(&s.text, "100 clock\n");
	story_tell(&s);
	UNIT_CHECK(value_of(s.path, FOUND("total", "relay-unreachable", "error")) == 1);
	UNIT_CHECK(value_of(s.path, FOUND("open", "relay-unreachable", "error")) == 0);
	UNIT_CHECK(pipeline_totals(s.pipeline)->findings == 1);
	UNIT_CHECK(pipeline_totals(s.pipeline)->errors == 1);
	story_close(&s);
}

int main(void)
{
	UNIT_RUN(test_metrics_count_a_dial_once);
	UNIT_RUN(test_metrics_of_a_reload_go_on);
	UNIT_RUN(test_metrics_of_several_runs);
	UNIT_RUN(test_metrics_count_an_id_once);
	if (unit_long())
		UNIT_RUN(test_metrics_open_comes_back);
	return unit_status();
}
