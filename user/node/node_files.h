/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of RKE2 and K3s that say where pulls go and whether there will be one: config.yaml,
 * registries.yaml, the data directory, preloaded images, the version of the program.  Read below a
 * root (unit_root.h).
 */
#ifndef NODE_NODE_FILES_H
#define NODE_NODE_FILES_H

#include "capture/source.h"
#include "node/pull_targets.h"
#include "node/node_config.h"
#include "node/node_images.h"
#include "node/node_start.h"
#include "node/unit_files.h"

struct node_files {
	enum distribution distribution;
	struct node_config config;
	struct unit_list
		read; /* the configuration files that were read; config.file[] is an index */
	struct unit_list problems; /* "PATH: WHY" of what could not be read or understood */
	struct unit_list faults;   /* those of the problems that are to be mended in the file */
	char data_dir[512];
	enum node_images preloaded;
	char images
		[768]; /* the image tarball of agent/images that it is so by; "" where there is none */
	char version[64]; /* of the program, "v1.32.5+rke2r1"; "" where not known */
	char pulled
		[256]; /* the image that the latest of the data directories was pulled as; "" where not known */
	char staged
		[256]; /* the name of the data directory of that version, or where the version is not
			     known of any; "" where there is none: rke2 will pull rke2-runtime */
	char other[256]; /* the data directory that was made last of those of other versions; "" */
	long long other_ns;	     /* when that was, CLOCK_REALTIME */
	enum node_doubt start_doubt; /* node_start's */
	char start_why[512];
};

/*
 * Reads them, as a process that was started so finds them; start NULL: of that nothing is known.  The version that
 * counts is version, else that of start's program (inside the root), NULL or "": not known.  0 or -ENOMEM; what cannot
 * be read is a problem, what is not there is none.
 */
int node_files_read(const struct unit_root *r, enum distribution distribution,
	const struct node_start *start, const char *version, struct node_files *out);
void node_files_free(struct node_files *f);

/* "no image tarball is in ...": what is known of the images, in a clause. */
#define NODE_IMAGES_WORDS 1280
const char *node_images_words(const struct node_files *f, char text[NODE_IMAGES_WORDS]);

/*
 * Do the files leave open what a process of that role pulls?  why: in a clause, "" where they do not.  Pure: what
 * check and the tracer both ask before they say that there will be a pull.
 *
 * Source of the rules: rke2 pkg/rke2/rke2_linux.go (initExecutor: prime counts where there is no system-default-registry,
 * and its registry is a word of the build), pkg/images (an override is not looked for by its version), pkg/bootstrap.
 */
enum node_doubt node_doubt_of(const struct node_files *f, enum role role, char *why, size_t size);

/* Will a process that starts pull? */
enum node_pull {
	NODE_PULL_NOT,	   /* not by itself, or it is not known */
	NODE_PULL_DEFAULT, /* yes; what it dials may be decided elsewhere */
	NODE_PULL_TARGETS, /* yes, from node_pull_targets() */
};

/*
 * By what the files say, to be told before any dial, and so only where it is sure: of rke2 where the
 * runtime image of its version is not unpacked and no tarball may have it; of containerd where nothing is
 * preloaded; of rancher-system-agent for its next plan.  An agent gets system-default-registry from its
 * server (rke2 pkg/rke2/rke2_linux.go): only what it pulled before says which that is.  A registry under mirrors: may be served
 * by the embedded registry of other nodes.  why: a sentence about it.
 */
enum node_pull node_pull_of(
	const struct node_files *f, enum role role, bool is_agent, char *why, size_t size);

/*
 * Tells them as events of that time: "mirror" REGISTRY HOST PORT, and "config" SETTING VALUE FILE:LINE for
 * each setting of node_setting_name() that is there ("unit" in place of FILE:LINE where the unit says it).
 */
void node_files_tell(
	const struct node_files *f, uint64_t time_ns, event_handler handler, void *context);

/* Tells the fact PULL_FACT (pull_targets.h) of the process that exec is about, if node_pull_of() knows of a pull. */
void node_pull_tell(const struct node_files *f, enum role role, bool is_agent,
	const struct event *exec, event_handler handler, void *context);

/*
 * Tells the facts about a unit (unit_record.h), and "unit-reload" UNIT WORD: "yes" where systemd says
 * NeedDaemonReload, else "no".  0 or -ENOMEM.
 */
int node_unit_tell(const struct unit_facts *f, bool reload, uint64_t time_ns, event_handler handler,
	void *context);

#endif
