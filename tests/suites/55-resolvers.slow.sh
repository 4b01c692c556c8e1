#!/usr/bin/env bash
# Resolvers: a dial gets the name that its own process asked for, whichever resolver library asked, over
# whichever transport, of whichever resolver.  Real libraries (Go's in skopeo, glibc, musl, c-ares) ask a
# real dnsmasq in a network namespace; tests/live/resolvers/ask.c dials what they say.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip resolvers: needs root for a network namespace'
	exit 0
fi
tracer=${RELAYTRACE:-$BUILD/relaytrace}
case $tracer in /*) ;; *) tracer=$PWD/$tracer ;; esac
here=$PWD/tests/live/resolvers
space=relayask-$$
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"

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
fail() {
	echo "not ok resolvers: $1"
	exit 1
}

# The names: one address each and a port for each case, so that a dial tells which case it is of.
# "many" does not fit a datagram of 512 bytes, nor "more" one of 1232 (EDNS): both are asked again over TCP.
network_up() {
	local last
	ip netns add "$space" && ip -n "$space" link set lo up || return 1
	for last in 10 11 12 53; do
		ip -n "$space" address add 203.0.113.$last/32 dev lo || return 1
	done
	{
		echo 'no-resolv
no-hosts
local=/#/
bind-interfaces
listen-address=203.0.113.53,127.0.0.53,::1
host-record=one.test,203.0.113.10
host-record=two.test,203.0.113.10
host-record=target.test,203.0.113.11
host-record=quiet.test,203.0.113.12
cname=alias.test,target.test'
		for last in {1..40}; do echo "host-record=many.test,198.51.100.$last"; done
		for last in {1..77}; do echo "host-record=more.test,198.51.100.$last"; done
	} >"$dir/dnsmasq.conf"
	nsenter --net="/run/netns/$space" setpriv --pdeathsig KILL dnsmasq -k --user=root --pid-file= \
		--conf-file="$dir/dnsmasq.conf" --edns-packet-max=1232 >"$dir/dnsmasq.log" 2>&1 &
	disown
	for last in {1..50}; do
		[ "$(inside ss -Hltn 'sport = :53' | wc -l)" -ge 3 ] && return 0
		sleep 0.1
	done
	return 1
}

build() {
	local flags=(-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror)
	gcc "${flags[@]}" -o "$dir/glibc" "$here/ask.c" || return 1
	cp "$(command -v skopeo)" "$dir/go" || missing go 'skopeo'
	musl-gcc "${flags[@]}" -o "$dir/musl" "$here/ask.c" 2>/dev/null || missing musl 'musl-gcc'
	gcc "${flags[@]}" -DWITH_ARES -o "$dir/cares" "$here/ask.c" -lcares 2>/dev/null ||
		missing cares 'libc-ares'
}
missing() { printf '%s\n' "$1" >>"$dir/missing" && echo "skip resolvers $1: $2 is not installed"; }
has() { ! grep -qx "$1" "$dir/missing" 2>/dev/null; }

# nscd, for a resolver behind AF_UNIX: unpacked and not installed, since its package starts a daemon.
nscd_fetch() {
	local cache=${RELAYTRACE_CACHE:-/var/cache/relaytrace}/nscd new
	if [ ! -x "$cache/usr/sbin/nscd" ]; then
		mkdir -p "${cache%/*}" && new=$(mktemp -d "$cache.XXXXXX") || return 1
		# Another copy of this test may be faster: either folder will do.
		(cd "$new" && apt-get -qq download nscd && dpkg-deb -x nscd_*.deb . && rm nscd_*.deb &&
			mv -T "$new" "$cache") >/dev/null 2>&1 || rm -rf "$new"
		[ -x "$cache/usr/sbin/nscd" ] || return 1
	fi
	cp "$cache/usr/sbin/nscd" "$dir/nscd"
	printf 'enable-cache hosts yes\nserver-user root\nlogfile %s\n' "$dir/nscd.log" >"$dir/nscd.conf"
}

# In a mount namespace of its own, and outside the traced tree, as it would be on a node.
nscd_up() {
	local left
	echo 'nameserver 203.0.113.53' >"$dir/resolv-nscd"
	nsenter --net="/run/netns/$space" setpriv --pdeathsig KILL unshare -m sh -c "mkdir -p /run/nscd && mount -t tmpfs none /run/nscd &&
		mount --bind $dir/resolv-nscd /etc/resolv.conf && exec $dir/nscd -F -f $dir/nscd.conf" \
		>"$dir/nscd.said" 2>&1 &
	nscd=$!
	disown
	for _ in {1..50}; do
		[ -S "/proc/$nscd/root/run/nscd/socket" ] && return 0
		sleep 0.1
	done
	return 1
}

# One mount namespace for each case, with a resolv.conf of its own and no nscd in it.
port=40000
: >"$dir/cases"
plan() { # NAME PROGRAM RESOLVER HOST [HOST]...: what dial is expected, and the line that makes it
	local name=$1 program=$2 resolver=$3 host asked='' from=dns
	shift 3
	has "$program" || return 0
	[ "$resolver" != unix ] || from=none
	echo "nameserver $resolver" >"$dir/resolv-$name"
	for host; do
		port=$((port + 1))
		asked+=" $host $port"
		printf '%s %s %s %s\n' "$name" "$port" "$host" "$from" >>"$dir/cases"
	done
	if [ "$resolver" = unix ]; then
		echo "nsenter --mount=/proc/$nscd/ns/mnt $dir/$program$asked >>$dir/said-$name 2>&1" >>"$dir/run.sh"
		return
	fi
	{
		printf 'unshare -m sh -c '\''mount --bind %s/resolv-%s /etc/resolv.conf; ' "$dir" "$name"
		printf 'mkdir -p /run/nscd && mount -t tmpfs none /run/nscd; '
		case $program in
		go)
			# Go asks again after a failed dial, and names no port of its own.
			printf 'GODEBUG=netdns=go timeout 10 %s/go inspect --tls-verify=false docker://%s:%s/x' \
				"$dir" "${asked% *}" "$port" | sed 's,// ,//,'
			;;
		*)
			printf '%s/%s%s' "$dir" "$program" "$asked"
			;;
		esac
		printf "' >>%s/said-%s 2>&1\n" "$dir" "$name"
	} >>"$dir/run.sh"
}

network_up || fail "dnsmasq did not come up: $(tail -n 1 "$dir/dnsmasq.log")"
build || fail 'tests/live/resolvers/ask.c does not build'
for program in go glibc musl cares; do
	plan $program-v4 $program 203.0.113.53 one.test
	plan $program-stub $program 127.0.0.53 one.test
	plan $program-v6 $program ::1 one.test
	plan $program-cname $program 203.0.113.53 alias.test
done
# musl speaks no TCP before 1.2.4.
for program in go glibc cares; do
	plan $program-tcp $program 203.0.113.53 many.test
	plan $program-tcp-long $program 203.0.113.53 more.test
done
# Two names on one address: who asked last.
for program in glibc musl cares; do
	plan $program-two $program 203.0.113.53 one.test two.test one.test
done
if nscd_fetch && nscd_up; then
	plan glibc-unix glibc unix quiet.test
else
	echo 'skip resolvers glibc-unix: nscd cannot be had or run here'
fi

status=0
inside "$tracer" --fail-on never -o "json:$dir/got" -- sh "$dir/run.sh" >"$dir/said" 2>&1 ||
	fail "the run below the tracer failed: $(tail -n 1 "$dir/said")"
jq -r 'select(.event.action == "dial") | [.destination.port, .destination.domain // "-",
	.relaytrace.dial.name_from, .relaytrace.dial.outcome] | @tsv' "$dir/got" >"$dir/dials"
jq -e 'select(.event.action == "loss")' "$dir/got" >"$dir/loss"
while read -r name port host from; do
	[ "$from" = dns ] || host=-
	wrong=$(awk -v p="$port" -v h="$host" -v f="$from" '
		$1 == p { n++; if ($2 != h || $3 != f) print "a dial of " $2 " by " $3 ", not of " h " by " f }
		END { if (!n) print "no dial" }' "$dir/dials" | sort -u | head -1)
	if [ -z "$wrong" ]; then
		echo "ok resolvers $name $port"
	else
		echo "not ok resolvers $name: port $port: $wrong"
		sed 's/^/#   /' "$dir/said-$name" | tail -n 3
		status=1
	fi
done <"$dir/cases"
if [ -s "$dir/loss" ]; then
	echo "# the tracer lost: $(jq -c .relaytrace.loss "$dir/loss" | tail -1)"
fi
exit $status
