#!/usr/bin/env bash
# Floods: 50,000 DNS answers, CONNECTs with 16 KB of headers, one-byte segments, status lines without end,
# names full of terminal escapes, through real sockets in a network namespace (tests/live/floods).  No
# other event may be lost without a word, no line may break, and no header may leave the kernel.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip floods: needs root for a network namespace'
	exit 0
fi
tracer=${RELAYTRACE:-$BUILD/relaytrace}
flood=tests/live/floods/flood.py
space=relayflood-$$
dir=$(mktemp -d) || exit 1
server=

down() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null
	ip netns delete "$space" 2>/dev/null
	rm -rf "$dir"
}
trap down EXIT
trap 'exit 130' INT TERM HUP

ip netns add "$space" && ip -n "$space" link set lo up || {
	echo 'not ok floods: no network namespace'
	exit 1
}
nsenter --net="/run/netns/$space" setpriv --pdeathsig KILL "$flood" serve >"$dir/server" 2>&1 &
server=$!
disown
for _ in {1..50}; do
	nsenter --net="/run/netns/$space" ss -Hltun 'sport = :53 or sport = :3128 or sport = :8443' | wc -l | grep -q '[3-9]' && break
	sleep 0.1
done

status=0
for kind in names talk; do
	out=$dir/$kind
	mkdir "$out"
	if ! HTTPS_PROXY=http://127.0.0.1:3128 nsenter --net="/run/netns/$space" "$tracer" --fail-on never \
		-o "json:$out/json" -o "text:$out/text" -o "record:$out/record" -- "$flood" $kind >"$dir/said" 2>&1; then
		echo "not ok floods $kind: it or the tracer failed: $(tail -n 1 "$dir/said")"
		status=1
		continue
	fi
	cp "$dir/said" "$out/said"
	"$flood" judge $kind "$out" || status=1
	if "$tracer" replay "$out/record" --fail-on never -o json 2>"$dir/said" | cmp -s - "$out/json"; then
		echo "ok floods $kind: the recording says the same"
	else
		echo "not ok floods $kind: the replay of the recording differs: $(head -n 1 "$dir/said")"
		status=1
	fi
done
if python3 -c 'import jsonschema' 2>/dev/null; then
	if tests/schema/validate "$dir/talk/json" >"$dir/said" 2>&1; then
		echo 'ok floods talk: the schema'
	else
		echo "not ok floods talk: the schema: $(head -n 1 "$dir/said" | cut -c 1-400)"
		status=1
	fi
else
	echo 'skip floods talk schema: python3-jsonschema is not installed'
fi
exit $status
