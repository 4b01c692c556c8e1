#!/usr/bin/env bash
# Who reads the outputs hangs, live: a journald, a pipe, a standard output, a service manager.  The other outputs
# have their lines, signs of life go on, SIGTERM ends the tracer, and what was refused is counted, and told when
# the reader is back.  And how a tracer ends that cannot go on.
suite=hung
# shellcheck source-path=SCRIPTDIR source=../service/traced.sh
. "$(dirname "$0")/../service/traced.sh"

now() { echo "$EPOCHREALTIME"; }
is_under() { awk -v took="$1" -v limit="$2" 'BEGIN { exit !(took < limit) }'; }
since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.2f", to - from }'; }
has_dials() { [ "$(grep -c '"action":"dial"' "$1")" -ge "$2" ]; }
# tell SECONDS COUNT FILE: COUNT dials stand in FILE, after SECONDS at most; how long it took is in $took.
tell() {
	local from
	from=$(now)
	dials "$2" >/dev/null
	wait_for "$1" has_dials "$3" "$2"
	took=$(since "$from")
}
# A tracer that does not end is killed after 20 s; how long it took is in $took.
stop_in_time() {
	local from killer
	from=$(now)
	(sleep 20 && kill -9 "$tracer") 2>/dev/null &
	killer=$!
	stop
	took=$(since "$from")
	kill "$killer" 2>/dev/null # its sleep ends by itself
	wait "$killer" 2>/dev/null
}
listen() { # SOCKET OUT [hangs]: its pid in $listener
	: >"$work/listens"
	tests/service/datagrams.py "$@" >"$work/listens" &
	listener=$!
	pids+=("$listener")
	wait_for 20 grep -q ready "$work/listens"
}

# What everything takes here when nobody hangs, and from that what is allowed when somebody does: some 4 s for
# the dials and 4.5 s for the end on a machine that has nothing else to do.
told=0 ended=0
measure() {
	: >"$work/usual"
	start -o json:"$work/usual"
	tell 30 300 "$work/usual"
	told=$(awk -v t="$took" -v had="$told" 'BEGIN { t = 3.5 + 3 * t; print (t > had) ? t : had }')
	stop_in_time
	ended=$(awk -v t="$took" -v had="$ended" 'BEGIN { t = 4 + 3 * t; print (t > had) ? t : had }')
	echo "# allowed are $told s for 300 dials and $ended s for an end"
}
measure
# Did it take no longer than is allowed ($told or $ended, by name)?  If others keep the machine busy by now, that counts.
in_time() { # NAME SECONDS
	is_under "$2" "${!1}" || { measure && is_under "$2" "${!1}"; }
}
gone() { # PID...
	kill -9 "$@"
	wait "$@" 2>/dev/null
}

# judge WHAT FILE: 300 dials beside an output that hangs, all of which stand in FILE, and an end.
judge() {
	local ends
	tell 30 300 "$2"
	told_after=$took
	stop_in_time
	ended_after=$took ends=$code
	if in_time told "$told_after"; then
		ok "$1: the other output has all dials after $told_after s"
	else
		bad "$1: the other output has all dials" "$(grep -c '"action":"dial"' "$2") after $told_after s, not within $told s"
	fi
	if in_time ended "$ended_after" && [ "$ends" = 2 ]; then
		ok "$1: SIGTERM ends the tracer in $ended_after s"
	else
		bad "$1: SIGTERM ends the tracer" "status $ends after $ended_after s, not within $ended s"
	fi
	lost=$(jq -s 'map(select(.event.action == "stop"))[0].relaytrace.loss.sink // 0' "$2")
	if [ "$lost" -gt 0 ] && [ "$(jq -s 'map(select(.event.action == "loss"))[0].relaytrace.loss.sink // 0' "$2")" -gt 0 ]; then
		ok "$1: the $lost entries that it refused are counted and told"
	else
		bad "$1: what it refused is counted and told" "$lost"
	fi
}

# ---- a journald ----
listen "$work/journal" "$work/entries" hangs
start -o journal:"$work/journal" -o json:"$work/good1"
judge "a journald that does not read" "$work/good1"

# ---- a pipe, which is also standard error ----
mkfifo "$work/pipe"
sleep 100000 <>"$work/pipe" &
reader=$!
pids+=("$reader")
errors=$work/pipe start -o json:"$work/pipe" -o json:"$work/good2"
judge "a pipe that nobody reads" "$work/good2"

# ---- a terminal, and those two beside it: they are waited for together ----
python3 -c 'import os, pty, time; ends = pty.openpty(); print(os.ttyname(ends[1]), flush=True); time.sleep(100000)' >"$work/tty" &
terminal=$!
pids+=("$terminal")
if wait_for 20 test -s "$work/tty" && [ -c "$(cat "$work/tty")" ]; then
	out=$(cat "$work/tty") start -o json -o json:"$work/pipe" -o journal:"$work/journal" -o json:"$work/good7"
	judge "a terminal that is stopped, beside both" "$work/good7"
else
	echo "skip $suite: no terminal can be had here"
fi
gone "$reader" "$listener" "$terminal"
rm -f "$work/journal"

# ---- standard output, whose description others have too; the watchdog goes on ----
listen "$work/notify" "$work/notified"
sleep 100000 <>"$work/pipe" &
reader=$!
pids+=("$reader")
environment=(NOTIFY_SOCKET="$work/notify" WATCHDOG_USEC=2000000)
out=$work/pipe start -o json -o json:"$work/good3"
dials 300 >/dev/null
wait_for 60 has_dials "$work/good3" 300
flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$tracer/fdinfo/1")
alive=$(grep -c WATCHDOG=1 "$work/notified")
if wait_for 20 sh -c "[ \$(grep -c WATCHDOG=1 '$work/notified') -ge $((alive + 3)) ]"; then
	ok "a standard output that nobody reads: signs of life go on"
else
	bad "a standard output that nobody reads: signs of life go on" "$(tail -2 "$work/notified")"
fi
if [ $((flags & 04000)) = 0 ]; then
	ok "a standard output that nobody reads: it blocks as before for those who share it"
else
	bad "a standard output that nobody reads: it blocks as before for those who share it" "flags $flags"
fi
judge "a standard output that nobody reads" "$work/good3"
gone "$reader"

# ---- a service manager that is started anew, by path and by an abstract name ----
signs_go_on() { # NAME OUT
	if wait_for 10 grep -q WATCHDOG=1 "$2"; then
		kill -HUP "$listener"
		sleep 2.5 # it is back after one, and a sign of life is due every second
		alive=$(grep -c WATCHDOG=1 "$2")
		wait_for 20 sh -c "[ \$(grep -c WATCHDOG=1 '$2') -ge $((alive + 2)) ]" && stop &&
			wait_for 5 grep -q STOPPING=1 "$2" && ok "$1: signs of life go on when it was started anew" && return
	fi
	bad "$1: signs of life go on when it was started anew" "$(tail -2 "$2")"
	stop
}
start -o json:"$work/good4"
signs_go_on "a service manager" "$work/notified"
gone "$listener"
listen "@relaytrace-$$" "$work/notified2"
environment=(NOTIFY_SOCKET="@relaytrace-$$" WATCHDOG_USEC=2000000)
start -o json:"$work/good5"
signs_go_on "an abstract socket" "$work/notified2"
gone "$listener"
environment=()

# ---- they hang, and come back ----
listen "$work/journal" "$work/entries"
mkfifo "$work/go"
{ read -r _ <"$work/go" && cat; } <"$work/pipe" >"$work/read" &
reader=$!
pids+=("$reader")
start -o json:"$work/pipe" -o journal:"$work/journal" -o json:"$work/good6"
wait_for 10 grep -q EVENT_ACTION=start "$work/entries"
kill -USR1 "$listener"
sleep 0.2
dials 300 >/dev/null
wait_for 60 has_dials "$work/good6" 300
kill -USR2 "$listener"
echo >"$work/go"
wait_for 20 test -s "$work/read"
sleep 0.5
dials 20 >/dev/null
wait_for 60 has_dials "$work/good6" 320
sleep 0.5
stop
wait $reader
end=$(jq -c 'select(.event.action == "stop")' "$work/read")
if valid "$work/read" "$work/good6" && [ "$(wc -l <"$work/read")" = "$(($(jq .relaytrace.output.written <<<"$end") + 1))" ]; then
	ok "a reader that is back: every line is whole, and those that were written are there ($(is_dial "$work/read") of 320 dials)"
else
	bad "a reader that is back: every line is whole" "$(head -1 "$work/why"); $(wc -l <"$work/read") lines, $(jq -c .relaytrace.output <<<"$end")"
fi
missing=$((320 - $(is_dial "$work/read")))
if [ "$missing" -gt 0 ] && [ "$(jq .relaytrace.output.refused <<<"$end")" -ge "$missing" ] &&
	[ "$(jq -s 'map(select(.event.action == "loss")) | last | .relaytrace.loss.sink' "$work/read")" = "$(jq .relaytrace.loss.sink <<<"$end")" ] &&
	[ "$(tail -n 25 "$work/read" | grep -c '"action":"dial"')" -ge 20 ]; then
	ok "a reader that is back: it is told what was refused, and has what is new"
else
	bad "a reader that is back: it is told what was refused, and has what is new" "$missing dials are missing; $(grep '"action":"loss"' "$work/read" | tail -1) $end"
fi
if [ "$(grep -ac EVENT_ACTION=dial "$work/entries")" -ge 20 ] && [ "$(grep -ac EVENT_ACTION=dial "$work/entries")" -lt 320 ] &&
	grep -aq "^RELAYTRACE_LOSS_SINK=[1-9]" "$work/entries" && grep -aq EVENT_ACTION=stop "$work/entries"; then
	ok "a journald that is back: it has what is new, and how much was refused"
else
	bad "a journald that is back: it has what is new, and how much was refused" "$(grep -ac EVENT_ACTION=dial "$work/entries") dials, $(grep -a LOSS_SINK "$work/entries" | tail -1)"
fi
gone "$listener"

# ---- a flood of dials without end ----
start -o json:"$work/flood"
for _ in 1 2; do
	"$work/$name" 100000000 >/dev/null &
	pids+=($!)
done
wait_for 20 has_dials "$work/flood" 1000
stop_in_time
gone "${pids[@]: -2}"
ended_after=$took ends=$code
if in_time ended "$ended_after" && [ "$ends" = 0 ] && valid "$work/flood"; then
	ok "SIGTERM ends the tracer in $ended_after s under a flood of dials"
else
	bad "SIGTERM ends the tracer under a flood of dials" "status $ends after $ended_after s, not within $ended s; $(head -1 "$work/why")"
fi

# ---- a fault of the kernel's side ----
if cc -O1 -Wall -shared -fPIC -o "$work/fault.so" tests/service/fault.c -ldl && ldd "$BUILD/relaytrace" | grep -q libbpf; then
	environment=(LD_PRELOAD="$work/fault.so" FAULT="$work/fault")
	start -o json:/dev/full -o json:"$work/broken"
	dials 3 >/dev/null
	wait_for 20 has_dials "$work/broken" 3
	: >"$work/fault"
	dials 1 >/dev/null # it wakes up
	wait "$tracer"
	code=$?
	if [ "$code" = 4 ] && grep -q 'ring buffer cannot be read' "$work/errors" && grep -q '"action":"stop"' "$work/broken" &&
		! sed -n 's/^RestartPreventExitStatus=//p' tools/relaytrace.service | grep -qw $code; then
		ok "a fault of the kernel's side is one that the unit starts again, though an output had refused"
	else
		bad "a fault of the kernel's side is one that the unit starts again" "status $code, $(cat "$work/errors")"
	fi
else
	echo "skip $suite: nothing to preload a fault into"
fi
exit $status
