#!/usr/bin/env bash
# Fetches a Debian bookworm with a real systemd, as an initramfs for qemu, and prints the file.  It is
# kept in ${RELAYTRACE_CACHE:-/var/cache/relaytrace}; the name changes with this recipe.
# Exit status: 0 it is there; 4 mmdebstrap is not here or Debian's archive is not known; 1 else.
set -eu -o pipefail
cache=${RELAYTRACE_CACHE:-/var/cache/relaytrace}
image=$cache/systemd-bookworm-$(sha256sum <"$0" | cut -c1-12).cpio
command -v mmdebstrap >/dev/null || {
	echo "systemd_image: no mmdebstrap here" >&2
	exit 4
}
mkdir -p "$cache"
exec 9>"$cache/systemd.lock"
flock 9
if [ ! -e "$image" ]; then
	# The archive that this machine itself uses, also on another suite.
	uri=${RELAYTRACE_DEBIAN:-$(apt-get --print-uris update 2>/dev/null |
		sed -nE "s,^'(.*)/dists/(stable|testing|sid|unstable|bullseye|bookworm|trixie|forky)/InRelease'.*,\1,p" |
		sed -n 1p)}
	[ -n "$uri" ] || {
		echo "systemd_image: no Debian archive is known here: set RELAYTRACE_DEBIAN=URI" >&2
		exit 4
	}
	work=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	keep='path-exclude=/usr/share/%s/*'
	# shellcheck disable=SC2059 # the format is ours
	mmdebstrap --quiet --variant=minbase --include=systemd-sysv,logrotate,jq,kmod \
		--dpkgopt="$(printf "$keep" doc)" --dpkgopt="$(printf "$keep" locale)" \
		--dpkgopt="$(printf "$keep" man)" --dpkgopt="$(printf "$keep" zoneinfo)" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/usr/share/perl* "$1"/usr/lib/x86_64-linux-gnu/gconv "$1"/usr/share/i18n' \
		bookworm "$work/root.tar" "deb $uri bookworm main" >&2
	mkdir "$work/root"
	tar -C "$work/root" -xf "$work/root.tar"
	(cd "$work/root" && find . -print0 | cpio --quiet -0 -o -H newc) >"$work/root.cpio"
	mv "$work/root.cpio" "$image"
fi
echo "$image"
