#!/usr/bin/env bash
# What systemd gives to services, by a real one: boots a Debian with systemd_fixtures.py's files, starts
# every unit and writes to DIRECTORY
#   got        what each unit's program saw: "== UNIT starts|fails", then its variables, sorted
#   predicted  what unit_predict says on that running system, in the same form
#   check      what `relaytrace check` says of them there, in JSON; of rke2-agent.service before and behind a change
#              of its files, with what `systemctl show` says of it; empty where $BUILD/relaytrace-static is not built
#   log        what systemd said of the units
# usage: systemd.sh DIRECTORY FIXTURES UNITS (FIXTURES a folder, UNITS a file, both of systemd_fixtures.py)
# Exit status: 0 done; 4 cannot run here, which is said; 1 else.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1 fixtures=$2 units=$3 pid=
work=$(mktemp -d)
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

over=$work/over
cp -a "$fixtures" "$over"
# systemd mounts a tmpfs over /run: what the fixtures have there is put in afterwards.
mv "$over/run" "$over/run.fixtures"
pure=("$here"/../../user/{base,relay}/*.c "$here"/../../user/node/{env_file*,unit_*}.c)
cc -std=gnu11 -D_GNU_SOURCE -O1 -static -I"$here/../../user" -o "$over/unit_predict" \
	"$here/unit_predict.c" "${pure[@]}"
cc -O1 -static -o "$over/unit_show" "$here/unit_show.c"
cp "$units" "$over/units"
tracer=$(cd "$here/../.." && realpath -q "${BUILD:-build}/relaytrace-static") && [ -x "$tracer" ] && cp "$tracer" "$over/relaytrace"
cat >"$over/proof.sh" <<-'END'
	export LC_ALL=C
	cp -a /run.fixtures/. /run/
	systemctl daemon-reload
	mkdir -p /run/out
	live() {
		/relaytrace check --unit rke2-agent -o json | grep '"action":"unit"'
		systemctl show -p MainPID,NeedDaemonReload rke2-agent
		date -d "$(systemctl show --value -p ExecMainStartTimestamp rke2-agent)" +Start=%s
	}
	check() {
		# Those that started, as many at a time as one check takes.
		for unit in /run/out/*; do
			printf -- '--unit\0%s\0' "${unit##*/}"
		done | xargs -0 -n 32 sh -c '/relaytrace check -o json "$@" | grep "\"action\":\"unit\""' check
		printf '[Service]\nEnvironmentFile=-/etc/default/%%N\nExecStart=/bin/sleep 1000\n' >/etc/systemd/system/rke2-agent.service
		mkdir -p /etc/default
		echo HTTPS_PROXY=http://relay:3128 >/etc/default/rke2-agent
		systemctl daemon-reload
		systemctl start rke2-agent
		echo "== live"
		live
		sleep 1.1
		echo HTTPS_PROXY=http://other:3128 >/etc/default/rke2-agent
		echo '# changed' >>/etc/systemd/system/rke2-agent.service
		live
	}
	mapfile -t units </units
	systemctl start "${units[@]}" >/dev/null 2>&1
	{
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
		echo "== begin check"
		[ -x /relaytrace ] && check
		echo "== begin log"
		journalctl -b -o cat _PID=1 2>/dev/null | grep -E '^/|: Failed|gnor' | head -400
	}
END
LIMIT=${LIMIT:-300} "$here/systemd_boot.sh" "$over" "$work/result" &
pid=$!
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 0 ] || exit "$code"
mkdir -p "$out"
for part in got predicted check log; do
	awk -v part="$part" '/^== begin|^== end/ { on = $3 == part; next } on' "$work/result" >"$out/$part"
done
