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
	want='1 ["other",true,"/run/systemd/env:1",null,[null,"bad-name","/run/systemd/env:2"]]'
	if [ "$got" = "$want" ]; then ok "a unit"; else fail "a unit" "$got"; fi
else
	echo "skip explain: a unit: no user namespaces here"
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
usage "no such unit" --unit relaytrace-no-such $registry
usage "no unit's name" --unit 'a/b' $registry
usage "no such process" --pid 4194305 $registry
usage "no process id" --pid -1 $registry
usage "an output that cannot be opened" -o "json:$work/none/x" $registry
"${explain[@]}" $registry >/dev/full 2>"$work/err"
status=$?
if [ $status -eq 2 ]; then ok "status 2 for a full disk"; else fail "status 2 for a full disk" "$status"; fi
exit $failed
