#!/usr/bin/env bash
# What our pure code says that a unit would get, against what a real systemd gives it, for every unit of
# tests/kernels/systemd_fixtures.py; and what is recorded for the fast suite, against the same.
# RECORD=1 writes the record anew.
set -u
here=$(cd "$(dirname "$0")/../kernels" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

"$here/systemd_fixtures.py" "$work/root" >"$work/units" || exit 1
"$here/systemd.sh" "$work/out" "$work/root" "$work/units" 2>"$work/errors"
case $? in
0) ;;
4)
	echo "skip systemd: $(tail -1 "$work/errors")"
	exit 0
	;;
*)
	cat "$work/errors"
	echo "not ok systemd: the machine did not do its work"
	exit 1
	;;
esac

# One unit's part of a file.
part() { UNIT=$2 awk '/^== / { on = $2 == ENVIRON["UNIT"] } on' "$1"; }

status=0 count=0
while read -r unit; do
	count=$((count + 1))
	part "$work/out/got" "$unit" >"$work/got"
	part "$work/out/predicted" "$unit" >"$work/predicted"
	if [ -s "$work/got" ] && cmp -s "$work/got" "$work/predicted"; then
		echo "ok systemd gives $unit what we say"
	else
		diff "$work/got" "$work/predicted" | head -20
		echo "not ok systemd gives $unit what we say: see the lines above (< systemd, > we)"
		status=1
	fi
done <"$work/units"
if [ "$count" -lt 60 ] || [ "$(grep -c '^== .* starts' "$work/out/got")" -lt 60 ]; then
	echo "not ok systemd: only $count units, or most of them did not start"
	status=1
fi

"$here/systemd_check.py" "$work/out/got" "$work/out/check" || status=1

# What only a running system knows is not in the record.
awk '/^== / { on = $2 != "live.service" } on' "$work/out/got" >"$work/record"
[ "${RECORD:-}" = 1 ] && cp "$work/record" "$here/systemd.expected"
if cmp -s "$work/record" "$here/systemd.expected"; then
	echo "ok the fast suite's record is what systemd gives"
else
	diff "$work/record" "$here/systemd.expected" | head -20
	echo "not ok the fast suite's record is what systemd gives: RECORD=1 $0 writes it anew"
	status=1
fi
exit $status
