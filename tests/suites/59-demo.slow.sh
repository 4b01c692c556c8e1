#!/usr/bin/env bash
# `relaytrace demo`: what it shows and in which time, what it leaves behind when it is interrupted, and what it
# says where it cannot be shown.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip demo: needs root'
	exit 0
fi
tracer=$(realpath "${RELAYTRACE:-$BUILD/relaytrace}")
dir=$(mktemp -d) || exit 1
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
status=0
check() { # NAME CONDITION-COMMAND...
	local name=$1
	shift
	if "$@"; then echo "ok $name"; else echo "not ok $name: $(tail -n 3 "$dir/out" | cut -c1-300 | tr '\n' ';')" && status=1; fi
}
has() { grep -qE -- "$1" "$dir/out"; }
has_not() { ! has "$1"; }
left() { find /tmp -maxdepth 1 -name 'relaytrace-demo-*' -newer "$dir/before"; }

if ! "$tracer" features >/dev/null 2>&1; then
	echo 'skip demo: tracing is not possible here'
	exit 0
fi

touch "$dir/before"
began=$SECONDS
"$tracer" demo >"$dir/out" 2>&1
check 'demo ends with 0' test $? -eq 0
check 'demo takes less than 20 s' test $((SECONDS - began)) -lt 20
check 'demo leaves nothing in /tmp' test -z "$(left)"
check 'demo: rke2 with the variable, its password masked' has \
	'^[0-9:.]+ +exec +rke2\[[0-9]+\] +supervisor .* CONTAINERD_HTTPS_PROXY=http://\*\*\*:\*\*\*@10\.77\.9\.1:3128$'
check 'demo: no password' has_not relay-secret
if "$tracer" features | grep -q 'chosen *cgroup_skb'; then
	check 'demo: the question' has 'resolve +rke2\[[0-9]+\] +index\.docker\.io +A +203\.0\.113\.10'
	check 'demo: the dial, with its name' has \
		'dial +rke2\[[0-9]+\] +index\.docker\.io:443 \(203\.0\.113\.10\) +direct +abandoned after 4\.[0-9] s'
	check 'demo: the answer of the relay' has \
		'relay +rke2\[[0-9]+\] +10\.77\.9\.1:3128 +asked for index\.docker\.io:443 answered 200'
	check 'demo: the repair is seen' has 'RESOLVED rke2\[[0-9]+\] +containerd-scope: index\.docker\.io:443'
else
	echo 'skip demo: names and answers: this machine does not allow cgroup_skb'
fi
check 'demo: the finding' has 'FINDING +rke2\[[0-9]+\] +error +containerd-scope:'
check 'demo: one finding in all' has '^  1 finding: 1 error, 0 warnings, 0 info$'

# A signal to it alone and to its process group, as kill(1) sends it, and Ctrl-C on a terminal.
shown() { # waits until the first pull began
	for _ in $(seq 200); do
		grep -q 'resolve  *rke2\|exec  *rke2' "$dir/out" && return
		sleep 0.1
	done
}
gone() { # NAME STATUS: what is to be seen after the end
	check "demo, $1: status 130" test "$2" -eq 130
	check "demo, $1: at once, without its second part" has_not '^--- The repair'
	check "demo, $1: nothing left in /tmp" test -z "$(left)"
	# Who was orphaned is a zombie until init looks at it.
	check "demo, $1: nobody of it is left" test -z "$(ps -eo stat=,args= | grep -v ^Z | grep -F "$tracer demo" | grep -v grep)"
}
for whom in alone group; do
	# A shell has its background jobs ignore SIGINT.
	: >"$dir/out" # what the demo before this one said is not this one's
	setsid env --default-signal=INT "$tracer" demo >>"$dir/out" 2>&1 &
	pid=$!
	shown
	if [ $whom = alone ]; then kill -INT $pid; else kill -INT -- -$pid; fi
	wait $pid
	gone "SIGINT to $whom" $?
	pid=
done
if command -v script >/dev/null; then
	: >"$dir/out"
	(
		shown
		printf '\003'
		sleep 4
	) | env --default-signal=INT NO_COLOR=1 script -qefc "$tracer demo" /dev/null >"$dir/out" 2>&1
	gone 'Ctrl-C on a terminal' $?
else
	echo 'skip demo, Ctrl-C on a terminal: no script(1) here'
fi

# Where it cannot be shown it says so before it shows anything, and what to do.
unshare -m sh -c 'mount -t tmpfs t /sys/kernel/btf && exec "$@"' sh "$tracer" demo >"$dir/out" 2>&1
check 'demo without BTF ends with 3' test $? -eq 3
check 'demo without BTF says what is missing' has 'BTF|type information'
check 'demo without BTF shows nothing' has_not '^\$ relaytrace'
cp "$tracer" "$dir/relaytrace" && chmod 755 "$dir" "$dir/relaytrace"
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups $dir/relaytrace"
for command in demo '--for 1'; do
	# shellcheck disable=SC2086
	(cd / && $nobody $command) >"$dir/out" 2>&1
	check "relaytrace $command by nobody ends with 3" test $? -eq 3
	check "relaytrace $command by nobody says what to do" has 'needs root.*sudo'
done
exit $status
