// SPDX-License-Identifier: GPL-2.0-only
/* The pipeline: runs that follow one another, heartbeats, the rows of the summary. */
#include "pipeline_world.h"

#define RUN_BEGIN                                                                                  \
	"relaytrace-recording 1\n"                                                                 \
	"0.0 start wall=1763945000 host=node1 boot_id=6b1c2d3e version=0.1.0\n"                    \
	"0.1 exec pid=4121 start=0.05 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2 "      \
	"env=HTTPS_PROXY=http://10.77.9.1:3128\n"
#define RUN_END "60 clock\n61 stop\nend\n"
#define REFUSED(time, socket, port)                                                                \
	time " state pid=4121 socket=" socket " from=10.77.0.2:40000 to=10.77.9.1:" port           \
	     " close>syn-sent\n" time ".1 state socket=" socket                                    \
	     " from=10.77.0.2:40000 to=10.77.9.1:" port " syn-sent>close error=ECONNREFUSED\n"

static void replay(struct run *r, const char *text)
{
	struct source *source = recording_open_text("recording", text, strlen(text));

	while (source_poll(source, UINT64_MAX, pipeline_event, r->pipeline) > 0)
		;
	source_close(source);
}

/* Each run of a recording is told as it was told live: by a pipeline of its own. */
static void test_runs_count_for_themselves(void)
{
	static const char *const runs[] = {
		RUN_BEGIN REFUSED("1", "7", "3128") "5 loss exec=5\n" RUN_END,
		RUN_BEGIN REFUSED("2", "8", "3128")
			REFUSED("3", "9", "443") "9 loss exec=1\n" RUN_END,
		RUN_BEGIN RUN_END,
	};
	struct buffer all = {0}, told[2] = {{0}};
	struct run r;
	char *text;

	for (size_t i = 0; i < 3; i++) {
		buffer_append_string(&all, runs[i]);
		run_open(&r);
		replay(&r, runs[i]);
		for (size_t sink = 0; sink < 2; sink++) {
			text = written(r.options.sinks[sink]);
			buffer_append_string(&told[sink], text);
			free(text);
		}
		run_close(&r);
	}
	run_open(&r);
	replay(&r, buffer_string(&all));
	for (size_t sink = 0; sink < 2; sink++) {
		text = written(r.options.sinks[sink]);
		UNIT_STRING(text, buffer_string(&told[sink]));
		free(text);
		buffer_free(&told[sink]);
	}
	/* The exit status is that of all. */
	UNIT_CHECK(pipeline_totals(r.pipeline)->errors == 0);
	UNIT_CHECK(pipeline_found(r.pipeline, SEVERITY_ERROR) == 3);
	UNIT_CHECK(pipeline_found(r.pipeline, SEVERITY_WARNING) == 0);
	run_close(&r);
	buffer_free(&all);
}

/* A clock that jumps by a century is one heartbeat late, not three thousand million. */
static void test_heartbeat_after_a_jump(void)
{
	const uint64_t century_ns = 36500ull * 86400 * S_NS;
	unsigned int beats = 0;
	struct run r;
	char *json;

	run_open(&r);
	r.options.heartbeat_ns = S_NS;
	pipeline_set_outputs(r.pipeline, &r.options);
	event_start(&r);
	clock_goes(&r, 2500 * MS_NS);
	UNIT_CHECK(pipeline_deadline(r.pipeline) == 3 * S_NS);
	clock_goes(&r, century_ns + MS_NS);
	UNIT_CHECK(pipeline_deadline(r.pipeline) == century_ns + S_NS);
	clock_goes(&r, century_ns + S_NS);
	UNIT_CHECK(pipeline_deadline(r.pipeline) == century_ns + 2 * S_NS);
	json = written(r.options.sinks[1]);
	for (const char *at = json; (at = strstr(at, "\"heartbeat\"")); at++)
		beats++;
	UNIT_CHECK(beats == 3);
	free(json);
	run_close(&r);
}

/* The summary has room for 64 processes, and says how many more there were. */
static void test_summary_says_what_it_leaves_out(void)
{
	struct buffer story = {0};
	struct run r;
	char *text;

	buffer_append_string(&story, RUN_BEGIN);
	for (int i = 0; i < 70; i++) {
		buffer_printf(&story,
			"1 exec pid=%d start=0.5 parent=4121 comm=ctr file=/usr/bin/ctr "
			"env=HTTPS_PROXY=http://10.77.9.1:3128\n",
			5000 + i);
		/* One that dials too is left out once. */
		buffer_printf(&story,
			"2 state pid=%d socket=%d from=10.77.0.2:40000 to=10.77.9.1:3128 "
			"close>syn-sent\n"
			"2.1 state socket=%d from=10.77.0.2:40000 to=10.77.9.1:3128 "
			"syn-sent>established\n",
			5000 + i, 100 + i, 100 + i);
	}
	buffer_append_string(&story, RUN_END);
	run_open(&r);
	replay(&r, buffer_string(&story));
	text = written(r.options.sinks[0]);
	UNIT_CHECK(strstr(text, "\n  ctr[5062]  client\n"));
	UNIT_CHECK(!strstr(text, "\n  ctr[5063]  client\n"));
	UNIT_CHECK(strstr(text, "\n  and 7 more processes\n  no findings\n"));
	free(text);
	text = written(r.options.sinks[1]);
	UNIT_CHECK(strstr(text, "\"processes_more\":7"));
	free(text);
	run_close(&r);
	run_open(&r);
	replay(&r, RUN_BEGIN RUN_END);
	text = written(r.options.sinks[1]);
	UNIT_CHECK(!strstr(text, "processes_more"));
	free(text);
	run_close(&r);
	buffer_free(&story);
}

int main(void)
{
	UNIT_RUN(test_runs_count_for_themselves);
	UNIT_RUN(test_heartbeat_after_a_jump);
	UNIT_RUN(test_summary_says_what_it_leaves_out);
	return unit_status();
}
