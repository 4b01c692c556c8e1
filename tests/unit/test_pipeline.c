// SPDX-License-Identifier: GPL-2.0-only
/* The pipeline's own losses: told as they grow, and by a replay as by the live run. */
#include "pipeline_world.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define QUESTIONS 4096 /* that the tracker keeps */

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
	event_start(&live);
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
	event_stop(&live, 7 * S_NS + 100 * MS_NS);

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

/* The recording's disk is full, or not any more; standard error goes nowhere meanwhile. */
static void disk(struct run *r, bool full)
{
	static int real = -1, errors = -1;

	if (full) {
		real = r->options.recording->fd;
		errors = dup(STDERR_FILENO);
		r->options.recording->fd = open("/dev/full", O_WRONLY);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	} else {
		close(r->options.recording->fd);
		r->options.recording->fd = real;
		dup2(errors, STDERR_FILENO);
	}
}

/* The JSON lines of a replay of what r recorded, to be freed; it must come to its end. */
static char *replayed(struct run *r)
{
	char *record = written(r->options.recording), *json;
	struct run again;
	struct source *recording;
	int more = 1;

	run_open(&again);
	recording = recording_open_text("recording", record, strlen(record));
	UNIT_CHECK(recording != NULL);
	while (more > 0)
		more = source_poll(recording, UINT64_MAX, pipeline_event, again.pipeline);
	UNIT_CHECK(more == 0);
	json = written(again.options.sinks[1]);
	source_close(recording);
	run_close(&again);
	free(record);
	return json;
}

/* A hole in a recording is a loss in it, of the kinds that are missing. */
static void test_a_recording_tells_what_it_refused(void)
{
	struct event e = {.kind = EVENT_EXEC, .time_ns = 2 * S_NS, .pid = 4121, .tid = 4121};
	struct environment *environment = environment_new(ENVIRONMENT_EXEC);
	struct run live;
	char *json;

	run_open(&live);
	event_start(&live);
	e.exec = (struct event_exec){.tree = "rke2",
		.comm = "rke2",
		.file = "/usr/local/bin/rke2",
		.environment = environment};
	disk(&live, true);
	pipeline_event(live.pipeline, &e);
	ask(&live, 2 * S_NS, 3);
	e = (struct event){.kind = EVENT_LOSS, .time_ns = 3 * S_NS};
	e.loss.lost[LOSS_EXEC] = 5;
	pipeline_event(live.pipeline, &e);
	disk(&live, false);
	/* Told in the other outputs though the output itself has no line for it. */
	UNIT_CHECK(pipeline_totals(live.pipeline)->lost[LOSS_SINK] == 5);
	UNIT_CHECK(pipeline_output_error(live.pipeline) == -ENOSPC);
	ask(&live, 4 * S_NS, 2);
	/* The source's next totals do not know of it. */
	e.time_ns = 5 * S_NS;
	e.loss.lost[LOSS_EXEC] = 6;
	pipeline_event(live.pipeline, &e);
	event_stop(&live, 6 * S_NS);
	json = replayed(&live);
	UNIT_CHECK(strstr(json, "\"loss\":{\"exec\":6,\"fork\":0,") != NULL);
	UNIT_CHECK(strstr(json, "\"payload\":3,") != NULL);
	UNIT_CHECK(strstr(strstr(json, "\"action\":\"stop\""), "\"loss\":{\"exec\":7,\"fork\":0,"));
	UNIT_CHECK(strstr(strstr(json, "\"action\":\"stop\""), "\"payload\":3,") != NULL);
	free(json);
	environment_unref(environment);
	run_close(&live);
}

/* Its first lines are not lost with the disk that was full when it began. */
static void test_a_recording_begins_when_it_can(void)
{
	struct run live;
	char *json, *record;

	run_open(&live);
	disk(&live, true);
	event_start(&live);
	ask(&live, S_NS, 1);
	disk(&live, false);
	ask(&live, 2 * S_NS, 1);
	ask(&live, 3 * S_NS, 1);
	event_stop(&live, 6 * S_NS);
	record = written(live.options.recording);
	UNIT_CHECK(strncmp(record, "relaytrace-recording 1\n1.000000000 start ",
			   strlen("relaytrace-recording 1\n1.000000000 start ")) == 0);
	UNIT_CHECK(strstr(record, "\n2.001000000 loss payload=1\n2.001000000 question ") != NULL);
	UNIT_CHECK(strstr(strstr(record, " loss ") + 1, " loss ") == NULL);
	UNIT_CHECK(live.options.recording->refused == 2);
	free(record);
	json = replayed(&live);
	UNIT_CHECK(strstr(json, "\"payload\":1,") != NULL);
	free(json);
	run_close(&live);
}

/* A reload that takes the recording away ends it. */
static void test_a_recording_that_is_taken_away_has_its_end(void)
{
	struct pipeline_options without;
	struct run live;
	char *json;

	run_open(&live);
	event_start(&live);
	ask(&live, S_NS, 1);
	without = live.options;
	without.recording = NULL;
	pipeline_set_outputs(live.pipeline, &without);
	ask(&live, 2 * S_NS, 1);
	event_stop(&live, 6 * S_NS);
	json = replayed(&live);
	UNIT_CHECK(strstr(json, "\"question\":1,") != NULL);
	free(json);
	run_close(&live);
}

/* What log_error() said meanwhile, to be freed. */
static int captured(int fd)
{
	static int saved;

	if (fd < 0) {
		saved = dup(STDERR_FILENO);
		fd = memfd_create("errors", MFD_CLOEXEC);
		dup2(fd, STDERR_FILENO);
		return fd;
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	return fd;
}

static unsigned int count_of(const char *text, const char *part)
{
	unsigned int n = 0;

	while ((text = strstr(text, part)) != NULL && text++)
		n++;
	return n;
}

/* Each output's refusal is told at once, also of one that a reload adds, and is an error of the run. */
static void test_each_output_that_refuses_is_told(void)
{
	struct pipeline_options more;
	struct sink *added = sink_json_new(), errors = {0};
	struct run live;
	char *said;

	run_open(&live);
	event_start(&live);
	errors.fd = captured(-1);
	added->fd = open("/dev/full", O_WRONLY);
	added->path = strdup("/added");
	more = live.options;
	more.sinks[more.sink_count++] = added;
	pipeline_set_outputs(live.pipeline, &more);
	UNIT_CHECK(pipeline_output_error(live.pipeline) == -ENOSPC);
	UNIT_CHECK(pipeline_totals(live.pipeline)->lost[LOSS_SINK] == 1);
	/* Within the same minute the next one, which recovers and refuses again. */
	for (int i = 0; i < 2; i++) {
		disk(&live, true);
		dup2(errors.fd, STDERR_FILENO);
		clock_goes(&live, (uint64_t)(2 + i) * S_NS);
		disk(&live, false);
		clock_goes(&live, (uint64_t)(2 + i) * S_NS);
	}
	captured(errors.fd);
	said = written(&errors);
	UNIT_CHECK(count_of(said, "-o json: cannot write to /added: No space left") == 1);
	UNIT_CHECK(count_of(said, "-o record: cannot write to ") == 1);
	free(said);
	close(errors.fd);
	event_stop(&live, 6 * S_NS);
	run_close(&live);
	sink_free(added);
}

int main(void)
{
	UNIT_RUN(test_what_the_tracker_gives_up_is_told_as_it_grows);
	UNIT_RUN(test_a_recording_tells_what_it_refused);
	UNIT_RUN(test_a_recording_begins_when_it_can);
	UNIT_RUN(test_a_recording_that_is_taken_away_has_its_end);
	UNIT_RUN(test_each_output_that_refuses_is_told);
	return unit_status();
}
