/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subjects: processes that dial in one known way each, and print what a tracer must report of it.
 * One static program with a table of cases, so that it also runs where nothing else is installed.
 *
 * What is printed is one JSON object a line (compare.jq reads them beside the tracer's lines):
 *	{"case":NAME,"want":{...},"min":N,"max":N}
 * where "want" holds the fields that a dial line must have, and between min and max dial lines, each
 * after its last word, have them all.  A dial that no line wants is a surplus, and an error.  Or
 *	{"case":NAME,"exec":{...},"carries":[...]}
 * where one exec line has the fields of "exec" and each of "carries" among its variables.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

struct subject {
	const char *name;
	void (*run)(void);
};

/* The tables of dials.c and trees.c; they end with a NULL name. */
extern const struct subject subject_dials[];
extern const struct subject subject_trees[];

/* Stands in variables that are not listed: in no output. */
#define UNLISTED "unlisted-watchword"

/* The case that runs, for what it prints. */
extern const char *running;

/* Prints one expectation about the calling process: ip, port, outcome, errno; path or NULL. */
void expect_dial(const char *ip, int port, const char *outcome, int error, const char *path);
/* The same with a further part of "want" (",\"process\":{...}" is always there), and a count. */
void expect_dials(const char *ip, int port, const char *outcome, int error, const char *more,
	int min, int max);

/* A port that no other dial of this run goes to. */
int port_new(void);

/* ip, IPv4 or IPv6 text, and port as a socket address of the given length. */
socklen_t address_of(const char *ip, int port, struct sockaddr_storage *address);

/* A listener on ip and port; full: its queue is, so that the kernel drops every further SYN. */
int listener(const char *ip, int port, bool full);

/* A TCP socket for ip. */
int tcp_socket(const char *ip, bool nonblocking);

/* connect(); the errno that came, 0 for success. */
int dial(int fd, const char *ip, int port);

/* Waits until a non-blocking dial is over; its errno, 0 for success. */
int dial_wait(int fd);

/* Runs body in a child process and waits for it: the wait status. */
int in_child(void (*body)(void *), void *argument);

/*
 * A process that is there before the tracer (late.c): runs dials() in a child, which says ready with a byte, waits for
 * one from go and ends; and the tracer of argv (OUT.json TRACER ARG...) with --pid of that child.  The exit status.
 */
int late_run(const char *name, void (*dials)(int ready, int go), int argc, char **argv);
void late_dials(int ready, int go);	    /* all dials come after the tracer */
void late_hanging_dials(int ready, int go); /* all hang already by then */

/* Checks in a child process what getsockopt() answers where the answer is long or finds no room. */
void options_kept(void);

/* Ends the subject with a message when it cannot do what it is for. */
void must(bool good, const char *what);

/* A copy of this program at DIR/name, for exec under another name; static, valid until the next. */
const char *copy_named(const char *name);

#endif
