# SPDX-License-Identifier: GPL-2.0-only
# Dials that go direct, by the network's answer: no variable at all, names resolve.
R=203.0.113

scenario direct-works 'no relay is needed: the registry answers'
pull rke2 ok
works rke2
dial supervisor established direct $R.10:443 host=ok.test

scenario direct-works-cri 'the same by containerd, over CRI'
pull containerd ok
works containerd
dial containerd established direct $R.10:443 host=ok.test

scenario direct-works-attached 'the tracer comes when the supervisor and containerd already run'
attach
pull containerd ok
works containerd
dial containerd established direct $R.10:443 host=ok.test

scenario direct-works-v6 'the registry has an IPv6 address only, and answers'
pull rke2 ok6
works rke2
dial supervisor established direct '[2001:db8:113::10]:443' host=ok6.test

scenario drop 'the firewall drops every SYN: Go gives up after 30 s, twice'
takes 60
pull rke2 drop
says rke2 "dial tcp $R.20:443: i/o timeout"
dial supervisor abandoned direct $R.20:443 n=2 errno=0 host=drop.test
pending supervisor direct $R.20:443
finding supervisor relay-missing outcome=abandoned path=direct to=$R.20:443 host=drop.test missing=HTTPS_PROXY

scenario drop-cri 'the same by containerd, which dials once'
takes 32
pull containerd drop
says containerd "dial tcp $R.20:443: i/o timeout"
dial containerd abandoned direct $R.20:443 n=1 errno=0 host=drop.test
finding containerd relay-missing outcome=abandoned path=direct to=$R.20:443 host=drop.test

scenario drop-attached 'dropped, and the tracer came when containerd already ran'
takes 33
attach
pull containerd drop
says containerd "dial tcp $R.20:443: i/o timeout"
dial containerd abandoned direct $R.20:443 n=1 errno=0 host=drop.test
finding containerd relay-missing outcome=abandoned path=direct to=$R.20:443 host=drop.test

scenario drop-docker-io 'docker.io by its own name: registry-1.docker.io is dialled'
takes 60
pull rke2 docker.io
says rke2 "dial tcp $R.20:443: i/o timeout"
dial supervisor abandoned direct $R.20:443 n=2 host=registry-1.docker.io
finding supervisor relay-missing outcome=abandoned path=direct host=registry-1.docker.io

scenario drop-v6 'dropped, on an IPv6-only name'
takes 60
pull rke2 drop6
says rke2 'dial tcp [2001:db8:113::20]:443: i/o timeout'
dial supervisor abandoned direct '[2001:db8:113::20]:443' n=2 errno=0 host=drop6.test
finding supervisor relay-missing outcome=abandoned path=direct 'to=[2001:db8:113::20]:443' host=drop6.test

scenario drop-three 'three A records, all dropped: three serial dials of 10 s, one finding'
takes 60
pull rke2 dropthree
says rke2 "dial tcp $R.4"
dial supervisor abandoned direct $R.41:443 n=2 host=dropthree.test
dial supervisor abandoned direct $R.42:443 n=2 host=dropthree.test
dial supervisor abandoned direct $R.43:443 n=2 host=dropthree.test
finding supervisor relay-missing outcome=abandoned path=direct host=dropthree.test

scenario drop-three-cri 'the same by containerd'
takes 32
pull containerd dropthree
says containerd "dial tcp $R.4"
dial containerd abandoned direct $R.41:443 n=1
dial containerd abandoned direct $R.42:443 n=1
dial containerd abandoned direct $R.43:443 n=1
finding containerd relay-missing outcome=abandoned path=direct host=dropthree.test

scenario drop-dual 'A and AAAA, both dropped: both dials abandoned, one finding'
takes 60
pull rke2 dualdrop
says rke2 'dial tcp [2001:db8:113::20]:443: i/o timeout'
dial supervisor abandoned direct $R.20:443 n=2 host=dualdrop.test
dial supervisor abandoned direct '[2001:db8:113::20]:443' n=2 host=dualdrop.test
finding supervisor relay-missing outcome=abandoned path=direct host=dualdrop.test

scenario dual-half 'IPv6 is dropped, IPv4 answers: the IPv6 dial is a loser, not a failure'
pull rke2 dualhalf
works rke2
dial supervisor superseded direct '[2001:db8:113::20]:443' host=dualhalf.test
dial supervisor established direct $R.10:443 host=dualhalf.test

scenario dual-half-cri 'the same by containerd'
pull containerd dualhalf
works containerd
dial containerd superseded direct '[2001:db8:113::20]:443' host=dualhalf.test
dial containerd established direct $R.10:443 host=dualhalf.test

scenario dual-no-v6 'A and AAAA on a node without IPv6: only the address-sorting probe fails'
on lean
pull rke2 dualok
works rke2
dial supervisor established direct $R.10:443 host=dualok.test

scenario dual-no-v6-cri 'the same by containerd'
on lean
pull containerd dualok
works containerd
dial containerd established direct $R.10:443 host=dualok.test

scenario kernel-timeout 'dropped, and the kernel gives up first (tcp_syn_retries=1)'
takes 8
on lean
pull rke2 drop
says rke2 "dial tcp $R.20:443: connect: connection timed out"
dial supervisor timeout direct $R.20:443 n=2 errno=110 host=drop.test
finding supervisor relay-missing outcome=timeout path=direct to=$R.20:443 host=drop.test

scenario kernel-timeout-cri 'the same by containerd'
takes 6
on lean
pull containerd drop
says containerd "dial tcp $R.20:443: connect: connection timed out"
dial containerd timeout direct $R.20:443 n=1 errno=110 host=drop.test
finding containerd relay-missing outcome=timeout path=direct to=$R.20:443 host=drop.test

scenario reset-v6 'a TCP reset over IPv6'
pull rke2 reset6
says rke2 'dial tcp [2001:db8:113::21]:443: connect: connection refused'
dial supervisor refused direct '[2001:db8:113::21]:443' n=2 errno=111 host=reset6.test
finding supervisor relay-missing outcome=refused path=direct 'to=[2001:db8:113::21]:443' host=reset6.test

scenario hostun-v6 'ICMPv6 address unreachable'
pull rke2 hostun6
says rke2 'dial tcp [2001:db8:113::23]:443: connect: no route to host'
dial supervisor unreachable direct '[2001:db8:113::23]:443' n=2 errno=113 host=hostun6.test
finding supervisor relay-missing outcome=unreachable path=direct 'to=[2001:db8:113::23]:443' host=hostun6.test

# direct_fails NAME HOST LAST OUTCOME ERRNO WORDS FINDING STORY: rke2 (two dials) and containerd (one)
direct_fails() {
	scenario "$1" "$8"
	pull rke2 "$2"
	says rke2 "dial tcp $R.$3:443: connect: $6"
	dial supervisor "$4" direct "$R.$3:443" n=2 errno="$5" host="$2.test"
	finding supervisor "$7" outcome="$4" path=direct to="$R.$3:443" host="$2.test"

	scenario "$1-cri" "$8, by containerd"
	pull containerd "$2"
	says containerd "dial tcp $R.$3:443: connect: $6"
	dial containerd "$4" direct "$R.$3:443" n=1 errno="$5" host="$2.test"
	finding containerd "$7" outcome="$4" path=direct to="$R.$3:443" host="$2.test"
}
direct_fails reset reset 21 refused 111 'connection refused' relay-missing 'a TCP reset'
direct_fails portun portun 22 refused 111 'connection refused' relay-missing 'ICMP port unreachable'
direct_fails hostun hostun 23 unreachable 113 'no route to host' relay-missing 'ICMP host unreachable'
direct_fails admin admin 24 unreachable 113 'no route to host' relay-missing \
	'ICMP administratively prohibited: EHOSTUNREACH, not EACCES'
direct_fails netun netun 25 unreachable 101 'network is unreachable' relay-missing 'ICMP net unreachable'
direct_fails no-route noroute 30 unreachable 101 'network is unreachable' relay-missing \
	'no local route: connect() returns at once, no state change exists'
direct_fails route-unreachable unreachable 33 unreachable 113 'no route to host' relay-missing \
	'an unreachable route on the node'
direct_fails route-prohibit prohibit 34 denied 13 'permission denied' not-a-relay-matter \
	'a prohibit route on the node: EACCES, and no relay is known'
direct_fails route-blackhole blackhole 35 failed 22 'invalid argument' not-a-relay-matter \
	'a blackhole route on the node: EINVAL'

scenario handshake-only 'the handshake passes, everything after it is dropped'
takes 20
needs answers
pull rke2 mute
says rke2 'TLS handshake timeout'
dial supervisor no-answer direct $R.26:443 n=2 host=mute.test
finding supervisor relay-missing outcome=no-answer path=direct to=$R.26:443 host=mute.test

scenario handshake-only-cri 'the same by containerd'
takes 12
needs answers
pull containerd mute
says containerd 'TLS handshake timeout'
dial containerd no-answer direct $R.26:443 n=1 host=mute.test
finding containerd relay-missing outcome=no-answer path=direct to=$R.26:443 host=mute.test

scenario hello-reset 'a filter resets the connection at the ClientHello'
needs answers
pull rke2 cut
says rke2 'connection reset by peer'
dial supervisor reset direct $R.27:443 n=2 errno=104 host=cut.test
finding supervisor direct-reset outcome=reset path=direct to=$R.27:443 host=cut.test

scenario hello-reset-cri 'the same by containerd'
needs answers
pull containerd cut
says containerd 'connection reset by peer'
dial containerd reset direct $R.27:443 n=1 errno=104 host=cut.test
finding containerd direct-reset outcome=reset path=direct to=$R.27:443 host=cut.test
