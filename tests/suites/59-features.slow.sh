#!/usr/bin/env bash
# `relaytrace features` and --hooks on this machine: what features calls chosen is attached, what it calls
# available can be forced, what it calls refused ends with 3 and the reason, and what is no row ends with 2.
# What they say on other kernels is in the matrix.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip features: needs root'
	exit 0
fi
tracer=$(realpath "${RELAYTRACE:-$BUILD/relaytrace}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
status=0
check() { # NAME CONDITION-COMMAND...
	local name=$1
	shift
	if "$@"; then echo "ok $name"; else echo "not ok $name: $(tail -n 3 "$dir/out" | cut -c1-300 | tr '\n' ';')" && status=1; fi
}
has() { grep -qE -- "$1" "$dir/out"; }
has_not() { ! has "$1"; }
rows() { # STATE: GROUP=NAME a line, from $dir/features
	awk -v state="$1" '/^[a-z]+$/ { group = $1 } $1 == state { print group "=" $2 }' "$dir/features"
}
trace() { "$tracer" -o "json:$dir/got" "$@" >"$dir/out" 2>&1; }

"$tracer" features >"$dir/features" 2>"$dir/out"
if [ $? -ne 0 ]; then
	echo 'skip features: tracing is not possible here'
	exit 0
fi
check 'features says nothing on standard error' test ! -s "$dir/out"
chosen=$(rows chosen | tr '\n' ' ')
trace -- true
check 'features: what is chosen is what is attached' test "$(
	jq -r 'select(.event.action == "start") | .relaytrace.hooks' "$dir/got" | tr ' ' '\n' | grep -v '=none$' | tr '\n' ' '
)" = "$chosen"
for row in $(rows available) $(rows chosen); do
	rm -f "$dir/got"
	trace --hooks "$row" -- true
	check "hooks $row, which can be had, is attached" grep -q "[ \"]$row[ \"]" "$dir/got"
done
for row in $(rows refused); do
	trace --hooks "$row" -- true
	check "hooks $row, which is refused, ends with 3" test $? -eq 3
	check "hooks $row, which is refused, says what to do" has "^relaytrace: --hooks $row: .*without --hooks"
	check "hooks $row, which is refused, says why" has "^relaytrace: [^:]*: .*[a-z]"
done
known=$(awk '/^[a-z]+$/ { group = $1 } /^  [a-z]/ && $2 ~ /^(fexit|kprobe|tracepoint|tp_btf|raw_tp|cgroup_skb)$/ { print group "=" $2 }' "$dir/features" |
	sort -u)
for hooks in connect=raw_tp tcp=tracepoint names=fexit =fexit connect= nothing connect=fexit,x ''; do
	trace --hooks "$hooks" -- true
	check "hooks '$hooks' ends with 2" test $? -eq 2
	for row in $known; do
		has "$row" || echo "  $row is not named"
	done >"$dir/unnamed"
	check "hooks '$hooks' names those that there are" test ! -s "$dir/unnamed"
done

# An excerpt of the kernel's types stands for all of them: each structure of which a program reads a field is in it.
# Those that the object reads of its own types are those that it reads of a kernel's.
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
for object in "$BUILD"/bpf/relaytrace.o "$BUILD"/*/bpf/relaytrace.o; do
	[ -e "$object" ] || continue
	"$bpftool" gen min_core_btf "$object" "$dir/read" "$object" >"$dir/out" 2>&1 &&
		"$bpftool" btf dump file "$dir/read" >>"$dir/dump" 2>>"$dir/out"
	check "bpftool reads what $object reads" test $? -eq 0
done
sed -nE "s/^\[[0-9]+\] (STRUCT|UNION) '([^(]*)' .*/\2/p" "$dir/dump" | sort -u >"$dir/read"
sed -nE 's/^\t\{BTF_KIND_STRUCT, "(.*)"\},$/\1/p' user/live/kernel_types.c | sort -u >"$dir/listed"
comm -23 "$dir/read" "$dir/listed" >"$dir/out"
check 'the programs read structures, task_struct among them' grep -qx task_struct "$dir/read"
check 'each structure that a program reads is in the excerpt' test ! -s "$dir/out"

# Where the excerpt cannot be made, or is of no use (nothing stays in /dev/null), libbpf reads the whole.
check 'the library of faults is built' cc -O1 -Wall -shared -fPIC -o "$dir/fault.so" tests/service/fault.c -ldl
for memfd in "$dir/none" /dev/null; do
	LD_PRELOAD="$dir/fault.so" FAULT_MEMFD=$memfd "$tracer" --for 50ms -o json >"$dir/got" 2>"$dir/out"
	check "the excerpt was to be put into a memfd (${memfd##*/})" has '^no memfd$'
	check "without an excerpt the tracer attaches all the same (${memfd##*/})" grep -q '"action":"start"' "$dir/got"
done

# Without BTF no program can be made to measure.
unshare -m sh -c 'mount -t tmpfs t /sys/kernel/btf && exec "$@"' sh "$tracer" features >"$dir/out" 2>&1
check 'features without BTF ends with 3' test $? -eq 3
check 'features without BTF says so' has '^BTF none: .*CONFIG_DEBUG_INFO_BTF'
check 'features without BTF: no row is chosen or available' has_not '^  (chosen|available)'
check 'features without BTF: nothing that it cannot know' has_not 'libbpf:|bpf_loop|socket numbers|No such process'

cp "$tracer" "$dir/relaytrace" && chmod 755 "$dir" "$dir/relaytrace"
(cd / && setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/relaytrace" features) >"$dir/out" 2>&1
check 'features by nobody ends with 3' test $? -eq 3
check 'features by nobody: no row is chosen' has_not '^  chosen'
check 'features by nobody: cgroup_skb is refused' has '^  refused +cgroup_skb'

# A host without a cgroup-v2 hierarchy: features says so, and dials are seen all the same.
hidden() { unshare -m sh -c 'mount -t tmpfs t /sys/fs/cgroup && exec "$@"' sh "$@"; }
hidden "$tracer" features >"$dir/out" 2>&1
check 'features without cgroup-v2 ends with 0' test $? -eq 0
check 'features without cgroup-v2 says so' has 'no cgroup-v2 hierarchy'
check 'features without cgroup-v2 says what is lost' has 'not seen without it: host names'
rm -f "$dir/got"
# A port that nothing listens at: port 1 (tcpmux).
hidden "$tracer" -o "json:$dir/got" -- bash -c 'exec 3<>/dev/tcp/127.0.0.1/1' >"$dir/out" 2>&1
check 'trace without cgroup-v2 warns' has 'warning: .*no cgroup-v2 hierarchy.*host names'
check 'trace without cgroup-v2 sees the dial' test "$(
	jq -r 'select(.event.action == "dial") | .relaytrace.dial.outcome' "$dir/got"
)" = refused
exit $status
