# SPDX-License-Identifier: GPL-2.0-only
# Pulls through a relay: it works, it cannot be reached, it answers something else.  Each with the relay
# given by address and by name, over IPv4 and IPv6.
R=203.0.113
P=10.77.9.1
P6='[2001:db8:779::1]'

# by_each WORD ARG...: the scenarios of one story.  For each way to give the relay, WORD ARG... with what
# differs in $suffix (of the scenario's name), $given (in the URL), $at (what is dialled), $way (for the
# story), $tags (what the tracer must know), $puller and $role.
by_each() {
	local spelling suffix given at way tags puller role
	for spelling in address name v6 v6-name address-cri v6-name-cri; do
		suffix=-${spelling#address} puller=rke2 role=supervisor tags=
		suffix=${suffix/--/-} suffix=${suffix%-}
		case $spelling in
		address*) given=$P at=$P way='by address' ;;
		name*) given=relay.test at=$P way='by name' tags=names ;;
		v6-name*) given=relay6.test at=$P6 way='by a name with AAAA only' tags=names ;;
		v6*) given=$P6 at=$P6 way='by IPv6 address' ;;
		esac
		case $spelling in
		*-cri) puller=containerd role=containerd way+=', by containerd' ;;
		esac
		"$@"
	done
}

# relay_works NAME SCHEME-AND-USER PORT TAGS STORY: no finding; a direct dial would be dropped
relay_works() {
	scenario "$1$suffix" "$5, $way"
	# shellcheck disable=SC2086
	needs $4 $tags
	carries HTTPS_PROXY="$2$given:$3"
	pull $puller drop
	works $puller
	dial $role established relay "$at:$3"
}
by_each relay_works relay-works http:// 3128 '' squid
by_each relay_works relay-works-tinyproxy http:// 8888 '' tinyproxy
by_each relay_works relay-works-no-scheme '' 3128 '' 'a value without a scheme means http'
by_each relay_works relay-works-password "http://user:$lab_password@" 3129 '' \
	'squid with a password: it must appear nowhere'
by_each relay_works relay-works-https https:// 3131 '' \
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

# relay_unreached NAME PORT OUTCOME ERRNO SECONDS WORDS STORY: rke2 (skopeo) dials twice, containerd once
relay_unreached() {
	local times=1
	[ $puller = containerd ] || times=2
	scenario "$1$suffix" "$7, $way"
	takes $(($5 * times + 2))
	# shellcheck disable=SC2086
	needs $tags
	carries HTTPS_PROXY="http://$given:$2"
	pull $puller ok
	says $puller "proxyconnect tcp: dial tcp $at:$2: $6"
	dial $role "$3" relay "$at:$2" n=$times errno="$4"
	[ "$5" -lt 25 ] || pending $role relay "$at:$2"
	finding $role relay-unreachable outcome="$3" path=relay port="$2" relay="$given:$2"
}
by_each relay_unreached relay-refused 3198 refused 111 1 'connect: connection refused' \
	'nothing listens on the port of the relay'
by_each relay_unreached relay-dropped 3199 abandoned 0 30 'i/o timeout' 'the firewall drops the dial to the relay'

scenario relay-no-port 'a relay without a port: Go takes 80'
carries HTTPS_PROXY=http://$P
pull rke2 ok
says rke2 "proxyconnect tcp: dial tcp $P:80: connect: connection refused"
dial supervisor refused relay $P:80 n=2
finding supervisor relay-unreachable outcome=refused path=relay to=$P:80

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

# relay_answers NAME PORT HOST STATUS WORDS FINDING STORY
relay_answers() {
	local host
	host=$(lab_host "$3")
	host=${host%:*}
	scenario "$1$suffix" "$7, $way"
	# shellcheck disable=SC2086
	needs answers $tags
	carries HTTPS_PROXY="http://$given:$2"
	pull $puller "$3"
	says $puller "$5"
	dial $role established relay "$at:$2"
	relayed $role "$at:$2" "$host" "$4"
	finding $role "$6" outcome=established path=relay host="$host" status="$4" relay="$given:$2"
}
by_each relay_answers relay-407 3129 ok 407 'Proxy Authentication Required' relay-auth 'squid asks for a password'
by_each relay_answers relay-403 3130 ok 403 Forbidden relay-forbidden 'squid denies everything'
by_each relay_answers relay-filtered 8888 deny 403 Filtered relay-forbidden 'tinyproxy filters this host'
by_each relay_answers relay-unknown-host 3128 nowhere 500 'Internal Server Error' relay-upstream \
	'squid cannot resolve the registry'
by_each relay_answers relay-unknown-host-tinyproxy 8888 nowhere 500 'Unable to connect' relay-upstream \
	'tinyproxy cannot resolve the registry'
by_each relay_answers relay-upstream-refused 3128 ok.test:444 503 'Service Unavailable' relay-upstream \
	'squid is refused by the registry'
by_each relay_answers relay-502 4502 ok 502 'Bad Gateway' relay-upstream 'a relay that says 502'
by_each relay_answers relay-503 4503 ok 503 'Service Unavailable' relay-upstream 'a relay that says 503'
by_each relay_answers relay-504 4504 ok 504 'Gateway Timeout' relay-upstream 'a relay that says 504'
by_each relay_answers relay-dribble 4003 ok 502 'Bad Gateway' relay-upstream 'a 502 in segments of one byte'

# relay_tunnel NAME PORT OUTCOME WORDS STORY: granted, and then nothing comes through
relay_tunnel() {
	scenario "$1$suffix" "$5, $way"
	takes 12
	# shellcheck disable=SC2086
	needs answers $tags
	carries HTTPS_PROXY="http://$given:$2"
	pull $puller ok
	says $puller "$4"
	dial $role "$3" relay "$at:$2"
	relayed $role "$at:$2" ok.test 200
	finding $role relay-upstream outcome="$3" path=relay host=ok.test status=200 relay="$given:$2"
}
by_each relay_tunnel relay-tunnel-closed 4201 no-answer EOF 'the relay says 200 and closes the tunnel'
by_each relay_tunnel relay-tunnel-reset 4202 reset 'connection reset by peer' 'the relay says 200 and resets the tunnel'
by_each relay_tunnel relay-tunnel-silent 4203 no-answer 'TLS handshake timeout' \
	'the relay says 200, and the tunnel stays silent'

scenario relay-wrong-password 'squid with a wrong password: neither is shown'
needs answers
carries HTTPS_PROXY="http://user:not-$lab_password@$P:3129"
pull rke2 ok
says rke2 'Proxy Authentication Required'
dial supervisor established relay $P:3129
relayed supervisor $P:3129 ok.test 407
finding supervisor relay-auth path=relay host=ok.test status=407 relay=$P:3129

# relay_mute NAME PORT OUTCOME PATIENCE RKE2-WORDS CONTAINERD-WORDS FINDING STORY: no status line
relay_mute() {
	local words=$5
	[ $puller = rke2 ] || words=$6
	scenario "$1$suffix" "$8, $way"
	takes "$4"
	# shellcheck disable=SC2086
	needs answers $tags
	carries HTTPS_PROXY="http://$given:$2"
	pull $puller ok "$4"
	says $puller "$words"
	dial $role "$3" relay "$at:$2"
	finding $role "$7" path=relay host=ok.test relay="$given:$2"
}
by_each relay_mute relay-closes 4000 no-answer 20 'unexpected EOF' EOF relay-silent \
	'the relay closes without a word'
by_each relay_mute relay-resets 4005 reset 20 'connection reset by peer' 'connection reset by peer' relay-silent \
	'the relay resets at the CONNECT'
by_each relay_mute relay-garbage 4002 established 20 'malformed HTTP' 'malformed HTTP' relay-protocol \
	'the relay speaks SMTP'
by_each relay_mute relay-endless 4004 established 30 'context deadline exceeded' 'still waiting' relay-upstream \
	'a 503 whose line never ends'
by_each relay_mute relay-silent 4001 no-answer 35 'context deadline exceeded' 'still waiting' relay-silent \
	'the relay takes the CONNECT and says nothing'

scenario relay-silent-long 'the same until skopeo itself gives up: 60 s, twice'
takes 121
needs answers
carries HTTPS_PROXY=http://$P:4001
pull rke2 ok
says rke2 'context deadline exceeded'
dial supervisor no-answer relay $P:4001 n=2
finding supervisor relay-silent path=relay host=ok.test relay=$P:4001

# relay_misspoken NAME SCHEME WORDS OUTCOME STORY: the URL's scheme is not what the relay speaks
relay_misspoken() {
	scenario "$1$suffix" "$5, $way"
	takes 20
	# shellcheck disable=SC2086
	needs answers $tags
	carries HTTPS_PROXY="$2://$given:3128"
	pull $puller ok
	says $puller "$3"
	dial $role "$4" relay "$at:3128"
	finding $role relay-protocol outcome="$4" path=relay port=3128 relay="$given:3128"
}
by_each relay_misspoken relay-socks socks5 'ok.test:443: EOF' no-answer 'socks5:// to an HTTP relay'
by_each relay_misspoken relay-tls-to-plain https 'first record does not look like a TLS handshake' established \
	'https:// to a plain relay: its answer is no TLS'
