# SPDX-License-Identifier: GPL-2.0-only
# Pulls through a relay: it works, it cannot be reached, it answers something else.
R=203.0.113
P=10.77.9.1
P6='[2001:db8:779::1]'

# relay_works NAME RELAY-URL IP:PORT TAGS STORY: by rke2 and by containerd, no finding
relay_works() {
	scenario "$1" "$5"
	# shellcheck disable=SC2086
	needs $4
	carries HTTPS_PROXY="$2"
	pull rke2 drop
	works rke2
	dial supervisor established relay "$3"

	scenario "$1-cri" "$5, by containerd"
	# shellcheck disable=SC2086
	needs $4
	carries HTTPS_PROXY="$2"
	pull containerd drop
	works containerd
	dial containerd established relay "$3"
}
relay_works relay-works http://$P:3128 $P:3128 '' 'squid, by address; a direct dial would be dropped'
relay_works relay-works-v6 "http://$P6:3128" "$P6:3128" '' 'squid, by IPv6 address'
relay_works relay-works-name http://relay.test:3128 $P:3128 names 'squid, by name'
relay_works relay-works-v6-name http://relay6.test:3128 "$P6:3128" names 'squid, by a name with AAAA only'
relay_works relay-works-tinyproxy http://$P:8888 $P:8888 '' 'tinyproxy, by address'
relay_works relay-works-no-scheme $P:3128 $P:3128 '' 'a value without a scheme means http'
relay_works relay-works-password "http://user:$lab_password@$P:3129" $P:3129 '' \
	'squid with a password: it must appear nowhere'
relay_works relay-works-https https://relay.test:3131 $P:3131 names \
	'a relay that is spoken to over TLS: what is said stays inside'

scenario relay-works-lower 'the variable in lower case'
carries https_proxy=http://$P:3128
pull rke2 drop
works rke2
dial supervisor established relay $P:3128

scenario relay-works-upper-wins 'both cases, and the lower one names a relay that is not there'
carries https_proxy=http://$P:3198 HTTPS_PROXY=http://$P:3128
pull rke2 drop
works rke2
dial supervisor established relay $P:3128
may supervisor case-conflict

scenario relay-works-containerd-only 'CONTAINERD_HTTPS_PROXY and no pull by rke2: healthy'
carries CONTAINERD_HTTPS_PROXY=http://$P:3128
pull containerd drop
works containerd
dial containerd established relay $P:3128

scenario relay-works-attached 'the same, and the tracer came when containerd already ran'
attach
carries CONTAINERD_HTTPS_PROXY=http://$P:3128
pull containerd drop
works containerd
dial containerd established relay $P:3128

scenario relay-refused 'nothing listens on the port of the relay'
carries HTTPS_PROXY=http://$P:3198
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P:3198: connect: connection refused"
dial supervisor refused relay $P:3198 n=2 errno=111
finding supervisor relay-unreachable outcome=refused path=relay to=$P:3198 relay=$P:3198

scenario relay-refused-cri 'the same by containerd'
carries CONTAINERD_HTTPS_PROXY=http://$P:3198
pull containerd ok
says containerd "proxyconnect tcp: dial tcp $P:3198: connect: connection refused"
dial containerd refused relay $P:3198 n=1 errno=111
finding containerd relay-unreachable outcome=refused path=relay to=$P:3198 relay=$P:3198

scenario relay-refused-v6 'the same over IPv6'
carries HTTPS_PROXY="http://$P6:3198"
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P6:3198: connect: connection refused"
dial supervisor refused relay "$P6:3198" n=2 errno=111
finding supervisor relay-unreachable outcome=refused path=relay to="$P6:3198" relay="$P6:3198"

scenario relay-refused-name 'nothing listens on the port of the relay, which is given by name'
needs names
carries HTTPS_PROXY=http://relay.test:3198
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P:3198: connect: connection refused"
dial supervisor refused relay $P:3198 n=2 host=relay.test
finding supervisor relay-unreachable outcome=refused path=relay host=relay.test relay=relay.test:3198

scenario relay-no-port 'a relay without a port: Go takes 80'
carries HTTPS_PROXY=http://$P
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P:80: connect: connection refused"
dial supervisor refused relay $P:80 n=2
finding supervisor relay-unreachable outcome=refused path=relay to=$P:80

scenario relay-dropped 'the firewall drops the dial to the relay'
takes 60
carries HTTPS_PROXY=http://$P:3199
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P:3199: i/o timeout"
dial supervisor abandoned relay $P:3199 n=2 errno=0
pending supervisor relay $P:3199
finding supervisor relay-unreachable outcome=abandoned path=relay to=$P:3199 relay=$P:3199

scenario relay-dropped-cri 'the same by containerd'
takes 32
carries HTTPS_PROXY=http://$P:3199
pull containerd ok
says containerd "proxyconnect tcp: dial tcp $P:3199: i/o timeout"
dial containerd abandoned relay $P:3199 n=1 errno=0
finding containerd relay-unreachable outcome=abandoned path=relay to=$P:3199 relay=$P:3199

scenario relay-nxdomain 'the name of the relay does not exist'
needs names
carries HTTPS_PROXY=http://nowhere.test:3128
pull rke2 ok
says rke2 'proxyconnect tcp: dial tcp: lookup nowhere.test on 203.0.113.53:53: no such host'
asks supervisor nowhere.test NXDOMAIN
finding supervisor relay-unresolved outcome=unresolved host=nowhere.test

scenario relay-nxdomain-cri 'the same by containerd'
needs names
carries HTTPS_PROXY=http://nowhere.test:3128
pull containerd ok
says containerd 'proxyconnect tcp: dial tcp: lookup nowhere.test on 203.0.113.53:53: no such host'
asks containerd nowhere.test NXDOMAIN
finding containerd relay-unresolved outcome=unresolved host=nowhere.test

# relay_answers NAME PORT HOST STATUS WORDS FINDING STORY: by rke2 and by containerd, relay by
# address; and by rke2 with the relay given by name.
relay_answers() {
	scenario "$1" "$7"
	needs answers
	carries HTTPS_PROXY=http://$P:"$2"
	pull rke2 "$3"
	says rke2 "$5"
	dial supervisor established relay "$P:$2"
	relayed supervisor "$P:$2" "$(lab_host "$3" | sed 's/:.*//')" "$4"
	finding supervisor "$6" path=relay host="$(lab_host "$3" | sed 's/:.*//')" status="$4" relay="$P:$2"

	scenario "$1-cri" "$7, by containerd"
	needs answers
	carries HTTPS_PROXY=http://$P:"$2"
	pull containerd "$3"
	says containerd "$5"
	dial containerd established relay "$P:$2"
	relayed containerd "$P:$2" "$(lab_host "$3" | sed 's/:.*//')" "$4"
	finding containerd "$6" path=relay host="$(lab_host "$3" | sed 's/:.*//')" status="$4" relay="$P:$2"

	scenario "$1-name" "$7, the relay given by name"
	needs answers names
	carries HTTPS_PROXY=http://relay.test:"$2"
	pull rke2 "$3"
	says rke2 "$5"
	dial supervisor established relay "$P:$2" host=relay.test
	finding supervisor "$6" path=relay host="$(lab_host "$3" | sed 's/:.*//')" status="$4" relay="relay.test:$2"
}
relay_answers relay-407 3129 ok 407 'Proxy Authentication Required' relay-auth 'squid asks for a password'
relay_answers relay-403 3130 ok 403 Forbidden relay-forbidden 'squid denies everything'
relay_answers relay-filtered 8888 deny 403 Filtered relay-forbidden 'tinyproxy filters this host'
relay_answers relay-unknown-host 3128 nowhere 500 'Internal Server Error' relay-upstream \
	'squid cannot resolve the registry'
relay_answers relay-unknown-host-tinyproxy 8888 nowhere 500 'Unable to connect' relay-upstream \
	'tinyproxy cannot resolve the registry'
relay_answers relay-upstream-refused 3128 ok.test:444 503 'Service Unavailable' relay-upstream \
	'squid is refused by the registry'
relay_answers relay-502 4502 ok 502 'Bad Gateway' relay-upstream 'a relay that says 502'
relay_answers relay-503 4503 ok 503 'Service Unavailable' relay-upstream 'a relay that says 503'
relay_answers relay-504 4504 ok 504 'Gateway Timeout' relay-upstream 'a relay that says 504'
relay_answers relay-dribble 4003 ok 502 'Bad Gateway' relay-upstream 'a 502 in segments of one byte'

# relay_tunnel NAME PORT OUTCOME WORDS STORY: granted, and then nothing comes through
relay_tunnel() {
	scenario "$1" "$5"
	needs answers
	carries HTTPS_PROXY=http://$P:$2
	pull rke2 ok
	says rke2 "$4"
	dial supervisor "$3" relay $P:$2
	relayed supervisor $P:$2 ok.test 200
	finding supervisor relay-upstream path=relay host=ok.test status=200 relay=$P:$2
}
relay_tunnel relay-tunnel-closed 4201 no-answer EOF 'the relay says 200 and closes the tunnel'
relay_tunnel relay-tunnel-reset 4202 reset 'connection reset by peer' 'the relay says 200 and resets the tunnel'
relay_tunnel relay-tunnel-silent 4203 no-answer 'TLS handshake timeout' 'the relay says 200, and the tunnel stays silent'

scenario relay-wrong-password 'squid with a wrong password: neither is shown'
needs answers
carries HTTPS_PROXY="http://user:not-$lab_password@$P:3129"
pull rke2 ok
says rke2 'Proxy Authentication Required'
dial supervisor established relay $P:3129
relayed supervisor $P:3129 ok.test 407
finding supervisor relay-auth path=relay host=ok.test status=407 relay=$P:3129

scenario relay-403-v6 'squid denies everything, over IPv6'
needs answers
carries HTTPS_PROXY="http://$P6:3130"
pull rke2 ok
says rke2 Forbidden
dial supervisor established relay "$P6:3130"
finding supervisor relay-forbidden path=relay host=ok.test status=403 relay="$P6:3130"

# relay_mute NAME PORT OUTCOME PATIENCE RKE2-WORDS CONTAINERD-WORDS FINDING STORY: no status line
relay_mute() {
	scenario "$1" "$8"
	takes "$4"
	needs answers
	carries HTTPS_PROXY=http://$P:"$2"
	pull rke2 ok "$4"
	says rke2 "$5"
	dial supervisor "$3" relay "$P:$2"
	finding supervisor "$7" path=relay host=ok.test relay="$P:$2"

	scenario "$1-cri" "$8, by containerd"
	takes "$4"
	needs answers
	carries HTTPS_PROXY=http://$P:"$2"
	pull containerd ok "$4"
	says containerd "$6"
	dial containerd "$3" relay "$P:$2"
	finding containerd "$7" path=relay host=ok.test relay="$P:$2"
}
relay_mute relay-closes 4000 no-answer 20 'unexpected EOF' EOF relay-silent \
	'the relay closes without a word'
relay_mute relay-resets 4005 reset 20 'connection reset by peer' 'connection reset by peer' relay-silent \
	'the relay resets at the CONNECT'
relay_mute relay-garbage 4002 established 20 'malformed HTTP' 'malformed HTTP' relay-protocol \
	'the relay speaks SMTP'
relay_mute relay-endless 4004 established 30 'context deadline exceeded' 'still waiting' relay-upstream \
	'a 503 whose line never ends'
relay_mute relay-silent 4001 no-answer 35 'context deadline exceeded' 'still waiting' relay-silent \
	'the relay takes the CONNECT and says nothing'

scenario relay-silent-long 'the same until skopeo itself gives up: 60 s, twice'
takes 121
needs answers
carries HTTPS_PROXY=http://$P:4001
pull rke2 ok
says rke2 'context deadline exceeded'
dial supervisor no-answer relay $P:4001 n=2
finding supervisor relay-silent path=relay host=ok.test relay=$P:4001

scenario relay-socks 'socks5:// to an HTTP relay'
takes 20
needs answers
carries HTTPS_PROXY=socks5://$P:3128
pull rke2 ok
says rke2 "socks connect tcp $P:3128->ok.test:443: EOF"
dial supervisor no-answer relay $P:3128
finding supervisor relay-protocol path=relay relay=$P:3128

scenario relay-tls-to-plain 'https:// to a plain relay: its answer is no TLS'
needs answers
carries HTTPS_PROXY=https://$P:3128
pull rke2 ok
says rke2 'proxyconnect tcp: tls: first record does not look like a TLS handshake'
dial supervisor established relay $P:3128
finding supervisor relay-protocol path=relay relay=$P:3128

scenario relay-tls-to-plain-cri 'the same by containerd'
needs answers
carries HTTPS_PROXY=https://$P:3128
pull containerd ok
says containerd 'first record does not look like a TLS handshake'
dial containerd established relay $P:3128
finding containerd relay-protocol path=relay relay=$P:3128
