# SPDX-License-Identifier: GPL-2.0-only
# The name of the registry: asked directly although a relay would have done it, and how that ends.

unresolved_expect() {
	if [ "$3" = - ]; then
		finding "$1" resolver-failed outcome=unresolved
		return
	fi
	[ -z "$3" ] || asks "$1" "$2" "$3"
	finding "$1" resolver-failed outcome=unresolved host="$2"
}

# unresolved NAME RESOLVER HOST TAKES CODE WORDS STORY: by rke2 and by containerd; no connect() at all.
# Where the resolver's port is closed there is no response code; CODE - means that no question left,
# so that nothing shows which name it would have been for.
unresolved() {
	scenario "$1" "$7"
	takes "$4"
	needs names
	[ -z "$2" ] || resolver "$2"
	pull rke2 "$3"
	says rke2 "$6"
	unresolved_expect supervisor "$3.test" "$5"

	scenario "$1-cri" "$7, by containerd"
	takes "$4"
	needs names
	[ -z "$2" ] || resolver "$2"
	pull containerd "$3"
	says containerd "$6"
	unresolved_expect containerd "$3.test" "$5"
}
unresolved nxdomain '' nowhere 3 NXDOMAIN 'lookup nowhere.test on 203.0.113.53:53: no such host' \
	'the name does not exist'
unresolved resolver-closed closed ok 3 '' 'read: connection refused' 'no resolver listens'
unresolved resolver-silent silent ok 40 TIMEOUT 'i/o timeout' 'the resolver never answers'
unresolved resolver-refusing refusing ok 3 REFUSED 'lookup ok.test on 203.0.113.57:53: server misbehaving' \
	'the resolver refuses to answer'
unresolved resolver-unroutable unroutable ok 3 - \
	'lookup ok.test on 203.0.113.56:53: dial udp 203.0.113.56:53: connect: network is unreachable' \
	'no route to the resolver'

scenario nxdomain-scope 'the name does not exist on the node, and only containerd has a relay'
needs names
carries CONTAINERD_HTTPS_PROXY=http://10.77.9.1:3128
pull rke2 nowhere
says rke2 'lookup nowhere.test on 203.0.113.53:53: no such host'
asks supervisor nowhere.test NXDOMAIN
finding supervisor containerd-scope outcome=unresolved host=nowhere.test missing=HTTPS_PROXY

scenario resolver-v6 'a resolver that is asked over IPv6'
resolver v6
pull rke2 ok
works rke2
dial supervisor established direct 203.0.113.10:443 host=ok.test
