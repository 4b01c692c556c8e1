#!/usr/bin/env bash
# Every fuzzer in $BUILD/fuzz, two at a time, on a copy of its corpus: FUZZ_SECONDS each (default
# 10, with CI=true 60, and less where there are so many that the whole would take more than 6 minutes).
# What makes one fail is kept in $BUILD/fuzz-found.
set -u
build=${BUILD:-build}
at_once=2
budget=360

if [ "${CI:-}" = true ]; then seconds=${FUZZ_SECONDS:-60}; else seconds=${FUZZ_SECONDS:-10}; fi

fuzzers=()
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	if [ ! -x "$build/fuzz/$name" ]; then
		echo "not ok $name: $build/fuzz/$name is not built (make fuzzers)"
		exit 1
	fi
	fuzzers+=("$name")
done
rounds=$(((${#fuzzers[@]} + at_once - 1) / at_once))
[ $((rounds * seconds)) -gt $budget ] && seconds=$((budget / rounds))
echo "# ${#fuzzers[@]} fuzzers, $seconds s each, $at_once at a time"

work=$(mktemp -d)
declare -A running=() # pid -> name
cleanup() {
	[ ${#running[@]} -gt 0 ] && kill "${!running[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
# Waits for one of those that run and tells how it went.
reap() {
	local pid name code found runs
	wait -n -p pid "${!running[@]}"
	code=$?
	name=${running[$pid]}
	unset "running[$pid]"
	runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$work/$name.log")
	if [ "$code" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "ok $name"
		echo "# $name: $runs runs"
		return
	fi
	status=1
	tail -n 40 "$work/$name.log" | sed 's/^/# /'
	found=$(ls "$work/$name.found")
	if [ -n "$found" ]; then
		mkdir -p "$build/fuzz-found/$name"
		cp "$work/$name.found"/* "$build/fuzz-found/$name/"
	fi
	echo "not ok $name: status $code after ${runs:-0} runs${found:+; input in $build/fuzz-found/$name/$found}"
}

for name in "${fuzzers[@]}"; do
	[ ${#running[@]} -lt $at_once ] || reap
	corpus=tests/fuzz/corpus/${name#fuzz_}
	mkdir "$work/$name" "$work/$name.found"
	if [ -z "$(ls "$corpus" 2>/dev/null)" ]; then
		echo "not ok $name: no seeds in $corpus"
		status=1
		continue
	fi
	cp "$corpus"/* "$work/$name/"
	"$build/fuzz/$name" -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$work/$name.found/" "$work/$name" >"$work/$name.log" 2>&1 &
	running[$!]=$name
done
while [ ${#running[@]} -gt 0 ]; do reap; done
exit $status
