#!/usr/bin/env bash
# A ring that is full and hooks whose runs were skipped, live: what was told and what was lost add up, exits
# that were lost are told as missed, the kernel's tables are cleared of what is gone, and a pid that
# is used again is its next owner's.  Traced are only programs of a name of this run, in a network of its own.
# Before that, replayed: more processes than the table holds, none of which ever ends.
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
if [ -z "${TRACED_INSIDE:-}" ]; then
	work=$(mktemp -d)
	awk 'BEGIN {
		print "relaytrace-recording 1\n0 start wall=1763945000 host=node1 boot_id=6b1c2d3e"
		for (i = 1; i <= 90000; i++) {
			printf "%d.%06d exec pid=%d start=%d.%06d parent=1 tree=rke2 file=/usr/local/bin/rke2\n", i / 1000, i % 1000 * 1000, i + 9, i / 1000, i % 1000 * 1000
			printf "%d.%06d state pid=%d start=%d.%06d socket=%d to=203.0.113.10:443 close>syn-sent\n", i / 1000, i % 1000 * 1000 + 100, i + 9, i / 1000, i % 1000 * 1000, i
			printf "%d.%06d state socket=%d to=203.0.113.10:443 syn-sent>close error=ECONNREFUSED\n", i / 1000, i % 1000 * 1000 + 200, i
		}
		print "91 stop\nend"
	}' >"$work/record"
	"$BUILD/relaytrace" replay "$work/record" --fail-on never -o json:"$work/out" 2>"$work/errors"
	counts="$(grep -c '"action":"exec"' "$work/out") $(grep -c '"action":"dial"' "$work/out") $(tail -1 "$work/out" | jq .relaytrace.loss.process)"
	first=$(grep -m 1 '"action":"loss"' "$work/out" | jq .relaytrace.loss.process)
	rm -rf "$work"
	if [[ $counts =~ ^90000\ 90000\ 24464$ ]] && [ "$first" = 1 ]; then
		echo "ok overflow: a full table of processes goes on, and says what it gives up"
	else
		echo "not ok overflow: a full table of processes goes on, and says what it gives up: execs, dials, given up: $counts, first told ${first:-never}"
	fi
fi
# shellcheck disable=SC2034 # read by traced.sh
suite=overflow
. tests/service/traced.sh
cp "$work/$name" "$work/other$$" # in no tree
of() { jq -c "select(.event.action == \"$1\")" "$2"; }
# as_pid PID COMMAND...: COMMAND with that pid, where the kernel can be told; false where it has another.
as_pid() {
	local pid=$1 left=50
	shift
	while [ $((left--)) -gt 0 ]; do
		echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid || return 1
		{ [ $BASHPID != "$pid" ] || exec "$@"; } &
		[ $! = "$pid" ] && return 0
		wait $! # somebody was faster
	done
	return 1
}

# ---- a full ring ----
start -o json:"$work/out" -o record:"$work/record" --heartbeat 0.3
enders=()
for ((i = 0; i < 20; i++)); do # known before the ring is full, gone while it is
	"$work/$name" 80 50000 >>"$work/made" &
	enders+=($!)
done
"$work/$name" 300 50000 >>"$work/made" & # outlives it
long=$!
pids+=("$long")
# shellcheck disable=SC2317 # called
known() { [ "$(grep -c '"action":"exec"' "$work/out")" -ge 22 ]; } # the holder too
wait_for 20 known
kill -STOP "$tracer"
"$work/$name" 13000 >>"$work/made" # a record of an exit is small: one or two may find room after that
for _ in 1 2 3 4; do "$work/$name" 1 >>"$work/made"; done
wait "${enders[@]}"
kill -CONT "$tracer"
missed() { grep -c '"missed":true' "$work/out"; }
# shellcheck disable=SC2317 # called
all_missed() { [ "$(missed)" -ge 20 ]; }
wait_for 10 all_missed
looked=$(missed) first=${enders[0]}
wait $long
"$work/$name" 30 >>"$work/made"
sleep 0.5
# Somebody else with a pid of whom the exit was lost, and one of the tree.
reused=
if as_pid "$first" env -i "$work/other$$" 20 >/dev/null; then
	wait $!
	: >"$work/again"
	as_pid "$first" env -i HTTPS_PROXY=http://192.0.2.1:3128 "$work/$name" 25 >"$work/again" && reused=yes
	wait $!
	[ -z "$reused" ] || cat "$work/again" >>"$work/made"
fi
sleep 0.5
stop
made=$(awk '{ n += $1 } END { print n }' "$work/made")
end=$(of stop "$work/out")
field() { jq "$1" <<<"$end"; }
if [ "$(field .relaytrace.loss.exit)" -gt 0 ] && [ "$(field .relaytrace.loss.connect)" -gt 0 ] &&
	[ $(($(field .relaytrace.seen.connect) + $(field .relaytrace.loss.connect))) = "$made" ] &&
	[ $(($(field .relaytrace.seen.state) + $(field .relaytrace.loss.state))) = $((made * 2)) ]; then
	ok "full ring: connects and states that were told and that were lost are the $made dials that were made"
else
	bad "full ring: connects and states told and lost are those made" "$made dials made, $(jq -c '[.relaytrace.seen, .relaytrace.loss]' <<<"$end")"
fi
# A dial is told when one of its pieces that says whose it is came through; a connect() that was lost may
# be of a dial that was told by its SYN: those are counted, in the recording.
told=$(of dial "$work/out" | jq -s '[.[].relaytrace.dial.id] | unique | length')
total=$(field '[.relaytrace.dials[].count] | add')
by_syn=$(awk '$2 == "state" && / close>syn-sent/ { match($0, / socket=[0-9]+/); syn[substr($0, RSTART, RLENGTH)]++ }
	$2 == "connect" { match($0, / socket=[0-9]+/); delete syn[substr($0, RSTART, RLENGTH)] }
	END { n = 0; for (s in syn) n++; print n }' "$work/record")
open=$((made - total - $(field .relaytrace.loss.connect) + by_syn))
if [ "$told" = "$total" ] && [ "$open" -ge 0 ] && [ "$open" -le "$by_syn" ]; then
	ok "full ring: $total dials told and $(field .relaytrace.loss.connect) connects lost are all, less $by_syn told or open by their SYN"
else
	bad "full ring: dials told and connects lost are all" "$made made, $told lines, $total in the stop line, $(field .relaytrace.loss.connect) lost, $by_syn by their SYN"
fi
# An exit that found room where all that came before it of its process did not is nobody's: it has no line.
strangers=$(awk '{ who = match($0, / pid=[0-9]+ start=[0-9.]+/) ? substr($0, RSTART, RLENGTH) : "" }
	$2 == "exit" && !(who in told) { n++ }
	{ told[who] = 1 }
	END { print n + 0 }' "$work/record")
if jq -c '[.event.action, .relaytrace.output.written, .relaytrace.output.refused, .relaytrace.seen.exec, .relaytrace.seen.exit, .relaytrace.loss]' "$work/out" |
	jq -s -e --argjson strangers "$strangers" '. as $all | [range(length) | select($all[.][0] == "heartbeat" or $all[.][0] == "stop")] | length >= 5 and all(.[]; . as $at |
		$all[$at][1] == $at and $all[$at][2] == 0 and
		([$all[:$at][] | select(.[0] == "exec")] | length) == $all[$at][3] and
		($all[$at][4] - ([$all[:$at][] | select(.[0] == "exit")] | length) |
			. == $strangers or (. >= 0 and . < $strangers and $all[$at][0] == "heartbeat")) and
		$all[$at][5] == (([$all[:$at][] | select(.[0] == "loss" or .[0] == "heartbeat")] | last | .[5]) // $all[$at][5]))' >"$work/why"; then
	ok "full ring: heartbeats and the stop line say what stands before them, losses too"
else
	bad "full ring: heartbeats and the stop line say what stands before them" "$strangers exits without a line, $(of heartbeat "$work/out" | tail -2 | jq -c '[.relaytrace.seen, .relaytrace.loss]')"
fi
# Every process that was told ended, and ends once; but the holder.
dead=$(jq -s '[.[] | select(.event.action == "exec") | .process.entity_id] - [.[] | select(.event.action == "exit") | .process.entity_id] | length' "$work/out")
twice=$(of exit "$work/out" | jq -r .process.entity_id | sort | uniq -d | wc -l)
if [ "$looked" -ge 20 ] && [ "$dead" = 1 ] && [ "$twice" = 0 ] && [ "$(missed)" -le "$(field .relaytrace.loss.exit)" ] && valid "$work/out"; then
	ok "full ring: the $looked exits that were lost are told as missed, each once"
else
	bad "full ring: exits that were lost are told as missed" "$looked then, $(missed) at the end, of $(field .relaytrace.loss.exit) lost; $dead never ended, $twice twice; $(head -1 "$work/why")"
fi
if ! "$BUILD/relaytrace" replay "$work/record" --fail-on never -o json:"$work/replayed" 2>"$work/errors" ||
	! cmp -s <(jq -c 'select(.event.action == "exit" or .event.action == "dial") | del(.["@timestamp"])' "$work/out") \
		<(jq -c 'select(.event.action == "exit" or .event.action == "dial") | del(.["@timestamp"])' "$work/replayed"); then
	bad "full ring: a replay says the same" "$(cat "$work/errors")"
else
	ok "full ring: a replay says the same"
fi
if [ -n "$reused" ]; then
	last=$(of exec "$work/out" | jq -s -c "[.[] | select(.process.pid == $first)] | last")
	dials=$(of dial "$work/out" | jq -s "[.[] | select(.process.entity_id == $(jq .process.entity_id <<<"$last"))] | length")
	if jq -e '.process.env_vars == ["HTTPS_PROXY=http://192.0.2.1:3128"]' <<<"$last" >/dev/null && [ "$dials" = 25 ]; then
		ok "full ring: a pid of whom the exit was lost is its next owner's"
	else
		bad "full ring: a pid of whom the exit was lost is its next owner's" "$dials dials of $last"
	fi
else
	echo "skip overflow: the kernel cannot be told which pid comes next"
fi

# ---- hooks whose runs were skipped: entries that nobody takes out ----
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
# A filter counts what stands in a slot, and bpftool does not: an entry is put where one of these stands.
slots=16384 others=() free=()
free_pid() { # PID: one that nobody has and that falls on its slot
	local pid=$(($1 % slots)) most
	most=$(cat /proc/sys/kernel/pid_max)
	for (( ; pid < most; pid += slots)); do
		[ $pid -gt 300 ] && [ ! -d /proc/$pid ] && echo $pid && return
	done
	return 1
}
for ((i = 0; i < 500 && ${#others[@]} < 3; i++)); do
	sleep 100000 &
	if pid=$(free_pid $!); then
		others+=($!)
		free+=("$pid")
		pids+=($!)
	else
		kill $!
	fi
done
start "${others[@]/#/--pid=}" -o json:"$work/stale"
map_of() { # NAME: the id of the tracer's map
	cat "/proc/$tracer"/fdinfo/* 2>/dev/null | sed -nE 's/^map_id:[[:space:]]*([0-9]+)$/\1/p' | sort -u | while read -r id; do
		[ "$("$bpftool" -j map show id "$id" 2>/dev/null | jq -r .name)" = "$1" ] && echo "$id"
	done
}
bytes() { # NUMBER SIZE: as bpftool takes them, little endian
	local i
	for ((i = 0; i < $2; i++)); do printf '%d ' $((($1 >> (8 * i)) & 255)); done
}
traced=$(map_of traced) sockets=$(map_of sockets)
put() { # PID: an entry of a process that began long ago, and that nobody saw end
	# shellcheck disable=SC2046 # words
	"$bpftool" map update id "$traced" key $(bytes "$1" 4) value $(bytes 70000000 8) $(bytes 0 8)
}
has() { # PID
	# shellcheck disable=SC2046 # words
	"$bpftool" map lookup id "$traced" key $(bytes "$1" 4) >/dev/null 2>&1
}
if [ -z "$traced" ] || [ -z "$sockets" ]; then
	echo "skip overflow: no bpftool"
elif [ ${#free[@]} = 3 ]; then
	first=${free[0]} second=${free[1]} third=${free[2]}
	put "$first"
	if has "$first" && as_pid "$first" "$work/other$$" 20 >/dev/null; then
		wait $!
		left=
		has "$first" && left+=" by its birth"
		# This one lives before the entry stands, so that what it does is looked at.
		as_pid "$second" "$work/other$$" 100 20000 >/dev/null && put "$second"
		wait $!
		has "$second" && left+=" by its dials"
		if [ -z "$left" ] && [ "$(of dial "$work/stale" | wc -l)" = 0 ]; then
			ok "skipped exit: the pid's next owner, in no tree, is not traced"
		else
			bad "skipped exit: the pid's next owner is not traced" "$(of dial "$work/stale" | wc -l) dials; the entry was not taken out$left"
		fi
	else
		echo "skip overflow: the kernel cannot be told which pid comes next"
	fi
	put "$third"
	# shellcheck disable=SC2046 # words
	"$bpftool" map update id "$sockets" key $(bytes 4096 8) value $(bytes 77 8) $(bytes 77 8)
	"$work/$name" 1 >/dev/null
	sleep 1.5
	has "$third" && kept=yes || kept=
	kill -STOP "$tracer"
	"$work/$name" 13000 >/dev/null
	for _ in 1 2 3 4; do "$work/$name" 1 >/dev/null; done
	kill -CONT "$tracer"
	# shellcheck disable=SC2046,SC2317 # words; called
	swept() { ! has "$third" && ! "$bpftool" map lookup id "$sockets" key $(bytes 4096 8); }
	if [ -n "$kept" ] && wait_for 10 swept && has "$holder"; then
		ok "skipped exit: after a loss the kernel's tables are cleared of what is gone, and of that alone"
	else
		bad "skipped exit: after a loss the kernel's tables are cleared" "before a loss kept: ${kept:-no}, $(of stop "$work/stale" | jq -c .relaytrace.loss), $("$bpftool" map dump id "$traced" | tr -d ' \n' | head -c 400)"
	fi
else
	echo "skip overflow: no pid is free that falls on the slot of a traced one"
fi
stop
exit $status
