/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the person who runs relaytrace: one line each on standard error. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Prints "relaytrace: MESSAGE\n" in one write.  A message says what was tried, on what, why it
 * failed and what the person can do.  Control characters in it are shown as \xNN, because it may
 * quote a traced program.  errno is kept.
 */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
