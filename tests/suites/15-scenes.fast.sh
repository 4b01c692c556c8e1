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

replay() { # STORY FORMAT OUT: false unless the exit status is one that a replay may have
	"$BUILD/relaytrace-asan" replay "$1" -o "$2" >"$3" 2>"$work/errors"
	local code=$?
	[ $code -le 1 ] && [ ! -s "$work/errors" ] && echo $code >"$work/status"
}

for story in ${*:-"$scenes"/*/story.txt}; do
	folder=${story%/story.txt}
	folder=${folder%/}
	name=scene/${folder##*/}
	why=
	if ! replay "$folder/story.txt" text "$work/expected.txt" ||
		! replay "$folder/story.txt" json "$work/expected.jsonl"; then
		why="replay failed: $(head -c 300 "$work/errors" | tr '\n' ' ')"
	fi
	found=$(grep -c '"action":"finding"' "$work/expected.jsonl")
	case $name in
	scene/healthy-* | scene/silent-*)
		[ "$found" -eq 0 ] || why="a finding where there must be none"
		;;
	*)
		[ "$found" -gt 0 ] || why="no finding"
		;;
	esac
	if grep -q '"severity":"error"' "$work/expected.jsonl"; then
		[ "$(cat "$work/status")" = 1 ] || why="an error, and the exit status is not 1"
	elif [ "$(cat "$work/status")" != 0 ]; then
		why="no error, and the exit status is not 0"
	fi
	if grep -l secret "$work"/expected.* >/dev/null; then
		why="a secret is shown"
	fi
	for file in expected.txt expected.jsonl; do
		[ -n "$why" ] && break
		if [ -n "$update" ]; then
			cp "$work/$file" "$folder/$file"
		elif ! diff -u "$folder/$file" "$work/$file" >"$work/diff"; then
			head -n 40 "$work/diff" | sed 's/^/# /'
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
