/* SPDX-License-Identifier: GPL-2.0-only */
/* A dial: one attempt of one process to reach one address, from connect() to its outcome. */
#ifndef MODEL_DIAL_H
#define MODEL_DIAL_H

#include "model/process_table.h"

enum dial_outcome {
	DIAL_OPEN, /* not known yet: never reported */
	DIAL_REFUSED,
	DIAL_TIMEOUT,	/* the kernel gave up (ETIMEDOUT) */
	DIAL_ABANDONED, /* the program gave up: SYN_SENT closed with no error */
	DIAL_UNREACHABLE,
	DIAL_DENIED, /* EPERM, EACCES */
	DIAL_FAILED, /* any other errno */
	DIAL_RESET, /* established, then RST before any answer; in a tunnel: of the host behind the relay */
	DIAL_NO_ANSWER,
	DIAL_UNRESOLVED, /* no connect() at all: the name did not resolve */
	DIAL_PENDING,	 /* still open after --pending; the final outcome follows */
	DIAL_ESTABLISHED,
	DIAL_SUPERSEDED,  /* a happy-eyeballs loser */
	DIAL_INTERRUPTED, /* the process was killed or told to stop while dialling */
	DIAL_OUTCOMES
};

enum dial_path {
	DIAL_DIRECT,
	DIAL_RELAY, /* the target is a relay that this process's environment names */
	DIAL_LOOPBACK,
	DIAL_CLUSTER,
	DIAL_UNKNOWN, /* a relay named by name, whose address is not known, might be the target */
	DIAL_PATHS
};

enum name_from { NAME_NONE, NAME_DNS, NAME_HOSTS, NAME_CONNECT, NAME_SNI };

struct dial {
	uint64_t id;	/* 1, 2, 3 ... in order of appearance */
	uint64_t group; /* the id of the first of those that may be one attempt: same process and
			   port, begun within moments of each other, no different names */
	uint64_t socket;
	struct process *process;	 /* one reference held */
	struct environment *environment; /* as it was when the dial began; one reference held */
	uint32_t tid;
	struct address remote, local;
	uint64_t begin_ns;
	uint64_t end_ns; /* of the outcome; for DIAL_PENDING the moment it was told */
	bool at_least;	 /* it began before the tracer: the duration is a lower bound */
	enum dial_outcome outcome;
	enum dial_path path;
	int error;	/* positive errno that decided, 0 where there was none */
	char name[256]; /* what the process wanted there; "" with NAME_NONE */
	enum name_from name_from;
	bool more_addresses; /* a failure: the name has another address of this family, to be tried next */
	bool misread;	     /* it goes where Go misreads a relay variable, whose host is masked */
	bool name_doubtful; /* another name was asked for that has this address */
	const struct variable
		*relay_variable; /* DIAL_RELAY: the variable that names it; in environment */
	/* The conversation with a relay, as far as it was seen. */
	char connect_host[256];
	uint16_t connect_port; /* 0: no request was seen */
	char method[16];       /* of the request: CONNECT, GET ... */
	uint16_t status;       /* of the relay's answer; 0: none */
	char reason[64];       /* of the status line */
	uint16_t dns_code;     /* DIAL_UNRESOLVED: the response code, or one of DNS_CODE_* */
	bool pending_told;
	bool sibling_established; /* another of its group was, as far as it was known by then */
	bool hello_sent;	  /* a ClientHello left */
	bool replied;		  /* first bytes came back; reply_kind is valid */
	enum reply_kind reply_kind;
	uint64_t established_ns; /* 0: not yet */
	uint64_t asked_ns;	 /* when the latest request, or the hello, left; 0: none was seen */
};

/* Beyond the protocol's codes: how a question went without an answer. */
enum { DNS_CODE_TIMEOUT = 0x1000, DNS_CODE_UNREACHABLE = 0x1001 };

/* "NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "TIMEOUT", "UNREACHABLE", else "RCODE9". */
const char *dns_code_name(uint16_t code, char text[16]);

/* "abandoned", "no-answer" ...; "direct" ...; "none", "dns" ... */
const char *dial_outcome_name(enum dial_outcome outcome);
const char *dial_path_name(enum dial_path path);
const char *name_from_name(enum name_from from);

/* Is this outcome a failure (design: refused to pending)? */
bool dial_outcome_failed(enum dial_outcome outcome);

/*
 * Was a request for plain http (GET http://..., not CONNECT) sent?  Then what answers may be the relay or the
 * host behind it, whose answer the relay hands on (RFC 9110, 7.6).
 */
bool dial_forwards(const struct dial *d);

/*
 * Does the answer say that the relay, or what is behind it, cannot or will not serve?  A registry's own
 * challenge (401), redirection or "not found" in answer to a request for plain http is none.
 */
bool dial_answer_refuses(const struct dial *d);

/* The name where one is known, else the address; text needs ADDRESS_TEXT bytes and may be what is returned. */
const char *dial_target(const struct dial *d, char text[ADDRESS_TEXT]);

#endif
