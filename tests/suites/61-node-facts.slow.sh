#!/usr/bin/env bash
# A process of a unit dials below the tracer: what its unit's files say comes into the chain and the remedy.
# All in a mount and a network namespace of its own, and a cgroup that is named like the unit's.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo "skip node facts: needs root"
	exit 0
fi
if [ "${1:-}" != inside ]; then
	work=$(mktemp -d) || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM HUP
	unshare -mn --propagation private "$0" inside "$work"
	exit
fi

work=$2
tracer=$PWD/${RELAYTRACE:-$BUILD/relaytrace}
failed=0
ok() { echo "ok node facts: $1"; }
fail() { echo "not ok node facts: $1: $2"; failed=1; }

ip link set lo up && ip addr add 203.0.113.10/32 dev lo # nobody listens: refused at once
for dir in /etc/systemd/system /etc/default; do
	mkdir -p $dir && mount -t tmpfs tmpfs $dir || exit 1
done
[ -d /etc/sysconfig ] && mount -t tmpfs tmpfs /etc/sysconfig
[ -d /etc/rancher ] && mount -t tmpfs tmpfs /etc/rancher
cp "$(command -v bash)" "$work/rke2"

# The dialler: a child in the unit's cgroup with an environment of its own; $work/between runs before it dials.
cat >"$work/start" <<'END'
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)$(sed -n 's/^0:://p' /proc/self/cgroup)/rke2-agent.service
mkdir "$cgroups" || exit 1
(echo 0 >"$cgroups/cgroup.procs" && exec env -i "$@" "$work/rke2" -c '
	while [ ! -e "$0/go" ]; do read -rt 0.1 <> <(:); done
	exec 3<>/dev/tcp/203.0.113.10/443' "$work" 2>/dev/null) &
child=$!
sleep 0.5
"$work/between"
touch "$work/go"
wait $child
for _ in $(seq 50); do rmdir "$cgroups" 2>/dev/null && break; sleep 0.1; done
true
END

unit() { printf '[Service]\nEnvironmentFile=-%s\nExecStart=%s agent\n' "$1" "$work/rke2" >/etc/systemd/system/rke2-agent.service; }

# story NAME RULE CHAIN REMEDY [N=V...]: traces the dialler; CHAIN and REMEDY are parts of what must be told.
story() {
	local name=$1 rule=$2 chain=$3 remedy=$4 got
	shift 4
	rm -f "$work/go" "$work"/*.jsonl "$work/recording"
	[ -e "$work/between" ] || printf '#!/bin/sh\n' >"$work/between"
	chmod +x "$work/between"
	work=$work "$tracer" -o "json:$work/live.jsonl" -o "record:$work/recording" -- \
		bash "$work/start" "$@" >"$work/out" 2>&1
	rm -f "$work/between"
	got=$(jq -r 'select(.event.action == "finding" and .process.name == "rke2") |
		.rule.id, .relaytrace.chain[], .relaytrace.remedy[]' "$work/live.jsonl")
	if [ "${got%%$'\n'*}" != "$rule" ]; then
		fail "$name" "\"${got%%$'\n'*}\", not $rule $(head -c 300 "$work/out" | tr '\n' ' ')"
	elif [[ $got != *"$chain"* ]]; then
		fail "$name" "no \"$chain\" in: ${got//$'\n'/; }"
	elif [[ $got != *"$remedy"* ]]; then
		fail "$name" "no \"$remedy\" in: ${got//$'\n'/; }"
	else
		ok "$name"
	fi
	if grep -q secretword "$work"/*.jsonl "$work/recording"; then
		fail "$name: no password" "it is in $(grep -l secretword "$work"/*.jsonl "$work/recording")"
	fi
	"$tracer" replay "$work/recording" -o "json:$work/replay.jsonl" >/dev/null 2>&1
	if cmp -s <(grep '"action":"finding"' "$work/live.jsonl") <(grep '"action":"finding"' "$work/replay.jsonl"); then
		ok "$name, replayed"
	else
		fail "$name, replayed" "it finds something else"
	fi
}

printf '# the relay\nCONTAINERD_HTTPS_PROXY=http://user:secretword@10.77.9.1:3128\n' >/etc/default/rke2-agent
unit /etc/default/%N
story "the line that sets it" containerd-scope "/etc/default/rke2-agent:2 sets CONTAINERD_HTTPS_PROXY" \
	"' /etc/default/rke2-agent" CONTAINERD_HTTPS_PROXY=http://user:secretword@10.77.9.1:3128

echo 'export HTTPS_PROXY=http://user:secretword@10.77.9.1:3128' >/etc/default/rke2-agent
story "a line that systemd ignores" env-file-invalid "/etc/default/rke2-agent:1" "systemctl restart rke2-agent"

echo 'HTTPS_PROXY=http://user:secretword@10.77.9.1:3128' >/etc/default/rke2-agent
unit /etc/sysconfig/rke2-agent-other
story "a file that is not loaded" env-file-unloaded "/etc/default/rke2-agent:1 sets HTTPS_PROXY" "systemctl restart rke2-agent"

# Mended while it runs: the file is newer than the process, and is read again before the verdict.
unit /etc/default/%N
: >/etc/default/rke2-agent
printf '#!/bin/sh\nsleep 2\nprintf "\\n\\nHTTPS_PROXY=http://10.77.9.1:3128\\n" >/etc/default/rke2-agent\n' >"$work/between"
story "a file that is newer" env-file-stale "/etc/default/rke2-agent:3 sets HTTPS_PROXY=http://10.77.9.1:3128, but the file is newer than" \
	"systemctl restart rke2-agent"

: >/etc/default/rke2-agent
story "no relay in the files" relay-missing "no variable names a relay" "systemctl restart rke2-agent"

# A drop-in that is older than the process, which lacks what it sets: systemd has not read it.
mkdir /etc/systemd/system/rke2-agent.service.d
printf '[Service]\nEnvironment=HTTPS_PROXY=http://user:secretword@10.77.9.1:3128\n' >/etc/systemd/system/rke2-agent.service.d/relay.conf
story "a drop-in without a daemon-reload" env-file-unloaded "has not read the changed files yet (daemon-reload)" "systemctl daemon-reload"
rm -r /etc/systemd/system/rke2-agent.service.d

# Before any dial: a program of Go's that says its version starts as rke2 server, and ends when it was looked at.
cat >"$work/start" <<'END'
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)$(sed -n 's/^0:://p' /proc/self/cgroup)/rke2-server.service
mkdir "$cgroups" || exit 1
(echo 0 >"$cgroups/cgroup.procs" && exec env -i "$@")
for _ in $(seq 50); do rmdir "$cgroups" 2>/dev/null && break; sleep 0.1; done
true
END
# before NAME WANTED COMMAND [N=V...]: "VERSION: SEVERITY RULE", or "VERSION:"; and a replay says the same.
before() {
	local name=$1 want=$2 got
	shift 2
	rm -f "$work"/*.jsonl "$work/recording"
	"$tracer" -o "json:$work/live.jsonl" -o "record:$work/recording" -- bash "$work/start" "$@" >"$work/out" 2>&1
	got="$(jq -r 'select(.event.action == "exec" and .relaytrace.role == "supervisor") | .relaytrace.rke2_version' "$work/live.jsonl"): $(
		jq -r 'select(.event.action == "finding") | .relaytrace.severity + " " + .rule.id' "$work/live.jsonl" | paste -sd,)"
	if [ "$got" = "$want" ]; then ok "$name"; else fail "$name" "\"$got\", not \"$want\": $(head -c 300 "$work/out" | tr '\n' ' ')"; fi
	"$tracer" replay "$work/recording" -o "json:$work/replay.jsonl" >/dev/null 2>&1
	if cmp -s "$work/live.jsonl" "$work/replay.jsonl"; then ok "$name, replayed"; else fail "$name, replayed" "it tells something else"; fi
}
# /etc/rancher is there on nodes only; nothing is left behind in this machine's own /etc.
rancher_folder() {
	[ -d /etc/rancher ] && return
	mkdir "$work/etc" && mount -t tmpfs tmpfs "$work/etc" && mkdir "$work"/etc/{up,work} &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$work/etc/up,workdir=$work/etc/work" overlay /etc &&
		mkdir -p /etc/rancher /etc/default /etc/systemd/system
}
if ! command -v go >/dev/null; then
	echo "skip node facts: what is told before any dial: go is not here"
elif ! rancher_folder 2>/dev/null; then
	echo "skip node facts: what is told before any dial: no overlay over /etc here"
else
	mkdir -p "$work/program/bin" && printf 'package main\nimport "time"\nfunc main() { time.Sleep(time.Second) }\n' >"$work/program/main.go" && (cd "$work/program" && export GOFLAGS=-mod=mod GOCACHE=$work/cache &&
		go build -ldflags '-X github.com/k3s-io/k3s/pkg/version.Version=v1.33.1+rke2r1' -o bin/rke2 main.go)
	printf '[Service]\nEnvironmentFile=-/etc/default/%%N\nExecStart=%s server\n' "$work/program/bin/rke2" >/etc/systemd/system/rke2-server.service
	printf 'CONTAINERD_HTTPS_PROXY=http://user:secretword@10.77.9.1:3128\n' >/etc/default/rke2-server
	mkdir -p /etc/rancher/rke2 "$work/data/data/v1.32.5-rke2r1-f08cac670b4e/bin" "$work/data/agent/images"
	echo "data-dir: $work/data" >/etc/rancher/rke2/config.yaml
	classic=("CONTAINERD_HTTPS_PROXY=http://user:secretword@10.77.9.1:3128" "$work/program/bin/rke2")
	before "a version whose runtime is not there" "v1.33.1+rke2r1: warning containerd-scope" "${classic[@]}" server
	before "an agent, whose registry its server knows" "v1.33.1+rke2r1: " "${classic[@]}" agent
	before "a command of rke2 that pulls nothing" "v1.33.1+rke2r1: " "${classic[@]}" --version
	before "an option that says nothing of pulls" "v1.33.1+rke2r1: warning containerd-scope" "${classic[@]}" server --debug
	before "an option that names another configuration" "v1.33.1+rke2r1: " "${classic[@]}" server --config /etc/other.yaml
	before "an option that names a registry" "v1.33.1+rke2r1: " "${classic[@]}" server --system-default-registry registry.corp:5000
	echo x >"$work/data/agent/images/x.tar.zst"
	before "preloaded images" "v1.33.1+rke2r1: " "${classic[@]}" server
	rm "$work/data/agent/images/x.tar.zst"
	echo "RKE2_DATA_DIR=$work/other" >>/etc/default/rke2-server
	mkdir -p "$work/other/agent/images" && echo x >"$work/other/agent/images/x.tar.zst"
	before "a data directory that a variable names, and config.yaml another" "v1.33.1+rke2r1: warning containerd-scope" "${classic[@]}" server
	mv /etc/rancher/rke2/config.yaml "$work/config.yaml"
	before "a data directory that a variable names" "v1.33.1+rke2r1: " "${classic[@]}" server
	mv "$work/config.yaml" /etc/rancher/rke2/config.yaml
	printf 'CONTAINERD_HTTPS_PROXY=http://user:secretword@10.77.9.1:3128\n' >/etc/default/rke2-server
	mkdir -p "$work/data/data/v1.33.1-rke2r1-0123456789ab/bin"
	before "a version whose runtime is there" "v1.33.1+rke2r1: " "${classic[@]}" server
	# The tracer does not get to run until all is over: not a process is there any more to be read.
	cp "$work/start" "$work/started"
	printf '%s\n' 'kill -STOP $PPID' "bash '$work/started' \"\$@\"" 'kill -CONT $PPID' >"$work/start"
	before "a program that has ended long ago" "v1.33.1+rke2r1: " "${classic[@]}" server
	cp "$work/started" "$work/start"
	rm -r /etc/rancher/rke2 /etc/default/rke2-server /etc/systemd/system/rke2-server.service
fi
unit /etc/default/%N

# --as-unit: the environment that the unit would have, and nothing of the shell's.
printf 'HTTPS_PROXY="http://user:secretword@10.77.9.1:3128"\nOTHER=a b\nexport X=1\n' >/etc/default/rke2-agent
got=$(HTTP_PROXY=http://shell:1 "$tracer" -o "json:$work/unit.jsonl" --as-unit rke2-agent -- env 2>"$work/errors" | sort | tr '\n' '|')
want='HTTPS_PROXY=http://user:secretword@10.77.9.1:3128|OTHER=a b|PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|'
if [ "$got" = "$want" ] && [ ! -s "$work/errors" ]; then ok "--as-unit"; else fail "--as-unit" "$got $(cat "$work/errors")"; fi
got=$(jq -r 'select(.event.action == "exec") | .process.env_vars[]' "$work/unit.jsonl")
if [ "$got" = "HTTPS_PROXY=http://***:***@10.77.9.1:3128" ]; then ok "--as-unit is traced"; else fail "--as-unit is traced" "$got"; fi
"$tracer" -o "json:$work/unit.jsonl" -- true 2>"$work/errors"
if [ "$(grep -c 'not with that of rke2-agent.service' "$work/errors")" = 1 ]; then ok "a command from a shell"; else fail "a command from a shell" "$(cat "$work/errors")"; fi
status_of() { "$tracer" "$@" >"$work/out" 2>"$work/errors"; echo $? "$(wc -l <"$work/errors")" "$(wc -c <"$work/out")"; }
got=$(status_of --as-unit no-such -- touch "$work/ran"; status_of --as-unit rke2-agent; [ -e "$work/ran" ] && echo ran)
if [ "$got" = $'2 1 0\n2 1 0' ]; then ok "--as-unit: status 2"; else fail "--as-unit: status 2" "$got"; fi

# check beside them: what runs against what the files say.  This rke2 writes its title over its arguments and the
# first entry of its environment, as k3s and rke2 do (gspt), and starts a containerd with what it was given.
cat >"$work/rke2.c" <<'END'
#include <string.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
	(void)argc;
	memset(argv[0], 0, (size_t)(environ[0] + strlen(environ[0]) - argv[0]));
	strcpy(argv[0], "rke2 agent");
	if (fork() == 0) {
		environ[0] = "HTTPS_PROXY=http://user:secretword@10.77.9.1:3128";
		execl(CONTAINERD, "containerd", "60", NULL);
		_exit(127);
	}
	pause();
	return 0;
}
END
cp "$(command -v sleep)" "$work/containerd"
cc -DCONTAINERD="\"$work/containerd\"" -o "$work/rke2" "$work/rke2.c" || fail "check" "no rke2 to look at"
home=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)$(sed -n 's/^0:://p' /proc/self/cgroup)/rke2-agent.service
mkdir "$home"
between=
look() { # N=V...: starts them in the unit's cgroup with that environment and checks
	(echo 0 >"$home/cgroup.procs" && exec env -i "$@" "$work/rke2" agent) &
	child=$!
	for _ in $(seq 50); do
		[ "$(pgrep -P $child -x containerd)" ] && break
		sleep 0.1
	done
	eval "$between"
	"$tracer" check --unit rke2-agent -o json >"$work/check.jsonl" 2>"$work/errors"
	"$tracer" check --unit rke2-agent >"$work/check.txt" 2>>"$work/errors"
	kill "$(pgrep -P $child -x containerd)" $child
	wait $child 2>/dev/null
	got=$(jq -r --argjson child $child 'if .event.action == "unit" then .relaytrace.unit.processes[] |
			.name + (if .pid == $child then "*" else "" end) + " " + ([.has, .differs, .lacks, .unseen] | map(join(",")) | join("/"))
		elif .event.action == "finding" then .rule.id + " of " + (.process.name // "the unit") else empty end' "$work/check.jsonl" | tr '\n' ' ')
}
mkdir -p /etc/rancher 2>/dev/null
printf 'HTTPS_PROXY=http://user:secretword@10.77.9.1:3128\nNO_PROXY=.svc,10.0.0.0/8\n' >/etc/default/rke2-agent
look FIRST=1 NO_PROXY=.other,10.0.0.0/8
want='rke2* /NO_PROXY//HTTPS_PROXY containerd HTTPS_PROXY/NO_PROXY// '
if [ "$got" = "$want" ]; then ok "check: what a damaged snapshot proves"; else fail "check: what a damaged snapshot proves" "$got"; fi
if grep -q 'rke2\[.*may lack HTTPS_PROXY.*absence is no proof' "$work/check.txt"; then ok "check: it says so"; else fail "check: it says so" "$(grep 'rke2\[' "$work/check.txt")"; fi
sed -i 's/"HTTPS_PROXY=.*"/"X=1"/' "$work/rke2.c"
cc -DCONTAINERD="\"$work/containerd\"" -o "$work/rke2" "$work/rke2.c"
between="sleep 0.1; touch /etc/default/rke2-agent"
look FIRST=1 NO_PROXY=.svc,10.0.0.0/8
want='rke2* NO_PROXY///HTTPS_PROXY containerd NO_PROXY//HTTPS_PROXY/ env-file-stale of containerd '
if [ "$got" = "$want" ]; then ok "check: a process that is older than the file"; else fail "check: a process that is older than the file" "$got"; fi
for _ in $(seq 50); do rmdir "$home" 2>/dev/null && break; sleep 0.1; done
if grep -q secretword "$work"/check.*; then fail "check: no password" "$(grep -c secretword "$work"/check.*)"; else ok "check: no password"; fi
exit $failed
