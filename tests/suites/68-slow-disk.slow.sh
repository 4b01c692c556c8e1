#!/usr/bin/env bash
# A disk that stands still for seconds (a frozen filesystem) while lines are written to it.  A write to a
# regular file waits in the kernel whatever its flags, so what holds the events meanwhile is the kernel's ring: while
# that lasts nothing is lost, beyond it each loss is counted and told; and what was written before stays.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
if [ "$(id -u)" != 0 ]; then
	echo "skip slow disk: needs root"
	exit 0
fi
if [ -z "${SLOW_DISK_INSIDE:-}" ]; then
	SLOW_DISK_INSIDE=1 exec unshare --mount --net --propagation private "$0" "$@"
fi
ip link set lo up
work=$(mktemp -d)
pids=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	fsfreeze -u "$work/disk" 2>/dev/null
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null; done
	wait 2>/dev/null
	umount "$work/disk" 2>/dev/null
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
status=0
ok() { echo "ok slow disk: $1"; }
bad() {
	echo "not ok slow disk: $1: $2"
	status=1
}
mkdir "$work/disk"
truncate -s 64M "$work/image"
if ! { mkfs.ext4 -q "$work/image" && mount -o loop "$work/image" "$work/disk" && fsfreeze -f "$work/disk" && fsfreeze -u "$work/disk"; } 2>"$work/errors"; then
	echo "skip slow disk: no filesystem in a file that can be frozen: $(tail -1 "$work/errors")"
	exit 0
fi
name=slow$$
cc -O1 -Wall -o "$work/$name" tests/service/dialler.c || exit 1
wait_for() { # SECONDS COMMAND...
	local left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}
# Dials, not lines: one that stays open for long, or whose end was lost, is told as pending first.
is_dial() { jq -r 'select(.event.action == "dial") | .relaytrace.dial.id' "$work/disk/$1" | sort -u | wc -l; }
at_least() { [ "$(is_dial "$1")" -ge "$2" ]; }
# Waits in the kernel for the disk?
waits() { [ "$(sed -n 's/^State:[^A-Z]*\(.\).*/\1/p' "/proc/$tracer/status")" = D ]; }
# frozen FILE DIALS PAUSE_US: 100 dials, then so many more while the disk stands still, then 10 in time.
frozen() {
	: >"$work/ready"
	setsid "$BUILD/relaytrace" trace --tree "$name" --fail-on never --heartbeat 1 -o text:"$work/ready" -o json:"$work/disk/$1" \
		</dev/null >/dev/null 2>"$work/errors" &
	tracer=$!
	pids+=("$tracer")
	wait_for 30 grep -q START "$work/ready" || {
		bad "the tracer" "did not start: $(cat "$work/errors")"
		exit 1
	}
	"$work/$name" 100 >/dev/null
	wait_for 10 at_least "$1" 100
	cp "$work/disk/$1" "$work/before"
	fsfreeze -f "$work/disk"
	"$work/$name" "$2" "$3" >/dev/null
	sleep 4
	waits && stood=yes || stood=no
	fsfreeze -u "$work/disk"
	wait_for 20 sh -c "! grep -q 'State:.*D (' /proc/$tracer/status"
	sleep 2
	"$work/$name" 10 >/dev/null
	sleep 1
	kill -TERM "$tracer"
	wait "$tracer"
	code=$?
	end=$(jq -c 'select(.event.action == "stop")' "$work/disk/$1")
	lost=$(jq '[.relaytrace.loss[]] | add' <<<"$end")
	told=$(jq '[.relaytrace.dials[].count] | add' <<<"$end")
}
whole() { tests/schema/validate "$1" >"$work/why" 2>&1 && cmp -s -n "$(stat -c %s "$work/before")" "$work/before" "$1"; }

frozen short 300 1000
if [ $stood = yes ] && [ $code = 0 ] && [ "$lost" = 0 ] && [ "$(is_dial short)" = 410 ] && whole "$work/disk/short"; then
	ok "4 s without the disk: each of 300 dials meanwhile has its line afterwards"
else
	bad "4 s without the disk: each dial has its line afterwards" "waited $stood, status $code, $(is_dial short) of 410, lost $lost, $(head -1 "$work/why") $(cat "$work/errors")"
fi

frozen long 40000 0
first=$(jq -r 'select(.event.action == "loss") | "\([.relaytrace.loss[]] | add)"' "$work/disk/long" | head -1)
if [ $stood = yes ] && [ $code = 0 ] && [ "$lost" -gt 0 ] && [ "${first:-0}" -gt 0 ] && [ "$(is_dial long)" = "$told" ] && whole "$work/disk/long"; then
	ok "more dials than the ring holds: what was written is whole, $told of 40110 are told, and the loss of $lost records is told in-band"
else
	bad "more dials than the ring holds: losses are counted and told" "waited $stood, status $code, $(is_dial long) lines, $told told, lost $lost, first told ${first:-none}, $(head -1 "$work/why") $(cat "$work/errors")"
fi
# The last process came after the disk did: it, its ten dials and its end have their lines.  Behind them may
# stand what was only told late: dials and processes of which the end was lost.
last=$(jq -c 'select(.event.action == "exec") | .process.entity_id' "$work/disk/long" | tail -1)
of_last() { jq -c "select(.event.action == \"$1\" and .process.entity_id == $last)" "$work/disk/long"; }
if [ "$(of_last dial | jq -c .relaytrace.dial.id | sort -u | wc -l)" = 10 ] && [ "$(of_last dial | grep -c '"outcome":"refused"')" = 10 ] &&
	[ "$(of_last exit | grep -vc '"missed":true')" = 1 ]; then
	ok "what comes after it is seen as before"
else
	bad "what comes after it is seen as before" "$last: $(of_last dial | wc -l) dials, $(of_last exit | wc -l) exits; $(tail -3 "$work/disk/long" | cut -c1-200)"
fi
exit $status
