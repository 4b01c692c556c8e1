#!/usr/bin/env bash
# Not root, with exactly the capabilities that the README names, on a kernel of Debian's in a virtual
# machine: it attaches and traces.  Without one of them (CAP_BPF) it cannot, so the test can fail.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
tracer=
trap '[ -z "$tracer" ] || kill "$tracer" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cc -O1 -Wall -static -o "$work/limited" tests/service/limited.c || exit 1
failed=0

# This host's kernel: newer than Debian's stable ones, perhaps with hooks refused.  Where root can trace, five
# capabilities can; `features` must come to an end, and an rke2 that starts after the start line is seen.
seen() { # PATTERN: within 30 s a line of the tracer's has it
	for _ in $(seq 300); do
		grep -q -- "$1" "$work/host" && return
		kill -0 "$tracer" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}
here="five capabilities and no root are enough on this host"
if [ "$(id -u)" != 0 ] || ! "$BUILD/relaytrace" features >/dev/null 2>&1; then
	echo "skip $here: tracing is not possible here, not even as root"
else
	ln -s "$(type -P true)" "$work/rke2"
	timeout 40 "$work/limited" c000081004 65534 "$BUILD/relaytrace" features >"$work/features" 2>&1
	status=$?
	timeout 60 "$work/limited" c000081004 65534 "$BUILD/relaytrace" -o json >"$work/host" 2>"$work/errors" &
	tracer=$!
	seen '"action":"start"' && "$work/rke2"
	if seen "\"executable\":\"[^\"]*\",\"args\":\[\"$work/rke2\"" && [ "$status" = 0 ]; then
		echo "ok $here"
	else
		echo "not ok $here: features ended with $status; $(tail -n 2 "$work/features" "$work/host" "$work/errors" | cut -c1-300 | tr '\n' ' ')"
		failed=1
	fi
	kill "$tracer" 2>/dev/null
	wait "$tracer" 2>/dev/null
	tracer=
fi

[ -x "$BUILD/relaytrace-static" ] && kernel=$(tests/kernels/fetch 6.1 2>"$work/errors") || {
	echo "skip least privilege: $(tail -1 "$work/errors" 2>/dev/null || echo "no static binary")"
	exit $failed
}
cat >"$work/script" <<'END'
timeout 60 /limited c000081004 65534 /relaytrace --for 10 -o json >/tmp/lines &
tracer=$!
until grep -q '"action":"start"' /tmp/lines || ! kill -0 $tracer 2>/dev/null; do sleep 0.2; done
ln -s /bin/busybox /tmp/rke2
/tmp/rke2 >/dev/null 2>&1
wait $tracer
echo "status $?"
cat /tmp/lines
timeout 40 /limited 4000081004 65534 /relaytrace --for 1 -o json
echo "without $?"
END
tests/kernels/boot --time 100 "$kernel" "$work/script" "$BUILD/relaytrace-static:/relaytrace" "$work/limited:/limited" >"$work/out" 2>&1
if grep -q '^status 0' "$work/out" && grep '"action":"exec"' "$work/out" | grep -q '"name":"rke2"' && grep -q '^without 3' "$work/out"; then
	echo "ok five capabilities and no root are enough, four are not"
else
	echo "not ok five capabilities and no root are enough, four are not: $(tail -3 "$work/out" | cut -c1-300 | tr '\n' ' ')"
	exit 1
fi
exit $failed
