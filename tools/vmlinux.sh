#!/usr/bin/env bash
# Makes vmlinux/ARCH/vmlinux.h again.  usage: tools/vmlinux.sh x86|arm64 [BTF]
#   BTF  a file that bpftool reads: /sys/kernel/btf/vmlinux of some kernel, or a vmlinux.  Without it:
#        x86    the running kernel's
#        arm64  that of Debian's 6.12 kernel, cut out of its Image (tests/kernels/fetch brings it)
set -eu -o pipefail
cd "$(dirname "$0")/.."
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)

# An arm64 Image is no ELF file: its BTF is found by its header (uapi/linux/btf.h: magic, version 1,
# no flags, header length 24, then offset and length of types and strings, which must join).
cut_btf() { # IMAGE OUT
	python3 - "$@" <<-'END'
		import struct, sys

		image = open(sys.argv[1], "rb").read()
		magic = struct.pack("<HBBI", 0xEB9F, 1, 0, 24)
		at = image.find(magic)
		while at >= 0:
		    type_off, type_len, str_off, str_len = struct.unpack_from("<4I", image, at + 8)
		    end = at + 24 + str_off + str_len
		    if type_off == 0 and str_off == type_len and end <= len(image) and type_len > 1 << 20:
		        open(sys.argv[2], "wb").write(image[at:end])
		        sys.exit()
		    at = image.find(magic, at + 1)
		sys.exit(f"{sys.argv[1]}: no kernel's BTF in it")
	END
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case ${1:-} in
x86) btf=${2:-/sys/kernel/btf/vmlinux} ;;
arm64)
	btf=${2:-}
	if [ -z "$btf" ]; then
		kernel=$(tests/kernels/fetch 6.12-arm64)
		btf=$work/btf
		cut_btf "$kernel/kernel" "$btf"
	fi
	;;
*)
	sed -n 's/^# .*usage: /usage: /p' "$0" >&2
	exit 2
	;;
esac
"$bpftool" btf dump file "$btf" format c >"$work/vmlinux.h"
mkdir -p "vmlinux/$1"
mv "$work/vmlinux.h" "vmlinux/$1/vmlinux.h"
