#!/usr/bin/env bash
# The laboratory itself: two of it side by side, and one that is interrupted in the middle leaves nothing.
set -u
cd "$(dirname "$0")/../.." || exit 2
export BUILD=${BUILD:-build}
if [ "$(id -u)" != 0 ]; then
	echo "skip lab: needs root"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
status=0
ok() { echo "ok lab: $1"; }
bad() {
	echo "not ok lab: $1: $2"
	status=1
}
# What a laboratory of that pid still has.
left_of() { # PID
	ip netns list | grep "^relaylab-$1-"
	ls -d "/tmp/relaylab-$1" 2>/dev/null
	find /sys/fs/cgroup -maxdepth 6 -name "relaylab-$1" 2>/dev/null
	pgrep -f "/tmp/relaylab-$1/" # its parts have its folder in their arguments
}

tests/live/lab relay-refused >"$work/one" 2>&1 &
one=$!
tests/live/lab relay-refused-name relay-silent-long >"$work/two" 2>&1 &
two=$!
wait $one
code=$?
if [ $code = 0 ] && grep -qx 'ok live/relay-refused' "$work/one" && [ -z "$(left_of $one)" ]; then
	ok "one beside another"
else
	bad "one beside another" "status $code: $(tail -3 "$work/one" | tr '\n' ' ') left: $(left_of $one | tr '\n' ' ')"
fi

# The other is in its pull of two minutes by now.
for ((i = 0; i < 900; i++)); do
	grep -qx 'ok live/relay-refused-name' "$work/two" && break
	sleep 0.1
done
began=$SECONDS
kill -TERM $two # a shell that runs in the background has SIGINT ignored
wait $two
code=$?
if [ $code = 143 ] && [ -z "$(left_of $two)" ] && [ $((SECONDS - began)) -lt 60 ]; then
	ok "interrupted, it takes everything with it"
else
	bad "interrupted, it takes everything with it" "status $code: $(tail -3 "$work/two" | tr '\n' ' ') left: $(left_of $two | tr '\n' ' ')"
fi
exit $status
