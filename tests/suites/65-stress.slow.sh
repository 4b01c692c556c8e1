#!/usr/bin/env bash
# Outputs that fail and a tracer that is killed, live: disk full, reader gone, reader slow, files rotated
# by logrotate, SIGKILL.  What was written stays whole, what was not is counted, and nothing stays in
# the kernel.  Traced are only programs of a name of this run, in a network and mounts of its own.
suite=stress
# shellcheck source-path=SCRIPTDIR source=../service/traced.sh
. "$(dirname "$0")/../service/traced.sh"

# ---- the disk is full, then not ----
mkdir "$work/small"
mount -t tmpfs -o size=64k tmpfs "$work/small"
start -o json:"$work/small/out" -o json:"$work/good"
dials 400 >/dev/null
sleep 1
cp "$work/small/out" "$work/full"
: >"$work/small/out" # as logrotate's copytruncate does
dials 20 >/dev/null
sleep 1
stop
lost=$(jq -r 'select(.event.action == "loss") | .relaytrace.loss.sink' "$work/small/out" | tail -1)
end=$(jq -c 'select(.event.action == "stop")' "$work/small/out")
if valid "$work/full" && valid "$work/small/out" && [ "$(wc -c <"$work/full")" -gt 40000 ]; then
	ok "disk full: every line that was written is whole"
else
	bad "disk full: every line that was written is whole" "$(head -1 "$work/why")"
fi
if [ "${lost:-0}" -gt 0 ] && [ "$lost" = "$(jq .relaytrace.output.refused <<<"$end")" ] &&
	[ "$(jq .relaytrace.output.written <<<"$end")" = "$(($(cat "$work/full" "$work/small/out" | wc -l) - 1))" ]; then
	ok "disk full: the $lost lines that were refused are told in-band when it takes lines again"
else
	bad "disk full: what was refused is told" "lost ${lost:-nothing}; $(jq -c .relaytrace.output <<<"$end") of $(cat "$work/full" "$work/small/out" | wc -l)"
fi
if [ "$(is_dial "$work/good")" = 420 ] && [ $code = 2 ] && [ "$(grep -c 'No space left' "$work/errors")" = 1 ]; then
	ok "disk full: the other output has all, one line of error, status 2"
else
	bad "disk full: the other output has all, one line of error, status 2" "$(is_dial "$work/good") dials, status $code, $(cat "$work/errors")"
fi
umount "$work/small"

# ---- the reader is gone ----
mkfifo "$work/pipe"
head -1 "$work/pipe" >"$work/first" &
reader=$!
out=$work/pipe start -o json -o json:"$work/good2"
wait $reader
dials 50 >/dev/null
sleep 0.7
if kill -0 "$tracer" 2>/dev/null && [ "$(is_dial "$work/good2")" = 50 ]; then
	ok "reader gone: the other output goes on"
else
	bad "reader gone: the other output goes on" "$(is_dial "$work/good2") dials, $(cat "$work/errors")"
fi
stop
setsid timeout 20 "$BUILD/relaytrace" trace --pid $holder --tree "$name" -o json </dev/null 2>"$work/errors" |
	head -1 >"$work/first" &
wait_for 20 test -s "$work/first"
ended() { dials 1 >/dev/null && grep -q "nobody reads" "$work/errors"; }
if wait $! && wait_for 10 ended; then
	ok "reader gone: without another output it ends and says so"
else
	bad "reader gone: without another output it ends and says so" "$(cat "$work/errors")"
fi

# ---- the reader is slow ----
{ sleep 3 && cat; } <"$work/pipe" >"$work/slow" &
reader=$!
out=$work/pipe start -o json
dials 4000 >/dev/null
wait_for 20 test -s "$work/slow"
dials 10 >/dev/null
sleep 1
stop
wait $reader
end=$(jq -c 'select(.event.action == "stop")' "$work/slow")
missing=$(($(total_dials "$end") - $(is_dial "$work/slow")))
if valid "$work/slow" && [ "$(jq .relaytrace.output.written <<<"$end")" = "$(($(wc -l <"$work/slow") - 1))" ] &&
	[ "$missing" -le "$(jq .relaytrace.output.refused <<<"$end")" ] && [ "$(jq .relaytrace.output.refused <<<"$end")" = "$(jq .relaytrace.loss.sink <<<"$end")" ]; then
	ok "reader slow: lines are whole, and what is not there is counted ($(is_dial "$work/slow") dials, $missing lost)"
else
	bad "reader slow: lines are whole, and what is not there is counted" "$(is_dial "$work/slow") lines, $(total_dials "$end") told, $(jq -c '[.relaytrace.output, .relaytrace.loss]' <<<"$end"); $(head -1 "$work/why")"
fi

# ---- heartbeats ----
start -o json:"$work/beats" --heartbeat 0.3
dials 600 2000 >/dev/null
stop
# What stands before it in the file is what was written, and each kind that was seen has its lines.
if jq -c '[.event.action, .relaytrace.output.written, .relaytrace.output.refused, .relaytrace.seen.exec, .relaytrace.seen.exit]' "$work/beats" |
	jq -s -e '. as $all | [range(length) | select($all[.][0] == "heartbeat")] | length >= 3 and all(.[]; . as $at |
		$all[$at][1] == $at and $all[$at][2] == 0 and
		([$all[:$at][] | select(.[0] == "exec")] | length) == $all[$at][3])' >"$work/why"; then
	ok "heartbeats: what each says was seen and written stands before it"
else
	bad "heartbeats: what each says was seen and written stands before it" "$(grep heartbeat "$work/beats" | head -2 | cut -c1-600)"
fi

# ---- logrotate ----
if command -v logrotate >/dev/null; then
	mkdir -m 755 "$work/log"
	start -o json:"$work/log/create.json" -o json:"$work/log/copy.json"
	cat >"$work/logrotate.conf" <<-END
		$work/log/create.json {
			rotate 1000
			create
			postrotate
				kill -HUP $tracer
			endscript
		}
		$work/log/copy.json {
			rotate 1000
			copytruncate
		}
	END
	"$work/$name" 3000 1000 >/dev/null &
	busy=$!
	pids+=("$busy")
	for _ in 1 2 3 4 5 6 7 8; do
		sleep 0.3
		logrotate -f -s "$work/logrotate.state" "$work/logrotate.conf" 2>"$work/why" || bad "logrotate" "$(cat "$work/why")"
	done
	wait $busy
	sleep 0.5
	logrotate -f -s "$work/logrotate.state" "$work/logrotate.conf" 2>"$work/why" || bad "logrotate" "$(cat "$work/why")"
	stop
	# The newest one is empty where the signal of its rotation and the one to stop came together.
	[ -s "$work/log/create.json" ] || rm -f "$work/log/create.json"
	files=("$work"/log/create.json*)
	end=$(jq -c 'select(.event.action == "stop")' "${files[@]}")
	if [ ${#files[@]} -ge 8 ] && valid "${files[@]}" && [ "$(is_dial "${files[@]}")" = 3000 ] &&
		[ "$(jq .relaytrace.output.written <<<"$end")" = "$(($(cat "${files[@]}" | wc -l) - 1))" ]; then
		ok "logrotate with create: no line of ${#files[@]} files is lost under load"
	else
		bad "logrotate with create: no line is lost" "${#files[@]} files, $(is_dial "${files[@]}") dials, $(head -1 "$work/why")"
	fi
	# What logrotate itself loses between copying and truncating is known; what is there must be whole.
	files=("$work"/log/copy.json*)
	if [ ${#files[@]} -ge 9 ] && ! grep -qaP '\x00' "${files[@]}" && jq -c . "${files[@]}" >/dev/null 2>"$work/why" &&
		[ "$(wc -c <"$work/log/copy.json")" -lt 1000000 ]; then
		ok "logrotate with copytruncate: lines are whole and there are no holes"
	else
		bad "logrotate with copytruncate: lines are whole and there are no holes" "${#files[@]} files, $(cat "$work/why")"
	fi
else
	echo "skip stress: no logrotate here"
fi

# ---- a recording whose disk is full, then not ----
mkdir "$work/as"
cp "$(command -v bash)" "$work/as/$name"
mkdir -p "$work/small"
mount -t tmpfs -o size=64k tmpfs "$work/small"
start -o record:"$work/small/record" -o json:"$work/good8"
dials 400 >/dev/null
wait_for 10 grep -q 'cannot write to .*/small/record: No space' "$work/errors"
sleep 0.5
mount -o remount,size=4m "$work/small"
dials 20 >/dev/null
"$work/as/$name" -c 'exec 3<>/dev/tcp/203.0.113.10/443' 2>/dev/null
sleep 1
stop
end=$(jq -c 'select(.event.action == "stop")' "$work/good8")
"$BUILD/relaytrace" replay "$work/small/record" --fail-on never -o json:"$work/again" 2>"$work/why"
again=$?
refused=$(jq .relaytrace.loss.sink <<<"$end")
missing=$(jq -s 'map(select(.event.action == "stop"))[0].relaytrace.loss | add' "$work/again")
if [ $code = 2 ] && [ $again = 0 ] && [ "${refused:-0}" -gt 0 ] && [ "${missing:-0}" = "$refused" ] && grep -q '"action":"loss"' "$work/again"; then
	ok "a recording whose disk was full: its replay tells the $missing events that it lacks as lost"
else
	bad "a recording whose disk was full: its replay tells what it lacks" "status $code, $again, refused $refused, missing $missing; $(cat "$work/why")"
fi
if [ "$(is_dial "$work/again")" -lt 420 ] && jq -s -e 'map(select(.event.action == "finding")) | length > 0 and all(.relaytrace.incomplete)' "$work/again" >/dev/null &&
	jq -s -e 'map(select(.event.action == "finding")) | length > 0 and all(.relaytrace.incomplete | not)' "$work/good8" >/dev/null; then
	ok "a recording whose disk was full: what its replay finds behind that is incomplete, what the live run found is not"
else
	bad "a recording whose disk was full: what its replay finds is incomplete" "$(is_dial "$work/again") dials, $(grep -h '"action":"finding"' "$work/again" "$work/good8" | cut -c1-1500)"
fi
umount "$work/small"

# ---- a limit on the size of files ----
# shellcheck disable=SC2016 # expanded there
(ulimit -f 8 && exec setsid "$BUILD/relaytrace" trace --fail-on never -o json:"$work/limited" -o json:"$work/limited2" \
	-- bash -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "$1" 1; done; sed -n "s/^SigIgn:[^0-9a-f]*//p" /proc/self/status >"$2"' bash "$work/$name" "$work/ignored") \
	</dev/null >/dev/null 2>"$work/errors"
code=$?
ignored=$((0x$(cat "$work/ignored" 2>/dev/null || echo 1)))
if [ $code = 2 ] && [ "$(grep -c "cannot write to .*: File too large" "$work/errors")" = 2 ] && valid "$work/limited" && [ "$(wc -c <"$work/limited")" -gt 4000 ]; then
	ok "a limit on the size of files: each output's refusal is told, no half line, status 2"
else
	bad "a limit on the size of files: each output's refusal is told, no half line, status 2" "status $code, $(wc -c <"$work/limited") bytes, $(cat "$work/errors")"
fi
if [ $((ignored & (1 << 24 | 1 << 12))) = 0 ]; then
	ok "a limit on the size of files: COMMAND takes SIGXFSZ and SIGPIPE as without a tracer"
else
	bad "a limit on the size of files: COMMAND takes SIGXFSZ and SIGPIPE as without a tracer" "$(cat "$work/ignored")"
fi

# ---- --max-size, a file that somebody else rotates, and what a reload may not ask for ----
in_big() { [ "$(cat "$work/big" "$work/big.1" 2>/dev/null | grep -c '"action":"dial"')" = "$1" ]; }
hup() { # LINES...: the configuration is these, and is read again
	local before
	before=$(grep -c 'reload: ' "$work/errors")
	printf '%s\n' "max-size 64K" "output json:$work/big" "$@" >"$work/conf"
	kill -HUP "$tracer"
	[ "${told:-yes}" = no ] || wait_for 10 sh -c "[ \$(grep -c 'reload: ' '$work/errors') -gt $before ]"
}
printf '%s\n' "max-size 64K" "output json:$work/big" >"$work/conf"
start --config "$work/conf"
dials 40 >/dev/null
wait_for 10 in_big 40
mv "$work/big" "$work/big.1"
: >"$work/big"
cp "$work/big.1" "$work/rotated"
dials 120 >/dev/null
wait_for 10 in_big 160
if cmp -s -n "$(stat -c %s "$work/rotated")" "$work/rotated" "$work/big.1" && valid "$work/big" "$work/big.1" &&
	[ "$(is_dial "$work/big" "$work/big.1")" = 160 ] && [ "$(stat -c %s "$work/big.1")" -le 65536 ]; then
	ok "--max-size: a file that was rotated by somebody else keeps its lines"
else
	bad "--max-size: a file that was rotated by somebody else keeps its lines" "$(wc -lc "$work/big" "$work/big.1" | tr '\n' ' ') $(head -1 "$work/why")"
fi
hup "group 12345"
hup "output record:$work/late"
if grep -q -- '--group 12345: .*needs a restart' "$work/errors" && grep -q -- "-o record:$work/late: .*needs a restart" "$work/errors" &&
	[ "$(grep -c 'the configuration of before stays' "$work/errors")" = 2 ] && [ ! -e "$work/late" ]; then
	ok "a reload takes neither a group that no file can be given nor a recording, and says so"
else
	bad "a reload takes neither a group that no file can be given nor a recording, and says so" "$(cat "$work/errors")"
fi
told=no hup "output json:/dev/full" "group $(id -g)"
if wait_for 10 grep -q 'cannot write to /dev/full: No space' "$work/errors"; then
	ok "a reload that adds an output which refuses says so"
else
	bad "a reload that adds an output which refuses says so" "$(cat "$work/errors")"
fi
dials 100 >/dev/null
sleep 0.5
stop
if [ $code = 2 ] && [ "$(stat -c %s "$work/big")" -le 65536 ] && [ "$(stat -c %s "$work/big.1")" -le 65536 ] && ! grep -q 'at --max-size' "$work/errors" &&
	[ "$(jq -s 'map(select(.event.action == "stop"))[0].relaytrace.output.refused' "$work/big")" = 0 ]; then
	ok "--max-size holds after all that; the status is 2"
else
	bad "--max-size holds after all that; the status is 2" "status $code, $(wc -lc "$work/big" "$work/big.1" | tr '\n' ' ') $(cat "$work/errors")"
fi

# ---- SIGKILL ----
# The numbers of the kernel objects that a process holds.
held() { cat "/proc/$1"/fdinfo/* 2>/dev/null | sed -nE 's/^(prog|link|map)_id:[[:space:]]*([0-9]+)$/\1 \2/p' | sort -u; }
gone() { # FILE: are they all gone?  A machine without any object at all is the best answer.
	local kind listed
	: >"$work/there"
	for kind in prog link map; do
		listed=$("$bpftool" -j $kind show 2>"$work/why") || return 1
		jq -r ".[]? | \"$kind \\(.id)\"" <<<"$listed" >>"$work/there" || return 1
	done
	sort -o "$work/there" "$work/there"
	[ -z "$(comm -12 "$1" "$work/there")" ]
}
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
cgroup=$(sed -n 's/^0:://p' /proc/self/cgroup)
root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
"$work/$name" 1000000 200 >/dev/null &
busy=$!
pids+=("$busy")
rounds=50 objects=0
for ((i = 0; i < rounds; i++)); do
	start -o json:"$work/killed"
	sleep 0.$((RANDOM % 3))$((RANDOM % 10))
	held "$tracer" >"$work/held"
	kill -9 "$tracer"
	wait "$tracer" 2>/dev/null
	[ "$(wc -l <"$work/held")" -gt 10 ] && objects=$((objects + 1))
	cat "$work/held" >>"$work/all"
done
kill -9 $busy
wait $busy 2>/dev/null
sort -u -o "$work/all" "$work/all"
# The kernel frees trampolines once every task has been off its CPU (RCU tasks): on a busy host that
# takes its time.
left=yes
for ((i = 0; i < 90; i++)); do
	gone "$work/all" && left= && break
	sleep 1
done
if [ $objects = $rounds ] && [ -z "$left" ]; then
	ok "SIGKILL $rounds times: no program, link or map stays in the kernel"
else
	bad "SIGKILL: no program, link or map stays in the kernel" "$(comm -12 "$work/all" "$work/there" | wc -l) are left; objects were seen in $objects of $rounds rounds"
fi
awk -f tests/service/whole.awk "$work/killed" >"$work/whole"
cut=$(($(wc -l <"$work/killed") - $(wc -l <"$work/whole")))
if valid "$work/whole" && [ $cut -le 2 ] && [ "$(grep -c '"action":"start"' "$work/whole")" = $rounds ] && [ "$(is_dial "$work/whole")" -gt $rounds ]; then
	ok "SIGKILL: no half line among $(wc -l <"$work/killed") but $cut that the kernel cut"
else
	bad "SIGKILL: no half line but what the kernel cut" "$(head -1 "$work/why"), $cut cut, $(grep -c '"action":"start"' "$work/whole") starts"
fi
setsid "$BUILD/relaytrace" trace -o json:"$work/command" -- "$work/$name" 1 </dev/null >/dev/null 2>&1 &
wait $!
setsid "$BUILD/relaytrace" trace -o json:"$work/command" -- sleep 1000 </dev/null >/dev/null 2>&1 &
tracer=$!
pids+=("$tracer")
made=$root$cgroup/relaytrace-$tracer
if wait_for 20 test -d "$made"; then
	wait_for 5 grep -q . "$made/cgroup.procs"
	child=$(cat "$made/cgroup.procs")
	kill -9 "$tracer"
	kill -9 "${child:-$tracer}" 2>/dev/null
	wait "$tracer" 2>/dev/null
	wait_for 5 sh -c "! grep -q . '$made/cgroup.procs'"
	setsid "$BUILD/relaytrace" trace -o json:"$work/command" -- true </dev/null >/dev/null 2>&1
	if [ ! -d "$made" ]; then
		ok "SIGKILL: the cgroup of a COMMAND is gone with the next one"
	else
		rmdir "$made"
		bad "SIGKILL: the cgroup of a COMMAND is gone with the next one" "$made"
	fi
else
	echo "skip stress: no cgroup2 to make a cgroup in"
fi
exit $status
