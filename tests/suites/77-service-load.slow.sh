#!/usr/bin/env bash
# relaytrace.service as it is shipped, with the lines of relaytrace.conf that are there for a shipper, under a real
# systemd, journald and logrotate in a virtual machine: what a node goes through loses no line.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
suite=service-load
. tests/service/machine.sh
machine_over tests/service/proof_load.sh
mkdir "$over/usr/local/bin/waits"
cc -O1 -Wall -static -o "$over/usr/local/bin/rke2" tests/service/dialler.c &&
	cc -O1 -Wall -static -o "$over/usr/local/bin/waits/rke2" tests/service/waiter.c || exit 1
cat >"$over/etc/systemd/system/rke2-agent.service" <<-'END'
	[Unit]
	StartLimitIntervalSec=0
	[Service]
	Type=oneshot
	TasksMax=infinity
	EnvironmentFile=-/etc/default/%N
	ExecStart=/usr/local/bin/rke2 $DIALS
END
printf '[Service]\nExecStart=/usr/local/bin/waits/rke2 203.0.113.10 443 6000\n' >"$over/etc/systemd/system/waiter.service"
machine_run facts lines

fact 'started active 640:root:adm 755' "mode 0640 and group adm of relaytrace.conf: it starts, and its file has them"
fact 'capabilities 000000c000081005' "with a group it keeps CAP_CHOWN"
fact 'shipper of adm 1, of no group 0' "a shipper of that group that is not root reads the file, another user does not"
fact 'again active 640:root:adm' "it starts again on the file that is there"
fact 'rotated 3000 dials in ([6-9]|1[0-9]) files, new 640:root:adm' "5 x logrotate and 5 x systemctl reload during 3000 dials: each has its line"
fact 'shipper after logrotate reads' "the shipper reads what logrotate made"
fact 'dials beside journald 4000' "journald restarted three times during 1000 dials: each has its line"
read -r _ entries _ _ refused _ lines _ < <(grep '^entries' "$work/facts")
if [ "${entries:-0}" -gt 4000 ] && [ $((entries + refused)) = "$lines" ] && grep -qx 'suppressed 0' "$work/facts" &&
	grep -qxE "told ($refused)?" "$work/facts"; then
	ok "journald restarted: it has $entries entries, and the $refused that it did not take are counted and told in it"
else
	bad "journald restarted: what it did not take is counted and told" "$(grep -E '^(entries|suppressed|told)' "$work/facts" | tr '\n' ';')"
fi
fact 'processes 5800' "600 processes at once: each of 1800 dials has its line"
read -r _ peak _ oom _ hwm < <(grep '^peak' "$work/facts")
if [ "${peak:-0}" -gt 1000000 ] && [ "$peak" -lt 33554432 ] && [ "$oom" = 0 ]; then
	ok "in 32 MiB the peak was $((peak / 1024)) KiB with the kernel's part, the process had $hwm KiB at most, nothing was killed"
else
	bad "the peak is below 32 MiB and nothing was killed" "$(grep '^peak' "$work/facts")"
fi
read -r _ slept wall < <(grep '^slept' "$work/facts")
read -r _ reason duration < <(grep '^waited' "$work/facts")
if [ "${slept:-0}" -ge 7 ] && [ "$wall" -ge 7 ] && [ "$reason" = abandoned ] && [ "$duration" -gt 12000000000 ]; then
	ok "the node slept: a dial that was given up after 6 s awake took $((duration / 1000000)) ms"
else
	bad "the node slept: the time asleep is part of a dial's" "$(grep -E '^(slept|waited|rtcwake)' "$work/facts" | tr '\n' ';')"
fi
read -r _ _ _ stamp from to < <(grep '^time after' "$work/facts")
if [ "${stamp:-0}" -ge $((from - 1)) ] && [ "$stamp" -le $((to + 1)) ]; then
	ok "the node slept: times are right after it"
else
	bad "the node slept: times are right after it" "$(grep '^time after' "$work/facts")"
fi
fact 'heartbeats go on' "the node slept: heartbeats go on"
for days in -100 200; do
	read -r _ _ stamp now sane < <(grep "^clock $days" "$work/facts")
	if [ "${stamp:-0}" -ge $((now - 60)) ] && [ "$stamp" -le $((now + 1)) ] && [ "$sane" = true ]; then
		ok "the clock was set by $days days: the next line has the new time, durations do not"
	else
		bad "the clock was set by $days days" "$(grep "^clock" "$work/facts" | tr '\n' ';')"
	fi
done
fact 'same process 0' "all of that in one process"
read -r _ sink all file < <(grep '^stop ' "$work/facts")
if [ -n "${file:-}" ] && [ "$sink" = "$all" ] && [ "$file" = 0 ]; then
	ok "beside that nothing is counted as lost, and nothing was"
else
	bad "beside that nothing is counted as lost, and nothing was" "$(grep '^stop ' "$work/facts")"
fi
fact 'odd 0' "every line is whole"
if [ "$(wc -l <"$work/lines")" -gt 100 ] && tests/schema/validate "$work/lines" >"$work/why"; then
	ok "$(wc -l <"$work/lines") of them, all kinds, are of the schema"
else
	bad "they are of the schema" "$(wc -l <"$work/lines") lines, $(head -c 300 "$work/why")"
fi
exit $status
