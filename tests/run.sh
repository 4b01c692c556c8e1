#!/usr/bin/env bash
# Runs suites and counts their lines.  usage: tests/run.sh check|all|SUITE...
# A suite is a program that prints "ok NAME", "not ok NAME: WHY" or "skip NAME: WHY", one line a
# test, anything else being detail, and exits 0 when nothing failed.  A suite that exits otherwise
# without a "not ok" counts as one failure.  The fast suites of check and all run as many at a time
# as there are processors (JOBS says how many), each shown when it is done.
set -u
cd "$(dirname "$0")/.." || exit 2
export BUILD=${BUILD:-build}
unset MAKEFLAGS MFLAGS MAKELEVEL # a suite that runs make is not part of the one that runs the suites

# What one suite printed stands in LOGS/NAME; its counts are the last line there.
run() { # SUITE LOGS
	local log=$2/${1##*/} began=$SECONDS status p f s
	printf '== %s\n' "$1"
	"$1" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	p=$(grep -c '^ok ' "$log") f=$(grep -c '^not ok ' "$log") s=$(grep -c '^skip ' "$log")
	if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		printf 'not ok %s: it ended with status %s\n' "$1" "$status"
		f=1
	fi
	printf -- '-- %s: %s passed, %s failed, %s skipped in %s s\n' "$1" "$p" "$f" "$s" $((SECONDS - began))
	echo "$p $f $s" >"$log.counts"
}

if [ "${1:-}" = --beside ]; then # LOGS SUITE: its words when it is done, not among another's
	run "$3" "$2" >"$2/${3##*/}.shown" 2>&1
	flock "$2" cat "$2/${3##*/}.shown"
	exit 0
fi

fast=(tests/suites/*.fast.sh)
slow=(tests/suites/*.slow.sh)
case ${1:-all} in
check) beside=("${fast[@]}") suites=() ;;
all) beside=("${fast[@]}") suites=("${slow[@]}") ;;
*) beside=() suites=("$@") ;;
esac

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
# xargs, because a shell's own background jobs would ignore Ctrl-C.
[ ${#beside[@]} -eq 0 ] ||
	printf '%s\0' "${beside[@]}" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" tests/run.sh --beside "$logs"
for suite in ${suites[@]+"${suites[@]}"}; do
	[ -e "$suite" ] && run "$suite" "$logs"
done
# A suite that left no counts was killed.
for suite in ${beside[@]+"${beside[@]}"}; do
	[ -e "$logs/${suite##*/}.counts" ] && continue
	printf 'not ok %s: it did not come to its end\n' "$suite"
	echo 0 1 0 >"$logs/${suite##*/}.counts"
done
cat "$logs"/*.counts | {
	passed=0 failed=0 skipped=0
	while read -r p f s; do
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	done
	printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
