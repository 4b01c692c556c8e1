#!/usr/bin/env bash
# What the cgroup programs promise: packets pass unharmed, the programs of others stay, a unit that comes
# back in a new cgroup has its first question seen, and nothing is left of a tracer that was killed.
# In a network, a mount namespace and a cgroup of the test's own.
set -u
if [ "$(id -u)" -ne 0 ]; then
	echo 'skip cgroups: needs root'
	exit 0
fi
tops=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [ -z "$tops" ]; then
	echo 'skip cgroups: no cgroup-v2 hierarchy is mounted here'
	exit 0
fi
[ -n "${CGROUPS_INSIDE:-}" ] || CGROUPS_INSIDE=1 exec unshare -m "$0"

tracer=${RELAYTRACE:-$BUILD/relaytrace}
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
home=$tops$(sed -n 's/^0:://p' /proc/self/cgroup)
home=${home%/}
top=$home/relaycgroups-$$
space=relaycgroups-$$
dir=$(mktemp -d) || exit 1
status=0 kept=()

down() {
	local pid
	for pid in "${kept[@]}"; do kill -9 "$pid" 2>/dev/null; done
	# shellcheck disable=SC2046
	[ ! -d "$top" ] || kill -9 $(find "$top" -name cgroup.procs -exec cat {} + | grep -vx $$) 2>/dev/null
	echo $$ >"$home/cgroup.procs"
	for _ in 1 2 3 4 5; do
		[ ! -d "$top" ] || find "$top" -depth -type d -exec rmdir {} + 2>/dev/null && break
		sleep 0.1
	done
	ip netns delete "$space" 2>/dev/null
	umount "$dir/bpf" 2>/dev/null
	rm -rf --one-file-system "$dir"
}
trap down EXIT
trap 'exit 130' INT TERM HUP

told() { # NAME WHY: WHY empty is success
	if [ -z "$2" ]; then
		echo "ok cgroups $1"
	else
		echo "not ok cgroups $1: $2"
		status=1
	fi
}
inside() { nsenter --net="/run/netns/$space" -- "$@"; }
until_true() { # SECONDS COMMAND...
	local left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((left--)) -gt 0 ] || return 1
		sleep 0.05
	done
}
began() { until_true 10 grep -q '"action":"start"' "$1"; }
keep() { kept+=("$1") && disown "$1"; }

# trace OUT OPTION...: the tracer in the background, in $tracing.
trace() {
	local out=$1
	shift
	nsenter --net="/run/netns/$space" -- "$tracer" --fail-on never -o "json:$out" "$@" >"$out.said" 2>&1 &
	tracing=$!
	keep $tracing
	began "$out" || told "a tracer" "it did not begin: $(tail -n 1 "$out.said")"
}
stop() {
	kill -INT "$tracing"
	until_true 10 [ ! -d "/proc/$tracing" ]
}
# What hangs on the cgroup, as "id type flags"; bpftool -j gives [] or nothing where there is none.
attached() { "$bpftool" -j cgroup list "$1" | jq -r '.[]? | "\(.id) \(.attach_type)"' | sort; }

mkdir "$top" "$top/work" && ip netns add "$space" && ip -n "$space" link set lo up &&
	ip -n "$space" address add 203.0.113.10/32 dev lo || exit 1
echo $$ >"$top/work/cgroup.procs"

# ---- a unit that comes back ----

gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$dir/relayunit" tests/live/resolvers/ask.c &&
	inside setpriv --pdeathsig KILL sh -c "exec dnsmasq -k --user=root --pid-file= --no-resolv --no-hosts \
		--conf-file=/dev/null --bind-interfaces --listen-address=127.0.0.1 \
		$(for i in {1..8}; do echo "--host-record=u$i.test,203.0.113.10"; done | tr '\n' ' ')" \
		>"$dir/dnsmasq" 2>&1 &
keep $!
until_true 5 sh -c "nsenter --net=/run/netns/$space ss -Hltn 'sport = :53' | grep -q ." ||
	told 'a resolver' "$(tail -n 1 "$dir/dnsmasq")"
echo 'nameserver 127.0.0.1' >"$dir/resolv.conf"
mount --bind "$dir/resolv.conf" /etc/resolv.conf
watched() { [ "$(attached "$1" | wc -l)" -ge 3 ]; }
# unit N: as the service manager does it: a cgroup under the old name, and the program in it.  The program
# asks at once.
unit() {
	mkdir "$top/$2.service"
	# As with a service manager it takes some moments from the cgroup to its first process.
	[ "$1" = 1 ] || until_true 5 watched "$top/$2.service"
	inside sh -c 'echo $$ >"$1/cgroup.procs"; exec "$2" "u$3.test" "$((40000 + $3))"' \
		sh "$top/$2.service" "$dir/relayunit" "$1"
	until_true 5 rmdir "$top/$2.service"
}
# With a COMMAND the tracer looks at this tree alone, and not at what else runs on this machine.
trace "$dir/units" --tree relayunit -- sleep 1000
domains() {
	jq -r 'select(.event.action == "dial") | "\(.destination.port) \(.destination.domain // "-")"' "$dir/units" | sort -u
}
dialled() { domains | grep -q "^$1 ${2:-}"; } # PORT [NAME]
# The first time nobody could know the unit, nor where its cgroup would be: it may be seen or not, until it is known.
for _ in {1..10}; do
	unit 1 some
	until_true 1 dialled 40001 u1.test && break
done
dialled 40001 || told 'a unit that starts' 'its dial is not there'
for i in 2 3 4 5 6; do unit $i some; done
sleep 0.3
stop
domains=$(domains)
for i in 2 3 4 5 6; do
	said=$(grep "^$((40000 + i)) " <<<"$domains")
	why=
	[ "$said" = "$((40000 + i)) u$i.test" ] || why="the dial is '${said:-not there}'"
	told "a unit that came back, time $i" "$why"
done

# ---- packets and the programs of others ----

cat >"$dir/other.bpf.c" <<'C'
#include <linux/bpf.h>
#define SEC(name) __attribute__((section(name), used))
SEC("cgroup_skb/ingress") int other(struct __sk_buff *skb) { (void)skb; return 1; }
char _license[] SEC("license") = "GPL";
C
mkdir "$dir/bpf" "$top/unit" && mount -t bpf none "$dir/bpf" &&
	clang -target bpf -O2 -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$dir/other.bpf.c" \
		-o "$dir/other.o" &&
	"$bpftool" prog load "$dir/other.o" "$dir/bpf/before" type cgroup/skb &&
	"$bpftool" prog load "$dir/other.o" "$dir/bpf/beside" type cgroup/skb &&
	"$bpftool" cgroup attach "$top/unit" ingress pinned "$dir/bpf/before" multi ||
	told 'a program of others' 'it cannot be attached'
before=$(attached "$top/unit")
cat >"$dir/transfer.py" <<'PY'
import hashlib, os, socket, sys, threading
size = 24 << 20
listener = socket.create_server(("127.0.0.1", 0))
def serve():
    connection, _ = listener.accept()
    data = os.urandom(1 << 20) * (size >> 20)
    connection.sendall(hashlib.sha256(data).digest() + data)
    connection.close()
threading.Thread(target=serve).start()
sys.stdin.readline()
with socket.create_connection(listener.getsockname()) as tcp:
    data = b"".join(iter(lambda: tcp.recv(1 << 16), b""))
assert len(data) == size + 32 and hashlib.sha256(data[32:]).digest() == data[:32]
udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
udp[0].bind(("127.0.0.1", 53053))
udp[0].settimeout(5)
for i in range(2000):
    udp[1].sendto(b"%d" % i, ("127.0.0.1", 53053))
    assert udp[0].recv(64) == b"%d" % i
PY
mkfifo "$dir/go"
inside sh -c 'echo $$ >"$1/cgroup.procs"; exec python3 "$2" <"$3"' sh "$top/unit" "$dir/transfer.py" "$dir/go" \
	>"$dir/transfer" 2>&1 &
subject=$!
keep $subject
exec 9>"$dir/go"
until_true 5 grep -q . "$top/unit/cgroup.procs"
pid=$(head -n 1 "$top/unit/cgroup.procs")
trace "$dir/transferred" --pid "$pid"
during=$(attached "$top/unit")
ours=$(comm -13 <(echo "$before") <(echo "$during"))
why=
[ "$(wc -l <<<"$ours")" -ge 3 ] || why="these are attached: $(tr '\n' ',' <<<"$during")"
[ -z "$(comm -23 <(echo "$before") <(echo "$during"))" ] || why="the other's program is gone"
told 'programs beside those of others' "$why"
"$bpftool" cgroup attach "$top/unit" ingress pinned "$dir/bpf/beside" multi ||
	told 'a program that comes later' 'it cannot be attached'
echo go >&9
until_true 20 [ ! -d "/proc/$pid" ]
why=$(tail -n 1 "$dir/transfer")
[ ! -d "/proc/$pid" ] || why='it hangs'
told 'a transfer through a traced cgroup is intact' "$why"

# ---- killed ----

mine=$("$bpftool" -j prog show 2>/dev/null |
	jq -r --argjson pid "$tracing" '.[] | select(any(.pids[]?; .pid == $pid)) | .id')
[ -n "$mine" ] || mine=$(cut -d' ' -f1 <<<"$ours")
gone() {
	local id
	for id in $mine; do ! "$bpftool" prog show id "$id" || return 1; done
	[ -z "$(comm -12 <(echo "$ours") <(attached "$top/unit"))" ]
}
kill -KILL "$tracing"
until_true 5 gone
why=
gone >/dev/null 2>&1 || why="of $(wc -w <<<"$mine") programs some are there: $(attached "$top/unit" | tr '\n' ',')"
told "nothing is left of a killed tracer ($(wc -w <<<"$mine") programs)" "$why"
why=
[ "$(attached "$top/unit" | wc -l)" -eq 2 ] || why="there are: $(attached "$top/unit" | tr '\n' ',')"
told 'the programs of others stay' "$why"

# The guard is killed too: what is left then the next tracer sweeps, once nobody of them is there any more.
trace "$dir/killed" -- sleep 1000
left=$top/work/relaytrace-$tracing
child=$(cat "$left/cgroup.procs" 2>/dev/null)
guard=$(for pid in $(pgrep -x cgroup-guard); do grep -qsF "$dir/killed" "/proc/$pid/cmdline" && echo "$pid"; done)
for pid in $guard $tracing $child; do kill -KILL "$pid"; done
why=
[ -n "$guard" ] || why='there was no guard'
for pid in $guard $tracing $child; do
	until_true 30 [ ! -d "/proc/$pid" ] || why="process $pid does not end"
done
until_true 30 grep -q '^populated 0' "$left/cgroup.events" || why="${why:-the cgroup is not empty}"
[ -d "$left" ] || why=${why:-'the killed tracer left no cgroup: nothing is proved'}
inside "$tracer" -o "json:$dir/next" -- true >/dev/null 2>&1
[ ! -d "$left" ] || why=${why:-'it is still there after the next start'}
told 'the cgroup of a killed tracer is swept by the next' "$why"
exit $status
