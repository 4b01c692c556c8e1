#!/usr/bin/env bash
# The static binaries: their size, and on each of Debian's kernels every row of the hook table.
limit=$((3 * 1024 * 1024))
host=$(uname -m | sed -e s/x86_64/x86/ -e s/aarch64/arm64/)
status=0

static() { # ARCH
	local arch=$1 binary=$BUILD/relaytrace-static size why
	if [ "$arch" != "$host" ]; then
		binary=$BUILD/$arch/relaytrace-static
		why=$(tests/kernels/fetch "sysroot-$arch" 2>&1 >/dev/null) || {
			[ $? -eq 4 ] && echo "skip static $arch: $why" && return 0
			echo "not ok static $arch: $why"
			return 1
		}
	fi
	make -s static ARCH="$arch" >&2 && size=$(stat -c %s "$binary") || {
		echo "not ok static $arch: it does not build"
		return 1
	}
	if [ "$size" -ge $limit ]; then
		echo "not ok static $arch: $size bytes, not under $limit"
	elif readelf -lW "$binary" | grep -q INTERP || readelf -SW "$binary" | grep -q '\.symtab'; then
		echo "not ok static $arch: not static, or not stripped"
	else
		echo "ok static $arch: $((size / 1024)) KiB"
		return 0
	fi
	return 1
}

for arch in x86 arm64; do
	static $arch || status=1
done
tests/kernels/matrix || status=1
exit $status
