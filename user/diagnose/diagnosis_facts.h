/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of the facts about the node's files, and what they come to for a diagnosis.
 *
 *	unit, unit-file, unit-statement
 *			a unit's files, as unit_record.h tells them
 *	unit-reload	UNIT WORD: "yes" where systemd says NeedDaemonReload, else "no"
 *	mirror		REGISTRY HOST PORT: registries.yaml has endpoint HOST for REGISTRY
 *	config		etcd-s3-endpoint HOST FILE:LINE, cluster-cidr, service-cidr and data-dir; the others are
 *			path.h's
 */
#ifndef DIAGNOSE_DIAGNOSIS_FACTS_H
#define DIAGNOSE_DIAGNOSIS_FACTS_H

#include "capture/event.h"
#include "node/unit_environment.h"

#define UNIT_FACTS_MAX	    512
#define UNITS_MAX	    32
#define UNIT_STATEMENTS_MAX 4096
#define MIRROR_FACTS_MAX    64

/* One statement about a relay variable. */
struct unit_variable {
	char unit[128];
	char name[48];
	char value[256]; /* redacted, cut to fit; "" where none was kept */
	/* UNSEEN: of a line that systemd ignores and that is no assignment no value is kept. */
	enum { WORTH_BAD, WORTH_EMPTY, WORTH_LIST, WORTH_SOUND, WORTH_UNSEEN } worth;
	enum unit_fate fate;
	char source[288], by[288]; /* "FILE:LINE"; by: the one that overrides it, or "" */
	uint64_t mtime_ns;	   /* of the file, CLOCK_REALTIME */
	char fault[32];
	bool elsewhere;	      /* in a file of others (UNIT_FILE_ELSEWHERE) */
	struct relay_url url; /* of a relay's value */
	bool in_unit; /* Environment= of the unit or a drop-in, which counts only once systemd has read it */
	bool continued; /* an env file's value that goes on in the next line */
	unsigned int
		refused_line; /* of an env file of which systemd takes nothing: the line to blame; else 0 */
};

struct node_facts_kept {
	bool stale; /* facts came since the variables were made */
	size_t count;
	struct unit_variable *variables; /* UNIT_FACTS_MAX, made with the first unit */
	size_t unit_count, current;
	struct {
		struct unit_facts facts;
		bool damaged;
	} units[UNITS_MAX];
	size_t reload_count;
	char reload[UNITS_MAX][128]; /* units that need a daemon-reload */
	size_t mirror_count;
	struct {
		char registry[256], host[256];
	} mirrors[MIRROR_FACTS_MAX];
	char s3_endpoint[256];
	/* "" where the configuration says none */
	char cluster_cidr[256], service_cidr[256], cluster_domain[256];
	char data_dir[512];
};

void facts_free(struct node_facts_kept *k);

/* Keeps one fact; others than the above are passed over. */
void facts_take(struct node_facts_kept *k, const struct event_fact *fact);

/* Judges what came since the last time: true where k->variables were made anew. */
bool facts_refresh(struct node_facts_kept *k);

/* Does systemd say that unit's files changed since it read them? */
bool facts_need_reload(const struct node_facts_kept *k, const char *unit);

/* The statement that gives unit the variable name now; NULL: none does. */
const struct unit_variable *facts_effective(
	const struct node_facts_kept *k, const char *unit, const char *name);

/*
 * The env file that unit loads: wanted, if it does or nothing is known of it; else the first that is no
 * pattern; NULL: none.
 */
const char *facts_env_file(const struct node_facts_kept *k, const char *unit, const char *wanted);

/* The registry that registries.yaml names host as an endpoint of; NULL: none. */
const char *facts_registry_of(const struct node_facts_kept *k, const char *host);

/* Were all files of unit read, so that what they do not set is not set? */
bool facts_unit_is_read(const struct node_facts_kept *k, const char *unit);

/* Is host where etcd snapshots go: etcd-s3-endpoint of config.yaml, or a name of Amazon's S3? */
bool facts_is_s3(const struct node_facts_kept *k, const char *host);

/* Is host a mirror of the registry that default_host is the default endpoint of? */
bool facts_is_mirror(const struct node_facts_kept *k, const char *host, const char *default_host);

#endif
