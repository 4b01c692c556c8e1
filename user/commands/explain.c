// SPDX-License-Identifier: GPL-2.0-only
/* `relaytrace explain URL|IMAGE...`: which relay a request would take, and why. */
#include "commands/explain.h"

#include "base/log.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "output/escape.h"
#include "output/json_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
static const char explain_help[] =
	"usage: relaytrace explain [OPTIONS] URL|IMAGE...\n\n"
	"Tells which relay a Go program (rke2, containerd) would take for a request to URL, and why.\n"
	"Nothing is dialled, and the environment of this shell is not looked at.\n\n"
	"An IMAGE (ubuntu, rancher/rke2-runtime:v1.32.5-rke2r1, registry.corp:5000/x/y@sha256:...)\n"
	"becomes a line for each host that rke2 (supervisor) and that its containerd would dial for\n"
	"it, by the node's registries.yaml and config.yaml; CONTAINERD_X counts as X for containerd.\n"
	"An IMAGE has no scheme, a URL has one.  A word without a slash that has a dot in its name,\n"
	"or is localhost, is a host without a scheme: Go goes direct for it, which is told as a fault.\n"
	"A URL is one line.  With --unit of rke2 or k3s it is what that program itself would do, and a\n"
	"second line follows where the containerd that it starts would decide otherwise.\n\n"
	"  --env N=V             a variable; repeatable, the last of a name counts\n"
	"  --env-file FILE       variables as systemd reads EnvironmentFile=; repeatable\n"
	"  --unit UNIT           what that unit would get if it were started now\n"
	"  --pid PID             what that process was started with (it may have changed it since)\n"
	"                        A name given by more than one: --env, then files, unit, process\n"
	"  --root DIR            units, registries.yaml and config.yaml are those below DIR\n"
	"  --names FAMILY        which variables the program reads: auto, PROXY or RELAY; auto is\n"
	"                        PROXY, as in stock rke2 and containerd\n"
	"  -o, --output FORMAT[:PATH]\n"
	"                        text or json; repeatable.  Default: text\n"
	"  -h, --help            this text\n\n"
	"Exit status: 0; 1 where a decision is `error` or a value has a fault, even if it works by\n"
	"chance; 2 for wrong usage or unreadable input.  Remarks (credentials, no-scheme, no-port,\n"
	"https-scheme, socks-scheme) are told in JSON, but are no faults.\n"
	"Text: URL, decision and reason, parted by tabs; of an image also who dials it (supervisor,\n"
	"containerd) and what for (mirror, registry, token, blobs; fallback: if the mirrors fail); of\n"
	"the second line of a URL containerd.  In JSON role says who dials, of both lines.\n";
/* clang-format on */

/* What the program reads for this URL's scheme: its faults count, whatever was decided. */
static const struct variable *explain_read_variable(const struct explain_answer *a)
{
	const struct choice *c = &a->choice;

	if (c->reason == CHOICE_BAD_URL || c->reason == CHOICE_SCHEME_UNKNOWN)
		return NULL;
	return environment_effective(a->environment, c->family, c->kind);
}

static void json_fault(struct json *j, const char *variable, const char *fault, const char *source)
{
	json_object(j, NULL);
	json_string(j, "variable", variable);
	json_string(j, "fault", fault);
	json_string(j, "source", source);
	json_object_end(j);
}

static void json_value_faults(struct json *j, const struct variable *v, uint32_t faults)
{
	for (; v && faults; faults &= faults - 1)
		json_fault(j, v->name, relay_fault_name(faults), v->source);
}

static void json_variables(struct json *j, const struct environment *e)
{
	json_object(j, "variables");
	for (unsigned int i = 0; i < e->count; i++) {
		json_object(j, e->variables[i].name);
		json_string(j, "value", e->variables[i].value);
		json_string(j, "source", e->variables[i].source);
		json_object_end(j);
	}
	json_object_end(j);
}

/* To what is neither http, https nor socks5 Go would speak as to an http:// relay. */
static uint32_t relay_port(const struct relay_url *u)
{
	bool known = !strcmp(u->scheme, "http") || !strcmp(u->scheme, "https") ||
		     !strcmp(u->scheme, "socks5");

	return known || u->port ? u->port : 80;
}

static void json_relay(struct json *j, const struct choice *c)
{
	bool relay = c->decision == CHOICE_RELAY;
	bool masked = c->relay.port == 0 && (c->relay.faults & RELAY_FAULT_HOST_MASKED);

	json_string(j, "relay_scheme", relay ? c->relay.scheme : NULL);
	json_string(j, "relay_host", relay ? c->relay.host : NULL);
	/* A number that no integer holds is no port: its fault is told. */
	if (relay && !masked && c->relay.port != UINT32_MAX)
		json_unsigned(j, "relay_port", relay_port(&c->relay));
	else
		json_null(j, "relay_port");
}

static const char *const decisions[] = {
	[CHOICE_DIRECT] = "direct", [CHOICE_RELAY] = "relay", [CHOICE_ERROR] = "error"};

/* What is wrong with the request itself. */
static const char *url_fault(const struct explain_answer *a)
{
	return a->word == IMAGE_WORD_HOST || a->word == IMAGE_WORD_NEITHER ? "url-without-scheme"
									   : NULL;
}

static void json_image(struct json *j, const struct explain_answer *a)
{
	char text[2 * IMAGE_NAME_MAX + 300];

	if (a->role)
		json_string(j, "role", a->role);
	if (!a->image)
		return;
	image_reference_text(a->image, text, sizeof(text));
	json_string(j, "reference", text);
	json_string(j, "purpose", pull_purpose_name(a->request->purpose));
	json_bool(j, "fallback", a->request->fallback);
}

static void explain_json(const struct explain *x, const struct explain_answer *a, const char *url,
	const char *reason, struct buffer *out)
{
	const struct choice *c = &a->choice;
	const struct variable *read = explain_read_variable(a);
	uint32_t faults = read ? read->url.faults : 0;
	struct json j;

	json_begin(&j, out);
	json_object(&j, NULL);
	json_string(&j, "url", url);
	json_string(&j, "decision", decisions[c->decision]);
	json_relay(&j, c);
	json_string(&j, "variable", c->variable ? c->variable->name : NULL);
	json_string(&j, "no_relay_entry", c->reason == CHOICE_NO_LIST ? c->no_entry : NULL);
	json_string(&j, "reason", reason);
	json_array(&j, "faults");
	if (url_fault(a))
		json_fault(&j, NULL, url_fault(a), NULL);
	json_value_faults(&j, read, faults & ~RELAY_FAULTS_REMARKS);
	for (size_t i = 0; i < x->fault_count; i++)
		json_fault(&j, x->faults[i].variable, x->faults[i].fault, x->faults[i].source);
	json_array_end(&j);
	json_array(&j, "remarks");
	json_value_faults(&j, read, faults & RELAY_FAULTS_REMARKS);
	if (a->request && a->request->unrewritten)
		json_fault(&j, NULL, "rewrite-not-followed", NULL);
	json_array_end(&j);
	json_bool(&j, "incomplete", x->incomplete);
	json_image(&j, a);
	json_variables(&j, a->environment);
	json_object_end(&j);
	buffer_append_char(out, '\n');
}

static void text_fault(struct buffer *out, bool *first, const char *variable, const char *fault,
	const char *source)
{
	buffer_append_string(out, *first ? "; faults: " : ", ");
	if (variable)
		buffer_printf(out, "%s ", variable);
	buffer_append_string(out, fault);
	/* That it came by --env its reader knows. */
	if (source && strcmp(source, "env") != 0)
		buffer_printf(out, " (%s)", source);
	*first = false;
}

/* URL, decision and reason, parted by tabs, of an image role and purpose too; what was not ours is escaped. */
static void explain_text(const struct explain *x, const struct explain_answer *a, const char *url,
	const char *reason, struct buffer *out)
{
	const struct choice *c = &a->choice;
	const struct variable *read = explain_read_variable(a);
	uint32_t faults = read ? read->url.faults & ~RELAY_FAULTS_REMARKS : 0;
	struct buffer line = {0};
	bool first = true;

	escape_text(out, url, strlen(url));
	buffer_append_char(out, '\t');
	buffer_append_string(&line, decisions[c->decision]);
	if (c->decision == CHOICE_RELAY) {
		bool v6 = strchr(c->relay.host, ':');

		buffer_printf(&line, " %s://%s%s%s", c->relay.scheme, v6 ? "[" : "", c->relay.host,
			v6 ? "]" : "");
		if (c->relay.port || !(c->relay.faults & RELAY_FAULT_HOST_MASKED))
			buffer_printf(&line, ":%u", c->relay.port);
	}
	escape_text(out, buffer_string(&line), line.len);
	buffer_append_char(out, '\t');
	buffer_clear(&line);
	buffer_append_string(&line, reason);
	if (url_fault(a))
		text_fault(&line, &first, NULL, url_fault(a), NULL);
	for (; faults; faults &= faults - 1)
		text_fault(&line, &first, read->name, relay_fault_name(faults), read->source);
	for (size_t i = 0; i < x->fault_count; i++)
		text_fault(&line, &first, x->faults[i].variable, x->faults[i].fault,
			x->faults[i].source);
	if (a->request && a->request->unrewritten)
		buffer_append_string(&line,
			"; its path may be another: a rewrite of registries.yaml "
			"is not followed here");
	escape_text(out, buffer_string(&line), line.len);
	if (a->tells_role)
		buffer_printf(out, "\t%s", a->role);
	if (a->image)
		buffer_printf(out, "\t%s%s", pull_purpose_name(a->request->purpose),
			a->request->fallback ? " fallback" : "");
	buffer_append_char(out, '\n');
	buffer_free(&line);
}

/* All of it, or -errno. */
static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

static int explain_write(struct explain *x, const struct explain_answer *a)
{
	struct buffer shown = {0}, out = {0};
	char reason[2048];
	int err = 0;

	choice_reason_text(&a->choice, reason, sizeof(reason));
	/* A host has no '@', so no password. */
	explain_hints(x, a, reason, sizeof(reason));
	/* The URL itself may carry a password. */
	if (strchr(a->url, '@') && !a->image)
		relay_argument_redact(NULL, a->url, &shown);
	else
		buffer_append_string(&shown, a->url);
	for (size_t i = 0; !err && i < x->output_count; i++) {
		buffer_clear(&out);
		if (x->outputs[i].json)
			explain_json(x, a, buffer_string(&shown), reason, &out);
		else
			explain_text(x, a, buffer_string(&shown), reason, &out);
		err = out.failed || shown.failed ? -ENOMEM
						 : write_all(x->outputs[i].fd, out.data, out.len);
		if (err)
			log_error("cannot write %s: %s",
				x->outputs[i].path ? x->outputs[i].path : "standard output",
				strerror(-err));
	}
	buffer_free(&out);
	buffer_free(&shown);
	return err;
}

/* Writes it and judges it: 0 or -errno. */
static int explain_tell(struct explain *x, const struct explain_answer *a)
{
	const struct variable *read = explain_read_variable(a);

	x->faulty |= a->choice.decision == CHOICE_ERROR || url_fault(a) ||
		     (read && read->url.faults & ~RELAY_FAULTS_REMARKS);
	return explain_write(x, a);
}

static int explain_run(struct explain *x, char **words)
{
	int err = 0;

	for (; !err && *words; words++) {
		struct image_reference image;
		enum image_word word = image_word_of(*words, &image);

		err = word == IMAGE_WORD_REFERENCE ? explain_reference(x, &image, explain_tell)
						   : explain_url(x, *words, word, explain_tell);
	}
	if (err)
		return STATUS_USAGE;
	return x->faulty || x->fault_count ? STATUS_FINDINGS : STATUS_DONE;
}

/* FORMAT[:PATH].  Files are opened at once, so that a wrong path is known before any work. */
static bool explain_add_output(struct explain *x, const char *word)
{
	size_t len = strcspn(word, ":");
	struct explain_output o = {.fd = STDOUT_FILENO};

	o.json = len == 4 && strncmp(word, "json", 4) == 0;
	if (!o.json && !(len == 4 && strncmp(word, "text", 4) == 0)) {
		log_error("-o %s: there is no such format here; there are text and json", word);
		return false;
	}
	if (x->output_count == EXPLAIN_OUTPUTS) {
		log_error("-o %s: too many outputs", word);
		return false;
	}
	if (word[len] && word[len + 1]) {
		o.path = word + len + 1;
		o.fd = open(o.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
		if (o.fd < 0) {
			log_error("-o %s: cannot open it: %s", word, strerror(errno));
			return false;
		}
	}
	x->outputs[x->output_count++] = o;
	return true;
}

static bool explain_set_names(struct explain *x, const char *word)
{
	if (strcmp(word, "RELAY") == 0)
		x->family = RELAY_FAMILY_RELAY;
	else if (strcmp(word, "PROXY") == 0 || strcmp(word, "auto") == 0)
		x->family = RELAY_FAMILY_PROXY;
	else
		log_error("--names %s: it is auto, PROXY or RELAY", word);
	return !strcmp(word, "RELAY") || !strcmp(word, "PROXY") || !strcmp(word, "auto");
}

static bool explain_set_pid(struct explain *x, const char *word)
{
	size_t len = strlen(word);

	x->pid = word;
	if (len && len < 10 && strspn(word, "0123456789") == len && word[0] != '0')
		return true;
	log_error("--pid %s: that is no process id", word);
	return false;
}

static bool explain_set_root(struct explain *x, const char *word)
{
	size_t len = strlen(word);
	const char *why = NULL;
	struct stat st;

	if (len >= sizeof(x->prefix))
		why = "the path is too long";
	else if (stat(word, &st))
		why = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		why = "that is no directory";
	if (why) {
		log_error("--root %s: %s", word, why);
		return false;
	}
	while (len && word[len - 1] == '/')
		len--;
	memcpy(x->prefix, word, len);
	x->prefix[len] = '\0';
	return true;
}

static bool explain_add_pair(struct explain *x, const char *word)
{
	const char *equals = strchr(word, '=');

	/* Without '=' the word may be a secret that slipped in here: it is not repeated. */
	if (!equals || equals == word) {
		log_error("--env: it takes NAME=VALUE");
		return false;
	}
	x->pairs[x->pair_count++] = word;
	return true;
}

enum { OPTION_ENV = 256, OPTION_FILE, OPTION_PID, OPTION_UNIT, OPTION_ROOT, OPTION_NAMES };

/* True to go on; else *status is the exit status. */
static bool explain_parse(struct explain *x, int argc, char **argv, int *status)
{
	static const struct option options[] = {{"env", required_argument, NULL, OPTION_ENV},
		{"env-file", required_argument, NULL, OPTION_FILE},
		{"pid", required_argument, NULL, OPTION_PID},
		{"unit", required_argument, NULL, OPTION_UNIT},
		{"root", required_argument, NULL, OPTION_ROOT},
		{"names", required_argument, NULL, OPTION_NAMES},
		{"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*status = STATUS_USAGE;
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		const char *word;
		char letter[3];
		bool fine = true;

		switch (option) {
		case OPTION_ENV:
			fine = explain_add_pair(x, optarg);
			break;
		case OPTION_FILE:
			x->files[x->file_count++] = optarg;
			break;
		case OPTION_PID:
			fine = explain_set_pid(x, optarg);
			break;
		case OPTION_UNIT:
			x->unit = optarg;
			break;
		case OPTION_ROOT:
			fine = explain_set_root(x, optarg);
			break;
		case OPTION_NAMES:
			fine = explain_set_names(x, optarg);
			break;
		case 'o':
			fine = explain_add_output(x, optarg);
			break;
		case 'h':
			fputs(explain_help, stdout);
			*status = STATUS_DONE;
			return false;
		default:
			/* Only up to '=': what follows may be a secret. */
			word = option_refused(argv, letter);
			log_error("%.*s: %s; see `relaytrace explain --help`",
				(int)strcspn(word, "="), word,
				option == ':' ? "the option lacks its value" : "unknown option");
			fine = false;
		}
		if (!fine)
			return false;
	}
	if (!argv[optind]) {
		log_error("usage: relaytrace explain [OPTIONS] URL|IMAGE...: at least one");
		return false;
	}
	return x->output_count || explain_add_output(x, "text");
}

static void explain_free(struct explain *x)
{
	for (size_t i = 0; i < x->output_count; i++)
		if (x->outputs[i].path)
			close(x->outputs[i].fd);
	for (size_t i = 0; i < x->fault_count; i++) {
		free(x->faults[i].variable);
		free(x->faults[i].source);
	}
	free(x->faults);
	unit_list_free(&x->passed);
	free(x->files);
	free(x->pairs);
	environment_unref(x->environment);
	environment_unref(x->containerd);
	node_files_free(&x->node);
}

int explain_main(int argc, char **argv)
{
	struct explain x = {.family = RELAY_FAMILY_PROXY};
	int status = STATUS_USAGE;

	x.root.prefix = x.prefix;
	x.files = calloc((size_t)argc, sizeof(*x.files));
	x.pairs = calloc((size_t)argc, sizeof(*x.pairs));
	if (!x.files || !x.pairs)
		log_error("out of memory");
	else if (explain_parse(&x, argc, argv, &status))
		status = explain_gather(&x) ? STATUS_USAGE : explain_run(&x, argv + optind);
	explain_free(&x);
	return status;
}
