#!/usr/bin/env bash
# Fetches a Debian bookworm with the log and metrics daemons that relaytrace's output is for, as a
# folder to chroot into, and prints it: rsyslog, syslog-ng, node_exporter, promtool, logrotate.  Nothing
# of it is installed or started on this machine.  It is kept in ${RELAYTRACE_CACHE:-/var/cache/relaytrace};
# the name changes with this recipe.
# Exit status: 0 it is there; 4 mmdebstrap is not here or Debian's archive is not known; 1 else.
set -eu -o pipefail
cache=${RELAYTRACE_CACHE:-/var/cache/relaytrace}
image=$cache/pipelines-bookworm-$(sha256sum <"$0" | cut -c1-12)
command -v mmdebstrap >/dev/null || {
	echo "pipelines: no mmdebstrap here" >&2
	exit 4
}
mkdir -p "$cache"
exec 9>"$cache/pipelines.lock"
flock 9
if [ ! -e "$image" ]; then
	# The archive that this machine itself uses, also on another suite.
	uri=${RELAYTRACE_DEBIAN:-$(apt-get --print-uris update 2>/dev/null |
		sed -nE "s,^'(.*)/dists/(stable|testing|sid|unstable|bullseye|bookworm|trixie|forky)/InRelease'.*,\1,p" |
		sed -n 1p)}
	[ -n "$uri" ] || {
		echo "pipelines: no Debian archive is known here: set RELAYTRACE_DEBIAN=URI" >&2
		exit 4
	}
	work=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	keep='path-exclude=/usr/share/%s/*'
	# rsyslog and syslog-ng exclude each other as packages, and promtool's package brings a web page's
	# worth of others: these are unpacked, not installed, beside the links of the merged /usr.
	# shellcheck disable=SC2059,SC2016 # the format is ours; $1 is mmdebstrap's
	mmdebstrap --quiet --variant=minbase \
		--include=rsyslog,prometheus-node-exporter,logrotate,libivykis0,libnet1,libwrap0,libjson-c5,libglib2.0-0,libpcre3,libcap2,libssl3 \
		--dpkgopt="$(printf "$keep" doc)" --dpkgopt="$(printf "$keep" locale)" \
		--dpkgopt="$(printf "$keep" man)" --aptopt='Acquire::Check-Valid-Until "false"' \
		--customize-hook='chroot "$1" sh -c "cd /root && apt-get download syslog-ng-core prometheus"' \
		--customize-hook='for deb in "$1"/root/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -C "$1" -x --keep-directory-symlink; rm "$deb"; done' \
		--customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/usr/share/prometheus "$1"/usr/bin/prometheus' \
		bookworm "$work/root" "deb $uri bookworm main" >&2
	chmod 755 "$work/root"
	mv "$work/root" "$image"
fi
echo "$image"
