/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a unit's files say about its environment: facts, read once, in the order in which systemd
 * takes them.  Reading is here, judging is in unit_environment.h; what lies between is plain data
 * that a recording can hold.
 *
 * A statement's value may hold a secret: it is wiped when freed, and is to be redacted before it
 * goes anywhere (environment_add() does).
 */
#ifndef NODE_UNIT_FILES_H
#define NODE_UNIT_FILES_H

#include "node/env_file.h"
#include "node/unit_root.h"
#include "node/unit_spec.h"
#include "node/unit_text.h"
#include "relay/relay_url.h"

#include <errno.h>

enum unit_file_role {
	UNIT_FILE_MANAGER,  /* system.conf and its drop-ins: DefaultEnvironment= */
	UNIT_FILE_FRAGMENT, /* the unit file */
	UNIT_FILE_DROP_IN,
	UNIT_FILE_SHADOWED, /* a unit file or drop-in that one of the same name hides */
	UNIT_FILE_ENV,	    /* an env file that an EnvironmentFile= names */
	UNIT_FILE_USUAL,    /* an env file in a usual place that the unit does not load */
	UNIT_FILE_ELSEWHERE, /* a file that gives others a relay, or was meant to give it to the unit */
	UNIT_FILE_UNSEEN, /* a directory that could not be read; error says why */
};

struct unit_file {
	enum unit_file_role role;
	char *path; /* inside the root; of an ENV that is missing: the pattern */
	int error;  /* 0: read; else -errno, -ENOENT: missing */
	bool masked;
	bool optional;		/* an ENV with "-" */
	long long mtime_ns;	/* CLOCK_REALTIME; 0 where not known */
	enum unit_text_end end; /* not WHOLE: systemd stops reading at end_line */
	unsigned int end_line;
	enum env_file_fault refused; /* of an env file: systemd takes no line of it */
	unsigned int refused_line;
	int load; /* of an ENV: the statement that loads it; else -1 */
};

enum unit_setting {
	UNIT_DEFAULT_ENVIRONMENT, /* DefaultEnvironment= of system.conf */
	UNIT_ENVIRONMENT,
	UNIT_ENVIRONMENT_FILE,
	UNIT_PASS_ENVIRONMENT,
	UNIT_UNSET_ENVIRONMENT,
	UNIT_ENV_LINE, /* a line of an env file */
	UNIT_SETTINGS
};

enum unit_verb {
	UNIT_SET,     /* name is set to value */
	UNIT_RESET,   /* an empty assignment: all before it of this setting are forgotten */
	UNIT_LOAD,    /* value is a path or pattern */
	UNIT_PASS,    /* name is taken from the manager's own environment */
	UNIT_UNSET,   /* name; where value is not NULL only with that value */
	UNIT_IGNORED, /* systemd passes it over; fault says why */
};

struct unit_statement {
	enum unit_verb verb;
	enum unit_setting setting;
	unsigned int file; /* index of unit_facts.files */
	unsigned int line;
	bool optional; /* LOAD with "-" */
	char *name;    /* NULL where there is none */
	char *value;
	struct relay_url *judged; /* owned; of a recorded value, which is redacted; else NULL */
	const char *fault; /* a constant word, "" where there is none; also on one that stands */
	bool continued;	   /* an env file's value that goes on in the next line */
};

/* Does the unit get nothing from a file of that role, whatever it says? */
static inline bool unit_file_is_unloaded(enum unit_file_role role)
{
	return role == UNIT_FILE_USUAL || role == UNIT_FILE_ELSEWHERE;
}

/* Is it one that systemd cannot read either?  What root may and we may not read is no such file. */
static inline bool unit_file_fails(const struct unit_file *f)
{
	return f->error && f->error != -EACCES && f->error != -EPERM;
}

struct unit_facts {
	char *unit;	     /* the name asked for, with ".service" */
	char *id;	     /* the main name */
	char *fragment_real; /* where the unit file really is, links followed; NULL: not known */
	int fragment;	     /* index of files, -1: there is no such unit */
	bool cut;	     /* more was there than the limits allow */
	struct unit_file *files;
	size_t file_count, file_capacity;
	struct unit_statement *statements;
	size_t statement_count, statement_capacity;
};

/* Is name (len bytes) one to keep?  relay_name_is_listed() is the usual one. */
typedef bool unit_keep_fn(const char *name, size_t len);

/*
 * Reads all that decides the environment of unit below root: statements about names that keep
 * accepts (all where it is NULL) and those that name files.  At most 256 MiB are read.
 * 0, also for a unit that is not there (fragment -1); -EINVAL for a bad name; -ENOMEM.
 */
int unit_facts_read(const struct unit_root *root, const struct unit_host *host, unit_keep_fn *keep,
	const char *unit, struct unit_facts *out);
void unit_facts_free(struct unit_facts *f);

/*
 * Fills what specifiers stand for from files below root; from the running system (host name, kernel,
 * boot) where the prefix is "".  0 or -ENOMEM.
 */
int unit_host_read(const struct unit_root *root, struct unit_host *out);

/*
 * For making facts (the reader, a recording): both copy what they are given.  The file's index, or
 * -ENOMEM; 0 or -ENOMEM.
 */
int unit_facts_add_file(struct unit_facts *f, enum unit_file_role role, const char *path);
int unit_facts_add(struct unit_facts *f, const struct unit_statement *s);

/*
 * Parses bytes as the contents of files[file], by its role, and adds its statements; notes where
 * systemd stops reading or refuses it.  0 or -ENOMEM.
 */
int unit_facts_parse(struct unit_facts *f, unsigned int file, const char *bytes, size_t len,
	const struct unit_name *unit, const struct unit_host *host, unit_keep_fn *keep);

#endif
