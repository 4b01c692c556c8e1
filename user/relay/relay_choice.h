/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which relay a request takes, and why: net/http's ProxyFromEnvironment, its silences included
 * (golang.org/x/net/http/httpproxy).
 */
#ifndef RELAY_RELAY_CHOICE_H
#define RELAY_RELAY_CHOICE_H

#include "relay/environment.h"

enum choice_decision { CHOICE_DIRECT, CHOICE_RELAY, CHOICE_ERROR };

/* Why; choice_reason_text() words it. */
enum choice_reason {
	CHOICE_BY_VARIABLE,	 /* relay: a variable names it */
	CHOICE_NO_VARIABLE,	 /* direct: none that applies is set */
	CHOICE_VALUE_DROPPED,	 /* direct: set, but Go cannot parse it and says nothing */
	CHOICE_LOOPBACK,	 /* direct: localhost or a loopback address is never relayed */
	CHOICE_NO_LIST,		 /* direct: an entry of the NO_ list matches */
	CHOICE_SCHEME_UNCOVERED, /* direct: HTTP_ or ALL_ is set, and https needs HTTPS_ */
	CHOICE_SCHEME_UNKNOWN,	 /* direct: neither http nor https */
	CHOICE_REQUEST_METHOD,	 /* error: CGI (httpoxy), HTTP_PROXY with REQUEST_METHOD */
	CHOICE_BAD_URL,		 /* error: the request's own URL cannot be parsed */
	CHOICE_BAD_HOST,	 /* direct: Go cannot part the URL's host and port */
};

struct choice {
	enum choice_decision decision;
	enum choice_reason reason;
	enum relay_family family; /* the one that was asked */
	enum relay_kind kind;	  /* which variable the request's scheme needs */
	const struct variable
		*variable; /* the one that decided, or NULL; belongs to the environment */
	const struct variable *unused; /* one that is set in vain: CHOICE_SCHEME_UNCOVERED; or, on
					    CHOICE_NO_VARIABLE, under a name that Go does not read */
	struct relay_url relay;	       /* valid on CHOICE_RELAY */
	char no_entry[256]; /* the NO_ entry that matched, as written, cut to fit; else "" */
};

/* The decision for one URL as a Go program would make it with environment e. */
void choice_for_url(
	const struct environment *e, enum relay_family family, const char *url, struct choice *out);

/*
 * The same for scheme, host (no brackets) and port (0: the scheme's): what the tracer knows of a
 * dial.
 */
void choice_for_host(const struct environment *e, enum relay_family family, const char *scheme,
	const char *host, uint16_t port, struct choice *out);

/* A sentence for a person; writes at most size bytes.  Returns text. */
const char *choice_reason_text(const struct choice *c, char *text, size_t size);

#endif
