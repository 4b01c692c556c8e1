#!/usr/bin/env bash
# Not root, with exactly the capabilities that the README names, on a kernel of Debian's in a virtual
# machine: it attaches and traces.  Without one of them (CAP_BPF) it cannot, so the test can fail.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
[ -x "$BUILD/relaytrace-static" ] && kernel=$(tests/kernels/fetch 6.1 2>"$work/errors") || {
	echo "skip least privilege: $(tail -1 "$work/errors" 2>/dev/null || echo "no static binary")"
	exit 0
}
cc -O1 -Wall -static -o "$work/limited" tests/service/limited.c || exit 1
cat >"$work/script" <<'END'
(sleep 3; ln -s /bin/busybox /tmp/rke2; /tmp/rke2) >/dev/null 2>&1 &
timeout 40 /limited c000081004 65534 /relaytrace --for 5 -o json
echo "status $?"
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
