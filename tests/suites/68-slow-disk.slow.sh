#!/usr/bin/env bash
# A disk that stands still for seconds (a frozen filesystem) while lines are written to it.  A write to a
# regular file waits in the kernel whatever its flags, so what holds the events meanwhile is the kernel's ring: while
# that lasts nothing is lost, beyond it each loss is counted and told; and what was written before stays.
# shellcheck disable=SC2034 # read by traced.sh
suite='slow disk'
undo() { fsfreeze -u "$work/disk" 2>/dev/null; }
. "$(dirname "$0")/../service/traced.sh"
mkdir "$work/disk"
truncate -s 64M "$work/image"
if ! { mkfs.ext4 -q "$work/image" && mount -o loop "$work/image" "$work/disk" && fsfreeze -f "$work/disk" && fsfreeze -u "$work/disk"; } 2>"$work/errors"; then
	echo "skip slow disk: no filesystem in a file that can be frozen: $(tail -1 "$work/errors")"
	exit 0
fi
# Dials, not lines: one that stays open for long, or whose end was lost, is told as pending first.
dials_in() { jq -r 'select(.event.action == "dial") | .relaytrace.dial.id' "$work/disk/$1" | sort -u | wc -l; }
at_least() { [ "$(dials_in "$1")" -ge "$2" ]; }
# Waits in the kernel for the disk?
waits() { [ "$(sed -n 's/^State:[^A-Z]*\(.\).*/\1/p' "/proc/$tracer/status")" = D ]; }
# frozen FILE DIALS PAUSE_US: 100 dials, then so many more while the disk stands still, then 10 in time.
frozen() {
	start --heartbeat 1 -o json:"$work/disk/$1"
	dials 100 >/dev/null
	wait_for 10 at_least "$1" 100
	cp "$work/disk/$1" "$work/before"
	fsfreeze -f "$work/disk"
	dials "$2" "$3" >/dev/null
	sleep 4
	waits && stood=yes || stood=no
	fsfreeze -u "$work/disk"
	wait_for 20 sh -c "! grep -q 'State:.*D (' /proc/$tracer/status"
	sleep 2
	dials 10 >/dev/null
	sleep 1
	stop
	end=$(jq -c 'select(.event.action == "stop")' "$work/disk/$1")
	lost=$(jq '[.relaytrace.loss[]] | add' <<<"$end")
	told=$(jq '[.relaytrace.dials[].count] | add' <<<"$end")
}
whole() { tests/schema/validate "$1" >"$work/why" 2>&1 && cmp -s -n "$(stat -c %s "$work/before")" "$work/before" "$1"; }

frozen short 300 1000
if [ $stood = yes ] && [ $code = 0 ] && [ "$lost" = 0 ] && [ "$(dials_in short)" = 410 ] && whole "$work/disk/short"; then
	ok "4 s without the disk: each of 300 dials meanwhile has its line afterwards"
else
	bad "4 s without the disk: each dial has its line afterwards" "waited $stood, status $code, $(dials_in short) of 410, lost $lost, $(head -1 "$work/why") $(cat "$work/errors")"
fi

frozen long 40000 0
first=$(jq -r 'select(.event.action == "loss") | "\([.relaytrace.loss[]] | add)"' "$work/disk/long" | head -1)
if [ $stood = yes ] && [ $code = 0 ] && [ "$lost" -gt 0 ] && [ "${first:-0}" -gt 0 ] && [ "$(dials_in long)" = "$told" ] && whole "$work/disk/long"; then
	ok "more dials than the ring holds: what was written is whole, $told of 40110 are told, and the loss of $lost records is told in-band"
else
	bad "more dials than the ring holds: losses are counted and told" "waited $stood, status $code, $(dials_in long) lines, $told told, lost $lost, first told ${first:-none}, $(head -1 "$work/why") $(cat "$work/errors")"
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
