/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An env file as systemd reads EnvironmentFile=, which is not as a shell does.
 *
 * Source of the rules: systemd.exec(5) and the behaviour of systemd 252 (load_env_file() in
 * src/basic/env-file.c, env_assignment_is_valid() in src/basic/env-util.c), compared with a running
 * systemd by tests/kernels/systemd.sh.  In short: a line is NAME=VALUE; '#' and ';' begin a comment
 * only at the start of a line; a value may be made of '...' and "..." pieces, which may span lines,
 * and of a plain rest in which quotes are literal; a backslash escapes, and joins lines outside of
 * '...'; a CR ends a line as a newline does; nothing is expanded.
 *
 * Values may hold secrets.  They are handed to the callback and wiped; nothing here prints them.
 */
#ifndef NODE_ENV_FILE_H
#define NODE_ENV_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* systemd refuses a larger file (READ_FULL_BYTES_MAX, src/basic/fileio.c). */
#define ENV_FILE_BYTES_MAX (64U * 1024 * 1024 - 1)

enum env_file_fault {
	ENV_FILE_FINE,
	/* The file as a whole: systemd takes no line of it, and without "-" the unit fails. */
	ENV_FILE_NUL_BYTE,
	ENV_FILE_NOT_UTF8, /* in a name or a value; a comment may hold anything */
	ENV_FILE_TOO_LARGE,
	/* One line, which systemd ignores. */
	ENV_FILE_NO_EQUALS, /* no '=' in it: dropped without a word in the journal */
	ENV_FILE_EXPORT,    /* "export NAME=VALUE": shell, not systemd; name is NAME here */
	ENV_FILE_BOM,	    /* a byte order mark became part of the first name; name is without */
	ENV_FILE_BAD_NAME,  /* other than letters, digits and '_', or a digit first */
	ENV_FILE_COMMENT_CONTINUED, /* the comment above ends in '\': ignored before systemd 254 */
	ENV_FILE_SWALLOWED, /* part of the value that an open quote or a '\' above goes on with */
	/* One line, which stands. */
	ENV_FILE_UNCLOSED_QUOTE, /* the quote swallowed all that follows */
	ENV_FILE_VALUE_TOO_LONG, /* over 128 KiB: execve() fails; over 2 MiB: ignored */
	ENV_FILE_BACKSLASH, /* before a letter or digit, out of quotes: it goes, the letter stays */
	ENV_FILE_FAULTS
};

struct env_file_entry {
	const char *name; /* not NUL-terminated; of an ignored line: may be any text, or a secret */
	size_t name_len;
	const char *value; /* NUL-terminated; as the service would get it */
	size_t value_len;
	unsigned int line;	/* where the name stands, from 1, as grep -n counts */
	unsigned int last_line; /* where the value ends */
	enum env_file_fault fault;
	bool ignored; /* the service does not get it */
};

/* Called for each entry in order; the entry and its texts are valid until it returns.  Not 0 ends
 * the parsing. */
typedef int env_file_fn(void *context, const struct env_file_entry *entry);

struct env_file_result {
	enum env_file_fault refused; /* why no line of it counts, or ENV_FILE_FINE */
	unsigned int refused_line;   /* the line that is to blame; 0 where it is the size */
};

/*
 * Parses len bytes.  Equal names: the later entry counts.  Where the file is refused, every entry
 * is still told, ignored and with the file's fault, so that a rule can name the line that would
 * have helped.  Time is linear in len, memory is that of the longest entry.
 * 0, -ENOMEM, or what the callback returned.
 */
int env_file_parse(const char *bytes, size_t len, env_file_fn *fn, void *context,
	struct env_file_result *result);

/* "export", "bad-name" ...: a constant string; "" for ENV_FILE_FINE. */
const char *env_file_fault_name(enum env_file_fault fault);

/* The same as a sentence for a person, without quoting the line: a constant string. */
const char *env_file_fault_text(enum env_file_fault fault);

/* Is name (len bytes) one that systemd accepts: [A-Za-z_][A-Za-z0-9_]*? */
bool env_name_is_valid(const char *name, size_t len);

/* Is text (len bytes) what systemd takes as UTF-8: no overlong forms, surrogates, noncharacters? */
bool env_text_is_utf8(const char *text, size_t len);

struct env_file_bytes {
	char *bytes; /* owned, wiped when freed */
	size_t len;
	long long mtime_ns; /* CLOCK_REALTIME, nanoseconds since 1970 */
};

/*
 * Reads a regular file of at most ENV_FILE_BYTES_MAX bytes; never blocks on a pipe or a device.
 * 0 or -errno: -EISDIR, -EFBIG when too large, -EINVAL when neither file nor directory.
 */
int env_file_read(const char *path, struct env_file_bytes *out);

/*
 * The same for what somebody names on a command line, where a pipe (<(command)), a terminal and /dev/null are meant:
 * reads to the end, and waits for who writes.
 */
int env_file_read_stream(const char *path, struct env_file_bytes *out);
void env_file_bytes_free(struct env_file_bytes *b);

#endif
