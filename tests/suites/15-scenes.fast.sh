#!/usr/bin/env bash
# Each scene of tests/scenes: story.txt replayed as text and as JSON lines, compared with what stands
# beside it.  A scene whose name begins with "healthy-" must not give a finding at all, nor must one with
# "silent-", whose node is not healthy but for a reason that cannot be seen.
# Then modes.py: what each known way of going wrong ends as.
# `tests/suites/15-scenes.fast.sh --update [SCENE...]` writes the expected files anew: read the diff.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
export TZ=UTC LC_ALL=C
scenes=tests/scenes
update=
if [ "${1:-}" = --update ]; then
	update=1
	shift
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

replay() { # STORY: both formats at once; false unless the exit status is one that a replay may have
	rm -f "$work"/expected.*
	"$BUILD/relaytrace-asan" replay "$1" -o text -o "json:$work/expected.jsonl" \
		>"$work/expected.txt" 2>"$work/errors"
	code=$?
	[ $code -le 1 ] && [ ! -s "$work/errors" ]
}

for story in ${*:-"$scenes"/*/story.txt}; do
	folder=${story%/story.txt}
	folder=${folder%/}
	name=scene/${folder##*/}
	why=
	replay "$folder/story.txt" ||
		why="replay failed: $(head -c 300 "$work/errors" | tr '\n' ' ')"
	json=$(<"$work/expected.jsonl") text=$(<"$work/expected.txt")
	found=
	[[ $json == *'"action":"finding"'* ]] && found=1
	case $name in
	scene/healthy-* | scene/silent-*) [ -z "$found" ] || why="a finding where there must be none" ;;
	*) [ -n "$found" ] || why=${why:-"no finding"} ;;
	esac
	if [[ $json == *'"severity":"error"'* ]]; then
		[ $code = 1 ] || why=${why:-"an error, and the exit status is not 1"}
	else
		[ $code = 0 ] || why=${why:-"no error, and the exit status is not 0"}
	fi
	[[ $json$text != *secret* ]] || why="a secret is shown"
	for file in expected.txt expected.jsonl; do
		[ -n "$why" ] && break
		if [ -n "$update" ]; then
			cat "$work/$file" >"$folder/$file" # not cp: outputs are 0600
		elif ! cmp -s "$folder/$file" "$work/$file"; then
			diff -u "$folder/$file" "$work/$file" | head -n 40 | sed 's/^/# /'
			why="$file differs"
		fi
	done
	if [ -n "$why" ]; then
		echo "not ok $name: $why"
		status=1
	else
		echo "ok $name"
	fi
done
[ -n "$update" ] || "$scenes/modes.py" || status=1
exit $status
