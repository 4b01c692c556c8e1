/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words that each kind of event has in a recording: one table, which the writer and the reader
 * both walk, so that what one writes the other reads.
 */
#ifndef CAPTURE_RECORDING_WORDS_H
#define CAPTURE_RECORDING_WORDS_H

#include "capture/event.h"

#define RECORDING_HEADER "relaytrace-recording 1"

/* What stands behind key=, and what field it belongs to. */
enum word_type {
	WORD_FLAG, /* bool; a bare word, no value */
	WORD_U8,
	WORD_U16,
	WORD_U32,
	WORD_U64,
	WORD_TID,      /* uint32_t; like pid where it is not given */
	WORD_SECONDS,  /* uint64_t nanoseconds */
	WORD_STRING,   /* const char *; not given: the word's fallback, or "" */
	WORD_OPTIONAL, /* const char *; not given: NULL */
	WORD_ENDPOINT, /* struct address with its port */
	WORD_RESULT,   /* int, 0 or -errno, by number or name */
	WORD_ERROR,    /* int, errno, by number or name */
	WORD_SIGNAL,   /* int, by number or name */
	WORD_PROTOCOL, /* uint8_t: tcp, udp or a number */
	WORD_DNS_TYPE, /* uint16_t: A, AAAA or a number */
	WORD_DNS_CODE, /* uint16_t: NOERROR, ... or a number */
	/* Those that are more than one field. */
	WORD_CODE,	  /* exit: the program ended by itself, with this */
	WORD_KILLED,	  /* exit: a signal ended it */
	WORD_WAIT,	  /* exit: as wait() gives it */
	WORD_STATES,	  /* old>new, no key */
	WORD_REPLY,	  /* the bare words tls and garbage */
	WORD_ADDRESSES,	  /* one more of an answer's addresses */
	WORD_ARGUMENTS,	  /* one more argument or field */
	WORD_ENVIRONMENT, /* all that describes an environment: see recording_write.c */
	WORD_NONE,	  /* read as a part of another word */
};

enum word_flag {
	WORD_REQUIRED = 1 << 0, /* an event without it says nothing; always written */
	WORD_ALWAYS = 1 << 1,	/* written even where it is what it would be if it were left out */
	WORD_REPEATS = 1 << 2,
};

struct word {
	const char *key;
	size_t key_len;
	enum word_type type;
	unsigned int flags;
	size_t offset;	      /* in struct event */
	const char *fallback; /* WORD_STRING, WORD_SECONDS */
};

struct words {
	const struct word *words;
	size_t count; /* at most 64 */
};

/* The words of every kind, and those of one kind. */
struct words recording_words_common(void);
struct words recording_words(enum event_kind kind);

/* "syn-sent" of TCP_STATE_SYN_SENT; NULL where the number has no name. */
const char *recording_state_name(unsigned int state);

/* The numbers that people rather write as words. */
struct word_name {
	unsigned int number;
	const char *name;
};

/* The names of a type (ends with a NULL name); NULL where it has none. */
const struct word_name *recording_names(enum word_type type);

#endif
