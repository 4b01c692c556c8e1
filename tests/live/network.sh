# SPDX-License-Identifier: GPL-2.0-only
# The laboratory's network: namespaces, addresses, routes and what the firewall does to which
# address.  Sourced by lab.  Everything is named after $lab_name, so that copies run side by side,
# and lives inside namespaces of our own: nothing outside them is touched.
#
#   node  10.77.0.2, 2001:db8:77::2   -- rt 10.77.0.1, 2001:db8:77::1
#   lean  10.77.1.2 (no IPv6, SYN sent twice only) -- rt 10.77.1.1
#   rt    203.0.113.1, 2001:db8:113::1 -- wan 203.0.113.10..., 2001:db8:113::10...  registry :443
#   wan   203.0.113.53, 2001:db8:113::53  dnsmasq
#   node  10.77.9.2, 2001:db8:779::2   -- relay 10.77.9.1, 2001:db8:779::1  squid, tinyproxy, canned
#   relay 198.51.100.2, 2001:db8:198::2 -- wan 198.51.100.1, 2001:db8:198::1
#
# What becomes of a dial depends on the address alone, so that all scenarios share one network and
# run at the same time.  rt is the firewall: the relay does not pass through it, and reaches all.
lab_spaces=(node lean rt wan relay)

# name      last octet   what rt or the node's routing table does to it (see network_firewall)
lab_hosts='
ok          10  answers
drop        20  dropped
reset       21  TCP reset
portun      22  ICMP port unreachable
hostun      23  ICMP host unreachable
admin       24  ICMP administratively prohibited
netun       25  ICMP net unreachable
mute        26  handshake passes, everything after it is dropped
cut         27  handshake passes, the ClientHello is reset
noroute     30  no route on the node
unreachable 33  route unreachable on the node
prohibit    34  route prohibit on the node
blackhole   35  route blackhole on the node
dropa       41  dropped (one of three)
dropb       42  dropped (one of three)
dropc       43  dropped (one of three)
dns         53  dnsmasq; 54 has no resolver, 55 is dropped, 56 has no route, 57 refuses to answer
'

space() { echo "$lab_name-$1"; }
in_space() { local s=$1; shift; nsenter --net="/run/netns/$(space "$s")" -- "$@"; }

# link A ADDRESS4 ADDRESS6 B ADDRESS4 ADDRESS6: a veth pair; each end is named to-OTHER.
network_link() {
	ip link add "to-$4" netns "$(space "$1")" type veth peer name "to-$1" netns "$(space "$4")"
	network_end "$1" "to-$4" "$2" "$3"
	network_end "$4" "to-$1" "$5" "$6"
}
network_end() {
	local name
	name=$(space "$1")
	ip -n "$name" address add "$3" dev "$2"
	[ "$4" = - ] || ip -n "$name" address add "$4" dev "$2" nodad
	ip -n "$name" link set "$2" up
}

network_up() {
	local s last
	for s in "${lab_spaces[@]}"; do
		ip netns add "$(space "$s")" || return 1
		in_space "$s" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
		ip -n "$(space "$s")" link set lo up
	done
	network_link node 10.77.0.2/24 2001:db8:77::2/64 rt 10.77.0.1/24 2001:db8:77::1/64
	network_link lean 10.77.1.2/24 - rt 10.77.1.1/24 -
	network_link rt 203.0.113.1/24 2001:db8:113::1/64 wan 203.0.113.10/24 2001:db8:113::10/64
	network_link node 10.77.9.2/24 2001:db8:779::2/64 relay 10.77.9.1/24 2001:db8:779::1/64
	network_link relay 198.51.100.2/24 2001:db8:198::2/64 wan 198.51.100.1/24 2001:db8:198::1/64

	for last in 20 21 22 23 24 25 26 27 30 33 34 35 41 42 43 53 54 55 56 57; do
		ip -n "$(space wan)" address add 203.0.113.$last/24 dev to-rt
		ip -n "$(space wan)" address add 2001:db8:113::$last/64 dev to-rt nodad
	done
	in_space rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	# The firewall must answer every SYN of every scenario: no rate limit on its ICMP errors.
	in_space rt sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=10000 2>/dev/null
	in_space wan sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 2>/dev/null

	ip -n "$(space node)" route add default via 10.77.0.1
	ip -n "$(space node)" -6 route add default via 2001:db8:77::1
	ip -n "$(space lean)" route add default via 10.77.1.1
	ip -n "$(space wan)" route add 10.77.0.0/16 via 203.0.113.1
	ip -n "$(space wan)" -6 route add 2001:db8:77::/64 via 2001:db8:113::1
	ip -n "$(space relay)" route add 203.0.113.0/24 via 198.51.100.1
	ip -n "$(space relay)" -6 route add 2001:db8:113::/64 via 2001:db8:198::1

	# throw ends the search of the main table without a result: as if no default route existed,
	# connect() returns ENETUNREACH at once (ip-route(8)).
	local s
	for s in node lean; do
		ip -n "$(space $s)" route add throw 203.0.113.30
		ip -n "$(space $s)" route add throw 203.0.113.56
		ip -n "$(space $s)" route add unreachable 203.0.113.33
		ip -n "$(space $s)" route add prohibit 203.0.113.34
		ip -n "$(space $s)" route add blackhole 203.0.113.35
	done

	# lean: a node without IPv6, whose kernel gives a dial up after 1 + 2 seconds.
	in_space lean sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.tcp_syn_retries=1
	network_firewall
	network_steering
}

network_firewall() {
	in_space rt nft -f - <<-'NFT'
	table inet lab {
		chain forward {
			type filter hook forward priority 0; policy accept;
			ip daddr { 203.0.113.20, 203.0.113.41, 203.0.113.42, 203.0.113.43, 203.0.113.55 } drop
			ip6 daddr { 2001:db8:113::20, 2001:db8:113::55 } drop
			ip daddr 203.0.113.21 meta l4proto tcp reject with tcp reset
			ip daddr 203.0.113.22 reject with icmp type port-unreachable
			ip daddr 203.0.113.23 reject with icmp type host-unreachable
			ip daddr 203.0.113.24 reject with icmp type admin-prohibited
			ip daddr 203.0.113.25 reject with icmp type net-unreachable
			ip6 daddr 2001:db8:113::21 meta l4proto tcp reject with tcp reset
			ip6 daddr 2001:db8:113::23 reject with icmpv6 type addr-unreachable
			ip6 daddr 2001:db8:113::25 reject with icmpv6 type no-route
			ip daddr 203.0.113.26 tcp flags & (syn|psh) == psh drop
			ip daddr 203.0.113.27 tcp flags & (syn|psh) == psh reject with tcp reset
		}
	}
	NFT
	in_space relay nft -f - <<-'NFT'
	table inet lab {
		chain input {
			type filter hook input priority 0; policy accept;
			tcp dport 3199 drop
		}
	}
	NFT
}

# Over a plain veth the peer's answer is handled inside the sender's own connect(), which no real
# network card does.  Receive packet steering makes about half of them arrive in softirq on another
# task (Documentation/networking/scaling.rst).
network_steering() {
	in_space node unshare -m sh -c 'mount -t sysfs lab /sys &&
		for q in /sys/class/net/to-*/queues/rx-*/rps_cpus; do echo 3 > "$q"; done'
}

# Ends every process in our namespaces (all of them are ours), then the namespaces.  First gently: a
# tracer that is told to stop clears away what it made.
network_down() {
	local s pids signal
	for signal in TERM KILL KILL KILL KILL; do
		pids=
		for s in "${lab_spaces[@]}"; do
			pids+=" $(ip netns pids "$lab_name-$s" 2>/dev/null | tr '\n' ' ')"
		done
		[ -n "${pids// /}" ] || break
		# shellcheck disable=SC2086
		kill -$signal $pids 2>/dev/null
		sleep 0.2
	done
	for s in "${lab_spaces[@]}"; do
		[ -e "/run/netns/$lab_name-$s" ] && ip netns delete "$lab_name-$s" 2>/dev/null
	done
	return 0
}
