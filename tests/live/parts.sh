# SPDX-License-Identifier: GPL-2.0-only
# The real parts of the laboratory: certificate authority, registry with one image, resolver, the
# relays, and the two programs of ours.  Sourced by lab, after network.sh; all files are in $lab_dir.
lab_repository=rancher/rke2-runtime:v1.32.5-rke2r1
lab_password=s3cr3t-of-the-lab

# part NAME SPACE COMMAND...: a service in the background, its output in $lab_dir/NAME.log.  It dies
# with the shell that started it, however that ends.
part() {
	local name=$1 s=$2
	shift 2
	nsenter --net="/run/netns/$(space "$s")" -- setpriv --pdeathsig KILL -- "$@" \
		</dev/null >"$lab_dir/$name.log" 2>&1 &
	disown
}

# wait_for WHAT SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
	local what=$1 left=$(($2 * 10))
	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ $((left--)) -le 0 ]; then
			echo "lab: $what did not come up" >&2
			return 1
		fi
		sleep 0.1
	done
}
listens() { in_space "$1" ss -Hltn "sport = :$2" | grep -q .; }

parts_up() {
	parts_build && parts_authority && parts_resolver && parts_registry && parts_relays &&
		parts_image
}

parts_build() {
	local cc=(${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror)
	mkdir -p "$lab_dir"/{bin,supervisor,files}
	"${cc[@]}" -o "$lab_dir/supervisor/rke2" "$lab_here/supervisor.c" &&
		"${cc[@]}" -o "$lab_dir/bin/canned_relay" "$lab_here/canned_relay.c" &&
		cp "$(command -v skopeo)" "$lab_dir/bin/rke2"
}

parts_authority() {
	local d=$lab_dir/files names=DNS:*.test,DNS:*.docker.io,DNS:docker.io,IP:203.0.113.10,IP:2001:db8:113::10,IP:10.77.9.1,IP:2001:db8:779::1
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=laboratory authority' \
		-keyout "$d/ca.key" -out "$d/ca.crt" 2>/dev/null &&
		openssl req -newkey rsa:2048 -nodes -subj /CN=registry.test \
			-keyout "$d/registry.key" -out "$d/registry.csr" 2>/dev/null &&
		openssl x509 -req -in "$d/registry.csr" -CA "$d/ca.crt" -CAkey "$d/ca.key" -days 30 \
			-extfile <(echo "subjectAltName=$names") -out "$d/registry.crt" 2>/dev/null
}

# NAME.test for every host of the network's table, and the names that scenarios need beside them.
# No upstream: every other name does not exist.
parts_resolver() {
	local name last rest conf=$lab_dir/files/dnsmasq.conf
	cat >"$conf" <<-CONF
	no-resolv
	no-hosts
	local=/#/
	bind-interfaces
	listen-address=203.0.113.53,2001:db8:113::53
	host-record=dropthree.test,203.0.113.41
	host-record=dropthree.test,203.0.113.42
	host-record=dropthree.test,203.0.113.43
	host-record=dualdrop.test,203.0.113.20,2001:db8:113::20
	host-record=dualhalf.test,203.0.113.10,2001:db8:113::20
	host-record=dualok.test,203.0.113.10,2001:db8:113::10
	host-record=ok6.test,2001:db8:113::10
	host-record=drop6.test,2001:db8:113::20
	host-record=reset6.test,2001:db8:113::21
	host-record=hostun6.test,2001:db8:113::23
	host-record=relay.test,10.77.9.1
	host-record=relay6.test,2001:db8:779::1
	host-record=otherrelay.test,10.77.9.1
	host-record=cdn.ok.test,203.0.113.10
	host-record=registry-1.docker.io,203.0.113.20
	CONF
	while read -r name last rest; do
		[ -z "$name" ] || echo "host-record=$name.test,203.0.113.$last" >>"$conf"
	done <<<"$lab_hosts"
	# Without upstream and without names of its own dnsmasq says REFUSED.
	printf '%s\n' no-resolv no-hosts bind-interfaces listen-address=203.0.113.57 >"$conf.refuses"
	part dnsmasq wan dnsmasq -k --user=root --pid-file= --conf-file="$conf" &&
		part dnsmasq-refuses wan dnsmasq -k --user=root --pid-file= --conf-file="$conf.refuses" &&
		wait_for dnsmasq 10 listens wan 53
}

parts_registry() {
	cat >"$lab_dir/files/registry.yml" <<-CONF
	version: 0.1
	log: {level: error}
	storage: {filesystem: {rootdirectory: $lab_dir/registry}}
	http:
	  addr: ":443"
	  tls: {certificate: $lab_dir/files/registry.crt, key: $lab_dir/files/registry.key}
	CONF
	part registry wan docker-registry serve "$lab_dir/files/registry.yml" &&
		wait_for docker-registry 20 listens wan 443
}

# One layer with one file, made without a container engine, pushed to the registry.
parts_image() {
	local d=$lab_dir/image
	mkdir -p "$d/rootfs" && echo 'a file of the runtime image' >"$d/rootfs/file" &&
		umoci init --layout "$d/oci" >/dev/null && umoci new --image "$d/oci:t" >/dev/null &&
		umoci insert --rootless --image "$d/oci:t" "$d/rootfs/file" /bin/file >/dev/null &&
		in_space wan env -i PATH="$PATH" HOME="$lab_dir" SSL_CERT_FILE="$lab_dir/files/ca.crt" \
			skopeo --insecure-policy copy -q "oci:$d/oci:t" \
			"docker://203.0.113.10/$lab_repository"
}

# squid: 3128 open, 3129 with a password (user:$lab_password), 3130 denies all.  tinyproxy: 8888,
# which denies deny.test.  canned_relay: one port for each bad manner.
parts_relays() {
	local d=$lab_dir/files ncsa
	ncsa=$(find /usr/lib /usr/libexec -name basic_ncsa_auth 2>/dev/null | head -1)
	htpasswd -bc "$d/passwd" user "$lab_password" 2>/dev/null || return 1
	mkdir -p "$d/squid" && chown proxy "$d/squid" && chmod 644 "$d/passwd"
	cat >"$d/squid.conf" <<-CONF
	http_port 3128
	http_port 3129
	http_port 3130
	https_port 3131 tls-cert=$d/registry.crt tls-key=$d/registry.key
	auth_param basic program $ncsa $d/passwd
	auth_param basic realm lab
	acl password proxy_auth REQUIRED
	acl port3129 localport 3129
	acl port3130 localport 3130
	http_access deny port3130
	http_access deny port3129 !password
	http_access allow all
	dns_nameservers 203.0.113.53
	hosts_file none
	visible_hostname relay.test
	cache deny all
	access_log none
	cache_log $d/squid/cache.log
	cache_store_log none
	coredump_dir $d/squid
	pid_filename none
	request_timeout 8 seconds
	pinger_enable off
	shutdown_lifetime 0 seconds
	CONF
	chmod 644 "$d"/registry.* "$d/squid.conf"
	cat >"$d/tinyproxy.conf" <<-CONF
	Port 8888
	Timeout 60
	LogLevel Error
	MaxClients 100
	Filter "$d/tinyproxy.filter"
	ConnectPort 443
	CONF
	echo '^deny\.test$' >"$d/tinyproxy.filter"
	# A mount namespace each: its own resolv.conf, and for squid its own /dev/shm, since the names of
	# its segments there are the same in every squid of the machine.
	part squid relay unshare -m sh -c "mount --bind '$d/resolv.conf' /etc/resolv.conf &&
		mount -t tmpfs lab /dev/shm && exec squid -N -f '$d/squid.conf'"
	part tinyproxy relay unshare -m sh -c "mount --bind '$d/resolv.conf' /etc/resolv.conf &&
		exec tinyproxy -d -c '$d/tinyproxy.conf'"
	part canned relay "$lab_dir/bin/canned_relay"
	wait_for squid 20 listens relay 3130 && wait_for tinyproxy 10 listens relay 8888 &&
		wait_for canned_relay 10 listens relay 4504
}

# The resolvers that a scenario may choose from, by the name it uses.
parts_resolvers() {
	local d=$lab_dir/files
	echo 'nameserver 203.0.113.53' >"$d/resolv.conf"
	echo 'nameserver 2001:db8:113::53' >"$d/resolv6.conf"
	echo 'nameserver 203.0.113.54' >"$d/resolv-closed.conf"
	echo 'nameserver 203.0.113.55' >"$d/resolv-silent.conf"
	echo 'nameserver 203.0.113.56' >"$d/resolv-unroutable.conf"
	echo 'nameserver 203.0.113.57' >"$d/resolv-refusing.conf"
}
