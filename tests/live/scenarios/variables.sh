# SPDX-License-Identifier: GPL-2.0-only
# A relay is there and works, and the variables are such that a puller does not use it.  Where rke2
# and its containerd child carry different ones, each gets its own verdict.
R=203.0.113
P=10.77.9.1

scenario containerd-scope 'the classic: only CONTAINERD_HTTPS_PROXY, and rke2 pulls before containerd exists'
takes 62
carries CONTAINERD_HTTPS_PROXY=http://$P:3128
pull pair drop
says rke2 "dial tcp $R.20:443: i/o timeout"
works containerd
dial supervisor abandoned direct $R.20:443 n=2 errno=0 host=drop.test
dial containerd established relay $P:3128
finding supervisor containerd-scope outcome=abandoned path=direct to=$R.20:443 host=drop.test \
	missing=HTTPS_PROXY severity=error mentions=CONTAINERD_HTTPS_PROXY

scenario containerd-scope-refused 'the same where the firewall resets'
carries CONTAINERD_HTTPS_PROXY=http://$P:3128
pull pair reset
says rke2 "dial tcp $R.21:443: connect: connection refused"
works containerd
dial supervisor refused direct $R.21:443 n=2 errno=111
dial containerd established relay $P:3128
finding supervisor containerd-scope outcome=refused path=direct to=$R.21:443 missing=HTTPS_PROXY

scenario containerd-scope-name 'the same with the relay given by name'
needs names
carries CONTAINERD_HTTPS_PROXY=http://relay.test:3128
pull pair reset
says rke2 "dial tcp $R.21:443: connect: connection refused"
works containerd
dial supervisor refused direct $R.21:443 n=2 host=reset.test
dial containerd established relay $P:3128 host=relay.test
finding supervisor containerd-scope outcome=refused path=direct host=reset.test missing=HTTPS_PROXY

scenario containerd-scope-password 'the same with a password, which must appear nowhere'
carries CONTAINERD_HTTPS_PROXY="http://user:$lab_password@$P:3129"
pull pair reset
says rke2 "dial tcp $R.21:443: connect: connection refused"
works containerd
dial supervisor refused direct $R.21:443 n=2
dial containerd established relay $P:3129
finding supervisor containerd-scope outcome=refused path=direct to=$R.21:443

scenario containerd-scope-relay 'only CONTAINERD_HTTPS_RELAY: containerd carries HTTPS_RELAY, which nothing reads'
takes 92
carries CONTAINERD_HTTPS_RELAY=http://$P:3128
pull pair drop
says rke2 "dial tcp $R.20:443: i/o timeout"
says containerd "dial tcp $R.20:443: i/o timeout"
dial supervisor abandoned direct $R.20:443 n=2
dial containerd abandoned direct $R.20:443 n=1
finding supervisor containerd-scope outcome=abandoned path=direct to=$R.20:443
finding containerd name-unread outcome=abandoned path=direct to=$R.20:443 mentions=HTTPS_RELAY

scenario rke2-right-containerd-wrong 'HTTPS_PROXY works for rke2, CONTAINERD_HTTPS_PROXY names a dead relay'
carries HTTPS_PROXY=http://$P:3128 CONTAINERD_HTTPS_PROXY=http://$P:3198
pull pair reset
works rke2
says containerd "proxyconnect tcp: dial tcp $P:3198: connect: connection refused"
dial supervisor established relay $P:3128
dial containerd refused relay $P:3198 n=1
finding containerd relay-unreachable outcome=refused path=relay to=$P:3198 relay=$P:3198

scenario rke2-wrong-containerd-right 'the reverse: HTTPS_PROXY names a dead relay, CONTAINERD_HTTPS_PROXY works'
carries HTTPS_PROXY=http://$P:3198 CONTAINERD_HTTPS_PROXY=http://$P:3128
pull pair reset
says rke2 "proxyconnect tcp: dial tcp $P:3198: connect: connection refused"
works containerd
dial supervisor refused relay $P:3198 n=2
dial containerd established relay $P:3128
finding supervisor relay-unreachable outcome=refused path=relay to=$P:3198 relay=$P:3198

scenario pair-healthy 'HTTPS_PROXY for both: nothing to say'
carries HTTPS_PROXY=http://$P:3128
pull pair drop
works rke2
works containerd
dial supervisor established relay $P:3128
dial containerd established relay $P:3128

# goes_direct NAME FINDING MENTIONS TAGS STORY VARIABLE...: a reset direct dial by rke2 and containerd
goes_direct() {
	local name=$1 id=$2 mentions=$3 tags=$4 story=$5
	shift 5
	scenario "$name" "$story"
	# shellcheck disable=SC2086
	needs $tags
	carries "$@"
	pull rke2 reset
	says rke2 "dial tcp $R.21:443: connect: connection refused"
	dial supervisor refused direct $R.21:443 n=2 host=reset.test
	finding supervisor "$id" outcome=refused path=direct to=$R.21:443 host=reset.test mentions="$mentions"

	scenario "$name-cri" "$story, by containerd"
	# shellcheck disable=SC2086
	needs $tags
	carries "$@"
	pull containerd reset
	says containerd "dial tcp $R.21:443: connect: connection refused"
	dial containerd refused direct $R.21:443 n=1 host=reset.test
	finding containerd "$id" outcome=refused path=direct to=$R.21:443 host=reset.test mentions="$mentions"
}
goes_direct only-http scheme-uncovered HTTPS_PROXY '' 'only HTTP_PROXY: https has no fallback' \
	HTTP_PROXY=http://$P:3128
goes_direct only-all scheme-uncovered HTTPS_PROXY '' 'only ALL_PROXY: Go does not read it' \
	ALL_PROXY=http://$P:3128
goes_direct empty relay-missing HTTPS_PROXY '' 'HTTPS_PROXY is set and empty: as if it were not' HTTPS_PROXY=
goes_direct unread-relay name-unread HTTPS_RELAY '' 'HTTPS_RELAY: nothing in a Go program reads it' \
	HTTPS_RELAY=http://$P:3128
goes_direct unread-mixed name-unread Https_Proxy '' 'Https_Proxy: neither upper nor lower case' \
	Https_Proxy=http://$P:3128
goes_direct no-all no-relay-match '*' '' 'NO_PROXY=* sends everything direct' \
	HTTPS_PROXY=http://$P:3128 'NO_PROXY=*'
goes_direct no-host no-relay-match reset.test names 'NO_PROXY has the very host' \
	HTTPS_PROXY=http://$P:3128 NO_PROXY=127.0.0.1,reset.test
goes_direct no-domain no-relay-match .test names 'NO_PROXY has the domain of the registry' \
	HTTPS_PROXY=http://$P:3128 NO_PROXY=10.0.0.0/8,.test
goes_direct dropped-cr value-dropped HTTPS_PROXY rules 'a CR at the end: Go drops the value in silence' \
	HTTPS_PROXY=http://$P:3128$'\r'
goes_direct dropped-percent value-dropped HTTPS_PROXY rules 'a bare % in the password' \
	HTTPS_PROXY=http://user:50%of@$P:3128
goes_direct dropped-space value-dropped HTTPS_PROXY rules 'a space before the value' \
	HTTPS_PROXY=" http://$P:3128"

scenario no-cidr 'the registry is given by address, and NO_PROXY has a CIDR around it'
carries HTTPS_PROXY=http://$P:3128 NO_PROXY=$R.0/24
pull rke2 $R.21
says rke2 "dial tcp $R.21:443: connect: connection refused"
dial supervisor refused direct $R.21:443 n=2
finding supervisor no-relay-match outcome=refused path=direct to=$R.21:443 mentions=$R.0/24

scenario no-host-works 'NO_PROXY has the host, which answers directly: meant so'
carries HTTPS_PROXY=http://$P:3198 NO_PROXY=ok.test
pull rke2 ok
works rke2
dial supervisor established direct $R.10:443 host=ok.test

scenario misread-quotes 'a value with its quotes: the host is "http, and no packet is sent'
needs names rules
carries 'HTTPS_PROXY="http://10.77.9.1:3128"'
pull rke2 ok
says rke2 'lookup "http: no such host'
finding supervisor value-misread mentions=HTTPS_PROXY

scenario misread-space 'a space after the value: the host is http'
needs names rules
carries 'HTTPS_PROXY=http://10.77.9.1:3128 '
pull rke2 ok
says rke2 'lookup http on 203.0.113.53:53: no such host'
asks supervisor http NXDOMAIN
finding supervisor value-misread mentions=HTTPS_PROXY

scenario two-relays 'two pullers at once: one relay is dead, the other works'
carries HTTPS_PROXY=http://$P:3198
beside drop HTTPS_PROXY=http://$P:3128
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P:3198: connect: connection refused"
dial supervisor refused relay $P:3198 n=2
dial supervisor established relay $P:3128
finding supervisor relay-unreachable outcome=refused path=relay to=$P:3198 relay=$P:3198

scenario two-environments 'two pullers at once: one has a relay, the other only CONTAINERD_'
carries CONTAINERD_HTTPS_PROXY=http://$P:3128
beside drop HTTPS_PROXY="http://[2001:db8:779::1]:3128"
pull rke2 reset
says rke2 "dial tcp $R.21:443: connect: connection refused"
dial supervisor refused direct $R.21:443 n=2
dial supervisor established relay '[2001:db8:779::1]:3128'
finding supervisor containerd-scope outcome=refused path=direct to=$R.21:443

scenario two-names 'two pullers at once: two names of one relay, one port denies'
needs names answers
carries HTTPS_PROXY=http://relay.test:3130
beside drop HTTPS_PROXY=http://otherrelay.test:3128
pull rke2 ok
says rke2 Forbidden
dial supervisor established relay $P:3130 host=relay.test
dial supervisor established relay $P:3128 host=otherrelay.test
finding supervisor relay-forbidden path=relay host=ok.test status=403 relay=relay.test:3130
