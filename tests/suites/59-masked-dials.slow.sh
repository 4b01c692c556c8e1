#!/usr/bin/env bash
# Where a '#', '/' or '?' cuts a password, Go dials what stood before it.  A real Go puller (skopeo, called
# rke2) does so in a network namespace; every output and the recording are searched for the digits of
# the secret, the finding must be value-misread, and a replay must tell what the live run told.
# Also what Go dials where it finds no host in the value, or a word that is a scheme's.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip masked-dials: needs root for a network namespace'
	exit 0
fi
for tool in skopeo dnsmasq jq python3; do
	command -v $tool >/dev/null || { echo "skip masked-dials: $tool is not installed"; exit 0; }
done
tracer=${RELAYTRACE:-$BUILD/relaytrace}
case $tracer in /*) ;; *) tracer=$PWD/$tracer ;; esac
space=relaymask-$$
dir=$(mktemp -d) || exit 1
status=0

down() {
	local pids
	pids=$(ip netns pids "$space" 2>/dev/null)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null
	ip netns delete "$space" 2>/dev/null
	rm -rf "$dir"
}
trap down EXIT
trap 'exit 130' INT TERM HUP

inside() { nsenter --net="/run/netns/$space" -- "$@"; }
ok() { echo "ok masked-dials: $1"; }
fail() { echo "not ok masked-dials: $1: $2"; status=1; }

# Names of one label and of "http" are known, by a wildcard as it were; a web server takes what comes.
cat >"$dir/web.py" <<'E2'
import socket, threading
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("203.0.113.11", 80))
s.listen(16)
def serve(c):
    c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"<p>it works</p>" * 133 + b"12345")
    c.recv(4096)
    c.close()
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
E2
network_up() {
	ip netns add "$space" && ip -n "$space" link set lo up || return 1
	inside sysctl -qw net.ipv4.ip_local_port_range='40000 40999' || return 1
	for last in 10 11 53; do ip -n "$space" address add 203.0.113.$last/32 dev lo || return 1; done
	printf '%s\n' no-resolv no-hosts 'local=/#/' bind-interfaces listen-address=203.0.113.53 \
		host-record=someone,203.0.113.10 host-record=http,203.0.113.11 >"$dir/dnsmasq.conf"
	nsenter --net="/run/netns/$space" setpriv --pdeathsig KILL dnsmasq -k --user=root --pid-file= \
		--conf-file="$dir/dnsmasq.conf" >"$dir/dnsmasq.log" 2>&1 &
	nsenter --net="/run/netns/$space" setpriv --pdeathsig KILL python3 "$dir/web.py" >"$dir/web.log" 2>&1 &
	disown -a
	echo 'nameserver 203.0.113.53' >"$dir/resolv.conf"
	printf '127.0.0.1 localhost\n203.0.113.11 inhosts\n' >"$dir/hosts"
	cp "$(command -v skopeo)" "$dir/rke2" || return 1
	for _ in {1..50}; do
		[ "$(inside ss -Hltn '( sport = :53 or sport = :80 )' | wc -l)" -ge 2 ] && return 0
		sleep 0.1
	done
	return 1
}

# pull NAME WANTED SECRET|- VALUE: "SEVERITY RULE PATH ADDRESS PORT" of the finding's dial; SECRET, an
# extended regular expression, stands nowhere.
pull() {
	local name=$1 want=$2 secret=$3 value=$4 out=$dir/$1 got
	mkdir "$out"
	# shellcheck disable=SC2016
	inside unshare -m sh -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf &&
		mount --bind "$0/hosts" /etc/hosts && exec "$@"' "$dir" \
		env -i PATH="$PATH" HOME="$dir" GODEBUG=netdns=go HTTPS_PROXY="$value" "$tracer" \
		--fail-on never -o "json:$out/json" -o "text:$out/text" -o "record:$out/record" \
		-o "metrics:$out/metrics" -- \
		"$dir/rke2" --command-timeout 5s inspect docker://index.docker.io/library/busybox \
		>"$dir/said-$name" 2>"$out/errors"
	# What the puller says of itself is not ours.
	grep '^relaytrace' "$out/errors" >"$out/own"
	mv "$out/errors" "$dir/errors-$name"
	got=$(jq -rs '[.[] | select(.event.action == "finding")][0].relaytrace as $f |
		([.[] | select(.event.action == "dial" and .relaytrace.dial.id == $f.dial.id)] | last) as $d |
		[$f.severity, ([.[] | select(.event.action == "finding")][0].rule.id), $d.relaytrace.dial.path,
		$d.destination.address, $d.destination.port // "-"] | join(" ")' "$out/json")
	if [ "$got" = "$want" ]; then
		ok "$name"
	else
		fail "$name" "\"$got\", not \"$want\""
		tail -n 2 "$dir/errors-$name" | sed 's/^/#   /'
	fi
	if [ "$secret" != - ]; then
		# Without the numbers that chance makes: a query's id, a duration, the kernel's own.
		sed -E 's/ (id|socket|cgroup_id|pid|tid|parent|child)=[0-9]+/ \1=/g; s/"(duration|pid|id)":[0-9]+/"\1":0/g' "$out"/* |
			grep -oE ".{0,60}(^|[^0-9])($secret)([^0-9]|\$).{0,20}" >"$dir/shown"
		if [ -s "$dir/shown" ]; then
			fail "$name, its secret" "it is shown"
			sed 's/^/#   /' "$dir/shown" | head -n 5
		else
			ok "$name, its secret"
		fi
	fi
	for format in json text; do
		"$tracer" replay "$out/record" --fail-on never -o "$format:$dir/replayed-$name.$format" 2>&1 |
			sed 's/^/# /'
		if cmp -s "$out/$format" "$dir/replayed-$name.$format"; then
			ok "$name, replayed as $format"
		else
			fail "$name, replayed as $format" "it tells something else"
			diff "$out/$format" "$dir/replayed-$name.$format" | head -n 6 | sed 's/^/#   /'
		fi
	done
}

network_up || { echo "not ok masked-dials: the network did not come up"; exit 1; }
at=203.0.113.10
misread="error value-misread relay"
for mark in '#' '/' '?'; do
	pull "digits-$(printf %x "'$mark")" "$misread *** -" '54321|s3cret|someone' \
		"http://someone:54321${mark}s3cret@10.77.9.1:3128"
	pull "address-$(printf %x "'$mark")" "$misread *** -" "54321|s3cret|$at" \
		"http://u:p@$at:54321${mark}s3cret@10.77.9.1:3128"
done
pull everyday-port "$misread *** -" '443/s3cret|someone' "http://someone:443/s3cret@10.77.9.1:3128"
pull no-port "$misread *** 80" 's3cret|someone' "http://someone/s3cret@10.77.9.1:3128"
pull in-hosts "$misread *** -" '54321|s3cret' "http://inhosts:54321#s3cret@10.77.9.1:3128"
pull no-host "$misread 127.0.0.1 80" 's3cret' "http:/u:s3cret@10.77.9.1:4407"
pull nothing "$misread 127.0.0.1 -" 's3cret' "user:s3cret"
pull wildcard "warning value-misread relay http 80" - 'http://relay.corp:3128 '
exit $status
