// SPDX-License-Identifier: GPL-2.0-only
#include "commands/outputs.h"

#include "base/log.h"
#include "commands/commands.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where journald listens (systemd-journald.service(8)). */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static const struct format {
	const char *name;
	struct sink *(*make)(void);
	bool needs_path, appends;
	const char *path; /* where none is given; NULL: standard output */
} formats[] = {
	{"text", sink_text_new, false, true, NULL},
	{"json", sink_json_new, false, true, NULL},
	{"record", sink_record_new, true, true, NULL},
	{"journal", sink_journal_new, false, false, JOURNAL_SOCKET},
	{"metrics", sink_metrics_new, true, false, NULL},
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* The format of FORMAT[:PATH] and its path; NULL after printing what is wrong. */
static const struct format *output_parse(const char *word, const char **path)
{
	size_t len = strcspn(word, ":"), i = 0;

	while (i < FORMATS && (strncmp(word, formats[i].name, len) != 0 || formats[i].name[len]))
		i++;
	if (i == FORMATS) {
		log_error("-o %s: there is no such format; there are text, json, record:FILE, "
			  "journal and metrics:FILE",
			word);
		return NULL;
	}
	*path = word[len] ? word + len + 1 : formats[i].path;
	if (*path ? !**path : formats[i].needs_path) {
		log_error("-o %s: needs a file: -o %s:FILE", word, formats[i].name);
		return NULL;
	}
	return &formats[i];
}

void outputs_ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The one that is open already, or NULL. */
static struct sink *output_find(
	const struct outputs *out, const struct format *format, const char *path)
{
	const struct pipeline_options *p = &out->pipeline;

	for (size_t i = 0; i < p->sink_count; i++)
		if (!strcmp(p->sinks[i]->ops->name, format->name) &&
			same_text(p->sinks[i]->path, path))
			return p->sinks[i];
	if (p->recording && !strcmp(format->name, "record") && same_text(p->recording->path, path))
		return p->recording;
	return NULL;
}

/* Opens what path names.  0 or -errno. */
static int output_open_path(struct sink *s, const struct format *format, const char *path)
{
	s->fd = format->appends ? STDOUT_FILENO : -1;
	if (!path)
		return 0;
	s->path = strdup(path);
	if (!s->path)
		return -ENOMEM;
	if (!format->appends) {
		/* A journal that is not there now may come: told, and tried with each entry. */
		if (format->path && access(path, W_OK) != 0)
			log_error("-o %s: there is no journal at %s: %s", format->name, path,
				strerror(errno));
		return 0;
	}
	s->fd = sink_open_file(path, &s->file);
	return s->fd < 0 ? s->fd : 0;
}

/* Is b the file that a is, so that what is written to one is read from the other? */
static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return (S_ISREG(a->st_mode) || S_ISFIFO(a->st_mode)) && a->st_dev == b->st_dev &&
	       a->st_ino == b->st_ino;
}

/* What it writes to, by its descriptor or, where each write makes a new file, by its path. */
static int output_stat(const struct sink *s, struct stat *st)
{
	return s->fd >= 0 ? fstat(s->fd, st) : s->path ? stat(s->path, st) : -1;
}

/* The output that writes to the same file by another name or in another format, or NULL; all may share standard output. */
static const struct sink *output_sharing(const struct outputs *out, const struct sink *s)
{
	const struct pipeline_options *p = &out->pipeline;
	struct stat ours, theirs;

	if (output_stat(s, &ours))
		return NULL;
	for (size_t i = 0; i <= p->sink_count; i++) {
		const struct sink *other = i < p->sink_count ? p->sinks[i] : p->recording;

		if (other && (s->path || other->path) && output_stat(other, &theirs) == 0 &&
			S_ISREG(ours.st_mode) && is_same_file(&ours, &theirs))
			return other;
	}
	return NULL;
}

/* What to do where a group cannot be given to a file. */
static void group_explain(gid_t group)
{
	log_error("--group %u: a file can be given to a group that is not one's own only with "
		  "CAP_CHOWN: start as root, in a unit with CapabilityBoundingSet=CAP_CHOWN; "
		  "a tracer that began without a group has given it up, and needs a restart",
		(unsigned int)group);
}

/* A file could be made and its group could not be given to it. */
static void output_explain(const struct sink *s, const char *path, int err)
{
	if (err == -EPERM && s->file.has_group && access(path, F_OK) != 0)
		group_explain(s->file.group);
}

/* May a file of ours be given to it? */
static bool group_can_be_given(gid_t group)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	gid_t groups[NGROUPS_MAX];
	int count = getgroups(NGROUPS_MAX, groups);

	if (group == getegid() ||
		(syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1u << CAP_CHOWN))
		return true;
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static void output_settle(struct sink *s, const struct options *options)
{
	s->context.quiet = options->quiet;
	s->context.colour = !s->path && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	s->file = options->file;
	/* No secret is in it, and node_exporter's user is in none of the groups that read logs. */
	if (!strcmp(s->ops->name, "metrics"))
		s->file = (struct sink_file){0};
	if (!strcmp(s->ops->name, "record"))
		s->file.max_bytes = 0; /* it is one document */
}

/* Adds what word names: the sink of old where that has it, else a new one. */
static int output_add(struct outputs *out, const struct outputs *old, const char *word,
	const struct options *options)
{
	const char *path;
	const struct format *format = output_parse(word, &path);
	bool record = format && !strcmp(format->name, "record");
	const struct sink *other;
	struct sink *s;
	int err = 0;

	if (!format)
		return STATUS_USAGE;
	if (output_find(out, format, path)) {
		log_error("-o %s: is asked for twice", word);
		return STATUS_USAGE;
	}
	if (record ? out->pipeline.recording != NULL : out->pipeline.sink_count == PIPELINE_SINKS) {
		log_error(
			"-o %s: %s", word, record ? "one recording at a time" : "too many outputs");
		return STATUS_USAGE;
	}
	s = old ? output_find(old, format, path) : NULL;
	if (old && record && !s) {
		log_error(
			"-o %s: a recording begins with its run: to add one needs a restart", word);
		return STATUS_USAGE;
	}
	if (!s) {
		s = format->make();
		if (s) {
			s->patience = out->pipeline.patience;
			output_settle(s, options);
			err = output_open_path(s, format, path);
			output_settle(s, options);
			sink_take_reader(s);
		}
		if (!s || err) {
			log_error("-o %s: cannot open %s: %s", word, path ? path : "it",
				strerror(s ? -err : ENOMEM));
			if (s)
				output_explain(s, path, err);
			sink_free(s);
			return STATUS_USAGE;
		}
		other = output_sharing(out, s);
		if (other) {
			log_error("-o %s: -o %s writes to that file already: each output needs its "
				  "own",
				word, other->ops->name);
			sink_free(s);
			return STATUS_USAGE;
		}
	}
	if (record)
		out->pipeline.recording = s;
	else
		out->pipeline.sinks[out->pipeline.sink_count++] = s;
	return 0;
}

/* Frees the sinks of out that keep has not. */
static void outputs_drop(struct outputs *out, const struct outputs *keep)
{
	for (size_t i = 0; i < out->pipeline.sink_count; i++) {
		bool kept = false;

		for (size_t k = 0; keep && k < keep->pipeline.sink_count; k++)
			kept |= keep->pipeline.sinks[k] == out->pipeline.sinks[i];
		if (!kept)
			sink_free(out->pipeline.sinks[i]);
	}
	if (!keep || keep->pipeline.recording != out->pipeline.recording)
		sink_free(out->pipeline.recording);
	memset(out, 0, sizeof(*out));
}

static int outputs_fill(struct outputs *out, const struct outputs *old,
	const struct options *options, struct sink_patience *patience)
{
	int status = 0;

	memset(out, 0, sizeof(*out));
	out->pipeline.heartbeat_ns = options->heartbeat_ns;
	out->pipeline.patience = patience;
	out->file = options->file;
	for (size_t i = 0; i < options->output_count && !status; i++)
		status = output_add(out, old, options->outputs[i], options);
	if (!options->output_count)
		status = output_add(out, old, "text", options);
	if (status)
		outputs_drop(out, old);
	return status;
}

int outputs_spare(const struct options *options, const char *input)
{
	struct stat in, at;

	if (strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(input, &in))
		return 0;
	for (size_t i = 0; i < options->output_count || !i; i++) {
		const char *word = i < options->output_count ? options->outputs[i] : "text";
		const char *path;

		if (!output_parse(word, &path))
			return STATUS_USAGE;
		if ((path ? stat(path, &at) : fstat(STDOUT_FILENO, &at)) != 0 ||
			!is_same_file(&in, &at))
			continue;
		log_error("-o %s: the input file is the output file: %s", word,
			path ? path : "standard output");
		return STATUS_USAGE;
	}
	return 0;
}

int outputs_open(struct outputs *out, const struct options *options, struct sink_patience *patience)
{
	if (patience)
		sink_patience_fill(patience);
	return outputs_fill(out, NULL, options, patience);
}

void outputs_reopen(struct outputs *out)
{
	for (size_t i = 0; i < out->pipeline.sink_count; i++) {
		struct sink *s = out->pipeline.sinks[i];
		int err = sink_reopen(s);

		if (err)
			log_error("-o %s:%s: cannot be opened again, the old file stays: %s",
				s->ops->name, s->path, strerror(-err));
	}
}

/* A group that is newly asked for, and that no file can be given: told now, not with each new file. */
static bool group_is_refused(const struct outputs *fresh, const struct outputs *old)
{
	const struct sink_file *file = &fresh->file, *before = &old->file;

	if (!file->has_group || (before->has_group && before->group == file->group) ||
		group_can_be_given(file->group))
		return false;
	for (size_t i = 0; i < fresh->pipeline.sink_count; i++) {
		const struct sink *s = fresh->pipeline.sinks[i];

		if (!s->path || s->ops->write)
			continue;
		group_explain(file->group);
		return true;
	}
	return false;
}

int outputs_reload(struct outputs *out, const struct options *options, struct pipeline *pipeline)
{
	struct outputs fresh, old = *out;
	int status = outputs_fill(&fresh, out, options, out->pipeline.patience);

	if (status)
		return status;
	if (group_is_refused(&fresh, out)) {
		outputs_drop(&fresh, out);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < fresh.pipeline.sink_count; i++)
		output_settle(fresh.pipeline.sinks[i], options);
	*out = fresh;
	outputs_reopen(out);
	pipeline_set_outputs(pipeline, &out->pipeline);
	outputs_drop(&old, out);
	return 0;
}

void outputs_close(struct outputs *out)
{
	outputs_drop(out, NULL);
}

/* Can we make and replace files beside path by owning the folder alone? */
static bool folder_is_ours(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	struct stat st;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
		slash ? path : ".");
	return stat(folder[0] ? folder : "/", &st) == 0 && st.st_uid == geteuid() &&
	       (st.st_mode & S_IWUSR) && (st.st_mode & S_IXUSR);
}

uint64_t outputs_privileges(const struct outputs *out)
{
	uint64_t needed = 0;

	for (size_t i = 0; i < out->pipeline.sink_count; i++) {
		const struct sink *s = out->pipeline.sinks[i];

		if (!s->path || !strcmp(s->ops->name, "journal"))
			continue;
		if (!folder_is_ours(s->path))
			needed |= 1ULL << CAP_DAC_OVERRIDE;
		if (s->file.has_group)
			needed |= 1ULL << CAP_CHOWN;
	}
	return needed;
}

int outputs_status(const struct pipeline *p, const struct options *options, int input_error)
{
	if (input_error || pipeline_output_error(p))
		return STATUS_USAGE;
	if (options->fail_on == FAIL_ON_NEVER)
		return STATUS_DONE;
	if (pipeline_found(p, SEVERITY_ERROR) ||
		(options->fail_on == FAIL_ON_WARNING && pipeline_found(p, SEVERITY_WARNING)))
		return STATUS_FINDINGS;
	return STATUS_DONE;
}
