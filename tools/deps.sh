#!/usr/bin/env bash
# Installs what relaytrace needs.  usage: tools/deps.sh [--build]
#   --build  only what building needs; without it also what the tests need (a registry, pullers,
#            relays, resolvers, virtual machines), where the distribution has it.
set -u
build_only=false
[ "${1:-}" = --build ] && build_only=true

apt_build=(make gcc libc6-dev clang llvm libbpf-dev libelf-dev zlib1g-dev libyaml-dev bpftool)
apt_test=(git clang-format libclang-rt-14-dev golang-go skopeo containerd runc squid tinyproxy-bin
	dnsmasq-base nftables umoci docker-registry nghttp2-client apache2-utils iproute2 openssl curl
	jq python3 python3-jsonschema procps util-linux qemu-system-x86 qemu-system-arm busybox-static
	mmdebstrap cpio groff-base zsh systemd logrotate libc-ares-dev musl-tools gcc-aarch64-linux-gnu)
dnf_build=(make gcc clang llvm libbpf-devel elfutils-libelf-devel zlib-devel libyaml-devel bpftool)
dnf_test=(git clang-tools-extra compiler-rt golang skopeo containerd runc squid dnsmasq nftables
	httpd-tools iproute openssl curl jq python3 python3-jsonschema procps-ng util-linux)
zypper_build=(make gcc clang llvm libbpf-devel libelf-devel zlib-devel libyaml-devel bpftool)
zypper_test=(git go skopeo containerd runc squid dnsmasq nftables apache2-utils iproute2 openssl curl
	jq python3 python3-jsonschema procps util-linux qemu-x86 busybox-static)

have_apt() { dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed; }

if command -v apt-get >/dev/null; then
	want=("${apt_build[@]}")
	$build_only || want+=("${apt_test[@]}")
	[ "$(have_apt "${want[@]}")" -eq "${#want[@]}" ] && exit 0
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq &&
		apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${want[@]}" >/dev/null || {
		echo "deps: apt-get could not install: ${want[*]}" >&2
		exit 1
	}
elif command -v dnf >/dev/null; then
	want=("${dnf_build[@]}")
	$build_only || want+=("${dnf_test[@]}")
	dnf -y -q --setopt=strict=0 install "${want[@]}" || exit 1
elif command -v zypper >/dev/null; then
	want=("${zypper_build[@]}")
	$build_only || want+=("${zypper_test[@]}")
	zypper --non-interactive --quiet install --no-recommends "${want[@]}" || exit 1
else
	echo "deps: neither apt-get, dnf nor zypper is here; install by hand: ${apt_build[*]}" >&2
	exit 1
fi
