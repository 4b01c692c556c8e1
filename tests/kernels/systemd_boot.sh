#!/usr/bin/env bash
# Boots a virtual machine (qemu, TCG) with a real systemd, runs a script in it and ends.
# usage: systemd_boot.sh OVER RESULT
#   OVER    a folder that is laid over the system; its /proof.sh runs as root once basic.target is
#           reached, with standard input and output on a serial line that does nothing to bytes
#   RESULT  the file that gets what it prints
# Exit status: 0 done; 4 cannot run here, which is said; 1 it did not end by itself in $LIMIT seconds.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
over=$1 result=$2 limit=${LIMIT:-150} pid=
for tool in qemu-system-x86_64 cpio; do
	command -v $tool >/dev/null || {
		echo "no $tool here" >&2
		exit 4
	}
done
kernel=$("$here/fetch" 6.1)/kernel
image=$("$here/systemd_image.sh")
work=$(mktemp -d)
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

mkdir -p "$over/etc/systemd/system"
cat >"$over/etc/systemd/system/proof.target" <<-END
	[Unit]
	Requires=proof.service
	AllowIsolate=yes
END
cat >"$over/etc/systemd/system/proof.service" <<-END
	[Unit]
	After=basic.target
	Requires=basic.target
	[Service]
	Type=oneshot
	TimeoutStartSec=infinity
	ExecStart=/bin/bash -c "exec <>/dev/ttyS1 >&0; stty -opost; /bin/bash /proof.sh; echo == end; sleep 20"
	ExecStopPost=/bin/systemctl poweroff -ff
END
(cd "$over" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$work/over.cpio"
cat "$image" "$work/over.cpio" >"$work/initramfs"
: >"$result"
qemu-system-x86_64 -M q35,accel=tcg -cpu max -nodefaults -nographic -no-reboot -m 2048 -smp 2 \
	-kernel "$kernel" -initrd "$work/initramfs" -serial "file:$work/console" -serial "file:$result" \
	-append "console=ttyS0 quiet loglevel=1 panic=-1 nokaslr no_timer_check tsc=reliable reboot=t rdinit=/sbin/init
systemd.unit=proof.target systemd.mask=systemd-udevd.service systemd.mask=systemd-udev-trigger.service
systemd.mask=systemd-networkd.service systemd.mask=systemd-timesyncd.service systemd.show_status=0" \
	</dev/null 2>"$work/errors" &
pid=$!
began=$SECONDS
# It is ended from here: what a serial line has not sent is lost with a machine that switches itself off, and one that
# has slept is sometimes not switched off by its last command.
while kill -0 "$pid" 2>/dev/null && [ $((SECONDS - began)) -lt "$limit" ]; do
	sleep 0.2
	[ "$(tail -c 7 "$result")" != '== end' ] || break
done
kill -9 "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
pid=
if ! grep -aq '^== end' "$result"; then
	tail -c 2000 "$work/console" "$work/errors" >&2
	echo "the machine did not finish in $limit s" >&2
	exit 1
fi
