#!/usr/bin/env bash
# A tree ends at a container's init: a real container by runc below the tracer.  What runs in it, its
# arguments and its environment are nobody's business; with --pods they are.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip containers: needs root for runc'
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf --one-file-system "$dir"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$dir/rootfs/bin" && cp "$(command -v busybox)" "$dir/rootfs/bin/busybox" || exit 1
(cd "$dir" && runc spec) || exit 1
jq --arg root "$dir/rootfs" '.process.terminal = false
	| .process.args = ["/bin/busybox", "sh", "-c", "/bin/busybox sleep 0.1; /bin/busybox true podargument"]
	| .process.env += ["HTTPS_PROXY=http://pod:podsecret@podrelay:1"]
	| .root.path = $root | del(.linux.resources)' "$dir/config.json" >"$dir/config.new" &&
	mv "$dir/config.new" "$dir/config.json"

status=0
check() { # NAME CONDITION-COMMAND...
	local name=$1
	shift
	if "$@"; then echo "ok $name"; else echo "not ok $name" && status=1; fi
}
names() { jq -r 'select(.event.action == "exec") | .process.name' "$1" | sort -u; }
nothing_of() { ! grep -qaE "$1" "${@:2}"; }

runc="runc --root $dir/state"
"$BUILD/relaytrace" -o "json:$dir/out" -o "record:$dir/rec" -- $runc run -b "$dir" "tree$$" >"$dir/said" 2>&1
check 'container runs below the tracer' test $? -eq 0
check 'container: runc and nothing else is in the tree' test "$(names "$dir/out")" = runc
check 'container: nothing of the pod is told' nothing_of 'podargument|podsecret|podrelay|busybox sh' "$dir/out" "$dir/rec"

"$BUILD/relaytrace" --pods -o "json:$dir/pods" -- $runc run -b "$dir" "pods$$" >"$dir/said" 2>&1
check 'container with --pods: its processes are told' grep -qa podargument "$dir/pods"
check 'container with --pods: its relay without the password' grep -qaF 'HTTPS_PROXY=http://***:***@podrelay:1' "$dir/pods"
check 'container with --pods: no password' nothing_of podsecret "$dir/pods"
exit $status
