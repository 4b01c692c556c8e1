#!/usr/bin/env bash
# `relaytrace check` on directories made like nodes: what it finds before any dial, what it says about what it
# could not read, its statuses, and its remedies carried out on the files of the node.
set -u
cd "$(dirname "$0")/../.." || exit 2
check=(${CHECK:-"${BUILD:-build}/relaytrace-asan"} check)
work=$(mktemp -d)
node=$work/node
running=
trap '[ -z "$running" ] || kill $running 2>/dev/null; chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
command -v jq >/dev/null || { echo "skip check: jq is not here"; exit 0; }
failed=0
: >"$work/all.jsonl"

ok() { echo "ok check: $1"; }
fail() { echo "not ok check: $1: $2"; failed=1; }
same() { if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "\"$2\", not \"$3\""; fi; }

# A node with an agent as the tarball installs it; what /etc/default/rke2-agent holds on standard input.
new_node() {
	rm -rf "$node"
	mkdir -p "$node"/etc/{default,sysconfig,rancher/rke2} "$node/etc/systemd/system/multi-user.target.wants" \
		"$node"/usr/local/{bin,lib/systemd/system} "$node/var/lib/rancher/rke2/agent/images"
	for role in server agent; do
		printf '[Service]\nType=notify\nEnvironmentFile=-/etc/default/%%N\nEnvironmentFile=-/etc/sysconfig/%%N\nEnvironmentFile=-/usr/local/lib/systemd/system/%%N.env\nExecStartPre=-/sbin/modprobe overlay\nExecStart=/usr/local/bin/rke2 %s\n' \
			$role >"$node/usr/local/lib/systemd/system/rke2-$role.service"
		echo HOME=/root >"$node/usr/local/lib/systemd/system/rke2-$role.env"
	done
	ln -s /usr/local/lib/systemd/system/rke2-agent.service "$node/etc/systemd/system/multi-user.target.wants/"
	cat >"$node/etc/default/rke2-agent"
}

# "STATUS RULE/ROLE ...": what check finds on the node.
findings() {
	"${check[@]}" --root "$node" -o json "$@" >"$work/out.jsonl" 2>"$work/errors"
	local status=$?
	cat "$work/out.jsonl" >>"$work/all.jsonl"
	echo $status $(jq -r 'select(.event.action == "finding") | .rule.id + "/" + .relaytrace.role' "$work/out.jsonl")
}

classic() { printf '# the relay\nCONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128\nCONTAINERD_NO_PROXY=10.0.0.0/8,.svc\n'; }

classic | new_node
same "the classic" "$(findings)" "1 containerd-scope/supervisor"
"${check[@]}" --root "$node" >"$work/text"
same "the classic in text" "$(grep -c '^warning  containerd-scope: rke2 of rke2-agent.service would dial index.docker.io:443 directly' "$work/text") $(
	sed -n 's/^  *\(to add \)\? *\(HTTPS_PROXY=\|NO_PROXY=\)/\2/p' "$work/text" | tr '\n' ' ')" \
	"1 HTTPS_PROXY=http://10.77.9.1:3128 NO_PROXY=10.0.0.0/8,.svc,127.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.cluster.local "
if [ "$(wc -l <"$work/text")" -le 40 ]; then ok "one screen"; else fail "one screen" "$(wc -l <"$work/text") lines"; fi
same "--fail-on" "$(findings --fail-on never) $(findings --fail-on error)" \
	"0 containerd-scope/supervisor 0 containerd-scope/supervisor"
same "what containerd would do" "$(findings >/dev/null; jq -r 'select(.event.action == "pull" and .relaytrace.role == "containerd") |
	.destination.domain + " " + .relaytrace.pull.decision' "$work/out.jsonl" | head -1)" "registry-1.docker.io relay"

# The file that the service has: what the tracer writes to is not check's.
same "--config of the service" "$(findings --config tools/relaytrace.conf)" "1 containerd-scope/supervisor"
printf 'output journal\noutput metrics:%s\noutput record:%s\n' "$work/prom" "$work/record" >"$work/conf"
"${check[@]}" --root "$node" --config "$work/conf" | cmp -s - "$work/text"
same "--config, and no output that check takes" "${PIPESTATUS[*]} $(ls "$work/prom" "$work/record" 2>/dev/null)" "1 0 "
"${check[@]}" --root "$node" -o journal >"$work/out" 2>"$work/errors"
same "-o journal is refused where it is asked for" "$? $(cat "$work/errors")" "2 relaytrace: -o journal: check writes text and json"

touch "$node/var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.txt"
same "a list of images is no tarball" "$(findings)" "1 containerd-scope/supervisor"
echo x >"$node/var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.tar.zst"
same "CONTAINERD_ with preloaded images is healthy" "$(findings)" "0"
rm "$node"/var/lib/rancher/rke2/agent/images/*
mkdir -p "$node/var/lib/rancher/rke2/data/v1.31.1-rke2r1-f08cac670b4e/bin"
next() { jq -r 'select(.event.action == "finding") | .relaytrace.severity + " " + .message' "$work/out.jsonl" | cut -d: -f1,2; }
same "CONTAINERD_ with an unpacked runtime: the next upgrade is told, and nothing is to be mended now" "$(findings), $(next)" \
	"0 containerd-scope/supervisor, info at the next upgrade rke2 of rke2-agent.service will dial index.docker.io:443 directly"
same "with a pointer" "$(grep -c 'relaytrace check --rke2-version VERSION' "$work/out.jsonl")" 1
same "the version to be installed is not there" "$(findings --rke2-version v1.33.1+rke2r1) $(jq -r 'select(.event.action == "pull" and .relaytrace.role == "supervisor") |
	.relaytrace.pull.why' "$work/out.jsonl" | sort -u)" \
	"1 containerd-scope/supervisor rke2-runtime of v1.33.1+rke2r1: it is not in /var/lib/rancher/rke2/data, and no image tarball is in /var/lib/rancher/rke2/agent/images"
same "the version to be installed is there" "$(findings --rke2-version v1.31.1+rke2r1)" "0"
echo x >"$node/var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.tar.zst"
same "a tarball may hold the version to be installed" "$(findings --rke2-version v1.33.1+rke2r1) $(jq -r 'select(.event.action == "pull" and .relaytrace.role == "supervisor") |
	.relaytrace.pull.why' "$work/out.jsonl" | sort -u)" \
	"0 images are preloaded: /var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.tar.zst; not looked into: does it hold those of v1.33.1+rke2r1"
images=$node/var/lib/rancher/rke2/agent/images
touch -d 2024-01-01 "$images/rke2-images.linux-amd64.tar.zst"
same "not one that was there before the version that is unpacked" "$(findings --rke2-version v1.33.1+rke2r1) $(
	grep -o 'tar.zst was there before v1.31.1-rke2r1-f08cac670b4e was unpacked' "$work/out.jsonl" | sort -u | wc -l)" "1 containerd-scope/supervisor 1"
same "which has what is installed" "$(findings)" "0"
mv "$images/rke2-images.linux-amd64.tar.zst" "$images/rke2-images-v1.33.1-rke2r1.linux-amd64.tar.zst"
same "one of that version by its name" "$(findings --rke2-version v1.33.1+rke2r1)" "0"
same "one of another" "$(findings --rke2-version v1.33.2+rke2r1)" "1 containerd-scope/supervisor"
mv "$images"/* "$images/rke2-images-cilium.linux-amd64.tar.zst"
same "one of a network plugin" "$(findings --rke2-version v1.33.1+rke2r1)" "1 containerd-scope/supervisor"
mv "$images"/* "$images/myapp.tar"
same "one whose name does not tell" "$(findings --rke2-version v1.33.1+rke2r1), $(next)" \
	"0 containerd-scope/supervisor, info rke2 of rke2-agent.service would dial index.docker.io:443 directly, if it pulls"
rm "$node"/var/lib/rancher/rke2/agent/images/*
if command -v go >/dev/null; then
	mkdir "$work/go" && printf 'package main\nfunc main() {}\n' >"$work/go/main.go" && (cd "$work/go" && export GOFLAGS=-mod=mod GOCACHE=$work/cache &&
		go build -ldflags '-s -w -X github.com/k3s-io/k3s/pkg/version.Program=rke2 -X github.com/k3s-io/k3s/pkg/version.Version=v1.32.5+rke2r1' -o "$node/usr/local/bin/rke2" main.go)
	same "a new version whose runtime is not there" "$(findings) $(jq -r 'select(.relaytrace.unit.version) | .relaytrace.unit.version' "$work/out.jsonl" | sort -u)" \
		"1 containerd-scope/supervisor v1.32.5+rke2r1"
	mkdir -p "$node/var/lib/rancher/rke2/data/v1.32.5-rke2r1-0123456789ab/bin"
	same "a new version whose runtime is there" "$(findings), $(next)" \
		"0 containerd-scope/supervisor, info at the next upgrade rke2 of rke2-agent.service will dial index.docker.io:443 directly"
else
	echo "skip check: the version of a program: go is not here"
fi
echo 'data-dir: /data/rke2' >"$node/etc/rancher/rke2/config.yaml"
same "another data-dir" "$(findings)" "1 containerd-scope/supervisor"
echo 'system-default-registry: registry.corp:5000' >>"$node/etc/rancher/rke2/config.yaml"
same "a private registry needs no relay" "$(findings) $(jq -r 'select(.event.action == "pull" and .relaytrace.role == "supervisor") |
	.destination.domain + " " + (.destination.port | tostring)' "$work/out.jsonl")" "0 registry.corp 5000"
rm "$node/etc/rancher/rke2/config.yaml"
printf 'mirrors:\n  docker.io:\n    endpoint: ["https://mirror.corp"]\n' >"$node/etc/rancher/rke2/registries.yaml"
rm -r "$node/var/lib/rancher/rke2/data"
same "with a private mirror the default endpoint is the last resort" "$(findings)" "0"
printf 'CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128\n' | new_node
mkdir -p "$images" && echo x >"$images/rke2-images.linux-amd64.tar.zst"
same "CONTAINERD_ alone on an agent, images preloaded: nothing" "$(findings), $("${check[@]}" --root "$node" | grep -o 'no NO_ list')" "0, no NO_ list"
rm -r "$images"

: | new_node
same "no relay anywhere" "$(findings)" "0"
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' | new_node
same "a relay for all" "$(findings)" "0"
mkdir "$node/etc/systemd/system/rke2-agent.service.d"
printf '[Service]\nUnsetEnvironment=HTTPS_PROXY\n' >"$node/etc/systemd/system/rke2-agent.service.d/x.conf"
same "one that the unit takes away" "$(findings)" "1 env-file-unloaded/supervisor"
printf 'export HTTPS_PROXY=http://10.77.9.1:3128\n' | new_node
same "one in a line that systemd ignores" "$(findings)" "1 env-file-invalid/supervisor"
same "its place" "$(jq -r 'select(.event.action == "unit" and .service.name == "rke2-agent.service") | .relaytrace.unit.variables[0] |
	.source + " " + .fate + " " + .fault' "$work/out.jsonl")" "/etc/default/rke2-agent:1 ignored export"
printf 'HTTP_PROXY=http://10.77.9.1:3128\n' | new_node
same "only HTTP_" "$(findings)" "1 scheme-uncovered/supervisor"
printf 'HTTPS_PROXY=http://u:p%%ss@10.77.9.1:3128\n' | new_node
same "a value that Go drops" "$(findings)" "1 value-dropped/supervisor"
printf "HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8,docker.io\n" | new_node
same "a list that is too wide" "$(findings)" "1 no-relay-match/supervisor"

# The NO_ list of containerd, which CNI plugins inherit.
relay=HTTPS_PROXY=http://10.77.9.1:3128
for list in "" NO_PROXY=.svc,.cluster.local 'NO_PROXY="localhost 10.0.0.0/8 .svc"' 'NO_PROXY=10.43.*,*.svc' 'NO_PROXY=localhost;10.0.0.0/8' 'NO_PROXY=[10.0.0.0/8,.svc]'; do
	printf '%s\n%s\n' $relay "$list" | new_node
	same "an agent's list: $list" "$(findings)" "1 cluster-via-relay/containerd"
	rm -r "$node/etc/systemd/system/multi-user.target.wants/" && mv "$node/etc/default/rke2-agent" "$node/etc/default/rke2-server"
	got=$(findings --unit rke2-server)
	same "a server's list, which RKE2 extends: $list" "${got%% *}" "0"
done
printf '%s\nNO_PROXY=10.0.0.0/8\nCONTAINERD_NO_PROXY=.corp\n' $relay | new_node
same "containerd's own list replaces the other" "$(findings) $(jq -r 'select(.event.action == "finding") | .relaytrace.remedy[0]' "$work/out.jsonl" | grep -o 's|^.s\*[A-Z_]*')" \
	"1 cluster-via-relay/containerd s|^\s*CONTAINERD_NO_PROXY"
mv "$node/etc/default/rke2-agent" "$node/etc/default/rke2-server"
same "on a server as well" "$(findings --unit rke2-server)" "1 cluster-via-relay/containerd"
printf '%s\nNO_PROXY=10.0.0.0/8,172.16.*\n' $relay | new_node
same "an entry that nothing matches is told" "$(findings), $(jq -r 'select(.event.action == "finding") | .relaytrace.severity + " " + .message' "$work/out.jsonl")" \
	'0 entry-unread/containerd, info containerd of rke2-agent.service reads NO_PROXY, and no host can match its entry "172.16.*"'
echo 'service-cidr: 100.64.0.0/16' >"$node/etc/rancher/rke2/config.yaml"
same "the services' range of config.yaml" "$(findings) $(jq -r 'select(.event.action == "finding") | .destination.domain' "$work/out.jsonl")" "1 cluster-via-relay/containerd 100.64.0.1"
printf 'CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128\n' | new_node
same "the classic without any list is one thing: its remedy brings the list" "$(findings)" "1 containerd-scope/supervisor"

# What a server makes of its list before it pulls, and hands its containerd.
on_server() { new_node; rm -r "$node/etc/systemd/system/multi-user.target.wants/"; mv "$node/etc/default/rke2-agent" "$node/etc/default/rke2-server"; }
of_containerd() { jq -r 'select(.event.action == "pull" and .relaytrace.role == "containerd") | .relaytrace.pull.decision' "$work/out.jsonl" | sort -u; }
printf '%s\nNO_PROXY=.corp\nno_proxy=.docker.io\n' $relay | on_server
same "a server joins no_proxy to NO_PROXY" "$(findings --unit rke2-server) $(jq -r 'select(.event.action == "finding") | .message' "$work/out.jsonl" | grep -o 'of no_proxy')" \
	"1 no-relay-match/supervisor of no_proxy"
mv "$node/etc/default/rke2-server" "$node/etc/default/rke2-agent"
same "an agent does not" "$(findings --unit rke2-agent)" "1 case-conflict/supervisor cluster-via-relay/containerd"
printf '%s\n' $relay | on_server
echo 'system-default-registry: 10.43.0.77:5000' >"$node/etc/rancher/rke2/config.yaml"
same "the cluster's addresses are direct for a server's containerd" "$(findings --unit rke2-server) $(of_containerd)" "0 direct"
mv "$node/etc/default/rke2-server" "$node/etc/default/rke2-agent"
same "and not for an agent's" "$(findings --unit rke2-agent) $(of_containerd)" "1 cluster-via-relay/containerd relay"
same "explain has the same list" "$(for unit in rke2-server rke2-agent; do cp "$node/etc/default/rke2-agent" "$node/etc/default/rke2-server"
	"${check[0]}" explain --root "$node" --unit $unit https://10.43.0.1/ | cut -f2; done | tr '\n' ' ')" "direct relay http://10.77.9.1:3128 "
printf '%s\nCONTAINERD_NO_PROXY=.docker.io\n' $relay | on_server
findings --unit rke2-server >/dev/null
same "CONTAINERD_NO_PROXY counts" "$(of_containerd | tr '\n' ' ')" "direct relay "
findings --unit rke2-server --rke2-version v1.22.9+rke2r1 >/dev/null
same "before v1.22.11 it did not" "$(of_containerd)" "relay"

# What RKE2 is told beside config.yaml, by variables and arguments: argument before file before variable.
exec_start() { mkdir -p "$node/etc/systemd/system/rke2-agent.service.d"; printf '[Service]\nExecStart=\nExecStart=%s\n' "$1" >"$node/etc/systemd/system/rke2-agent.service.d/start.conf"; }
configured() { printf "$@" >"$node/etc/rancher/rke2/config.yaml"; }
dialled() { jq -r 'select(.event.action == "pull" and .relaytrace.role == "supervisor") | .destination.domain + ":" + (.destination.port | tostring)' "$work/out.jsonl" | head -1; }
why() { jq -r 'select(.event.action == "pull" and .relaytrace.role == "supervisor") | .relaytrace.pull.why' "$work/out.jsonl" | sort -u; }
open_question() { # NAME WHY: nothing is found, and the listing says what is not known
	same "cannot be told: $1" "$(findings), $(why)" "0, cannot be told from here: $2"
	same "cannot be told: $1, in text" "$("${check[@]}" --root "$node" | grep -c "^  rke2 .* cannot be told from here: ")" 1
}
{ classic; echo RKE2_SYSTEM_DEFAULT_REGISTRY=registry.corp:5000; } | new_node
same "the registry of a variable" "$(findings) $(dialled)" "0 registry.corp:5000"
same "explain asks it too" "$("${check[0]}" explain --root "$node" --unit rke2-agent rancher/rke2-runtime:v1 | cut -f1 | sort -u)" \
	"https://registry.corp:5000/v2/rancher/rke2-runtime/manifests/v1"
configured 'system-default-registry: docker.io\n'
same "a file wins over a variable" "$(findings) $(dialled)" "1 containerd-scope/supervisor index.docker.io:443"
exec_start '/usr/local/bin/rke2 agent --system-default-registry=other.corp'
same "an argument wins over a file" "$(findings) $(dialled)" "0 other.corp:443"
exec_start '/usr/local/bin/rke2 agent --node-label a=b --debug'
same "other arguments say nothing of it" "$(findings) $(dialled)" "1 containerd-scope/supervisor index.docker.io:443"
printf '[Service]\nExecStart=\n' >"$node/etc/systemd/system/rke2-agent.service.d/zz.conf"
exec_start '/usr/local/bin/rke2 agent --system-default-registry registry.corp:5000'
same "an empty ExecStart= forgets the one before" "$(findings) $(dialled)" "1 containerd-scope/supervisor index.docker.io:443"
{ classic; echo RKE2_DATA_DIR=/data/rke2; } | new_node
mkdir -p "$node/data/rke2/agent/images" && echo x >"$node/data/rke2/agent/images/rke2-images.linux-amd64.tar.zst"
same "the data-dir of a variable" "$(findings)" "0"
classic | new_node
exec_start '-/usr/local/bin/rke2 "agent" \\\n  -d /data/rke2'
mkdir -p "$node/data/rke2/agent/images" && echo x >"$node/data/rke2/agent/images/rke2-images.linux-amd64.tar.zst"
same "the data-dir of an argument" "$(findings), $(why)" "0, images are preloaded: /data/rke2/agent/images/rke2-images.linux-amd64.tar.zst"
rm "$node"/data/rke2/agent/images/*
same "with nothing in it" "$(findings) $(why | grep -c 'in /data/rke2/agent/images$')" "1 containerd-scope/supervisor 1"
exec_start '/usr/local/bin/rke2 agent --data-dir=/data/rke2 --system-default-registry registry.corp:5000'
same "two arguments" "$(findings) $(dialled)" "0 registry.corp:5000"
classic | new_node
configured 'private-registry: /etc/reg.yaml\n'
same "a private-registry that is not there" "$(findings)" "1 containerd-scope/supervisor"
printf 'mirrors:\n  docker.io:\n    endpoint: [https://mirror.corp]\n' >"$node/etc/reg.yaml"
same "the mirrors of private-registry" "$(findings) $(dialled)" "0 mirror.corp:443"
rm "$node/etc/rancher/rke2/config.yaml"
exec_start '/usr/local/bin/rke2 agent --private-registry /etc/reg.yaml'
same "of an argument" "$(findings) $(dialled)" "0 mirror.corp:443"
classic | new_node
configured 'runtime-image: registry.corp:5000/rke2-runtime:v1\n'
open_question "runtime-image" "it is not looked for whether registry.corp:5000/rke2-runtime:v1 is here (runtime-image)"
configured 'prime: true\n'
open_question "prime" "prime is set, and which registry is Prime's stands in the program alone"
configured 'prime: true\nsystem-default-registry: docker.io\n'
same "a registry of one's own wins over prime" "$(findings)" "1 containerd-scope/supervisor"
configured 'prime: false\n'
same "prime that is off" "$(findings)" "1 containerd-scope/supervisor"
configured 'prime: true\n'
printf 'HTTPS_PROXY=http://user:pa#ss@10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' >"$node/etc/default/rke2-agent"
same "a broken value is one wherever it pulls from" "$(findings)" "1 value-misread/supervisor"
for shape in 'x: &r registry.corp:5000\nsystem-default-registry: *r\n' 'x: &r [registry.corp:5000]\nsystem-default-registry: *r\n' 'x: &r {prime: true}\n<<: *r\n'; do
	classic | new_node
	configured "$shape"
	same "an alias: $shape" "$(findings)" "0"
done
same "one that is not followed is told" "$(jq -r 'select(.event.action == "unread") | .message' "$work/out.jsonl" | grep -c 'config.yaml:2: << has an alias of more than one value, which is not followed here')" 1
for start in '/bin/sh -c ". /etc/proxy.sh; exec /usr/local/bin/rke2 agent"' "/usr/bin/env HTTPS_PROXY=http://10.77.9.1:3128 rke2 agent"; do
	classic | new_node
	exec_start "$start"
	open_question "$start" "ExecStart= runs ${start%% *}, which may give it variables and arguments of its own"
	: >"$node/etc/default/rke2-agent"
	mkdir -p "$node/etc/default" && printf 'HTTPS_PROXY=http://10.77.9.1:3128\n' >"$node/etc/default/rke2-server"
	same "nor is a relay that another unit has: $start" "$(findings)" "0"
done
classic | new_node
exec_start '/usr/local/bin/rke2 agent --config /etc/other.yaml'
open_question "--config" "--config names another file, which is not read here"
exec_start '/usr/local/bin/rke2 agent $RKE2_OPTIONS'
open_question "a variable among the arguments" 'what systemd makes of its ExecStart= is not known here ($NAME, %)'
{ classic; echo RKE2_CONFIG_FILE=/etc/other.yaml; } | new_node
open_question "RKE2_CONFIG_FILE" "RKE2_CONFIG_FILE is set, and is not followed here"
{ classic; echo K3S_SYSTEM_DEFAULT_REGISTRY=registry.corp:5000; } | new_node
same "K3s's variables are not RKE2's" "$(findings)" "1 containerd-scope/supervisor"
classic | new_node
mkdir -p "$node/etc/systemd/system/rke2-agent.service.d" && printf '[Service]\nPassEnvironment=RKE2_SYSTEM_DEFAULT_REGISTRY\n' >"$node/etc/systemd/system/rke2-agent.service.d/pass.conf"
open_question "PassEnvironment=" "what RKE2_SYSTEM_DEFAULT_REGISTRY is set to is not known here"
classic | new_node
echo RKE2_SYSTEM_DEFAULT_REGISTRY=registry.corp:5000 >"$node/etc/default/rke2-server"
same "another unit's variables are not this one's" "$(findings)" "1 containerd-scope/supervisor"
printf '%s\n' $relay | on_server
configured 'x: &d k8s.corp\ncluster-domain: *d\n'
same "a server's own domain is kept from the relay, an alias of it too" "$(for host in x.k8s.corp x.cluster.local; do
	"${check[0]}" explain --root "$node" --unit rke2-server "https://$host/" | head -1 | cut -f2; done | tr '\n' ' ')" "direct relay http://10.77.9.1:3128 "
configured 'x: &r 100.96.0.0/12\nservice-cidr: *r\n'
same "the services' range by an alias" "$("${check[0]}" explain --root "$node" --unit rke2-server https://100.96.0.1/ | head -1 | cut -f2)" "direct"
printf '%s\nNO_PROXY=.svc\n' $relay | new_node
configured 'x: &r [100.96.0.0/12]\nservice-cidr: *r\n'
same "a range that is not known: the default is not believed" "$(findings) $(jq -r 'select(.event.action == "unread") | .message' "$work/out.jsonl" | grep -c 'config.yaml:2: service-cidr has an alias')" "0 1"
rm "$node/etc/rancher/rke2/config.yaml"
exec_start '/usr/local/bin/rke2 agent --service-cidr 100.64.0.0/16'
same "the services' range of an argument" "$(findings) $(jq -r 'select(.event.action == "finding") | .destination.domain' "$work/out.jsonl")" "1 cluster-via-relay/containerd 100.64.0.1"

# Both cases, and the hosts that will be pulled from go different ways.
printf 'http_proxy=http://10.77.9.1:3128\nhttps_proxy=http://10.77.9.1:3128\nno_proxy=10.0.0.0/8\nHTTPS_PROXY=http://x:1\n' | new_node
same "the winner is most likely the wrong one" "$(findings)" "1 case-conflict/supervisor"
printf 'HTTP_PROXY=http://10.77.9.1:3128\nhttps_proxy=http://old:8080\nHTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' | new_node
same "most likely the right one" "$(findings)" "0 case-conflict/supervisor"
printf 'https_proxy=http://10.77.9.1:3128\nHTTPS_PROXY=10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\nno_proxy=10.0.0.0/8,.corp\n' | new_node
same "both the same" "$(findings)" "0"
classic | sed s/PROXY/RELAY/ | new_node
same "names that nothing reads" "$(findings)" "1 containerd-scope/supervisor name-unread/containerd"
same "read by those who say so" "$(findings --names RELAY)" "1 containerd-scope/supervisor"
classic | new_node
mv "$node/etc/default/rke2-agent" "$node/etc/default/rke2-server"
same "the file of the wrong unit" "$(findings)" "1 relay-missing/supervisor"
same "it is named" "$(grep -c 'a relay is known on this node: /etc/default/rke2-server:2 has' "$work/out.jsonl")" 1
same "unless it is asked for" "$(findings --unit rke2-server.service)" "1 containerd-scope/supervisor"
: | new_node
sed 's|/usr/local/bin/rke2 agent|/usr/local/bin/rancher-system-agent|' "$node/usr/local/lib/systemd/system/rke2-agent.service" \
	>"$node/etc/systemd/system/rancher-system-agent.service"
ln -s ../rancher-system-agent.service "$node/etc/systemd/system/multi-user.target.wants/"
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' >"$node/etc/default/rke2-agent"
same "the system agent lacks what rke2 has" "$(findings)" "1 relay-missing/system-agent"

# A relay that stands where no unit looks: told with its line where somebody will go direct, and its remedy carries it over.
elsewhere() { # NAME FILE LINE [FOLDER]: on standard input what FILE holds; /etc/default/rke2-agent has a list alone
	local name=$1 file=$2 line=$3 got
	echo NO_PROXY=10.0.0.0/8,.svc | new_node
	mkdir -p "$(dirname "$node$file")"
	cat >"$node$file"
	got=$(findings)
	got="$got $(grep -c "$file:$line sets HTTPS_PROXY" "$work/out.jsonl")"
	jq -r 'select(.event.action == "finding") | .relaytrace.remedy[]' "$work/out.jsonl" | sed '/^systemctl/d; s/ && systemctl daemon-reload//' |
		sed -E "s#(^|[^[:alnum:]_\\*./])/(etc|usr|opt|var)/#\1$node/\2/#g" >"$work/commands"
	bash -e "$work/commands" 2>"$work/errors"
	same "$name" "$got, then $(findings)" "1 env-file-unloaded/supervisor 1, then 0"
}
drop_in='[Service]\nEnvironment="HTTPS_PROXY=http://10.77.9.1:3128"\n'
printf 'HTTPS_PROXY=http://10.77.9.1:3128\n' | elsewhere "the env file of a unit that is not here" /etc/sysconfig/k3s-agent 1
printf 'HTTPS_PROXY=http://10.77.9.1:3128\n' | elsewhere "what a package moved aside" /etc/sysconfig/rke2-agent.rpmsave 1
printf '# all shells\nexport HTTPS_PROXY="http://10.77.9.1:3128"; X=1\n' | elsewhere "a shell's profile" /etc/profile.d/relay.sh 2
# shellcheck disable=SC2059
printf "$drop_in" | elsewhere "docker's drop-in" /etc/systemd/system/docker.service.d/http-proxy.conf 2
printf "$drop_in" | elsewhere "a drop-in without .conf" /etc/systemd/system/rke2-agent.service.d/http-proxy 2
printf "$drop_in" | elsewhere "a folder that is not the unit's" /etc/systemd/system/rke2.service.d/p.conf 2
: | new_node
mkdir -p "$node/etc/profile.d"
echo 'export HTTPS_PROXY=http://10.77.9.1:3128' >"$node/etc/profile.d/relay.sh"
echo 'system-default-registry: registry.corp:5000' >"$node/etc/rancher/rke2/config.yaml"
same "no relay is needed: what stands elsewhere is no matter" "$(findings)" "0"
rm "$node/etc/rancher/rke2/config.yaml"
mkdir -p "$node/var/lib/rancher/rke2/agent/images" && echo x >"$node/var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.tar"
same "nothing is pulled: what stands elsewhere is no matter" "$(findings)" "0"
rm "$node/var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.tar"
classic >"$node/etc/default/rke2-agent"
same "the classic beside a shell's profile is the classic" "$(findings)" "1 containerd-scope/supervisor"
: | new_node
sed 's|/usr/local/bin/rke2 agent|/usr/local/bin/rancher-system-agent|' "$node/usr/local/lib/systemd/system/rke2-agent.service" \
	>"$node/etc/systemd/system/rancher-system-agent.service"
ln -s ../rancher-system-agent.service "$node/etc/systemd/system/multi-user.target.wants/"
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' >"$node/etc/default/rke2-agent"

# Docker's containerd beside it does not pull.
printf '[Service]\nExecStart=/usr/bin/containerd\n' >"$node/etc/systemd/system/containerd.service"
ln -s ../containerd.service "$node/etc/systemd/system/multi-user.target.wants/"
printf 'HTTPS_PROXY=http://10.77.9.1:3128\n' >"$node/etc/default/rancher-system-agent"
same "a containerd beside RKE2" "$(findings)" "0"
same "unless it is asked for" "$(findings --unit rke2-agent --unit containerd)" "1 relay-missing/containerd"

# K3s: its own program, its own files; only its containerd pulls.
rm -rf "$node"
mkdir -p "$node"/etc/{systemd/system,rancher/k3s}
printf '[Service]\nEnvironmentFile=-/etc/default/%%N\nEnvironmentFile=-/etc/systemd/system/k3s.service.env\nExecStart=/usr/local/bin/k3s \\\n    server\n' >"$node/etc/systemd/system/k3s.service"
printf "HTTPS_PROXY='http://10.77.9.1:3128'\nCONTAINERD_NO_PROXY=docker.io\n" >"$node/etc/systemd/system/k3s.service.env"
same "k3s" "$(findings) $(jq -r 'select(.event.action == "pull") | .relaytrace.role + " " + (.relaytrace.pull.expected | tostring)' "$work/out.jsonl" | sort -u | tr '\n' ' ')" \
	"1 no-relay-match/containerd containerd true supervisor false "
same "its mirrors" "$(printf 'mirrors:\n  "*":\n    endpoint: [https://mirror.example.com:5000]\n' >"$node/etc/rancher/k3s/registries.yaml"
	findings) $(jq -r 'select(.event.action == "pull" and .relaytrace.role == "containerd") | .destination.domain + " " + (.relaytrace.pull.fallback | tostring)' "$work/out.jsonl" | head -2 | tr '\n' ' ')" \
	"0 mirror.example.com false registry-1.docker.io true "

# What no finding tells and is to be mended: a line of its own, and the status says it.
mends() { # NAME PATH:LINE WORDS STATUS
	local got
	findings >/dev/null
	got="$(jq -r 'select(.event.action == "fault") | .message' "$work/out.jsonl" | grep -F "$2: " | grep -cF "$3")"
	"${check[@]}" --root "$node" >"$work/text"
	got="$got $? $(grep -c "^to mend   $2: " "$work/text") $("${check[@]}" --root "$node" --fail-on never >/dev/null; echo $?)"
	same "to mend: $1" "$got" "1 1 1 0"
}
ready() { printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' | new_node; mkdir -p "$node/etc/systemd/system/rke2-agent.service.d"; }
own=/etc/systemd/system/rke2-agent.service.d/p.conf
ready
printf '[Service]\nEnvironmentFile=/etc/gone.env\n' >"$node$own"
mends "an env file that is needed and not there" /etc/gone.env "make the file, or write EnvironmentFile=-/etc/gone.env in $own:2"
mkfifo "$node/etc/gone.env"
mends "an env file that is a pipe" /etc/gone.env "systemd cannot read it (it is a named pipe)"
rm "$node/etc/gone.env"
printf 'A=\377\n' >"$node/etc/gone.env"
mends "an env file that is refused" /etc/gone.env:1 "is not UTF-8"
ln -sfn /dev/null "$node/etc/systemd/system/rke2-agent.service"
same "of a unit that is masked nothing is to be mended" "$(findings)" "0"
ready
printf '[Service]\nEnvironmentFile=/etc/gone.env\n' >"$node/etc/systemd/system/rke2-server.service"
same "of a unit that is not used it is only told" "$(findings) $(jq -r 'select(.event.action == "unread") | .message' "$work/out.jsonl" | grep -c '^/etc/gone.env: ')" "0 1"
ready
printf '[Service]\nEnvironment=NO_PROXY=a, b\n' >"$node$own"
mends "a list without quotes" $own:2 "put quotes around it"
printf 'HTTPS_PROXY=http://CORP\\svc:SEKRIT@10.77.9.1:3128\n' | new_node
mends "a backslash that goes" /etc/default/rke2-agent:1 "write %5C in a URL"
ready
printf 'mirrors:\n  docker.io:\n    endpoint":\n      - https://m.corp\n' >"$node/etc/rancher/rke2/registries.yaml"
mends "a key that nobody knows" /etc/rancher/rke2/registries.yaml:3 "write endpoint"
classic | new_node
echo 'system-default-registry: http://r.corp:5000/' >"$node/etc/rancher/rke2/config.yaml"
mends "a registry with a scheme" /etc/rancher/rke2/config.yaml:1 "write r.corp:5000"
same "it silences nothing" "$(findings)" "1 containerd-scope/supervisor"
echo RKE2_DATA_DIR=/data/rke2 >>"$node/etc/default/rke2-agent"
mends "once, though two units read the file" /etc/rancher/rke2/config.yaml:1 "write r.corp:5000"
printf 'HTTPS_PROXY=None\n' | new_node
same "a word for no relay" "$(findings)" "1 value-misread/supervisor"
printf 'CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128\n' | new_node
mkdir -p "$node/etc/systemd/system/rke2-agent.service.d"
printf '[Service]\nPassEnvironment=HTTPS_PROXY\n' >"$node$own"
same "what the service manager may have is no alarm" "$(findings) $(jq -r 'select(.event.action == "pull" and .relaytrace.role == "supervisor") | .relaytrace.pull.reason' "$work/out.jsonl" |
	grep -c 'HTTPS_PROXY is passed on from the service manager')" "0 containerd-scope/supervisor 4"

# Remedies, as they are printed, on the files of the node: after it there is nothing to mend.
remedy() { # NAME [REMARK]: with what /etc/default/rke2-agent holds on standard input, and a node that new_node made of it
	local before after remark=${2:-}
	new_node
	before=$(findings)
	jq -r 'select(.event.action == "finding") | .relaytrace.remedy[]' "$work/out.jsonl" | grep -v '^#\|^systemctl' |
		sed -E "s#(^|[^[:alnum:]_\\*./])/(etc|usr|opt|var)/#\1$node/\2/#g" >"$work/commands"
	bash -e "$work/commands" 2>"$work/errors"
	after=$(findings)
	if [ "${before%% *}" = 1 ] && [ "$after" = "0${remark:+ $remark}" ]; then
		ok "remedy: $1"
	else
		fail "remedy: $1" "$before, then $after; $(tr '\n' ' ' <"$work/errors") $(tr '\n' ' ' <"$node/etc/default/rke2-agent")"
	fi
}
classic | remedy "the classic"
classic | sed 's/=.*/="&"/; s/"[A-Z_]*=/"/; s|//|//user:secretword@|; s/$/\r/' | remedy "the classic with quotes, a password and CRLF"
printf 'HTTP_PROXY=http://10.77.9.1:3128\n' | remedy "only HTTP_"
printf 'Https_Proxy=http://10.77.9.1:3128\n' | remedy "mixed case"
printf '\n  export HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=10.0.0.0/8\n' | remedy "export"
printf 'HTTPS_PROXY=http://10.77.9.1:3128\n' | remedy "an agent without a list"
printf 'HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY="localhost .svc"\n' | remedy "a list parted by blanks" entry-unread/containerd
printf 'CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128\nNO_PROXY=*\n' | remedy "the classic with a list that covers all"

: | new_node
sed 's|/usr/local/bin/rke2 agent|/usr/local/bin/rancher-system-agent|' "$node/usr/local/lib/systemd/system/rke2-agent.service" \
	>"$node/etc/systemd/system/rancher-system-agent.service"
printf '\nHTTPS_PROXY=http://user:secretword@10.77.9.1:3128\r\nNO_PROXY=10.0.0.0/8\n' >"$node/etc/default/rke2-agent"
rm -rf "$node/etc/systemd/system/multi-user.target.wants"
before=$(findings --unit rke2-agent --unit rancher-system-agent)
jq -r 'select(.event.action == "finding") | .relaytrace.remedy[]' "$work/out.jsonl" | grep -v '^#\|^systemctl' |
	sed -E "s#(^|[^[:alnum:]_\*./])/(etc|usr|opt|var)/#\1$node/\2/#g" >"$work/commands"
bash -e "$work/commands"
same "remedy: a value with a password from another unit's file" "$before, $(findings --unit rke2-agent --unit rancher-system-agent), $(tr -d '\n' <"$node/etc/default/rancher-system-agent")" \
	"1 relay-missing/system-agent, 0, HTTPS_PROXY=http://user:secretword@10.77.9.1:3128NO_PROXY=127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.svc,.cluster.local"

# Secrets: nowhere.
printf 'CONTAINERD_HTTPS_PROXY=http://user:SEKRIT#WURD@10.77.9.1:3128\nHTTPS_PROXY="http://u:SEKRIT%%WURD@x"\nexport HTTP_PROXY=http://u:SEKRITWURD@x\nNO_PROXY=a,http://u:SEKRITWURD@x\n' | new_node
printf 'server: https://u:SEKRITWURD@10.0.0.1:9345\ntoken: SEKRITWURD\nsystem-default-registry: u:SEKRITWURD@r.example\n' >"$node/etc/rancher/rke2/config.yaml"
printf 'mirrors:\n  r.example:\n    endpoint: ["https://u:SEKRITWURD@m.example"]\nconfigs: {m: {auth: {password: SEKRITWURD}}}\n' >"$node/etc/rancher/rke2/registries.yaml"
findings >/dev/null
"${check[@]}" --root "$node" >>"$work/out.jsonl" 2>&1
if grep -qE 'SEKRI|WURD' "$work/out.jsonl"; then fail "no password" "$(grep -oE '.{20}(SEKRI|WURD)' "$work/out.jsonl" | head -1)"; else ok "no password in text or JSON"; fi

# What cannot be read: a line each, in less than a second of the processor's time.
within_a_second() { # NAME: on the node as it is; of the program as it is shipped
	local TIMEFORMAT='%U %S' best=9999 took try
	if [ ! -x "${BUILD:-build}/relaytrace" ]; then
		echo "skip check: $1: ${BUILD:-build}/relaytrace is not built"
		return
	fi
	# The best of three: what others do to the caches is not ours.
	for try in 1 2 3; do
		took=$({ time "${BUILD:-build}/relaytrace" check --root "$node" -o json >"$work/timed" 2>&1; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 }')
		[ "$took" -lt $best ] && best=$took
		[ "$best" -lt 1000 ] && break
	done
	if [ -s "$work/timed" ] && [ "$best" -lt 1000 ]; then ok "$1"; else fail "$1" "$best ms of CPU time in try $try"; fi
}
classic | new_node
dropins=$node/etc/systemd/system/rke2-agent.service.d
mkdir -p "$dropins" "$node/etc/rancher/rke2/config.yaml.d"
for i in $(seq -w 500); do printf '[Service]\nEnvironment=X%s=%s HTTP_PROXY=\n' $i $i; done | split -l 2 -d -a 3 --additional-suffix=.conf - "$dropins/"
ln -s b.conf "$dropins/a.conf" && ln -s a.conf "$dropins/b.conf"
mkdir "$dropins/dir.conf" && mkfifo "$dropins/pipe.conf"
ln -s loop "$node/etc/rancher/rke2/loop" && ln -s ../loop/x.yaml "$node/etc/rancher/rke2/config.yaml.d/1.yaml"
printf 'a: [b\n' >"$node/etc/rancher/rke2/registries.yaml"
{ yes "# a line of the ten megabytes, FILLER=http://not.a.relay:1" | head -c 10000000; echo; echo 'HTTP_PROXY=http://late:1'; } >"$node/etc/sysconfig/rke2-agent"
same "500 drop-ins, 10 MB" "$(findings)" "1 scheme-uncovered/supervisor"
within_a_second "500 drop-ins, 10 MB, in less than a second"
for path in "$dropins/a.conf" "$dropins/b.conf" "$dropins/dir.conf" "$dropins/pipe.conf" \
	"$node/etc/rancher/rke2/config.yaml.d/1.yaml" "$node/etc/rancher/rke2/registries.yaml"; do
	same "not read: ${path##*/}" "$(jq -r 'select(.event.action == "unread") | .message' "$work/out.jsonl" | grep -cF "${path#"$node"}:")" 1
done
same "a named pipe is called one" "$(jq -r 'select(.event.action == "unread") | .message' "$work/out.jsonl" | grep -c 'pipe.conf: it is a named pipe$')" 1
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 600 "$node/etc/default/rke2-agent" "$dropins/000.conf"
	chmod 755 "$work"
	other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${other[@]}" "${check[@]}" --root "$node" >"$work/text" 2>"$work/errors"
	same "without root" "$? $(grep -c '^not root' "$work/text") $(grep -c '^not read  /etc/default/rke2-agent: Permission denied' "$work/text") $(
		grep -c '^not read  /etc/systemd/system/rke2-agent.service.d/000.conf: Permission denied' "$work/text") $(grep -c '^warning' "$work/text") $(grep -c 'it may be wrong' "$work/text")" "0 1 1 1 0 1"
else
	echo "skip check: without root: it takes root to be somebody else"
fi

: | new_node
mkdir -p "$dropins"
for i in $(seq -w 500); do printf '[Service]\nEnvironmentFile=/etc/big.env\n' >"$dropins/$i.conf"; done
{ yes "FILLER=http://not.a.relay:1" | head -c 10000000; echo; echo 'HTTP_PROXY=http://late:1'; } >"$node/etc/big.env"
same "500 times the same 10 MB" "$(findings)" "1 scheme-uncovered/supervisor"
within_a_second "500 times the same 10 MB, in less than a second"
rm -r "$dropins" "$node/etc/big.env"
{ yes 'HTTP_PROXY=http://relay.corp:3128' | head -c 10000000; echo; } >"$node/etc/default/rke2-agent"
same "10 MB of relays" "$(findings) $(wc -l <"$work/out.jsonl")" "1 scheme-uncovered/supervisor 11"
within_a_second "10 MB of relays, in less than a second"

: | new_node
mkdir -p "$node/etc/rancher/agent"
sed 's|/usr/local/bin/rke2 agent|/usr/local/bin/rancher-system-agent|' "$node/usr/local/lib/systemd/system/rke2-agent.service" \
	>"$node/etc/systemd/system/rancher-system-agent.service"
printf 'mirrors:\n  docker.io:\n    endpoint: [https://m.corp]\n' >"$node/etc/rancher/agent/registries.yaml"
same "the agent's own mirrors" "$(findings --unit rancher-system-agent) $(jq -r 'select(.event.action == "pull") | .destination.domain' "$work/out.jsonl" | head -1)" "0 m.corp"

# A process that runs, in no unit.
cp "$(command -v sleep)" "$work/rke2"
env -i CONTAINERD_HTTPS_PROXY=http://user:secretword@10.77.9.1:3128 "$work/rke2" 60 &
running=$!
for _ in $(seq 100); do
	[ "$(cat /proc/$running/comm)" = rke2 ] && break
	sleep 0.05
done
"${check[@]}" -o json >"$work/out.jsonl" 2>"$work/errors"
cat "$work/out.jsonl" >>"$work/all.jsonl"
same "a process" "$(jq -r --argjson pid $running 'select(.process.pid == $pid) | .event.action + " " + (.process.env_vars // [.rule.id // .destination.domain] | join(","))' "$work/out.jsonl" | grep -v 'pull.*\(auth\|production\)' | tr '\n' ' ')" \
	"exec CONTAINERD_HTTPS_PROXY=http://***:***@10.77.9.1:3128 pull index.docker.io finding containerd-scope "
kill $running 2>/dev/null
running=

if python3 -c 'import jsonschema' 2>/dev/null; then
	if tests/schema/validate "$work/all.jsonl" >"$work/why"; then
		ok "schema of $(wc -l <"$work/all.jsonl") lines"
	else
		fail "schema" "$(head -c 300 "$work/why" | head -1)"
	fi
else
	echo "skip check: schema: python3-jsonschema is not installed (make deps)"
fi

usage() {
	local name=$1 status
	shift
	"${check[@]}" "$@" >"$work/out" 2>"$work/errors"
	status=$?
	same "status 2 for $name" "$status $([ -s "$work/errors" ] && echo told) $(wc -c <"$work/out")" "2 told 0"
}
usage "no directory" --root "$work/none"
usage "a file as a directory" --root "$work/rke2"
usage "no such unit" --root "$node" --unit no-such
usage "no unit's name" --root "$node" --unit a/b
usage "no version" --root "$node" --rke2-version 1.33
usage "another format" -o "record:$work/x"
usage "an argument" rke2-agent
exit $failed
