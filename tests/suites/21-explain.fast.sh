#!/usr/bin/env bash
# `relaytrace explain`: Go's rules and their silences through the command, its sources and statuses.
set -u
explain=(${EXPLAIN:-"$BUILD/relaytrace-asan"} explain)
registry=https://index.docker.io/v2/
work=$(mktemp -d)
sleeper=
trap '[ -n "$sleeper" ] && kill "$sleeper" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
command -v jq >/dev/null || { echo "skip explain: jq is not here"; exit 0; }
failed=0

ok() { echo "ok explain: $1"; }
fail() { echo "not ok explain: $1: $2"; failed=1; }

# is NAME WANTED STATUS ARG...: "decision scheme host port variable entry faults" and the status.
is() {
	local name=$1 want=$2 want_status=$3 got status
	shift 3
	"${explain[@]}" -o json "$@" >"$work/out" 2>"$work/err"
	status=$?
	cat "$work/out" >>"$work/all"
	got=$(jq -r '[.decision, .relay_scheme, .relay_host, .relay_port, .variable, .no_relay_entry,
		([.faults[].fault] | join(","))] | map(. // "-") | join(" ")' "$work/out" | paste -sd'|')
	if [ "$got" = "$want" ] && [ $status -eq "$want_status" ]; then
		ok "$name"
	else
		fail "$name" "\"$got\" with status $status, not \"$want\" with $want_status"
	fi
}

is "https takes HTTPS_PROXY" "relay http relay 3128 HTTPS_PROXY - " 0 \
	--env HTTPS_PROXY=http://relay:3128 --env HTTP_PROXY=http://other:1 $registry
is "upper case beats lower" "relay http up 1 HTTPS_PROXY - " 0 \
	--env https_proxy=low:1 --env HTTPS_PROXY=up:1 $registry
is "empty is unset" "relay http low 1 https_proxy - " 0 \
	--env https_proxy=low:1 --env HTTPS_PROXY= $registry
is "the last --env of a name counts" "relay http b 1 HTTPS_PROXY - " 0 \
	--env HTTPS_PROXY=a:1 --env HTTPS_PROXY=b:1 $registry
is "the scheme's port" "relay http r 80 HTTPS_PROXY - |relay http r 80 HTTPS_PROXY - " 0 \
	--env HTTPS_PROXY=r $registry https://x
is "the port of https" "relay https r 443 HTTPS_PROXY - " 0 --env HTTPS_PROXY=https://r $registry
is "the port of socks5" "relay socks5 r 1080 HTTPS_PROXY - " 0 --env HTTPS_PROXY=socks5://r $registry
is "an IPv6 relay is without brackets" "relay http fd00::1 3128 HTTPS_PROXY - " 0 \
	--env 'HTTPS_PROXY=http://[fd00::1]:3128' $registry
is "an empty host is an empty string" "relay http  80 HTTPS_PROXY - empty-host" 1 \
	--env HTTPS_PROXY=http:relay:3128 $registry
is "credentials are no fault" "relay http relay 3128 HTTPS_PROXY - " 0 \
	--env HTTPS_PROXY=http://u:p@relay:3128 $registry
is "HTTP_ and ALL_ do nothing for https" "direct - - - - - " 0 \
	--env HTTP_PROXY=r:1 --env ALL_PROXY=r:1 $registry
is "CONTAINERD_ does nothing for rke2" "direct - - - - - " 0 \
	--env CONTAINERD_HTTPS_PROXY=http://relay:3128 $registry
is "RELAY is unread unless told" "direct - - - - - " 0 --env HTTPS_RELAY=r:1 $registry
is "RELAY is read when told" "relay http r 1 HTTPS_RELAY - " 0 \
	--names RELAY --env HTTPS_RELAY=r:1 --env HTTPS_PROXY=p:1 $registry
is "auto is PROXY" "relay http p 1 HTTPS_PROXY - " 0 \
	--names auto --env HTTPS_RELAY=r:1 --env HTTPS_PROXY=p:1 $registry
is "a leading space is dropped" "direct - - - HTTPS_PROXY - leading-space" 1 \
	--env "HTTPS_PROXY= http://relay:3128" $registry
is "a CR is dropped" "direct - - - HTTPS_PROXY - control" 1 \
	--env $'HTTPS_PROXY=http://relay:3128\r' $registry
is "a bad % is dropped" "direct - - - HTTPS_PROXY - bad-escape" 1 \
	--env HTTPS_PROXY=http://u:p%ss@relay:3128 $registry
is "quotes make the host" 'relay http "http 80 HTTPS_PROXY - quotes,scheme-as-host' 1 \
	--env 'HTTPS_PROXY="http://relay"' $registry
is "a # in the password dials http" "relay http http 80 HTTPS_PROXY - host-cut,scheme-as-host" 1 \
	--env 'HTTPS_PROXY=http://user:pa#ss@relay:3128' $registry
is "a host that is secret is masked" "relay http *** - HTTPS_PROXY - host-cut,host-masked" 1 \
	--env 'HTTPS_PROXY=http://user:12#ss@relay:3128' $registry
is "a bare http is nonsense" "relay http http 80 HTTPS_PROXY - scheme-as-host" 1 \
	--env HTTPS_PROXY=http $registry
is "a bare https is nonsense" "relay http https 80 HTTPS_PROXY - scheme-as-host" 1 \
	--env HTTPS_PROXY=https $registry
is "without an @ nothing is hidden" "relay http relay:3128,http 80 HTTPS_PROXY - odd-host" 1 \
	--env HTTPS_PROXY=http://relay:3128,http://other:1 $registry
is "what is no scheme of a relay has a port all the same" "relay mailto  80 HTTPS_PROXY - unknown-scheme,empty-host" 1 \
	--env HTTPS_PROXY=mailto:x $registry
is "what is no URL has a port all the same" "relay   80 HTTPS_PROXY - empty-host,dollar" 1 \
	--env 'HTTPS_PROXY=${RELAY}' $registry
is "a port that is none is told as its fault" "relay http  - HTTPS_PROXY - empty-host,bad-port" 1 \
	--env HTTPS_PROXY=:99999999999 $registry
for value in "http://relay:3128,http://other:1" "http://relay:3128 # c" "a b" "http://10.77.9.1:3128%" \
	"//relay:3128" mailto:x; do
	got=$("${explain[@]}" -o json --env "HTTPS_PROXY=$value" $registry | jq -r .variables.HTTPS_PROXY.value)
	if [ "$got" = "$value" ]; then ok "shown as it is: $value"; else fail "shown as it is: $value" "$got"; fi
done
is "a NO_ entry is named" "direct - - - NO_PROXY .docker.io " 0 \
	--env HTTPS_PROXY=relay:1 --env 'NO_PROXY=10.0.0.0/8, .docker.io' $registry
is "a CIDR matches literals only" "relay http relay 1 HTTPS_PROXY - |direct - - - NO_PROXY 10.0.0.0/8 " 0 \
	--env HTTPS_PROXY=relay:1 --env NO_PROXY=10.0.0.0/8 https://mirror.corp https://10.1.2.3:5000/
is "loopback is direct" "direct - - - - - " 0 --env HTTPS_PROXY=relay:1 https://127.0.0.1:9345/
is "CGI is an error" "error - - - HTTP_PROXY - " 1 \
	--env HTTP_PROXY=relay:1 --env REQUEST_METHOD=GET http://x
is "a URL that Go cannot parse is an error" "error - - - - - " 1 "https://a b/"

cat >"$work/env" <<'END'
# comment
HTTPS_PROXY="http://user:secretword@relay:3128"
export HTTP_PROXY=http://relay:3128
NO_PROXY=a,\
b
export EDITOR=vi
END
is "an env file is read as systemd does" "relay http relay 3128 HTTPS_PROXY - export" 1 \
	--env-file "$work/env" $registry
is "--env beats a file" "relay http other 1 HTTPS_PROXY - export" 1 \
	--env HTTPS_PROXY=other:1 --env-file "$work/env" $registry
"${explain[@]}" -o json --env-file "$work/env" $registry >"$work/out"
got=$(jq -c '[.variables.HTTPS_PROXY, .variables.NO_PROXY.value, .faults[0].source]' "$work/out")
want="[{\"value\":\"http://***:***@relay:3128\",\"source\":\"$work/env:2\"},\"a,b\",\"$work/env:3\"]"
if [ "$got" = "$want" ]; then ok "file, line and redacted value"; else fail "file, line and redacted value" "$got"; fi

env -i HTTPS_PROXY=http://user:secretword@relay:3128 "$(command -v sleep)" 60 &
sleeper=$!
# The shell's own image is there until the child has come to its execve().
for _ in $(seq 100); do
	[ "$(cat /proc/$sleeper/comm)" = sleep ] && break
	sleep 0.05
done
is "a process" "relay http relay 3128 HTTPS_PROXY - " 0 --pid $sleeper $registry
got=$(jq -r '.variables.HTTPS_PROXY.source' "$work/out")
if [ "$got" = "pid $sleeper" ]; then ok "the source of a process"; else fail "the source of a process" "$got"; fi

# A unit, in a /run of its own.
cat >"$work/unit" <<'END'
[Service]
ExecStart=/bin/true
Environment=HTTPS_PROXY=http://user:secretword@relay:3128 "NO_PROXY=.svc"
EnvironmentFile=RUN/env
UnsetEnvironment=NO_PROXY
PassEnvironment=HTTP_PROXY
END
printf 'HTTPS_PROXY=http://other:8080\nhttp-proxy=x\n' >"$work/unit.env"
cat >"$work/in-namespace" <<'END'
set -e
mount -t tmpfs run /run
mkdir -p /run/systemd/system
sed s,RUN,/run/systemd, "$1/unit" >/run/systemd/system/relaytrace-explain.service
cp "$1/unit.env" /run/systemd/env
shift
exec "$@"
END
if unshare -rm true 2>/dev/null; then
	unshare -rm bash "$work/in-namespace" "$work" "${explain[@]}" -o json --unit relaytrace-explain \
		$registry >"$work/out" 2>"$work/err"
	got="$? $(jq -c '[.relay_host, .incomplete, .variables.HTTPS_PROXY.source, .variables.NO_PROXY.value,
		(.faults[] | [.variable, .fault, .source])]' "$work/out")"
	want='1 ["other",true,"/run/systemd/env:1",null,[null,"before-name","/run/systemd/env:2"]]'
	if [ "$got" = "$want" ]; then ok "a unit"; else fail "a unit" "$got"; fi
else
	echo "skip explain: a unit: no user namespaces here"
fi

# A unit of rke2: its own way, and its containerd's where that is another.
mkdir -p "$work/unit-node/etc/systemd/system" "$work/unit-node/etc/default"
printf '[Service]\nEnvironmentFile=-/etc/default/%%N\nExecStart=/usr/local/bin/rke2 agent\n' >"$work/unit-node/etc/systemd/system/rke2-agent.service"
echo 'CONTAINERD_HTTPS_PROXY=http://user:secretword@relay:3128' >"$work/unit-node/etc/default/rke2-agent"
agent=(--root "$work/unit-node" --unit rke2-agent)
is "rke2's way, then containerd's" "direct - - - - - |relay http relay 3128 HTTPS_PROXY - " 0 "${agent[@]}" https://registry-1.docker.io/v2/
got=$(jq -r .role "$work/out" | paste -sd' ')
if [ "$got" = "supervisor containerd" ]; then ok "the roles of both"; else fail "the roles of both" "$got"; fi
got=$("${explain[@]}" "${agent[@]}" https://x | cut -f2,4 | paste -sd'|')
if [ "$got" = $'direct|relay http://relay:3128\tcontainerd' ]; then ok "the roles of both in text"; else fail "the roles of both in text" "$got"; fi
is "one line where they agree" "direct - - - - - " 0 "${agent[@]}" http://x
echo 'HTTPS_PROXY=relay:1' >"$work/unit-node/etc/default/rke2-agent"
is "one line where they take the same relay" "relay http relay 1 HTTPS_PROXY - " 0 "${agent[@]}" $registry
printf 'export HTTPS_PROXY=relay:1\n' >"$work/unit-node/etc/default/docker"
is "a file that the unit does not load has no faults" "relay http relay 1 HTTPS_PROXY - " 0 "${agent[@]}" $registry
printf '[Service]\nPassEnvironment=HTTPS_PROXY\nExecStart=/usr/local/bin/rke2 agent\n' >"$work/unit-node/etc/systemd/system/rke2-agent.service"
is "a variable that the service manager has" "direct - - - - - " 0 "${agent[@]}" $registry
got=$(jq -r '.reason + " " + (.incomplete | tostring)' "$work/out")
if [ "$got" = "HTTPS_PROXY is not set; HTTPS_PROXY is passed on from the service manager's own environment, which is not known here true" ]; then
	ok "that it is not known is told"
else
	fail "that it is not known is told" "$got"
fi

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	printf '[Service]\nEnvironmentFile=/etc/default/%%N\nExecStart=/usr/local/bin/rke2 agent\n' >"$work/unit-node/etc/systemd/system/rke2-agent.service"
	chmod 755 "$work" && chmod 600 "$work/unit-node/etc/default/rke2-agent"
	got=$(setpriv --reuid=65534 --regid=65534 --clear-groups "${explain[@]}" "${agent[@]}" -o json $registry 2>"$work/err" | jq -c '[.decision, .incomplete, .faults]')
	if [ "$got" = '["direct",true,[]]' ] && grep -q "etc/default/rke2-agent: Permission denied" "$work/err"; then
		ok "a file that may not be read"
	else
		fail "a file that may not be read" "$got, $(cat "$work/err")"
	fi
else
	echo "skip explain: a file that may not be read: it takes root to be somebody else"
fi
is "/dev/null is an empty env file" "direct - - - - - " 0 --env-file /dev/null $registry
is "a pipe is an env file" "relay http relay 1 HTTPS_PROXY - " 0 --env-file <(echo HTTPS_PROXY=relay:1) $registry
is "a backslash that systemd takes away" "relay http relay 1 HTTPS_PROXY - backslash-lost" 1 \
	--env-file <(echo 'HTTPS_PROXY=http://CORP\svc:secretword@relay:1') $registry
is "a word for no relay" "relay http None 80 HTTPS_PROXY - word-as-host" 1 --env HTTPS_PROXY=None $registry
got=$("${explain[@]}" --env HTTPS_PROXY=http://relay:0 $registry | cut -f2)
if [ "$got" = "relay http://relay:0" ]; then ok "port 0 in text"; else fail "port 0 in text" "$got"; fi

# Images: who dials which host in which order, and which way.
# images NAME WANTED STATUS ARG...: "role purpose decision url" of each, * for a fallback.
images() {
	local name=$1 want=$2 want_status=$3 got status
	shift 3
	"${explain[@]}" -o json "$@" >"$work/out" 2>"$work/err"
	status=$?
	cat "$work/out" >>"$work/all"
	got=$(jq -r '"\(.role) \(.purpose)\(if .fallback then "*" else "" end) \(.decision) \(.url)"' "$work/out" |
		sed 's|/manifests/| |; s|https://||')
	if [ "$got" = "$want" ] && [ $status -eq "$want_status" ]; then
		ok "$name"
	else
		fail "$name" "with status $status: $got"
	fi
}
mkdir -p "$work/bare" "$work/node/etc/rancher/rke2/config.yaml.d" "$work/k3s/etc/rancher/k3s" "$work/node/etc/systemd/system"
images "CONTAINERD_ serves containerd, not rke2" "supervisor registry direct index.docker.io/v2/rancher/rke2-runtime v1.32.5-rke2r1
supervisor token direct auth.docker.io/token
supervisor blobs direct production.cloudflare.docker.com/
supervisor blobs direct production.cloudfront.docker.com/
containerd registry relay registry-1.docker.io/v2/rancher/rke2-runtime v1.32.5-rke2r1
containerd token relay auth.docker.io/token
containerd blobs relay production.cloudflare.docker.com/
containerd blobs relay production.cloudfront.docker.com/" 0 --root "$work/bare" \
	--env CONTAINERD_HTTPS_PROXY=http://user:secretword@relay:3128 rancher/rke2-runtime:v1.32.5-rke2r1
if grep -q secretword "$work/out"; then fail "no password of an image's relay" ""; else ok "no password of an image's relay"; fi
got=$(jq -r '.reference' "$work/out" | sort -u)
if [ "$got" = docker.io/rancher/rke2-runtime:v1.32.5-rke2r1 ]; then ok "the reference in full"; else fail "the reference in full" "$got"; fi
digest=sha256:$(printf 'x' | sha256sum | cut -d' ' -f1)
images "a registry with a port, and a digest" "supervisor registry direct registry.example.com:5000/v2/x/y $digest
containerd registry direct registry.example.com:5000/v2/x/y $digest" 0 --root "$work/bare" "registry.example.com:5000/x/y@$digest"
images "NO_ lists count by host" "supervisor registry direct a.corp/v2/x latest
containerd registry relay a.corp/v2/x latest" 0 --root "$work/bare" --env HTTPS_PROXY=relay:1 --env NO_PROXY=.corp \
	--env CONTAINERD_NO_PROXY=.svc a.corp/x
cat >"$work/node/etc/rancher/rke2/registries.yaml" <<'END'
mirrors:
  docker.io:
    endpoint: ["https://harbor.corp:8443/v2/hub", "http://user:secretword@10.0.0.5:5000"]
    rewrite: {"^rancher/(.*)": "mirrored/$1"}
END
echo 'disable-default-registry-endpoint: true' >"$work/node/etc/rancher/rke2/config.yaml"
images "mirrors in order, rewritten, then the default endpoint" "supervisor mirror direct harbor.corp:8443/v2/hub/mirrored/x 1
supervisor mirror relay http://10.0.0.5:5000/v2/mirrored/x 1
supervisor registry* direct index.docker.io/v2/rancher/x 1
supervisor token* direct auth.docker.io/token
supervisor blobs* direct production.cloudflare.docker.com/
supervisor blobs* direct production.cloudfront.docker.com/
containerd mirror direct harbor.corp:8443/v2/hub/mirrored/x 1
containerd mirror relay http://10.0.0.5:5000/v2/mirrored/x 1" 0 --root "$work/node" --env HTTP_PROXY=relay:1 rancher/x:1
if grep -q secretword "$work/out"; then fail "no password of a mirror" ""; else ok "no password of a mirror"; fi
echo 'system-default-registry: registry.corp/prime' >"$work/node/etc/rancher/rke2/config.yaml.d/50.yaml"
images "system-default-registry" "supervisor registry direct registry.corp/v2/prime/rancher/rke2-runtime v1
containerd registry direct registry.corp/v2/prime/rancher/rke2-runtime v1" 0 --root "$work/node" rancher/rke2-runtime:v1
printf '[Service]\nEnvironment=HTTPS_PROXY=relay:1\nExecStart=/usr/local/bin/rancher-system-agent\n' \
	>"$work/node/etc/systemd/system/rancher-system-agent.service"
images "a unit below --root pulls as itself" "system-agent registry relay registry.corp/v2/prime/rancher/x latest" 0 \
	--root "$work/node" --unit rancher-system-agent.service rancher/x
printf 'mirrors:\n  "*":\n    endpoint: [https://m.corp]\n' >"$work/k3s/etc/rancher/k3s/registries.yaml"
images "K3s itself pulls nothing" "containerd mirror direct m.corp/v2/x latest
containerd registry* direct quay.io/v2/x latest" 0 --root "$work/k3s" quay.io/x
printf 'mirrors: {a.io: {endpoint: [m.corp], rewrite: {"\\\\d": x}}}\n' >"$work/k3s/etc/rancher/k3s/registries.yaml"
images "a rewrite that is not followed" "containerd mirror direct m.corp/v2/x latest
containerd registry* direct a.io/v2/x latest" 0 --root "$work/k3s" a.io/x
got=$(jq -c '.remarks[].fault' "$work/out")
if [ "$got" = '"rewrite-not-followed"' ]; then ok "a rewrite that is not followed is told"; else fail "a rewrite that is not followed is told" "$got"; fi
printf 'mirrors:\n  a: b: c\n' >"$work/k3s/etc/rancher/k3s/registries.yaml"
images "a registries.yaml that is none" "containerd registry direct a.io/v2/x latest" 0 --root "$work/k3s" a.io/x
if grep -q 'k3s/registries.yaml:2: ' "$work/err" && [ "$(jq .incomplete "$work/out")" = true ]; then
	ok "a registries.yaml that is none is told"
else
	fail "a registries.yaml that is none is told" "$(cat "$work/err")"
fi
got=$("${explain[@]}" --root "$work/bare" --env HTTPS_PROXY=relay:1 quay.io/a/b | paste -sd'|')
want=$'https://quay.io/v2/a/b/manifests/latest\trelay http://relay:1\tHTTPS_PROXY names it\tsupervisor\tregistry'
want="$want|${want/supervisor/containerd}"
if [ "$got" = "$want" ]; then ok "an image as text"; else fail "an image as text" "$got"; fi

# What has no scheme and is no image: Go's decision, and a word about it.
for word in registry-1.docker.io:443 example.com localhost:5000 10.0.0.1 Ubuntu //x/y; do
	is "$word is no request" "direct - - - - - url-without-scheme" 1 --env HTTPS_PROXY=relay:1 "$word"
done
is "10.0.0.1:5000 is no request" "error - - - - - url-without-scheme" 1 --env HTTPS_PROXY=relay:1 10.0.0.1:5000
got=$("${explain[@]}" registry-1.docker.io:443 | cut -f3)
if [[ $got == *"ask for https://registry-1.docker.io:443; faults: url-without-scheme" ]]; then
	ok "what to ask for instead of a host"
else
	fail "what to ask for instead of a host" "$got"
fi

# No part of a password, whatever is wrong with the value.
leaks=
for value in 'http://user:SECRET#WORD@relay:3128' 'http://user:SECRET/WORD@relay' 'user:SECRET?WORD@relay:1' \
	'"http://user:SECRET WORD@relay"' 'http://SECRET#WORD:12@relay' 'http:\\user:SECRET@WORD@relay' \
	$'http://user:SECRET%WORD@relay\r' 'http://user:SECRET' 'SECRET#WORD@relay' 'htp:/user:SECRETWORD%40relay'; do
	for format in text json; do
		"${explain[@]}" -o $format --env "HTTPS_PROXY=$value" --env "NO_PROXY=x,$value" \
			$registry "https://user:SECRET@WORD@x/" >"$work/out" 2>&1
		grep -qE 'SECRE|WORD' "$work/out" && leaks="$leaks [$value]"
	done
done
if [ -z "$leaks" ]; then ok "no password in text or JSON"; else fail "no password in text or JSON" "$leaks"; fi

"${explain[@]}" -o "text:$work/text" -o "json:$work/json" --env HTTPS_PROXY=relay:1 $registry >"$work/out"
got="$(stat -c %a "$work/text" "$work/json" | paste -sd' ') $(wc -c <"$work/out") $(cut -f2 "$work/text")"
if [ "$got" = "600 600 0 relay http://relay:1" ]; then ok "outputs to files"; else fail "outputs to files" "$got"; fi
got=$("${explain[@]}" --env HTTPS_PROXY='[fd00::1]:3128' --env $'NO_PROXY=x\e[31m' $registry https://x$'\e'[31m | cut -f1,2 | paste -sd'|')
if [ "$got" = $'https://index.docker.io/v2/\trelay http://[fd00::1]:3128|https://x\\x1b[31m\terror' ]; then
	ok "text is escaped"
else
	fail "text is escaped" "$got"
fi

usage() {
	local name=$1 status
	shift
	"${explain[@]}" "$@" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status -eq 2 ] && [ -s "$work/err" ] && [ ! -s "$work/out" ] && ! grep -q SECRET "$work/err"; then
		ok "status 2 for $name"
	else
		fail "status 2 for $name" "status $status, $(cat "$work/err")"
	fi
}
usage "no URL"
usage "an unknown option" --envs=HTTPS_PROXY=SECRET $registry
usage "--env without =" --env SECRET $registry
usage "an unknown family" --names X $registry
usage "an unknown format" -o yaml $registry
usage "no such file" --env-file "$work/none" $registry
usage "a root that is none" --root "$work/none/x" ubuntu
usage "a root that is a file" --root "$work/env" ubuntu
usage "a folder as an env file" --env-file "$work" $registry
usage "no such unit" --unit relaytrace-no-such $registry
usage "no unit's name" --unit 'a/b' $registry
usage "no such process" --pid 4194305 $registry
usage "no process id" --pid -1 $registry
usage "an output that cannot be opened" -o "json:$work/none/x" $registry
"${explain[@]}" $registry >/dev/full 2>"$work/err"
status=$?
if [ $status -eq 2 ]; then ok "status 2 for a full disk"; else fail "status 2 for a full disk" "$status"; fi
if ! python3 -c 'import jsonschema' 2>/dev/null; then
	echo "skip explain: the schema: python3-jsonschema is not installed (make deps)"
elif tests/schema/validate --schema explain "$work/all" >"$work/why"; then
	ok "the schema: $(wc -l <"$work/all") lines"
else
	fail "the schema" "$(head -1 "$work/why")"
fi
exit $failed
