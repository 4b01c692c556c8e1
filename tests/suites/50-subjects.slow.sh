#!/usr/bin/env bash
# The subjects of tests/live/subjects: each dials in one known way below the tracer and says itself
# what must be reported.  They make their own network namespace and touch nothing outside.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip subjects: needs root for a network namespace'
	exit 0
fi
here=tests/live/subjects
tracer=${RELAYTRACE:-$BUILD/relaytrace}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
if ! "$here/build.sh" "$dir/subject"; then
	echo 'not ok subjects: they do not build'
	exit 1
fi

# A subject checks for itself that its dials end as it says.
if [ ! -x "$tracer" ]; then
	if "$dir/subject" >"$dir/want"; then
		echo "ok subjects dial as they say"
		echo "skip subjects below the tracer: there is no $tracer"
		exit 0
	fi
	echo 'not ok subjects: one did not dial as it says'
	exit 1
fi

status=0
# report CASE...: one line for each case, with its differences.
report() {
	local case
	if ! jq -nr --slurpfile want "$dir/want" -f "$here/compare.jq" "$dir/got" >"$dir/wrong" 2>&1; then
		printf 'surplus\t%s\n' "$(tail -n 1 "$dir/wrong")" >"$dir/wrong"
	fi
	for case in "$@" surplus; do
		if grep -q "^$case"$'\t' "$dir/wrong"; then
			echo "not ok subject $case: $(grep -m1 "^$case"$'\t' "$dir/wrong" | cut -f2 | cut -c1-600)"
			grep "^$case"$'\t' "$dir/wrong" | tail -n +2 | head -n 10 | cut -c1-600 | sed 's/^/#   /'
			status=1
		elif [ "$case" != surplus ]; then
			if grep -q "\"case\":\"$case\"" "$dir/want"; then
				echo "ok subject $case"
			else
				echo "skip subject $case: this machine does not allow it"
			fi
		fi
	done
}

if "$tracer" -o "json:$dir/got" -o "text:$dir/text" -o "record:$dir/record" -- \
	"$dir/subject" >"$dir/want"; then
	# shellcheck disable=SC2046
	report $("$dir/subject" list)
	# Passwords, and variables that are not listed (environment).
	if grep -l watchword "$dir/got" "$dir/text" "$dir/record"; then
		echo 'not ok subjects: what nobody may see is in an output'
		status=1
	else
		echo 'ok subjects: nothing that nobody may see is in an output'
	fi
else
	echo "not ok subjects: the run below the tracer ended with status $?"
	status=1
fi
# Processes that are there before the tracer, and dials that hang by then: over IPv4, IPv6 and v4-mapped.  What they
# carry is a snapshot, and each silent dial has its finding, which says so of one that is older than the tracer.
for case in late taken-over; do
	rm -f "$dir/got" "$dir/want"
	if ! CONTAINERD_HTTPS_PROXY=http://somebody:watchword@10.77.9.1:3128 \
		"$dir/subject" $case "$dir/got" "$tracer" -o "json:$dir/got" >"$dir/want"; then
		echo "not ok subject $case: it or the tracer failed"
		status=1
		continue
	fi
	report "$case"
	lower=$([ $case = taken-over ] && echo true || echo false)
	said=$(jq -r --argjson lower $lower 'select(.event.action == "finding")
		| "\(.event.code) \(.relaytrace.severity) \(.destination.ip)" +
			if .message | contains("after at least ") == $lower then "" else " \(.message)" end' \
		"$dir/got" | sort)
	want=$(printf 'containerd-scope error %s\n' 2001:db8:70::1 203.0.113.70 203.0.113.70)
	if [ "$said" != "$want" ]; then
		echo "not ok subject $case, findings: $(echo "$said" | head -n 4 | tr '\n' ';' | cut -c1-600)"
		status=1
	elif grep -q watchword "$dir/got"; then
		echo "not ok subject $case, findings: a password"
		status=1
	else
		echo "ok subject $case, findings"
	fi
done
exit $status
