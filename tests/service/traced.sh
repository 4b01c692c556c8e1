# Sourced by the suites that try the tracer's outputs, with $suite, their name: a network and mounts of their
# own, a tracer in the background that sees only programs of a name of this run, and what to judge it by.
# A suite that has more to undo than to end pids and to remove $work has a function undo.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
if [ "$(id -u)" != 0 ]; then
	echo "skip $suite: needs root"
	exit 0
fi
if [ -z "${TRACED_INSIDE:-}" ]; then
	TRACED_INSIDE=1 exec unshare --mount --net --propagation private "$0" "$@"
fi
ip link set lo up
work=$(mktemp -d)
pids=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	if declare -F undo >/dev/null; then undo; fi
	for pid in "${pids[@]}"; do kill -CONT "$pid" 2>/dev/null && kill -9 "$pid" 2>/dev/null; done
	wait 2>/dev/null
	umount "$work/small" "$work/disk" 2>/dev/null
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
status=0
ok() { echo "ok $suite: $1"; }
bad() {
	echo "not ok $suite: $1: $2"
	status=1
}

name=${suite:0:6}$$
cc -O1 -Wall -o "$work/$name" tests/service/dialler.c || exit 1
sleep 100000 &
holder=$! # its tree and those of $name are all that is traced
pids+=("$holder")
dials() { "$work/$name" "$@"; }
wait_for() { # SECONDS COMMAND...
	local until=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.05
	done
}
# start OPTIONS...: the tracer in the background, without a terminal, attached; its pid in $tracer.
# Its standard output is $out, its environment has what is in the array environment.
environment=()
start() {
	: >"$work/ready"
	setsid env ${environment[@]+"${environment[@]}"} "$BUILD/relaytrace" trace --pid $holder --tree "$name" \
		--fail-on never -o text:"$work/ready" "$@" </dev/null >"${out:-/dev/null}" 2>"${errors:-$work/errors}" &
	tracer=$!
	pids+=("$tracer")
	wait_for 30 grep -q START "$work/ready" || {
		bad "the tracer" "did not start: $(cat "$work/errors")"
		exit 1
	}
}
stop() {
	kill -TERM "$tracer"
	wait "$tracer"
	code=$?
}
is_dial() { jq -c 'select(.event.action == "dial")' "$@" | wc -l; }
total_dials() { jq '[.relaytrace.dials[].count] | add' <<<"$1"; } # of a stop line
valid() { tests/schema/validate "$@" >"$work/why" 2>&1; }
