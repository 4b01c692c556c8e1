/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the person who runs relaytrace: one line each on standard error. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * From now on nobody who does not read standard error holds us up for more than a moment: what he does
 * not take is not said.  For a live run, whose reader may hang; else a message waits.
 */
void log_never_waits(void);

/*
 * Prints "relaytrace: MESSAGE\n" in one write.  A message says what was tried, on what, why it
 * failed and what the person can do.  Control characters in it are shown as \xNN, because it may
 * quote a traced program.  errno is kept.
 */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
