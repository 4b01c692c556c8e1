// SPDX-License-Identifier: GPL-2.0-only
#include "commands/options.h"

#include "base/log.h"
#include "commands/config_text.h"
#include "commands/option_values.h"
#include "live/kernel_hooks.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More heartbeats than that are nothing that anyone reads. */
#define HEARTBEAT_LEAST_NS 100000000ULL

struct option_row {
	const char *name;     /* long */
	char letter;	      /* 0: none */
	int commands;	      /* FOR_... */
	const char *argument; /* NULL: takes none */
	const char *help;
	/* Stores value; false where it is not understood.  NULL value for one without argument. */
	bool (*set)(struct options *o, const char *value);
};

static bool set_output(struct options *o, const char *value)
{
	o->outputs[o->output_count++] = value;
	return true;
}

static bool set_tree(struct options *o, const char *value)
{
	if (!*value || strchr(value, '/'))
		return false;
	o->trees[o->tree_count++] = value;
	return true;
}

static bool set_pid(struct options *o, const char *value)
{
	char *end;
	long pid = strtol(value, &end, 10);

	if (*end || pid <= 0 || pid > 4194304 /* PID_MAX_LIMIT */)
		return false;
	o->pids[o->pid_count++] = (pid_t)pid;
	return true;
}

static bool set_unit(struct options *o, const char *value)
{
	if (!*value)
		return false;
	o->units[o->unit_count++] = value;
	return true;
}

static bool set_as_unit(struct options *o, const char *value)
{
	o->as_unit = value;
	return *value != '\0';
}

static bool set_rke2_version(struct options *o, const char *value)
{
	size_t len = strlen(value);

	o->rke2_version = value;
	return *value == 'v' && len < 64 && strstr(value, "rke2r") &&
	       strspn(value, "0123456789abcdefghijklmnopqrstuvwxyz.+-") == len;
}

static bool set_root(struct options *o, const char *value)
{
	o->root = value;
	return *value != '\0';
}

static bool set_for(struct options *o, const char *value)
{
	return duration_parse(value, &o->for_ns) && o->for_ns;
}

static bool set_pending(struct options *o, const char *value)
{
	o->pending_given = true;
	return duration_parse(value, &o->pending_ns) && o->pending_ns;
}

static bool set_heartbeat(struct options *o, const char *value)
{
	/* 1e-12 is not 0. */
	return duration_parse(value, &o->heartbeat_ns) &&
	       (o->heartbeat_ns >= HEARTBEAT_LEAST_NS || strtod(value, NULL) == 0);
}

static bool set_names(struct options *o, const char *value)
{
	o->names = value;
	o->names_given = true;
	return !strcmp(value, "auto") || !strcmp(value, "PROXY") || !strcmp(value, "RELAY");
}

static bool set_hooks(struct options *o, const char *value)
{
	o->hooks = value;
	return hooks_are_known(value);
}

static bool set_fail_on(struct options *o, const char *value)
{
	static const char *const words[] = {"error", "warning", "never"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(value, words[i]) != 0)
			continue;
		o->fail_on = (enum fail_on)i;
		o->fail_on_given = true;
		return true;
	}
	return false;
}

static bool set_mode(struct options *o, const char *value)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	o->file.mode = (mode_t)mode;
	return *value >= '0' && *value <= '7' && !*end && mode && !(mode & ~0666UL);
}

static bool set_group(struct options *o, const char *value)
{
	o->file.has_group = group_parse(value, &o->file.group);
	return o->file.has_group;
}

static bool set_max_size(struct options *o, const char *value)
{
	/* A file must hold a few of the longest lines. */
	return bytes_parse(value, &o->file.max_bytes) &&
	       (!o->file.max_bytes || o->file.max_bytes >= 65536);
}

static bool set_quiet(struct options *o, const char *value)
{
	(void)value;
	o->quiet = true;
	return true;
}

static bool set_pods(struct options *o, const char *value)
{
	(void)value;
	o->pods = true;
	return true;
}

static bool set_help(struct options *o, const char *value)
{
	(void)value;
	o->help = true;
	return true;
}

#define BOTH (FOR_TRACE | FOR_REPLAY)

static const struct option_row rows[] = {
	{"output", 'o', BOTH, "FORMAT[:PATH]",
		"text, json, record:FILE, journal or metrics:FILE (for node_exporter); repeatable. "
		" "
		"Without PATH: standard output; journal: journald.  Files are created 0600 and "
		"appended to; that of metrics is 0644 and replaced.  Default: text",
		set_output},
	{"output", 'o', FOR_CHECK, "FORMAT[:PATH]",
		"text or json; repeatable.  Without PATH: standard output.  Files are created 0600 "
		"and appended to.  Default: text",
		set_output},
	{"mode", 0, BOTH, "MODE",
		"permissions of the files that are made, in octal: 0640 (not of metrics)",
		set_mode},
	{"group", 0, BOTH, "GROUP",
		"group of the files that are made, by name or number (not of metrics)", set_group},
	{"max-size", 0, BOTH, "BYTES",
		"a file of text or json that would grow beyond this becomes FILE.1, and a new one "
		"begins: 64K at least, 100M, 1G; 0: never.  Default: 0",
		set_max_size},
	{"quiet", 'q', BOTH, NULL, "only findings, resolved, losses, start and stop", set_quiet},
	{"for", 0, FOR_TRACE, "DURATION", "stop after this long: 90, 90s, 5m, 2h", set_for},
	{"tree", 0, FOR_TRACE, "NAME",
		"trace processes named NAME and their descendants too (beside rke2, k3s, "
		"containerd "
		"and rancher-system-agent); repeatable",
		set_tree},
	{"pid", 0, FOR_TRACE, "PID",
		"trace this process and its descendants, and no other trees but those of --tree; "
		"repeatable",
		set_pid},
	{"pods", 0, FOR_TRACE, NULL, "do not end a tree at a container's init", set_pods},
	{"as-unit", 0, FOR_TRACE, "UNIT",
		"give COMMAND the environment that UNIT would have if it were started now: a trial "
		"pull of the unit's",
		set_as_unit},
	{"root", 0, FOR_CHECK, "DIR",
		"look at the node whose files are below DIR (a mounted disk), not at this one, "
		"and at no process",
		set_root},
	{"rke2-version", 0, FOR_CHECK, "VERSION",
		"the RKE2 version to be installed, v1.33.1+rke2r1: will rke2 pull its runtime "
		"image, and how?  Default: the version of the program that is there",
		set_rke2_version},
	{"unit", 0, FOR_CHECK, "NAME", "look at this unit only; repeatable", set_unit},
	{"names", 0, BOTH | FOR_CHECK, "FAMILY",
		"which relay variables the programs read: auto, PROXY or RELAY.  Default: auto; of "
		"replay: as it was recorded",
		set_names},
	{"pending", 0, BOTH, "SECONDS",
		"tell of a dial that is still open after this long.  Default: 20; of replay: as it "
		"was recorded",
		set_pending},
	{"heartbeat", 0, BOTH, "SECONDS",
		"how often to tell what was seen and lost: 0.1 at least; 0: never.  Default: 60",
		set_heartbeat},
	{"hooks", 0, FOR_TRACE, "NAME[,NAME]",
		"take these kernel hooks and not the best (see `relaytrace features`): "
		"connect=fexit, connect=kprobe, connect=tracepoint, tcp=tp_btf, tcp=raw_tp, "
		"process=tp_btf, process=raw_tp, names=cgroup_skb; a name alone means each group "
		"that has it",
		set_hooks},
	{"fail-on", 0, BOTH, "LEVEL",
		"exit with status 1 where there was a finding of this level: error, warning, "
		"never.  "
		"Default: error",
		set_fail_on},
	{"fail-on", 0, FOR_CHECK, "LEVEL",
		"exit with status 1 where there is a finding of this level: error, warning, never. "
		" "
		"What is told before any dial is a warning, so the default is warning here",
		set_fail_on},
	{"config", 0, BOTH | FOR_CHECK, "FILE",
		"read options from FILE first: lines `name value` with the long names; a # at the "
		"beginning of a line or behind a space begins a comment",
		NULL},
	{"help", 'h', BOTH | FOR_CHECK, NULL, "this text", set_help},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

void options_help(int command)
{
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];
		int len;

		if (!(rows[i].commands & command))
			continue;
		len = rows[i].letter ? snprintf(left, sizeof(left), "-%c, ", rows[i].letter)
				     : snprintf(left, sizeof(left), "    ");
		snprintf(left + len, sizeof(left) - (size_t)len, "--%s%s%s", rows[i].name,
			rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		printf("  %-30s", left);
		/* Words wrap at 100 columns behind the left column. */
		for (const char *p = rows[i].help, *word; *p; p = word) {
			static const int left_column = 34;
			size_t line = 0, word_len;

			printf("%s",
				p == rows[i].help ? "  " : "                                  ");
			for (word = p; *word; word += word_len + strspn(word + word_len, " ")) {
				word_len = strcspn(word, " ");
				if (line && line + 1 + word_len > (size_t)(100 - left_column))
					break;
				printf("%s%.*s", line ? " " : "", (int)word_len, word);
				line += word_len + (line != 0);
			}
			putchar('\n');
		}
	}
}

/* How many of a repeatable option there are; NULL: of others the last one holds. */
static const size_t *count_of(const struct options *o, const struct option_row *row)
{
	return row->set == set_output ? &o->output_count
	       : row->set == set_tree ? &o->tree_count
	       : row->set == set_pid  ? &o->pid_count
	       : row->set == set_unit ? &o->unit_count
				      : NULL;
}

/* Sets one option from the command line or from a configuration file. */
static int option_set(
	struct options *o, const struct option_row *row, const char *value, const char *where)
{
	const size_t *count = count_of(o, row);

	if (count && *count == OPTIONS_MANY) {
		log_error("%s: --%s %s: at most %d of them", where, row->name, value, OPTIONS_MANY);
		return 2;
	}
	if (row->set(o, value))
		return 0;
	log_error("%s: --%s does not take '%s'; it takes %s: %s", where, row->name, value,
		row->argument, row->help);
	return 2;
}

static const struct option_row *row_named(const char *name, int command)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].commands & command) && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* Of a file's outputs: does this command write that format?  Those of check are in its row. */
static bool output_is_for(int command, const char *value)
{
	size_t len = strcspn(value, ":");

	return command != FOR_CHECK ||
	       (len == 4 && (!strncmp(value, "text", 4) || !strncmp(value, "json", 4)));
}

/* One line `name value` or `name` of a configuration file, cut apart in place. */
static int config_line(struct options *o, int command, char *line, const char *where)
{
	const struct option_row *row;
	char *name, *value;

	if (!config_cut(line, &name, &value))
		return 0;
	/* The file serves all commands: what this one does not take is not its business. */
	row = row_named(name, command);
	if (!row && row_named(name, BOTH | FOR_CHECK))
		return 0;
	if (!row || !row->set || row->set == set_help) {
		log_error(
			"%s: there is no option '%s'; the names are those of --help", where, name);
		return 2;
	}
	if (!row->argument != !*value) {
		log_error("%s: '%s' %s", where, name,
			row->argument ? "needs a value" : "takes no value");
		return 2;
	}
	if (row->set == set_output && !output_is_for(command, value))
		return 0;
	return option_set(o, row, row->argument ? value : NULL, where);
}

static int config_read(struct options *o, int command, const char *path)
{
	size_t number = 0;
	char where[512];
	int status = 0;

	if (o->config) {
		log_error("--config %s: there is another --config already, and one at most", path);
		return 2;
	}
	o->config = config_text(path);
	if (!o->config)
		return 2;
	for (char *line = o->config, *next; line && !status; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		snprintf(where, sizeof(where), "%s:%zu", path, ++number);
		status = config_line(o, command, line, where);
	}
	return status;
}

/* What getopt_long() goes by: the options of one command. */
struct option_words {
	struct option table[ROWS + 1];
	char letters[2 * ROWS + 4];
};

static void option_words_of(int command, struct option_words *w)
{
	size_t n = 0;

	memset(w, 0, sizeof(*w));
	strcpy(w->letters, "+:");
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].commands & command))
			continue;
		w->table[n].name = rows[i].name;
		w->table[n].has_arg = rows[i].argument ? required_argument : no_argument;
		w->table[n++].val = (int)i + 256;
		if (rows[i].letter) {
			char letter[3] = {rows[i].letter, rows[i].argument ? ':' : '\0', '\0'};

			strcat(w->letters, letter);
		}
	}
}

const char *option_refused(char *const argv[], char letter[3])
{
	if (optopt <= 0 || optopt > 255)
		return argv[optind > 0 ? optind - 1 : 0];
	letter[0] = '-';
	letter[1] = (char)optopt;
	letter[2] = '\0';
	return letter;
}

/*
 * The next option: its row, and its value in optarg; NULL at their end or, with a status, after
 * printing what is wrong.  A long name is written in full: one that is short for another today may be
 * short for two tomorrow.
 */
static const struct option_row *option_next(
	const struct option_words *w, int argc, char **argv, int *status)
{
	const char *word = argv[optind > 0 ? optind : 1];
	int found = getopt_long(argc, argv, w->letters, w->table, NULL);
	const struct option_row *row = NULL;

	if (found == -1)
		return NULL;
	if (found == '?' || found == ':') {
		char letter[3];

		word = option_refused(argv, letter);
		log_error(found == ':'	  ? "%s needs a value; see `relaytrace %s --help`"
			  : optopt >= 256 ? "%s: takes no value; see `relaytrace %s --help`"
					  : "there is no option '%s'; see `relaytrace %s --help`",
			word, argv[0]);
		*status = 2;
		return NULL;
	}
	for (size_t i = 0; i < ROWS && !row; i++)
		if (found >= 256 ? (size_t)(found - 256) == i : rows[i].letter == found)
			row = &rows[i];
	if (row && found >= 256 && strcspn(word + 2, "=") != strlen(row->name)) {
		log_error("%s: an option is written in full: --%s", word, row->name);
		*status = 2;
		return NULL;
	}
	return row;
}

int options_parse(struct options *out, int command, int argc, char **argv)
{
	const struct option_row *row;
	struct option_words words;
	int status = 0;

	*out = (struct options){
		.names = "auto", .pending_ns = 20000000000ULL, .heartbeat_ns = 60000000000ULL};
	option_words_of(command, &words);
	opterr = 0;
	/* The file's words come first, so that the command line's win. */
	optind = 0;
	while (!status && (row = option_next(&words, argc, argv, &status)))
		if (!row->set)
			status = config_read(out, command, optarg);
	optind = 0;
	while (!status && (row = option_next(&words, argc, argv, &status)))
		if (row->set)
			status = option_set(out, row, optarg, "command line");
	out->rest = argv + optind;
	out->dashes = optind > 0 && strcmp(argv[optind - 1], "--") == 0;
	return status;
}

void options_free(struct options *o)
{
	free(o->config);
	o->config = NULL;
}
