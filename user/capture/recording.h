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
 * A time is in seconds, with up to nine decimals, nine where the tracer wrote it.  Then come the
 * kind and words key=value, in any order but that of env=, no key twice but those marked "...".
 * A value is bare or in double quotes, where \" \\ \n \t \xNN are known; in quotes it must be
 * when it has space, quotes, backslashes or control characters.  Empty lines and those that begin
 * with # are skipped; a line that begins with a tab goes on the line before.
 *
 * Every kind takes pid= tid= (not given: like pid) start= (the process's start time, which with
 * its pid is its identity).  Words in [] may be left out: 0, "", absent.
 *
 *	start	 [wall=SECONDS host= boot_id= version= hooks=] [names=auto|PROXY|RELAY]
 *		 [pending=SECONDS]	(not given: auto, 20)
 *	exec	 file= [comm=] (not given: the file's last part, 15 bytes) [arg= ...]
 *		 [args-truncated] [found] [left] [tree=] [parent= parent_start=] [cgroup_id=]
 *		 [cgroup=PATH] [netns= mntns=] [env-truncated] [env-unreadable] [env-first-lost]
 *		 [origin=exec|snapshot|given] (not given: snapshot if found, else exec)
 *		 [env=NAME=VALUE [source=FILE:LINE] [cut] [judged=...] ...]
 *	fork	 child= [child_start=]
 *	exit	 [code=0..255 | killed=SIGNAL | wait=STATUS | missed]	(wait: as wait() gives
 *		 it; missed: found gone, how it ended is not known)
 *	signal	 signal=15 | signal=SIGTERM
 *	connect	 to=ADDR:PORT [from=ADDR:PORT] [socket=] [begin=SECONDS] [protocol=tcp|udp|NUMBER]
 *		 [result=0 | -115 | -EINPROGRESS] [misread]
 *	state	 to=ADDR:PORT OLD>NEW [from=ADDR:PORT] [socket=] [error=111 | ECONNREFUSED]
 *		 [taken-over] [misread] [received= sent=]	(bytes)
 *		 OLD, NEW: established syn-sent syn-recv fin-wait1 fin-wait2 time-wait close
 *		 close-wait last-ack listen closing
 *	question name= [type=A|AAAA|NUMBER] [socket=] [server=ADDR:PORT] [tcp] [id=]
 *	answer	 as question, [code=NOERROR|SERVFAIL|NXDOMAIN|REFUSED|NUMBER] [truncated]
 *		 [address=ADDR ...]	(at most 16)
 *	hello	 host=NAME [socket=]
 *	request	 host=NAME [method=CONNECT] [port=] [socket=]
 *	reply	 status=407 [reason="..."] | tls | garbage, [socket=]
 *	fact	 key= [field= ...]
 *	loss	 the kinds of loss_kind_name(), exec=3 payload=1 ...: totals, with the events that
 *		 the recording's own output refused
 *	clock	 stop
 *
 * ADDR:PORT is 203.0.113.10:443, [2001:db8::1]:443, or [::ffff:203.0.113.10]:443 for an IPv4
 * address that was dialled through an IPv6 socket.  With misread it is what Go takes for the relay in
 * a value whose password it cut: the port is 0 and ADDR is *** where they stood in the password.
 *
 * In a story env= holds the raw value, which is judged and redacted on reading, as are arguments.  A
 * recording holds it redacted, and the judgement, which the redacted text no longer gives, stands
 * behind it: judged=plain for what is no URL, else judged=usable|dropped|empty[,FAULT...] (the
 * faults of relay_fault_name()) [scheme=] [host=] [port=]: what Go makes of it.
 *
 * A recording goes to its end line; a stop event is made up where there is none before it.  A file
 * may hold several recordings one after the other (it is appended to).
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
 * A source that reads the file at path ("-": standard input) line by line, in flat memory.  NULL
 * after printing why, also where the first line is not that of a recording.
 *
 * A damaged line ends its recording: its number and what is wrong with it are printed, EVENT_STOP
 * is handed on, reading goes on at the next recording of the file, and in the end poll returns
 * -EBADMSG.  So it does for a recording that stops without its end line (the tracer was killed, or
 * the file was cut); all that came before is handed on.  poll never waits for until_ns and makes
 * up no EVENT_CLOCK.
 */
struct source *recording_open(const char *path);

/* The same from memory; text must outlive the source.  name is for messages. */
struct source *recording_open_text(const char *name, const char *text, size_t len);

#endif
