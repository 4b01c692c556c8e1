/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remedies: commands that work when they are pasted on the node, and steps.
 *
 * A value is never printed where it may hold a password: a command copies it from the line where
 * it stands.
 */
#ifndef DIAGNOSE_REMEDY_H
#define DIAGNOSE_REMEDY_H

#include "diagnose/rules_input.h"

enum service_kind {
	SERVICE_NONE,  /* no unit: a command in a shell */
	SERVICE_RKE2,  /* rke2-server, rke2-agent */
	SERVICE_K3S,   /* k3s, k3s-agent */
	SERVICE_AGENT, /* rancher-system-agent */
	SERVICE_OTHER, /* another unit, whose env files are not known */
	SERVICE_POD,   /* no unit: the spec of a pod */
};

struct service {
	enum service_kind kind;
	char name[64]; /* without ".service" */
	bool copied;   /* the process is in a container, and has copies of the unit's variables */
	bool guessed;  /* rke2, but whether server or agent was not to be seen */
};

/*
 * The unit that gives p its environment: by its cgroup, else by itself or an ancestor's arguments.  In a pod
 * it is the pod's spec, but for what RKE2 makes itself: static pods and helm jobs get copies of rke2's own
 * variables (rke2 podtemplate.go, helm-controller chart.go; facts 3.1).
 */
void service_of(const struct process *p, struct service *out);

/* The env files that the unit loads, in order, separated by spaces (facts: RKE2's units). */
void service_files(const struct service *s, struct buffer *out);

/*
 * Adds how to give the process the variable that it needs: copied from the line of variable `from`
 * (in the unit's files, or the shell's environment), or where from is NULL from a relay known in
 * the tree, or as a pattern to fill in; then the NO_ entries, the restart and the other way out.
 */
void remedy_give(const struct rule_input *in, struct finding *out, const struct variable *from);

/* Adds how to correct the value of v where it stands; what says the correction. */
void remedy_correct(const struct rule_input *in, struct finding *out, const struct variable *v,
	const char *what);

/*
 * Adds how to put what a node needs, and host, into the NO_ list that the process has; with
 * for_containerd it is the CONTAINERD_NO_ of the supervisor's files, with host_alone nothing but host.
 */
void remedy_extend_list(const struct rule_input *in, struct finding *out, const char *host,
	bool for_containerd, bool host_alone);

/*
 * remedy_source.c: adds the file and line where v is set, where the unit's files say so, to the chain; also
 * that it says otherwise by now, and what it overrides.
 */
void chain_source(const struct rule_input *in, struct finding *out, const struct variable *v);

/*
 * The "FILE:LINE" where v, or the variable of the supervisor that became it, is set; NULL where that is
 * not known.
 */
const char *remedy_source(const struct rule_input *in, const struct variable *v);

/*
 * The CONTAINERD_ variable of the supervisor that became `from` of a containerd, or of what containerd
 * started; its name is put together in name.  NULL: there is none, or `from` has another value.
 */
const struct variable *remedy_prefixed(
	const struct process *p, const struct variable *from, char name[64]);

/* Where v itself stands: what it says, else what the files of unit s say; NULL: not known. */
const char *remedy_place(
	const struct rule_input *in, const struct service *s, const struct variable *v);

/* Was the file that sets v changed, to another value, after the process had started? */
bool source_is_newer(const struct rule_input *in, const struct variable *v);

/* The process that systemd started: the supervisor above p, else p itself; when (CLOCK_REALTIME; 0: not known). */
const struct process *started_by_unit(const struct process *p);
uint64_t unit_started_ns(const struct rule_input *in);

/* Is text safe as a word of a shell? */
bool remedy_is_plain(const char *text);

/*
 * An env file that the unit of s loads, for a line that is to be new: /etc/default/SERVICE where the unit says
 * nothing else.  False: none is known.
 */
bool remedy_own_file(const struct rule_input *in, const struct service *s, char *out, size_t size);

/*
 * remedy_mend.c: adds the command that makes the value of v right where it stands, if one surely does, else
 * what to write there; the NO_ entries and the restart.
 */
void remedy_mend_value(const struct rule_input *in, struct finding *out, const struct variable *v);

/* The command alone; false: no command surely makes it right.  Then remedy_what() says what to write. */
bool remedy_mend(const struct rule_input *in, struct finding *out, const struct variable *v);
const char *remedy_what(const struct rule_input *in, const struct variable *v);

/* Adds what takes quotes around the user or the password away, which a relay that refused them was sent as part of them. */
void remedy_unquote(const struct rule_input *in, struct finding *out, const struct variable *v);

/* Is the value of v in a quote that its file does not close? */
bool remedy_is_unclosed(const struct rule_input *in, const struct variable *v);

/*
 * Has the value swallowed another assignment, "HTTPS_PROXY=http://relay:3128 NO_PROXY=.svc"?  Then it adds that one
 * has to look again: a list that was given meanwhile could override the one that comes to light.
 */
bool remedy_look_again(const struct rule_input *in, struct finding *out, const struct variable *v);

/* Adds what to write for v, and where. */
void remedy_tell(const struct rule_input *in, struct finding *out, const struct variable *v,
	const char *what);

/* Adds the command that makes the scheme of v http:// where it stands. */
void remedy_plain_scheme(
	const struct rule_input *in, struct finding *out, const struct variable *v);

/* A statement in a file, as a command finds it. */
struct remedy_spot {
	char file[640]; /* a path, or the command that finds it */
	char name[64];
	bool in_unit;	/* a word of Environment=: %% for a %, and systemd has to read it again */
	bool continued; /* an env file's value that goes on in the next line */
	bool unclosed; /* an env file's value in a quote that is never closed: all that follows is in it */
};

#define REMEDY_ENTRY 128 /* bytes of an entry of a NO_ list that a command can name */
#define REMEDY_LIST  768 /* of a list that a command can hold */

/* FILE of "FILE:LINE"; false: not known, or it cannot be pasted. */
bool remedy_file_of(const char *source, char *file, size_t size);

/* The statement of name at source; false: not known where that is. */
bool remedy_spot_at(
	const struct rule_input *in, const char *name, const char *source, struct remedy_spot *out);

/* The same, and where source is not known: in the env files of s. */
void remedy_spot(const struct rule_input *in, const struct service *s, const char *name,
	const char *source, struct remedy_spot *out);

/*
 * remedy_edit.c: commands that change the statement at `at`, and systemctl daemon-reload where that is necessary.
 * Values and entries are such that can be pasted.
 */
/* By a script of sed, which is called with flags ("-E"). */
void remedy_sed(
	struct finding *out, const struct remedy_spot *at, const char *flags, const char *script);
/*
 * Appends a pattern of sed -E that takes the word of Environment= about name, as one in quotes or none: what stands
 * before it (of `before`, ".*" or "") is \1, the word \2, its value REMEDY_WORD_VALUE, what follows (of `after`) \8.
 * A word that ends elsewhere, as within the quote of another assignment, it does not take.
 */
void remedy_word(struct buffer *b, const char *before, const char *name, const char *after);
#define REMEDY_WORD_VALUE "\\3\\4\\5\\6\\7" /* all but one of them are empty */
/* Its value for the names in to (separated by spaces) too, in the same file: a later file would win over another. */
void remedy_copy(struct finding *out, const struct remedy_spot *at, const char *to);
/* Its value for name, as a new line of an env file. */
void remedy_copy_to(const struct rule_input *in, struct finding *out, const struct remedy_spot *at,
	const char *name, const char *file);
/* name=value in front of it; its own value; entries at the beginning of its list; entries out of its list. */
void remedy_set_beside(
	struct finding *out, const struct remedy_spot *at, const char *name, const char *value);
void remedy_set(const struct rule_input *in, struct finding *out, const struct remedy_spot *at,
	const char *value);
void remedy_prepend(struct finding *out, const struct remedy_spot *at, const char *entries);
void remedy_drop(struct finding *out, const struct remedy_spot *at, char (*entries)[REMEDY_ENTRY],
	size_t count);
/*
 * How a new last line of an env file begins in a command: where the file ends in a backslash, that joins the first of
 * the two with what it ends in (also with a comment, before systemd 254).
 */
#define REMEDY_NEW_LINE "echo; echo; "
/* Is a quote opened in that env file that is never closed?  Then it adds that nothing can be added behind it. */
bool remedy_is_open(const struct rule_input *in, struct finding *out, const char *file);
/* A new last line of an env file; a line of [Service] of a drop-in of unit. */
void remedy_append(const struct rule_input *in, struct finding *out, const char *file,
	const char *name, const char *value);
void remedy_add_drop_in(struct finding *out, const char *unit, const char *assignment);
/* "systemctl daemon-reload", once, as the last command by now. */
void remedy_reload(struct finding *out);

/* Adds the line name=value for the unit of s, where it wins. */
void remedy_give_plain(const struct rule_input *in, struct finding *out, const struct service *s,
	const char *name, const char *value);

/* Adds what keeps later lines "NAME=" of env files, which would win, from the names (separated by spaces). */
void remedy_clear(const struct rule_input *in, struct finding *out, const struct service *s,
	const char *names);

/* remedy_list.c: appends the entries that list lacks, each with a comma before it. */
void remedy_lacking(const struct rule_input *in, const char *list, struct buffer *out);

/*
 * Adds what makes the NO_ list right beside a relay variable that the service gets: the list that is there,
 * with what it lacks and without what would turn the relay off; else a copy of one that this program does not
 * read (of from_family, or containerd's); else a new one.  arriving: a list with that value that an earlier
 * command of this remedy makes arrive; NULL: none.
 */
void remedy_give_list(const struct rule_input *in, struct finding *out, const struct service *s,
	enum relay_family from_family, bool for_containerd, const struct remedy_spot *arriving,
	const char *arriving_value);

/* Adds what takes what is as wide out of the NO_ list no (out NULL: nothing); how many entries that are. */
size_t remedy_drop_wide(
	const struct rule_input *in, struct finding *out, const struct variable *no);

/* Adds what takes entry, and all that are as wide, out of the NO_ list no, and puts in what the list lacks. */
void remedy_narrow(const struct rule_input *in, struct finding *out, const struct variable *no,
	const char *entry);

/*
 * remedy_files.c: adds what makes the statement v arrive, which systemd ignores, another keeps from its unit,
 * or that no file of the unit loads; and the NO_ entries.
 */
struct unit_variable; /* diagnosis_facts.h */
void remedy_deliver(
	const struct rule_input *in, struct finding *out, const struct unit_variable *v);

/* Why systemd ignores a statement with that fault, as a sentence without a full stop. */
const char *remedy_fault_text(const char *fault);

/* Adds "systemctl restart UNIT", or to run the command again. */
void remedy_restart(const struct rule_input *in, struct finding *out);

#endif
