#!/usr/bin/env bash
# Runs suites and counts their lines.  usage: tests/run.sh check|all|SUITE...
# A suite is a program that prints "ok NAME", "not ok NAME: WHY" or "skip NAME: WHY", one line a
# test, anything else being detail, and exits 0 when nothing failed.  A suite that exits otherwise
# without a "not ok" counts as one failure.
set -u
cd "$(dirname "$0")/.." || exit 2
export BUILD=${BUILD:-build}

fast=(tests/suites/*.fast.sh)
slow=(tests/suites/*.slow.sh)
case ${1:-all} in
check) suites=("${fast[@]}") ;;
all) suites=("${fast[@]}" "${slow[@]}") ;;
*) suites=("$@") ;;
esac

passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for suite in "${suites[@]}"; do
	[ -e "$suite" ] || continue
	printf '== %s\n' "$suite"
	began=$SECONDS
	"$suite" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	p=$(grep -c '^ok ' "$log") f=$(grep -c '^not ok ' "$log") s=$(grep -c '^skip ' "$log")
	if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		printf 'not ok %s: it ended with status %s\n' "$suite" "$status"
		f=1
	fi
	printf -- '-- %s: %s passed, %s failed, %s skipped in %s s\n' "$suite" "$p" "$f" "$s" $((SECONDS - began))
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
