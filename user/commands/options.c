// SPDX-License-Identifier: GPL-2.0-only
#include "commands/options.h"

#include "base/log.h"
#include "live/kernel_hooks.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
	const char *name;     /* long */
	char letter;	      /* 0: none */
	int commands;	      /* FOR_... */
	const char *argument; /* NULL: takes none */
	const char *help;
	/* Stores value; false where it is not understood.  NULL value for one without argument. */
	bool (*set)(struct options *o, const char *value);
};

bool duration_parse(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {
		{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
	double value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	value = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		value *= units[i].ns;
		if (!(value >= 0 && value < 9e18))
			return false;
		*ns = (uint64_t)value;
		return true;
	}
	return false;
}

static bool set_output(struct options *o, const char *value)
{
	if (o->output_count == OPTIONS_MANY)
		return false;
	o->outputs[o->output_count++] = value;
	return true;
}

static bool set_tree(struct options *o, const char *value)
{
	if (o->tree_count == OPTIONS_MANY || !*value || strchr(value, '/'))
		return false;
	o->trees[o->tree_count++] = value;
	return true;
}

static bool set_pid(struct options *o, const char *value)
{
	char *end;
	long pid = strtol(value, &end, 10);

	if (o->pid_count == OPTIONS_MANY || *end || pid <= 0 || pid > 4194304 /* PID_MAX_LIMIT */)
		return false;
	o->pids[o->pid_count++] = (pid_t)pid;
	return true;
}

static bool set_unit(struct options *o, const char *value)
{
	if (o->unit_count == OPTIONS_MANY || !*value)
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
	return duration_parse(value, &o->pending_ns) && o->pending_ns;
}

static bool set_heartbeat(struct options *o, const char *value)
{
	return duration_parse(value, &o->heartbeat_ns);
}

static bool set_names(struct options *o, const char *value)
{
	o->names = value;
	return !strcmp(value, "auto") || !strcmp(value, "PROXY") || !strcmp(value, "RELAY");
}

static bool set_hooks(struct options *o, const char *value)
{
	o->hooks = value;
	return hooks_name_known(value);
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

/* A number, or a name of /etc/group: read as a file, because NSS does not go with a static binary. */
static bool set_group(struct options *o, const char *value)
{
	const struct group *group = NULL;
	char *end;
	unsigned long number = strtoul(value, &end, 10);
	FILE *file = NULL;

	o->file.has_group = *value >= '0' && *value <= '9' && !*end && number < (gid_t)-1;
	o->file.group = (gid_t)number;
	if (!o->file.has_group)
		file = fopen("/etc/group", "re");
	while (file && !o->file.has_group && (group = fgetgrent(file))) {
		o->file.has_group = strcmp(group->gr_name, value) == 0;
		o->file.group = group->gr_gid;
	}
	if (file)
		fclose(file);
	return o->file.has_group;
}

static bool set_max_size(struct options *o, const char *value)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	char *end;
	uint64_t bytes = strtoull(value, &end, 10);

	if (*value < '0' || *value > '9')
		return false;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (*end && (!suffix || end[1]))
		return false;
	for (int i = 0; suffix && i <= suffix - suffixes; i++)
		if (__builtin_mul_overflow(bytes, 1024, &bytes))
			return false;
	o->file.max_bytes = bytes;
	/* A file must hold a few of the longest lines. */
	return !bytes || bytes >= 65536;
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
	{"mode", 0, BOTH, "MODE", "permissions of the files that are made, in octal: 0640",
		set_mode},
	{"group", 0, BOTH, "GROUP", "group of the files that are made, by name or number",
		set_group},
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
	{"names", 0, FOR_TRACE | FOR_CHECK, "FAMILY",
		"which relay variables the programs read: auto, PROXY or RELAY.  Default: auto",
		set_names},
	{"pending", 0, FOR_TRACE, "SECONDS",
		"tell of a dial that is still open after this long.  Default: 20", set_pending},
	{"heartbeat", 0, BOTH, "SECONDS",
		"how often to tell what was seen and lost; 0: never.  Default: 60", set_heartbeat},
	{"hooks", 0, FOR_TRACE, "NAME[,NAME]",
		"take these kernel hooks and not the best (see `relaytrace features`), e.g. "
		"tracepoint "
		"or tcp=raw_tp",
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

/* Sets one option from the command line or from a configuration file. */
static int option_set(
	struct options *o, const struct option_row *row, const char *value, const char *where)
{
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

/*
 * Ends line where a comment begins: a # that is first or stands behind a space.  One within a word
 * belongs to it (json:/var/log/node#3); a path with a # behind a space is one for the command line.
 */
static void comment_cut(char *line)
{
	for (char *hash = strchr(line, '#'); hash; hash = strchr(hash + 1, '#')) {
		if (hash == line || strchr(" \t\r", hash[-1])) {
			*hash = '\0';
			return;
		}
	}
}

/* One line `name value` or `name` of a configuration file, cut apart in place. */
static int config_line(struct options *o, int command, char *line, const char *where)
{
	const struct option_row *row;
	char *name = line + strspn(line, " \t\r"), *value, *end;

	comment_cut(name);
	if (!*name)
		return 0;
	value = name + strcspn(name, " \t=\r");
	end = value;
	value += strspn(value, " \t=\r");
	*end = '\0';
	for (end = value + strlen(value); end > value && strchr(" \t\r", end[-1]);)
		*--end = '\0';
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
	return option_set(o, row, row->argument ? value : NULL, where);
}

static int config_read(struct options *o, int command, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0, number = 0;
	char where[512];
	ssize_t len;
	int status = 0;

	if (!file) {
		log_error("--config %s: %s", path, strerror(errno));
		return 2;
	}
	free(o->config);
	o->config = NULL;
	len = getdelim(&o->config, &size, '\0', file);
	fclose(file);
	if (len < 0)
		return 0; /* empty */
	for (char *line = o->config, *next; line && !status; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		snprintf(where, sizeof(where), "%s:%zu", path, ++number);
		status = config_line(o, command, line, where);
	}
	return status;
}

int options_parse(struct options *out, int command, int argc, char **argv)
{
	struct option table[ROWS + 1] = {0};
	char letters[2 * ROWS + 4] = "+:";
	int found, index, status = 0;
	size_t n = 0;

	*out = (struct options){
		.names = "auto", .pending_ns = 20000000000ULL, .heartbeat_ns = 60000000000ULL};
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].commands & command))
			continue;
		table[n].name = rows[i].name;
		table[n].has_arg = rows[i].argument ? required_argument : no_argument;
		table[n++].val = (int)i + 256;
		if (rows[i].letter) {
			char letter[3] = {rows[i].letter, rows[i].argument ? ':' : '\0', '\0'};

			strcat(letters, letter);
		}
	}
	/* The file's words come first, so that the command line's win. */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0 && !status; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			status = config_read(out, command, argv[i + 1]);
		else if (strncmp(argv[i], "--config=", 9) == 0)
			status = config_read(out, command, argv[i] + 9);
	}
	optind = 0;
	opterr = 0;
	while (!status && (found = getopt_long(argc, argv, letters, table, &index)) != -1) {
		const struct option_row *row = NULL;

		if (found == '?' || found == ':') {
			const char *word = argv[optind > 0 ? optind - 1 : 0];

			log_error(found == ':'
					  ? "%s needs a value; see `relaytrace %s --help`"
					  : "there is no option '%s'; see `relaytrace %s --help`",
				word, argv[0]);
			return 2;
		}
		for (size_t i = 0; i < ROWS && !row; i++)
			if (found >= 256 ? (size_t)(found - 256) == i : rows[i].letter == found)
				row = &rows[i];
		if (row && row->set)
			status = option_set(out, row, optarg, "command line");
	}
	out->rest = argv + optind;
	out->dashes = optind > 0 && strcmp(argv[optind - 1], "--") == 0;
	return status;
}

void options_free(struct options *o)
{
	free(o->config);
	o->config = NULL;
}
