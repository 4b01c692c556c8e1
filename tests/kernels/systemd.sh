#!/usr/bin/env bash
# What systemd gives to services, by a real one: boots a Debian with systemd_fixtures.py's files, starts
# every unit and writes to DIRECTORY
#   got        what each unit's program saw: "== UNIT starts|fails", then its variables, sorted
#   predicted  what unit_predict says on that running system, in the same form
#   log        what systemd said of the units
# usage: systemd.sh DIRECTORY FIXTURES UNITS (FIXTURES a folder, UNITS a file, both of systemd_fixtures.py)
# Exit status: 0 done; 4 cannot run here, which is said; 1 else.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1 fixtures=$2 units=$3 limit=${LIMIT:-150} pid=
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

over=$work/over
cp -a "$fixtures" "$over"
# systemd mounts a tmpfs over /run: what the fixtures have there is put in afterwards.
mv "$over/run" "$over/run.fixtures"
pure=("$here"/../../user/{base,relay}/*.c "$here"/../../user/diagnose/{env_file,unit_*}.c)
cc -std=gnu11 -D_GNU_SOURCE -O1 -static -I"$here/../../user" -o "$over/unit_predict" \
	"$here/unit_predict.c" "${pure[@]}"
cc -O1 -static -o "$over/unit_show" "$here/unit_show.c"
cp "$units" "$over/units"
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
	ExecStart=/bin/bash /proof.sh
END
cat >"$over/proof.sh" <<-'END'
	export LC_ALL=C
	cp -a /run.fixtures/. /run/
	systemctl daemon-reload
	mkdir -p /run/out
	mapfile -t units </units
	systemctl start "${units[@]}" >/dev/null 2>&1
	{
		stty -opost
		echo "== begin got"
		for unit in "${units[@]}"; do
			if [ -e "/run/out/$unit" ]; then
				echo "== $unit starts"
				sort -t= -k1,1 "/run/out/$unit"
			else
				echo "== $unit fails"
			fi
		done
		echo "== begin predicted"
		/unit_predict "" "${units[@]}" 2>&1
		echo "== begin log"
		journalctl -b -o cat _PID=1 2>/dev/null | grep -E '^/|: Failed|gnor' | head -400
		echo "== end"
	} <>/dev/ttyS1 >&0
	poweroff -f
END
(cd "$over" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$work/over.cpio"
cat "$image" "$work/over.cpio" >"$work/initramfs"
qemu-system-x86_64 -M q35,accel=tcg -cpu max -nodefaults -nographic -no-reboot -m 2048 -smp 2 \
	-kernel "$kernel" -initrd "$work/initramfs" -serial "file:$work/console" -serial "file:$work/result" \
	-append "console=ttyS0 quiet loglevel=1 panic=-1 nokaslr no_timer_check tsc=reliable reboot=t rdinit=/sbin/init
systemd.unit=proof.target systemd.mask=systemd-udevd.service systemd.mask=systemd-udev-trigger.service
systemd.mask=systemd-networkd.service systemd.mask=systemd-timesyncd.service systemd.show_status=0" \
	</dev/null 2>"$work/errors" &
pid=$!
began=$SECONDS
while kill -0 "$pid" 2>/dev/null && [ $((SECONDS - began)) -lt "$limit" ]; do
	sleep 0.2
done
kill -9 "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
pid=
touch "$work/result"
if ! grep -aq '^== end' "$work/result"; then
	tail -c 2000 "$work/console" "$work/errors" >&2
	echo "the machine did not finish in $limit s" >&2
	exit 1
fi
mkdir -p "$out"
for part in got predicted log; do
	awk -v part="$part" '/^== begin|^== end/ { on = $3 == part; next } on' "$work/result" >"$out/$part"
done
