# SPDX-License-Identifier: GPL-2.0-only
# The words that scenarios/*.sh are written in.  Sourced by lab.  A scenario is a directory
# $lab_dir/s/NAME; each word writes one file of it or adds a line to one, and nothing runs yet.
#
#   scenario NAME STORY     begins one
#   takes SECONDS           about how long it lasts (long ones are started first); default 3
#   needs TAG...            what the tracer must be able to do (lab --has); always: dials
#   on node|lean            where the puller runs; default node
#   resolver NAME           files/resolv-NAME.conf instead of a resolver that answers
#   carries NAME=VALUE...   the environment of the puller, beside PATH, HOME and the CA
#   pull KIND HOST [SECS]   rke2: a copy of skopeo named rke2; containerd: over CRI, below a
#                           supervisor; pair: the supervisor pulls as rke2, then over CRI.  HOST
#                           without a dot is HOST.test.  SECS: the puller's own patience
#   beside HOST NAME=VALUE...  a second rke2 at the same time, with an environment of its own
#   attach                  the supervisor runs already when the tracer comes (--pid)
#
# What the puller says (PULLER is rke2 or containerd), checked with and without the tracer:
#   says PULLER TEXT        fails, and its words contain TEXT
#   works PULLER            pulls the image
#
# What the tracer must report, no more and no less (ROLE is supervisor or containerd):
#   dial ROLE OUTCOME PATH IP:PORT [n=N] [errno=N] [host=NAME]
#                           the set of (role, outcome, path, target) of all dials, each after its
#                           last word; n: how many of this kind; no `dial` line: no dials at all
#   pending ROLE PATH IP:PORT  it was reported while it was still open
#   finding ROLE ID [KEY=VALUE...]  one finding; KEY: outcome path to host port relay status errno
#                           severity missing mentions (a text in message, chain or remedy)
#   may ROLE ID             a finding that may stand beside, or not
#   asks ROLE NAME CODE     a resolve line
#   relayed ROLE RELAY CONNECT-HOST STATUS   a relay line; RELAY is IP:PORT or NAME:PORT
#
# No `finding` line: no finding at all, of any severity.

scenario() {
	lab_s=$lab_dir/s/$1
	if [ -e "$lab_s" ]; then
		echo "lab: two scenarios are named $1" >&2
		exit 2
	fi
	mkdir -p "$lab_s"
	echo "$2" >"$lab_s/story"
	: >"$lab_s/expected"
	: >"$lab_s/carries"
	lab_set on node
	lab_set takes 3
	lab_set needs dials
	lab_set resolver resolv.conf
}

lab_set() { printf '%s\n' "${*:2}" >"$lab_s/$1"; }
lab_get() { cat "$lab_s/$1" 2>/dev/null; }
lab_host() { case $1 in *.*) echo "$1" ;; *) echo "$1.test" ;; esac }

takes() { lab_set takes "$1"; }
needs() { lab_set needs "dials $*"; }
on() { lab_set on "$1"; }
resolver() { lab_set resolver "resolv$([ "$1" = v6 ] && echo 6 || echo "-$1").conf"; }
carries() { printf '%s\0' "$@" >>"$lab_s/carries"; }
attach() { : >"$lab_s/attach"; }
pull() {
	lab_set kind "$1"
	lab_set host "$(lab_host "$2")"
	[ -z "${3:-}" ] || lab_set patience "$3"
}
beside() {
	lab_set beside-host "$(lab_host "$1")"
	shift
	printf '%s\0' "$@" >"$lab_s/beside"
}

says() { printf '%s\t%s\n' "$1" "$2" >>"$lab_s/words"; }
works() { printf '%s\t\n' "$1" >>"$lab_s/words"; }

lab_expect() {
	local IFS=$'\t'
	printf '%s\n' "$*" >>"$lab_s/expected"
}
dial() { lab_expect dial "$@"; }
pending() { lab_expect pending "$@"; }
finding() { lab_expect finding "$@"; }
may() { lab_expect may "$@"; }
asks() { lab_expect asks "$@"; }
relayed() { lab_expect relayed "$@"; }
