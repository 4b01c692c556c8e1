/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Go's net/http makes of the value of HTTP_X, HTTPS_X or ALL_X.
 *
 * The value is judged before its password is taken out, because the fault is often in the
 * password; what is kept here and everywhere after is free of secrets.
 * Source of the rules: golang.org/x/net/http/httpproxy (parseProxy, init) and net/url (Parse).
 */
#ifndef RELAY_RELAY_URL_H
#define RELAY_RELAY_URL_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum relay_use {
	RELAY_EMPTY,   /* unset, or set to nothing: Go treats both alike */
	RELAY_USABLE,  /* Go dials what host and port say, sense or nonsense */
	RELAY_DROPPED, /* Go cannot parse it and silently goes direct */
};

/* What is wrong or remarkable about a value; several may hold.  relay_fault_name() names them. */
enum relay_fault {
	RELAY_FAULT_CREDENTIALS = 1 << 0, /* userinfo present (not wrong) */
	RELAY_FAULT_QUOTES = 1 << 1,	  /* a ' or " is part of the value */
	RELAY_FAULT_LEADING_SPACE = 1 << 2,
	RELAY_FAULT_TRAILING_SPACE = 1 << 3,
	RELAY_FAULT_CONTROL = 1 << 4,	 /* CR or another control character */
	RELAY_FAULT_BAD_ESCAPE = 1 << 5, /* % without two hex digits */
	RELAY_FAULT_HOST_CUT = 1 << 6,	 /* # / ? in the password ended the host early */
	RELAY_FAULT_NO_SCHEME = 1 << 7,	 /* taken as http:// (not wrong) */
	RELAY_FAULT_UNKNOWN_SCHEME =
		1 << 8,		      /* neither http, https nor socks5; newer Go has socks5h */
	RELAY_FAULT_NO_PORT = 1 << 9, /* the scheme's default is assumed (not wrong) */
	RELAY_FAULT_EMPTY_HOST = 1 << 10,
	RELAY_FAULT_DOLLAR = 1 << 11,	    /* $VAR or ${VAR}: nobody expanded it; in userinfo
						   only where it is the whole user or password */
	RELAY_FAULT_HTTPS_SCHEME = 1 << 12, /* TLS to the relay itself (not wrong) */
	RELAY_FAULT_SOCKS_SCHEME = 1 << 13, /* (not wrong) */
	RELAY_FAULT_BAD_PORT = 1 << 14,	    /* no digits, 0 or over 65535 */
	RELAY_FAULT_BACKSLASH = 1 << 15,
	RELAY_FAULT_UNPARSED = 1 << 16,	      /* Go's url.Parse refuses it for another reason */
	RELAY_FAULT_HOST_MASKED = 1 << 17,    /* what Go takes as the host is part of a secret */
	RELAY_FAULT_SCHEME_AS_HOST = 1 << 18, /* Go puts http:// in front and dials "http" */
	RELAY_FAULT_NO_BRACKETS = 1 << 19,    /* IPv6 without []: Go cuts it at the last ':' */
	RELAY_FAULT_ODD_HOST = 1 << 20,	      /* a character in it that no host's name has */
	RELAY_FAULT_WORD_AS_HOST = 1 << 21, /* "none", "false": meant as no relay, dialled as one */
	RELAY_FAULT_COMMENT = 1 << 22,	    /* " # ..." behind it: no comment begins there */
	RELAY_FAULT_ODD_USERINFO = 1 << 23, /* a character in user or password that Go refuses there
						   and that %XX would help */
};

/* The remarks: worth knowing, nothing to repair. */
#define RELAY_FAULTS_REMARKS                                                                       \
	(RELAY_FAULT_CREDENTIALS | RELAY_FAULT_NO_SCHEME | RELAY_FAULT_NO_PORT |                   \
		RELAY_FAULT_HTTPS_SCHEME | RELAY_FAULT_SOCKS_SCHEME)

/* The faults that can make a usable value nonsense; whether they did, relay_url_is_misread() says. */
#define RELAY_FAULTS_MISREAD                                                                       \
	(RELAY_FAULT_QUOTES | RELAY_FAULT_TRAILING_SPACE | RELAY_FAULT_HOST_CUT |                  \
		RELAY_FAULT_UNKNOWN_SCHEME | RELAY_FAULT_EMPTY_HOST | RELAY_FAULT_DOLLAR |         \
		RELAY_FAULT_BACKSLASH | RELAY_FAULT_HOST_MASKED | RELAY_FAULT_BAD_PORT |           \
		RELAY_FAULT_SCHEME_AS_HOST | RELAY_FAULT_NO_BRACKETS | RELAY_FAULT_ODD_HOST |      \
		RELAY_FAULT_WORD_AS_HOST)

struct relay_url {
	enum relay_use use;
	uint32_t faults; /* relay_fault bits */
	char scheme[16]; /* "http", "https", "socks5", ... as Go has it, lower case; cut to fit;
			      "***" where it is the user's name */
	char host[256];	 /* Go's Hostname(): no brackets; "***" where masked; "" where empty */
	uint32_t port;	 /* given (may be over 65535; at most UINT32_MAX), or by scheme: 80, 443,
			      1080; 0: masked, or no such scheme */
	/* Where the host is masked, to know its dials again; in no output and no recording. */
	uint64_t masked_host; /* relay_host_hash() of it; else 0 */
	uint16_t masked_port; /* the port that is masked with it, where one was given; else 0 */
};

/* Judges value (len bytes, not NUL-terminated by need).  Never fails. */
void relay_url_parse(const char *value, size_t len, struct relay_url *out);

/* Of a name in lower case, of an address however it is spelled. */
uint64_t relay_host_hash(const char *host);

/*
 * Does Go dial something else than was meant (rule value-misread)?  Quotes or a $VAR that are in the
 * userinfo alone leave the host right: they are for the relay to refuse (k3s #762).
 */
bool relay_url_is_misread(const struct relay_url *u);

/*
 * Appends value with its userinfo (everything between "//", or the start where there is no scheme,
 * and the last '@') replaced by "***:***".  Where there is no '@' there is no userinfo; but the
 * value may have been cut inside a password, so what stands behind a ':' and is no port becomes
 * "***", a comment and another URL behind a ',' do not.  Also right for values that Go misreads or
 * drops: where in doubt, more is hidden.
 */
void relay_url_redact(const char *value, size_t len, struct buffer *out);

/*
 * The same for a value of which only the beginning is known: nothing behind the scheme is shown,
 * because the '@' that would end the secret may be in the part that is missing.
 */
void relay_url_redact_cut(const char *value, size_t len, struct buffer *out);

/*
 * Appends a NO_ list.  Hidden is what no entry that matches anything has: what stands before an
 * '@', from the first entry on that is no plain host, address or network; and what stands behind
 * a ':' and is no port.
 */
void relay_list_redact(const char *value, size_t len, struct buffer *out);

/*
 * Appends one argument of a command line without secrets: userinfo in URLs, and the values of
 * token, password, secret, creds and user options (--x=V; where option and value are two
 * arguments, give the one before as previous, else NULL).
 */
void relay_argument_redact(const char *previous, const char *argument, struct buffer *out);

/* The lowest bit's name, "credentials", "quotes", "leading-space" ...; NULL if none is set. */
const char *relay_fault_name(uint32_t fault);

/* What that is, for a person: half a sentence. */
const char *relay_fault_words(uint32_t fault);

/* The bit of that name; 0 if there is none. */
uint32_t relay_fault_bit(const char *name, size_t len);

#endif
