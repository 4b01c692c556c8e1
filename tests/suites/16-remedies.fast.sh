#!/usr/bin/env bash
# The remedies of scenes, carried out as they are printed on a copy of a node's env files: after it,
# `explain` takes the relay for the host that failed, with the value that stood in the file.  Then those of whole
# nodes (tests/nodes/remedies.py).
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=$PWD/${BUILD:-build}
[ -x "$BUILD/relaytrace-asan" ] || BUILD=${BUILD#"$PWD/"}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
status=0

remedies() { # SCENE RULE: its commands, without comments and restarts, on files below $root
	python3 - "tests/scenes/$1/expected.jsonl" "$2" "$root" <<'PY'
import json, re, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    if j["event"]["action"] == "finding" and j["rule"]["id"] == sys.argv[2]:
        for command in j["relaytrace"]["remedy"]:
            if not command.startswith(("#", "systemctl")):
                print(re.sub(r"(?<![\w\\/*.])/(etc|usr|opt|var)/", sys.argv[3] + r"/\1/", command))
        break
PY
}

explain() { # URL: with the env files below $root that the agent's unit would load
	"$BUILD/relaytrace-asan" explain $(for f in "$root"/etc/default/* "$file"; do
		[ -f "$f" ] && [ "${f##*/}" != environment ] && echo "--env-file $f"
	done) "$1" 2>&1
}

try() { # SCENE RULE FILE WANT URL [ENVPREFIX]: with what stands in FILE on standard input
	local scene=$1 rule=$2 file=$root$3 want=$4 url=$5 prefix=${6:-} before got
	rm -rf "${root:?}"/*
	mkdir -p "$root/etc/default" "$root/etc/sysconfig" "$(dirname "$file")"
	cat >"$file"
	before=$(explain "$url")
	remedies "$scene" "$rule" >"$root/commands"
	if [ ! -s "$root/commands" ] || ! bash -e "$root/commands" 2>"$root/errors"; then
		echo "not ok remedy/$scene/$rule: $(cat "$root/errors")"
		status=1
		return
	fi
	# What containerd would get of it: the prefixed ones, without the prefix.
	[ -z "$prefix" ] || sed -i "s/^$prefix//" "$file"
	got=$(explain "$url")
	if [[ $before == *$want* ]]; then
		echo "not ok remedy/$scene/$rule: it was so before"
		status=1
	elif [[ $got == *$want* ]]; then
		echo "ok remedy/$scene/$rule"
	else
		echo "not ok remedy/$scene/$rule: $got; $(tr '\n' ' ' <"$file")"
		status=1
	fi
}

hub=https://index.docker.io/v2/
taken="relay http://10.77.9.1:3128"
printf 'CONTAINERD_HTTPS_PROXY=http://user:secret@10.77.9.1:3128\nCONTAINERD_NO_PROXY=.svc,10.0.0.0/8' |
	try containerd-scope containerd-scope /etc/default/rke2-agent "$taken" $hub
printf 'CONTAINERD_HTTPS_PROXY="http://user:secret@10.77.9.1:3128"\r\nCONTAINERD_NO_PROXY=".svc,10.0.0.0/8"\r\n' |
	try containerd-scope containerd-scope /usr/local/lib/systemd/system/rke2-agent.env "$taken" $hub
printf 'CONTAINERD_HTTPS_PROXY="http://user:secret@10.77.9.1:3128"\nCONTAINERD_NO_PROXY=".svc,10.0.0.0/8"\n' |
	try containerd-scope containerd-scope /etc/sysconfig/rke2-agent "the entry .cluster.local" https://kubernetes.default.svc.cluster.local/
printf 'HTTP_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8,.svc\n' |
	try scheme-uncovered scheme-uncovered /etc/default/rke2-agent "$taken" $hub
printf 'Https_Proxy=http://10.77.9.1:3128\n' |
	try name-unread-mixed-case name-unread /etc/default/rke2-agent "$taken" $hub
printf '# no relay yet' | try relay-missing-system-agent relay-missing /etc/default/rancher-system-agent "$taken" $hub
printf 'CONTAINERD_HTTPS_RELAY=http://10.77.9.1:3128\nCONTAINERD_NO_RELAY=10.0.0.0/8\n' |
	try containerd-scope-relay-names containerd-scope /etc/default/rke2-agent "$taken" $hub
printf 'CONTAINERD_HTTPS_RELAY=http://10.77.9.1:3128\nCONTAINERD_NO_RELAY=10.0.0.0/8\n' |
	try containerd-scope-relay-names name-unread /etc/default/rke2-agent "$taken" $hub CONTAINERD_
printf 'CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128\nCONTAINERD_NO_PROXY=127.0.0.0/8\n' |
	try cluster-via-relay cluster-via-relay /etc/default/rke2-agent "the entry 10.0.0.0/8" https://10.43.0.1/ CONTAINERD_
printf '# mine\n\nexport HTTPS_PROXY=http://10.77.9.1:3128\n' |
	try env-file-invalid env-file-invalid /etc/default/rke2-agent "$taken" $hub
printf 'HTTPS_PROXY=http://10.77.9.1:3128' |
	try env-file-unloaded env-file-unloaded /etc/environment "$taken" $hub
printf 'HTTPS_PROXY=http://user:pa#secret@10.77.9.1:3128\n' |
	try value-misread-hash value-misread /etc/default/rke2-agent "$taken" $hub
printf 'HTTPS_PROXY="http://10.77.9.1:3128 "\n' |
	try value-misread-space value-misread /etc/default/rke2-agent "$taken" $hub
printf 'HTTPS_PROXY=http://user:100%%@10.77.9.1:3128\n' |
	try value-dropped-percent value-dropped /etc/default/rke2-agent "$taken" $hub
printf 'HTTPS_PROXY=https://10.77.9.1:3128\n' |
	try relay-protocol-tls relay-protocol /etc/default/rke2-agent "$taken" $hub
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8,.svc,docker.io\n' |
	try no-relay-match-domain no-relay-match /etc/default/rke2-agent "$taken" $hub
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8,.svc\n' |
	try relay-upstream-mirror relay-upstream /etc/default/rke2-agent "the entry mirror.corp.example" https://mirror.corp.example/v2/
printf '# relay\nHTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=127.0.0.0/8,.corp.example\n' |
	try cluster-via-relay-agent cluster-via-relay /etc/default/rke2-agent "the entry 10.0.0.0/8" https://10.43.0.1/
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=127.0.0.0/8\nCONTAINERD_NO_PROXY=127.0.0.0/8,10.0.0.0/8\n' |
	try cluster-via-relay-shadowed cluster-via-relay /etc/default/rke2-agent "the entry 10.0.0.0/8" https://10.43.0.1/
printf 'HTTPS_PROXY=http://10.77.9.1:3128\n' |
	try cluster-via-relay-etcd cluster-via-relay /etc/default/rke2-server "the entry 10.0.0.0/8" https://10.77.0.5:2379/
printf 'HTTPS_RELAY=http://10.77.9.1:3128\nNO_RELAY=10.0.0.0/8\n' |
	try name-unread-evident name-unread /etc/default/rke2-agent "$taken" $hub
# Explain's answer is the same with the quotes: what the relay gets is not.
rm -rf "${root:?}"/*
mkdir -p "$root/etc/default"
printf "HTTPS_PROXY=http://'user':'secret'@10.77.9.1:3128\n" >"$root/etc/default/rke2-agent"
remedies relay-auth-quoted relay-auth >"$root/commands"
if bash -e "$root/commands" 2>/dev/null && grep -qx 'HTTPS_PROXY=http://user:secret@10.77.9.1:3128' "$root/etc/default/rke2-agent"; then
	echo "ok remedy/relay-auth-quoted/relay-auth"
else
	echo "not ok remedy/relay-auth-quoted/relay-auth: $(cat "$root/etc/default/rke2-agent")"
	status=1
fi
# shellcheck disable=SC2086 # globs
cc -std=gnu11 -D_GNU_SOURCE -g -Iuser -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-o "$root/unit_predict" tests/kernels/unit_predict.c \
	"$BUILD"/asan/{base,relay}/*.o "$BUILD"/asan/node/{env_file*,unit_*}.o || {
	echo "not ok remedies: unit_predict cannot be built"
	exit 1
}
BUILD=$BUILD tests/nodes/remedies.py "$root/unit_predict" || status=1
exit $status
