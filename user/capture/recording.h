/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording: events as text, a line each.  `-o record:FILE` writes it, `replay` reads it, and a
 * test scene's story is one written by hand.
 *
 *	relaytrace-recording 1
 *	0.0 start wall=1763945000.0 host=node1 boot_id=6b1c... version=0.1.0 names=auto pending=20
 *	0.1 exec pid=4121 start=0.099 parent=1 tree=rke2 comm=rke2 file=/usr/local/bin/rke2 arg=rke2
 *		arg=agent env="CONTAINERD_HTTPS_PROXY=http://relay:3128"
 *	0.2 state pid=4121 tid=4130 socket=7 from=10.0.0.2:40000 to=203.0.113.10:443 close>syn-sent
 *	30.2 state socket=7 from=10.0.0.2:40000 to=203.0.113.10:443 syn-sent>close
 *	40.0 stop
 *	end
 *
 * A time is in seconds, with nine decimals where the tracer wrote it.  Then come the kind and words
 * key=value; a value is bare or in double quotes with \" \\ \n \t \xNN.  Empty lines and those that
 * begin with # are skipped; a line that begins with a tab goes on the line before.
 * In a story env= holds the raw value, which is judged and redacted on reading.  A recording holds
 * it redacted, and the judgement, which the redacted text no longer gives, stands in a judged=
 * behind it.  A file may hold several recordings one after the other (it is appended to).
 */
#ifndef CAPTURE_RECORDING_H
#define CAPTURE_RECORDING_H

#include "base/buffer.h"
#include "capture/source.h"

/* Appends the first line of a recording, the line of one event, the last line. */
void recording_write_header(struct buffer *out);
void recording_write_event(struct buffer *out, const struct event *event);
void recording_write_end(struct buffer *out);

/*
 * A source that reads the file at path ("-": standard input) line by line.  NULL after printing
 * why.  A damaged line ends it: the line's number and what is wrong with it are printed, EVENT_STOP is
 * handed on and poll returns -EBADMSG.  So does a recording that stops without its end line (the
 * tracer was killed, or the file was cut); all that came before is handed on.
 */
struct source *recording_open(const char *path);

/* The same from memory; text must outlive the source.  name is for messages. */
struct source *recording_open_text(const char *name, const char *text, size_t len);

#endif
