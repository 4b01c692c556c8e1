// SPDX-License-Identifier: GPL-2.0-only
/* The pipeline: its own losses, told by a replay as by the live run; runs, heartbeats, the summary's rows. */
#include "output/pipeline.h"

#include "capture/recording.h"
#include "unit.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define S_NS	  1000000000ull
#define MS_NS	  1000000ull
#define QUESTIONS 4096 /* that the tracker keeps */

/* A pipeline with its outputs in memory. */
struct run {
	struct pipeline_options options;
	struct pipeline *pipeline;
};

static struct sink *in_memory(struct sink *s)
{
	s->fd = memfd_create("sink", MFD_CLOEXEC);
	return s;
}

static void run_open(struct run *r)
{
	*r = (struct run){
		.options = {.sinks = {in_memory(sink_text_new()), in_memory(sink_json_new())},
			.sink_count = 2,
			.recording = in_memory(sink_record_new()),
			.heartbeat_ns = 6 * S_NS}};
	r->pipeline = pipeline_new(&r->options);
}

static void run_close(struct run *r)
{
	pipeline_free(r->pipeline);
	sink_free(r->options.sinks[0]);
	sink_free(r->options.sinks[1]);
	sink_free(r->options.recording);
}

/* What a sink wrote, to be freed. */
static char *written(const struct sink *s)
{
	struct stat st;
	char *text;

	UNIT_CHECK(fstat(s->fd, &st) == 0);
	text = calloc(1, (size_t)st.st_size + 1);
	UNIT_CHECK(pread(s->fd, text, (size_t)st.st_size, 0) == st.st_size);
	return text;
}

/* Questions for so many names, one a millisecond, none of which is answered; the time of the last. */
static uint64_t ask(struct run *r, uint64_t from_ns, unsigned int count)
{
	struct event e = {.kind = EVENT_QUESTION, .time_ns = from_ns, .pid = 4121, .tid = 4121};
	static unsigned int names;
	char name[32];

	e.name = (struct event_name){.socket = 7, .type = 1, .name = name};
	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "n%u.example", names++);
		e.time_ns += MS_NS;
		pipeline_event(r->pipeline, &e);
	}
	return e.time_ns;
}

static void begin(struct pipeline *p, uint64_t time_ns)
{
	struct event e = {.kind = EVENT_START, .time_ns = time_ns};

	e.start = (struct event_start){.wall_ns = 1763945000 * S_NS,
		.host = "node1",
		.boot_id = "6b1c",
		.version = "0.1.0",
		.names = "auto",
		.hooks = "",
		.pending_ns = 20 * S_NS};
	pipeline_event(p, &e);
}

static void clock_goes(struct run *r, uint64_t time_ns)
{
	struct event e = {.kind = EVENT_CLOCK, .time_ns = time_ns};

	pipeline_event(r->pipeline, &e);
}

/* The numbers behind "memory": in the lines of that action, "1 100 ". */
static void memory_of(const char *json, const char *action, char *out, size_t size)
{
	char key[64];
	size_t len = 0;

	snprintf(key, sizeof(key), "\"action\":\"%s\"", action);
	*out = '\0';
	for (const char *line = json; *line; line = strchr(line, '\n') + 1) {
		size_t line_len = strcspn(line, "\n");
		const char *hit = memmem(line, line_len, key, strlen(key));
		const char *number = memmem(line, line_len, "\"memory\":", 9);

		if (hit && number)
			len += (size_t)snprintf(out + len, size - len, "%d ", atoi(number + 9));
	}
}

static void test_what_the_tracker_gives_up_is_told_as_it_grows(void)
{
	struct event e;
	struct run live, again;
	struct source *recording;
	char told[64], *json, *text, *record, *other;
	uint64_t now_ns;

	run_open(&live);
	begin(live.pipeline, S_NS);
	now_ns = ask(&live, S_NS, QUESTIONS);
	UNIT_CHECK(pipeline_totals(live.pipeline)->lost[LOSS_MEMORY] == 0);
	/* Many within a second are one line and, when the second is over, another. */
	ask(&live, now_ns, 100);
	UNIT_CHECK(pipeline_totals(live.pipeline)->lost[LOSS_MEMORY] == 100);
	UNIT_CHECK(pipeline_deadline(live.pipeline) == now_ns + MS_NS + S_NS);
	clock_goes(&live, pipeline_deadline(live.pipeline));
	UNIT_CHECK(pipeline_deadline(live.pipeline) == 7 * S_NS);
	/* The source's totals do not know of them. */
	e = (struct event){.kind = EVENT_LOSS, .time_ns = now_ns + 1500 * MS_NS};
	e.loss.lost[LOSS_MEMORY] = 5;
	pipeline_event(live.pipeline, &e);
	clock_goes(&live, 7 * S_NS); /* a heartbeat */
	ask(&live, 7 * S_NS, 10);
	e = (struct event){.kind = EVENT_STOP, .time_ns = 7 * S_NS + 100 * MS_NS};
	pipeline_event(live.pipeline, &e);

	json = written(live.options.sinks[1]);
	memory_of(json, "loss", told, sizeof(told));
	UNIT_STRING(told, "1 100 105 115 ");
	memory_of(json, "heartbeat", told, sizeof(told));
	UNIT_STRING(told, "105 ");
	memory_of(json, "stop", told, sizeof(told));
	UNIT_STRING(told, "115 ");

	record = written(live.options.recording);
	text = written(live.options.sinks[0]);
	run_open(&again);
	recording = recording_open_text("recording", record, strlen(record));
	while (source_poll(recording, UINT64_MAX, pipeline_event, again.pipeline) > 0)
		;
	other = written(again.options.sinks[1]);
	UNIT_CHECK(strcmp(json, other) == 0);
	free(other);
	other = written(again.options.sinks[0]);
	UNIT_CHECK(strstr(other, "LOSS") && strcmp(text, other) == 0);
	free(other);
	free(json);
	free(text);
	free(record);
	source_close(recording);
	run_close(&live);
	run_close(&again);
}

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
	begin(r.pipeline, 0);
	clock_goes(&r, 1500 * MS_NS);
	UNIT_CHECK(pipeline_deadline(r.pipeline) == 2 * S_NS);
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
	UNIT_RUN(test_what_the_tracker_gives_up_is_told_as_it_grows);
	UNIT_RUN(test_runs_count_for_themselves);
	UNIT_RUN(test_heartbeat_after_a_jump);
	UNIT_RUN(test_summary_says_what_it_leaves_out);
	return unit_status();
}
