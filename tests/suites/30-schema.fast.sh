#!/usr/bin/env bash
# Every JSON line that the unit tests and the scenes produce is one that the schema describes.
set -u
work=$(mktemp -d)
lines=$work/lines why=$work/why bad=$work/bad
mkdir "$bad"
trap 'rm -rf "$work"' EXIT
status=0

if ! python3 -c 'import jsonschema' 2>/dev/null; then
	echo "skip schema: python3-jsonschema is not installed (make deps)"
	exit 0
fi

SCHEMA_LINES=$lines "$BUILD"/unit/test_sink_json >/dev/null
if tests/schema/validate "$lines" >"$why"; then
	echo "ok schema: $(wc -l <"$lines") lines of the unit tests"
else
	echo "not ok schema of unit tests: $(head -c 300 "$why" | head -1)"
	status=1
fi

for action in start exec exit dial resolve relay finding resolved loss heartbeat stop; do
	grep -q "\"action\":\"$action\"" "$lines" && continue
	echo "not ok schema coverage: no $action line was validated"
	status=1
done

scenes=(tests/scenes/*/expected.jsonl)
if [ -e "${scenes[0]}" ]; then
	if tests/schema/validate "${scenes[@]}" >"$why"; then
		echo "ok schema: ${#scenes[@]} scenes"
	else
		echo "not ok schema of scenes: $(head -c 300 "$why" | head -1)"
		status=1
	fi
fi

# A validator that accepts everything would be no test.  One run over a file for each of these.
wrong=()
dial=$(grep -m1 '"action":"dial"' "$lines")
refused() {
	local file=$bad/$((${#wrong[@]} + 1))
	wrong+=("$1")
	sed "$2" <<<"$dial" >"$file"
	cmp -s "$file" - <<<"$dial" || return
	echo "not ok schema refuses $1: the line was not changed"
	status=1
}
refused "an unknown outcome" 's/"outcome":"abandoned"/"outcome":"aborted"/'
refused "a number as text" 's/"port":443/"port":"443"/'
refused "a time without nanoseconds" 's/\.[0-9]*Z/Z/'
refused "a missing field" 's/"duration":[0-9]*/"severity":3/'
refused "an unknown field" 's/"errno":0/"errno":0,"errnoname":""/'
refused "an address that is none" 's/"ip":"[^"]*"/"ip":"203.0.113.999"/'
refused "a repeated key" 's/"pid":4121/"pid":4121,"pid":4121/'
refused "half a line" 's/}}$//'
echo "$dial" >"$bad/good"
tests/schema/validate "$bad"/* >"$why" 2>&1
for i in "${!wrong[@]}"; do
	if grep -q "^$bad/$((i + 1)):1: " "$why"; then
		echo "ok schema refuses ${wrong[i]}"
	else
		echo "not ok schema refuses ${wrong[i]}: it was accepted"
		status=1
	fi
done
if grep -q "^$bad/good:" "$why"; then
	echo "not ok schema accepts what was not changed: $(grep -m1 "^$bad/good:" "$why")"
	status=1
fi
exit $status
