#!/usr/bin/env bash
# The unit code on a root directory, under ASan and UBSan: the units of tests/kernels/systemd_fixtures.py
# get what a real systemd gave them (systemd.expected, recorded and checked by 70-systemd.slow.sh), and
# a node that nobody wants is read in seconds.
set -u
here=$(cd "$(dirname "$0")/../kernels" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
# shellcheck disable=SC2086 # globs
cc -std=gnu11 -D_GNU_SOURCE -g -Iuser -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-o "$work/unit_predict" tests/kernels/unit_predict.c \
	"$BUILD"/asan/{base,relay}/*.o "$BUILD"/asan/node/{env_file*,unit_*}.o || {
	echo "not ok units: unit_predict cannot be built"
	exit 1
}

status=0
"$here/systemd_fixtures.py" "$work/root" | grep -vx live.service >"$work/units"
mapfile -t units <"$work/units"
"$work/unit_predict" "$work/root" "${units[@]}" >"$work/predicted" || status=1
if [ $status = 0 ] && cmp -s "$work/predicted" "$here/systemd.expected"; then
	echo "ok ${#units[@]} units below a root get what systemd gave them"
else
	diff "$here/systemd.expected" "$work/predicted" | head -20
	echo "not ok ${#units[@]} units below a root get what systemd gave them"
	status=1
fi

node=$work/node
mkdir -p "$node"/etc/{default,systemd/system/rke2-agent.service.d} "$node/usr/lib/systemd/system"
cat >"$node/usr/lib/systemd/system/rke2-agent.service" <<-END
	[Service]
	EnvironmentFile=-/etc/default/%N
	EnvironmentFile=-/etc/loop/*/*.env
	Environment=LAST=unit
END
for i in $(seq 500); do
	printf '[Service]\nEnvironment=V%s=%s LAST=%s\n' "$i" "$i" "$i" >"$node/etc/systemd/system/rke2-agent.service.d/$i.conf"
	ln -s "alias$((i % 500 + 1)).service" "$node/etc/systemd/system/alias$i.service"
done
mkdir "$node/etc/loop"
ln -s . "$node/etc/loop/here"
ln -s ../loop "$node/etc/loop/there"
ln -s b.env "$node/etc/loop/a.env"
ln -s a.env "$node/etc/loop/b.env"
ln -s /etc/../../../../../../etc/shadow "$node/etc/loop/c.env"
mkfifo "$node/etc/loop/pipe.env"
{
	echo HTTPS_PROXY=http://relay:3128
	yes 'NOISE="a long enough line to be read by nobody"' | head -c 10485760
} >"$node/etc/default/rke2-agent"
timeout 20 "$work/unit_predict" "$node" rke2-agent alias7 >"$work/node.out"
code=$?
if [ $code = 0 ] && grep -qx 'HTTPS_PROXY=http://relay:3128' "$work/node.out" &&
	grep -qx 'V500=500' "$work/node.out" && grep -qx 'LAST=99' "$work/node.out" &&
	grep -qx '== alias7 fails' "$work/node.out"; then
	echo "ok 500 drop-ins, loops of links, a pipe and a 10 MB env file are read in seconds"
else
	echo "not ok 500 drop-ins, loops of links, a pipe and a 10 MB env file are read in seconds: status $code"
	status=1
fi
exit $status
