# shellcheck shell=bash
# Runs in the virtual machine: relaytrace as a service with a file for a shipper, through what a node goes through.
export LC_ALL=C
say() { echo "== $*"; }
wait_for() { # SECONDS COMMAND...
	local left=$(($1 * 2))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.5
	done
}
log=/var/log/relaytrace/relaytrace.json
cgroup=/sys/fs/cgroup/system.slice/relaytrace.service
main() { systemctl show -p MainPID --value relaytrace; }
# Dials of the traced unit, which is over when they are: COUNT PAUSE_US [PROCESSES]
dials() {
	echo "DIALS=$*" >/etc/default/rke2-agent
	systemctl start rke2-agent
}
# The dials that stand in all files, rotated and compressed ones too.  Each has one line, but for one that
# takes so long on a machine that stands still that it is told as pending first.
is_dial() { zcat -f /var/log/relaytrace/relaytrace.json* | grep '"action":"dial"' | grep -cv '"outcome":"pending"'; }
entries() { journalctl -q -o cat --output-fields=EVENT_ACTION SYSLOG_IDENTIFIER=relaytrace | grep -c .; }
is() { [ "$("$1")" = "$2" ]; }
last() { grep "\"action\":\"$1\"" $log | tail -1; }

say begin facts
systemctl stop logrotate.timer # a clock that is set would have it come by itself
# The lines of the configuration that are there for a shipper, as they stand.
sed -i -E 's/^#(output json:|mode |group )/\1/; s/^heartbeat .*/heartbeat 2/' /etc/relaytrace/relaytrace.conf
systemctl daemon-reload
timeout 60 systemctl start relaytrace
echo "started $(systemctl is-active relaytrace) $(stat -c %a:%U:%G $log) $(stat -c %a /var/log/relaytrace)"
echo "capabilities $(sed -n 's/^CapPrm:\t//p' /proc/"$(main)"/status)"
reader() { setpriv --reuid=nobody --regid=nogroup "$@" head -1 $log 2>/dev/null | grep -c '"action":"start"'; }
echo "shipper of adm $(reader --groups=adm), of no group $(reader --clear-groups)"
systemctl restart relaytrace
echo "again $(systemctl is-active relaytrace) $(stat -c %a:%U:%G $log)"
first=$(main)

# ---- logrotate and reload, while 3000 dials go on ----
dials 3000 2000 &
for _ in 1 2 3 4 5; do
	sleep 1
	wait_for 10 test -s $log # notifempty: a heartbeat comes when the dials are over
	logrotate -f /etc/logrotate.d/relaytrace || echo "logrotate failed"
	sleep 0.5
	systemctl reload relaytrace 2>/root/why || echo "reload failed: $(tail -1 /root/why)"
done
wait
wait_for 30 is is_dial 3000
echo "rotated $(is_dial) dials in $(find /var/log/relaytrace -name 'relaytrace.json*' | wc -l) files, new $(stat -c %a:%U:%G $log)"
# All dials may be in the files before: a heartbeat comes every 2 s.
wait_for 10 test -s $log
echo "shipper after logrotate $(setpriv --reuid=nobody --regid=nogroup --groups=adm cat $log | grep -c .)" | sed 's/ [1-9][0-9]*$/ reads/'

# ---- journald is restarted while entries are written ----
dials 1000 2000 &
for _ in 1 2 3; do
	sleep 1
	systemctl restart systemd-journald
done
wait
wait_for 30 is is_dial 4000
echo "dials beside journald $(is_dial)"

# ---- hundreds of processes and their dials, in 32 MiB ----
dials 3 0 600
wait_for 60 is is_dial 5800
echo "processes $(is_dial)"
[ "$(is_dial)" = 5800 ] || zcat -f /var/log/relaytrace/relaytrace.json* |
	jq -c 'select(.event.action == "dial") | [.relaytrace.dial.id, .event.reason, .event.duration, .process.pid, .source.port]' |
	sort | awk -F '[][,]' '$2 == id || $3 != "\"refused\"" { print "odd dial", last; print "odd dial", $0 } { id = $2; last = $0 }'
echo "peak $(cat $cgroup/memory.peak) oom $(sed -n 's/^oom_kill //p' $cgroup/memory.events) hwm $(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/"$(main)"/status)"

# ---- the node sleeps for some seconds, with a dial under way that its program gives up after 6 s awake ----
systemctl start waiter
sleep 1
awake=$(date +%s%N)
up=$(cut -d. -f1 /proc/uptime)
timeout 60 rtcwake -m mem -s 8 >/dev/null 2>/root/rtcwake || echo "rtcwake: $(tail -1 /root/rtcwake)"
echo "slept $(($(cut -d. -f1 /proc/uptime) - up)) $((($(date +%s%N) - awake) / 1000000000))"
beats=$(grep -c '"action":"heartbeat"' $log)
waited() { last dial | grep -q '"port":443'; }
wait_for 20 waited
echo "waited $(last dial | jq -r '[.event.reason, .event.duration] | join(" ")')"
have=$(is_dial)
from=$(date +%s)
dials 1 0
wait_for 20 is is_dial $((have + 1))
echo "time after sleep $(date -d "$(last dial | jq -r '."@timestamp"')" +%s) $from $(date +%s)"
more_beats() { [ "$(grep -c '"action":"heartbeat"' $log)" -ge $((beats + 3)) ]; }
wait_for 15 more_beats && echo "heartbeats go on"

# ---- the clock is set back, then forward ----
for days in -100 200; do
	date -s "@$(($(date +%s) + days * 86400))" >/dev/null
	sleep 0.5
	have=$(is_dial)
	dials 1 0
	wait_for 20 is is_dial $((have + 1))
	echo "clock $days $(date -d "$(last dial | jq -r '."@timestamp"')" +%s) $(date +%s) $(last dial | jq '.event.duration < 1000000000')"
done
echo "same process $([ "$(main)" = "$first" ] && systemctl show -p NRestarts --value relaytrace)"
systemctl stop relaytrace
journalctl --sync
# Both outputs get the same: what stands in the file and not in the journal is what the journal refused.
zcat -f /var/log/relaytrace/relaytrace.json* >/root/all
last stop | jq -r '"stop \(.relaytrace.loss.sink) \([.relaytrace.loss | del(.missed)[]] | add) \(.relaytrace.output.refused)"' >/root/stop
cat /root/stop
read -r _ refused _ </root/stop
echo "entries $(entries) and refused $refused of $(grep -c . /root/all) lines"
echo "suppressed $(journalctl -q -o cat -u systemd-journald | grep -c Suppressed)"
echo "told $([ "$refused" = 0 ] || journalctl -q -o cat --output-fields=RELAYTRACE_LOSS_SINK SYSLOG_IDENTIFIER=relaytrace EVENT_ACTION=loss | tail -1)"
echo "odd $(grep -cv '^{"@timestamp".*}}$' /root/all)"
# The serial line takes its time for each byte: the first of a kind, and every fortieth.
say begin lines
awk '{ split($0, part, "\"action\":\"") ; kind = substr(part[2], 1, 6) } !(kind in seen) || NR % 40 == 0 { print } { seen[kind] = 1 }' /root/all
