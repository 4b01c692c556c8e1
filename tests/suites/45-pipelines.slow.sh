#!/usr/bin/env bash
# What the pipelines of operators make of our output, from Debian: promtool and node_exporter of the
# metrics; rsyslog (imfile, mmjsonparse) and syslog-ng (json-parser) of the JSON lines, the hostile and
# the longest ones of the unit tests included.  journald: 75-service.slow.sh.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
status=0
ok() { echo "ok pipelines: $1"; }
bad() {
	echo "not ok pipelines: $1: $2"
	status=1
}
if [ "$(id -u)" != 0 ]; then
	echo "skip pipelines: needs root"
	exit 0
fi
image=$(tests/pipelines/image.sh 2>"$work/errors")
case $? in
0) ;;
4)
	echo "skip pipelines: $(tail -1 "$work/errors")"
	exit 0
	;;
*)
	bad "the daemons" "cannot be fetched: $(tail -1 "$work/errors")"
	exit 1
	;;
esac

mkdir -p "$work/mnt/textfile"
chmod 755 "$work" "$work/mnt" "$work/mnt/textfile"
cp tests/pipelines/inside.sh tests/pipelines/rules.test.yml tools/relaytrace.rules.yml "$work/mnt/"
SCHEMA_LINES=$work/mnt/lines.json "$BUILD/unit/test_sink_json" >/dev/null
units=$(wc -l <"$work/mnt/lines.json")
for story in tests/scenes/*/story.txt; do
	"$BUILD/relaytrace-asan" replay "$story" --fail-on never -o json >>"$work/mnt/lines.json"
done
"$BUILD/relaytrace-asan" replay tests/scenes/containerd-scope-crash-loop/story.txt --fail-on never \
	-o metrics:"$work/mnt/textfile/relaytrace.prom"

# The query of the README over a file, as it stands there, which host lost which variables.
query=$(sed -n 's,^\(jq -r .*\) /var/log/relaytrace/relaytrace.json$,\1,p' README.md)
lost=$(eval "$query" '"$work/mnt/lines.json"')
want=$(jq -r 'select(.event.action == "exec") | .relaytrace.environment.changes.removed // [] | select(length > 0) | join(" ")' "$work/mnt/lines.json")
if [ -n "$lost" ] && [ "$(cut -f4 <<<"$lost")" = "$want" ] && ! grep -qvP '^20\d\d-\S+Z\t\S+\t\S+\t[A-Z_]+' <<<"$lost"; then
	ok "the README's jq query finds the $(wc -l <<<"$lost") starts that lost variables"
else
	bad "the README's jq query finds the starts that lost variables" "$query: $(head -3 <<<"$lost")"
fi

# shellcheck disable=SC2016 # expanded inside
timeout -k 5 120 unshare --mount --pid --net --fork --kill-child sh -c '
	mount --make-rprivate / && mount --bind "$2" "$1/mnt" && mount -t proc proc "$1/proc" &&
	mount --rbind /dev "$1/dev" && ip link set lo up && exec chroot "$1" /bin/bash /mnt/inside.sh
' sh "$image" "$work/mnt" >"$work/log" 2>&1
cd "$work/mnt" || exit 1

if [ "$(cat promtool.status)" = 0 ] && [ ! -s promtool.out ]; then
	ok "promtool check metrics has no complaint"
else
	bad "promtool check metrics has no complaint" "$(head -2 promtool.out) $(head -2 ../log)"
fi
if [ "$(cat rules.status)" = 0 ]; then
	ok "promtool takes the alert rules, and they alert on what they should"
else
	bad "promtool takes the alert rules" "$(tail -5 rules.out)"
fi
# What the README gives as queries is what the rules file has.
for words in 'relaytrace_findings_open{severity="error"}' 'relaytrace_lost_total[1h]' 'node_textfile_mtime_seconds{file=~".*relaytrace.prom"}'; do
	{ grep -qF "$words" "$OLDPWD/README.md" && grep -qF "$words" relaytrace.rules.yml; } || bad "the README and the rules file have the same alerts" "$words"
done
# The exporter writes labels in an order of its own and numbers as floats: compared is NAME{sorted} NUMBER.
samples() {
	python3 -c '
import re, sys
for line in sys.stdin:
    m = re.match(r"(relaytrace_\w+)(?:\{(.*)\})? (\S+)\s*$", line)
    if m: print(m[1], sorted(re.findall(r"(\w+)=\"([^\"]*)\"", m[2] or "")), float(m[3]))' | sort
}
samples <textfile/relaytrace.prom >ours
samples <scrape.out >theirs
if [ -s ours ] && cmp -s ours theirs && grep -q '^node_textfile_scrape_error 0' scrape.out; then
	ok "node_exporter gives out $(wc -l <ours) samples as they are"
else
	bad "node_exporter gives out the samples as they are" "$(diff ours theirs | head -3) $(tail -1 node_exporter.log)"
fi

jq -r '[.event.action, ."@timestamp", .relaytrace.schema_version] | @tsv' lines.json >want.fields
longest=$(awk '{ if (length > max) max = length } END { print max }' lines.json)
for daemon in rsyslog syslog-ng; do
	if cmp -s want.fields $daemon.fields; then
		ok "$daemon takes $(wc -l <want.fields) lines, the longest of $longest characters"
	else
		bad "$daemon takes the lines" "$(diff want.fields $daemon.fields | head -3) $(tail -2 $daemon.log)"
	fi
done
# imfile adds where it read a line, as "metadata".  The unit tests' counters of 2^64-1 are left out here:
# rsyslog's numbers end at 2^63-1.
compared() { tail -n "+$((units + 1))" "$1" | jq -cS 'del(.metadata)'; }
if [ -s rsyslog.whole ] && cmp -s <(compared lines.json) <(compared rsyslog.whole); then
	ok "rsyslog hands on every field of the $(($(wc -l <rsyslog.whole) - units)) lines of the scenes"
else
	bad "rsyslog hands on every field of every line" "$(diff <(compared lines.json) <(compared rsyslog.whole) | head -c 400)"
fi
exit $status
