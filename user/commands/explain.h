/* SPDX-License-Identifier: GPL-2.0-only */
/* What `relaytrace explain` was asked, and the environment that it gathered for the answer. */
#ifndef COMMANDS_EXPLAIN_H
#define COMMANDS_EXPLAIN_H

#include "node/node_files.h"
#include "node/pull_targets.h"
#include "relay/relay_choice.h"

struct explain_fault {
	char *variable; /* NULL: the line or file names none that may be shown */
	const char *fault;
	char *source;
};

struct explain_output {
	bool json;
	int fd;
	const char *path; /* NULL: standard output */
};

#define EXPLAIN_OUTPUTS 4

struct explain {
	enum relay_family family;
	const char *pid, *unit; /* NULL: not asked for */
	struct unit_root root;	/* of units and of the node's configuration */
	char prefix[4096];
	const char **files, **pairs; /* in the order given; room for argc */
	size_t file_count, pair_count;
	struct explain_output outputs[EXPLAIN_OUTPUTS];
	size_t output_count;
	struct environment *environment;
	struct explain_fault *faults; /* of env files */
	size_t fault_count;
	struct unit_list
		passed;	 /* names that the unit takes from the service manager's environment */
	bool incomplete; /* a variable of the process may be missing here, or a mirror */
	/* For image references: */
	char version[64]; /* of rke2 or k3s; "" where that is not known */
	struct node_files node;
	enum role roles[2]; /* who would pull */
	size_t role_count;
	bool node_is_read, faulty;
	struct environment *containerd; /* what rke2 with that environment gives containerd */
};

/* One answer, a line of text or an object of JSON. */
struct explain_answer {
	const char *url;
	struct choice choice;
	const struct environment *environment;
	enum image_word word;
	const char *role; /* who dials; NULL: not said */
	bool tells_role;  /* in text too: of an image, and of a URL for its second line */
	/* Of an image reference only: */
	const struct image_reference *image;
	const struct pull_request *request;
};

/*
 * Fills environment, faults and incomplete: the process first, then the unit, then files, then
 * --env; the later one of a name counts.  0 or -errno, after saying why.
 */
int explain_gather(struct explain *x);

/* The node's configuration as the unit asked for finds it.  0 or -errno. */
int explain_files(
	const struct explain *x, enum distribution distribution, struct node_files *files);

/*
 * Is it a name that somebody wrote for a relay, rightly or with a mistake in it?  Others' mistakes are
 * not told.
 */
bool concerns_relay(const char *name, size_t len);

/*
 * An image reference has an answer for each host that rke2 and that containerd would dial.  Reads the node's
 * configuration for it, hands each answer to tell, which returns non-zero to stop.  0, what tell returned,
 * or -errno after saying why.
 */
typedef int explain_tell_fn(struct explain *x, const struct explain_answer *a);
int explain_reference(
	struct explain *x, const struct image_reference *image, explain_tell_fn *tell);

/*
 * A URL asked for a unit of rke2 or K3s: the program and its containerd may take different ways.  Tells the program's
 * answer, and containerd's behind it only where that is another.  As explain_reference().
 */
int explain_url(struct explain *x, const char *url, enum image_word word, explain_tell_fn *tell);

/* Appends to the reason in text what else is to be known: what was meant, which variable may come from elsewhere. */
void explain_hints(
	const struct explain *x, const struct explain_answer *a, char *text, size_t size);

#endif
