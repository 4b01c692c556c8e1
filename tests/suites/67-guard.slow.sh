#!/usr/bin/env bash
# A tracer of a COMMAND that is killed (SIGKILL) at random moments, 50 times, during dials: no cgroup of a
# COMMAND stays behind, nor anything in the kernel, nor the process that removes the cgroup.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
if [ "$(id -u)" != 0 ]; then
	echo "skip guard: needs root"
	exit 0
fi
work=$(mktemp -d)
pids=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
status=0
ok() { echo "ok guard: $1"; }
bad() {
	echo "not ok guard: $1: $2"
	status=1
}
root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
parent=$root$(sed -n 's/^0:://p' /proc/self/cgroup)
if ! mkdir "$parent/relaytrace-test$$" 2>/dev/null; then
	echo "skip guard: no cgroup2 to make a cgroup in"
	exit 0
fi
rmdir "$parent/relaytrace-test$$"
cc -O1 -Wall -o "$work/dialler" tests/service/dialler.c || exit 1
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
wait_for() { # SECONDS COMMAND...
	local left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}
start() { # COMMAND...: the tracer of it in the background, its pid in $tracer
	setsid "$BUILD/relaytrace" trace --fail-on never -o json:"$work/lines" -- "$@" </dev/null >/dev/null 2>>"$work/errors" &
	tracer=$!
	pids+=("$tracer")
}
has() { [ -n "$(cat "$made/cgroup.procs" 2>/dev/null)" ]; }
# The processes of this run that guard: they have their tracer's arguments and a name of their own.
guards() { for pid in $(pgrep -x cgroup-guard); do grep -qF "$work" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"; done; }
none() { [ -z "$("$@")" ]; }
# The numbers of the kernel objects that a process holds, and whether those of a file are gone.
held() { cat "/proc/$1"/fdinfo/* 2>/dev/null | sed -nE 's/^(prog|link|map)_id:[[:space:]]*([0-9]+)$/\1 \2/p' | sort -u; }
gone() {
	local kind
	for kind in prog link map; do
		"$bpftool" -j $kind show | jq -r ".[]? | \"$kind \\(.id)\"" || return 1
	done | sort >"$work/there"
	[ -z "$(comm -12 "$1" "$work/there")" ]
}

# ---- the COMMAND lives on, and made a cgroup of its own ----
start sleep 1000
made=$parent/relaytrace-$tracer
runs() { [ "$(cat "/proc/$(cat "$made/cgroup.procs")/comm")" = sleep ]; }
wait_for 30 has && wait_for 30 runs
mkdir "$made/of-the-command"
command=$(cat "$made/cgroup.procs")
pids+=("$command")
held "$tracer" >"$work/held"
kill -9 "$tracer"
wait "$tracer" 2>/dev/null
guard=$(guards)
# Where its tracer was, and whether the cgroup is empty yet.
open=$(find "/proc/$guard/fd" -type l -printf '%l\n' | grep -vE '^pipe:|/cgroup.events$')
if [ -n "$guard" ] && [ -z "$open" ] && [ -d "$made" ]; then
	ok "beside a COMMAND that lives on its guard waits, with nothing open but what it waits for"
else
	bad "beside a COMMAND that lives on its guard waits" "guard ${guard:-none}, $(tr '\n' ' ' <<<"$open")"
fi
# The kernel frees trampolines once every task has been off its CPU: on a busy host that takes its time.
if [ "$(wc -l <"$work/held")" -gt 10 ] && wait_for 90 gone "$work/held"; then
	ok "and no program, link or map stays"
else
	bad "and no program, link or map stays" "$(comm -12 "$work/held" "$work/there" | wc -l) of $(wc -l <"$work/held")"
fi
kill -9 "$command"
if wait_for 10 test ! -d "$made" && wait_for 10 none guards; then
	ok "when the COMMAND ends the cgroup is gone, what the COMMAND made in it too, and the guard"
else
	bad "when the COMMAND ends the cgroup is gone" "$(find "$made" -type d 2>&1 | tr '\n' ' ') guard $(guards)"
fi

# ---- 50 times at random moments ----
rounds=50 had=0
for ((i = 0; i < rounds; i++)); do
	start "$work/dialler" 300 2000
	made=$parent/relaytrace-$tracer
	echo "$made" >>"$work/made"
	wait_for 1 test -d "$made" && had=$((had + 1))
	sleep 0.$((RANDOM % 5))$((RANDOM % 10))
	kill -9 "$tracer"
	wait "$tracer" 2>/dev/null
done
left() { while read -r made; do [ -d "$made" ] && echo "$made"; done <"$work/made"; }
if wait_for 20 none left && wait_for 5 none guards && [ $had -gt 25 ]; then
	ok "SIGKILL $rounds times during dials: no cgroup and no process stays ($had had a cgroup by then)"
else
	bad "SIGKILL $rounds times during dials: no cgroup and no process stays" "$(left | wc -l) cgroups, guards: $(guards | wc -l), $had of $rounds had a cgroup"
	left | while read -r made; do rmdir "$made"; done
fi
awk -f tests/service/whole.awk "$work/lines" >"$work/whole"
cut=$(($(wc -l <"$work/lines") - $(wc -l <"$work/whole")))
if [ -s "$work/whole" ] && [ $cut -le 2 ] && tests/schema/validate "$work/whole" >"$work/why" 2>&1; then
	ok "no half line among $(wc -l <"$work/lines") but $cut that the kernel cut"
else
	bad "no half line but what the kernel cut" "$cut cut, $(head -1 "$work/why")"
fi

# ---- the usual end ----
start "$work/dialler" 3
made=$parent/relaytrace-$tracer
wait "$tracer"
if [ $? = 0 ] && [ ! -d "$made" ] && wait_for 2 none guards; then
	ok "a tracer that ends by itself leaves none"
else
	bad "a tracer that ends by itself leaves none" "$made $(guards)"
fi
exit $status
