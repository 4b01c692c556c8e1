# Runs in the virtual machine: relaytrace as a service beside an rke2-agent that cannot pull.
export LC_ALL=C
say() { echo "== $*"; }
main() { systemctl show -p MainPID --value relaytrace; }
wait_for() { # SECONDS COMMAND...
	local left=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.2
	done
}
restarts() { [ "$(systemctl show -p NRestarts --value rke2-agent)" -ge "$1" ]; }
told() { # MATCH...: is there such an entry?
	journalctl -q -n1 -o cat SYSLOG_IDENTIFIER=relaytrace "$@" | grep -q .
}
entries() { # MATCH...: how many?
	journalctl -q -o cat --output-fields=EVENT_ACTION SYSLOG_IDENTIFIER=relaytrace "$@" | grep -c .
}
all_judged() { [ "$(entries EVENT_ACTION=exec)" = "$(entries EVENT_ACTION=dial)" ]; }
line() { grep -q "$2" "$1"; }

say begin facts
systemctl daemon-reload
systemctl start relay
timeout 30 systemctl start relaytrace
echo "started $(systemctl is-active relaytrace) $(systemctl show -p StatusText --value relaytrace)"
echo "capabilities $(sed -n 's/^CapPrm:\t//p' /proc/"$(main)"/status) $(sed -n 's/^NoNewPrivs:\t//p' /proc/"$(main)"/status)"
echo "memory $(systemctl show -p MemoryMax --value relaytrace)"

# Three starts that cannot pull.
systemctl start rke2-agent
wait_for 30 restarts 3 && echo "restarted three times"
wait_for 10 told EVENT_ACTION=finding && echo "finding told"
bash -c "$(sed -n 1p /queries.sh)" >/root/query1
bash -c "$(sed -n 2p /queries.sh)" >/root/query2

# A reload with one more output; then one with a mistake in it.
echo "output json:/var/log/relaytrace/new.json" >>/etc/relaytrace/relaytrace.conf
systemctl reload relaytrace
wait_for 10 line /var/log/relaytrace/new.json '"action":"start"' && echo "new output begun"
cp /etc/relaytrace/relaytrace.conf /root/good.conf
echo "no-such-word 1" >>/etc/relaytrace/relaytrace.conf
systemctl reload relaytrace
wait_for 10 sh -c "journalctl -q -u relaytrace -o cat | grep -q 'relaytrace.conf:.*no-such-word'" && echo "mistake told"
cp /root/good.conf /etc/relaytrace/relaytrace.conf
echo "after reload $(systemctl is-active relaytrace) $(systemctl show -p NRestarts --value relaytrace)"

# The repair, when what failed is judged: of a start that is under way the file would be newer (env-file-stale).
systemctl stop rke2-agent
wait_for 5 all_judged # but for a start that was stopped before it dialled
echo "HTTPS_PROXY=http://198.51.100.2:3128" >>/etc/default/rke2-agent
systemctl start rke2-agent
wait_for 15 told EVENT_ACTION=resolved && echo "resolved told"
systemctl stop rke2-agent

# journald is restarted; what comes afterwards arrives.
systemctl restart systemd-journald
before=$(date +%s)
systemctl start rke2-agent
wait_for 15 told EVENT_ACTION=exec --since "@$before" && echo "journal restarted"
systemctl stop rke2-agent

# The clock is set: 100 days on.
date -s "@$(($(date +%s) + 8640000))" >/dev/null
sleep 0.5
before=$(date +%s)
systemctl start rke2-agent
wait_for 15 told EVENT_ACTION=exec --since "@$before"
echo "clock $(date +%s -d "$(journalctl -q -n1 -o json SYSLOG_IDENTIFIER=relaytrace EVENT_ACTION=exec --since "@$before" |
	sed -n 's/.*"TIMESTAMP":"\([^"]*\)".*/\1/p')") $(date +%s)"
systemctl stop rke2-agent

# Killed: systemd starts it again.  Its new socket takes less than an entry in one datagram.
echo 4608 >/proc/sys/net/core/wmem_default
old=$(main)
kill -9 "$old"
wait_for 20 sh -c "[ \"\$(systemctl show -p MainPID --value relaytrace)\" -gt 0 ] && [ \"\$(systemctl show -p MainPID --value relaytrace)\" != $old ] && systemctl is-active -q relaytrace" &&
	echo "started again after SIGKILL"
for name in NO_PROXY no_proxy CONTAINERD_NO_PROXY; do
	printf '%s=' $name
	for i in $(seq 200); do printf '10.1.%s.0/24,' "$i"; done
	echo $name.example
done >>/etc/default/rke2-agent
systemctl restart rke2-agent
wait_for 15 sh -c "journalctl -q --all -o json SYSLOG_IDENTIFIER=relaytrace EVENT_ACTION=exec | grep -q CONTAINERD_NO_PROXY.example" &&
	echo "large entry arrived"
systemctl stop rke2-agent

echo "peak $(cat /sys/fs/cgroup/system.slice/relaytrace.service/memory.peak)"
echo "oom $(sed -n 's/^oom_kill //p' /sys/fs/cgroup/system.slice/relaytrace.service/memory.events)"
systemctl stop relaytrace
echo "stopped $(systemctl is-active relaytrace)"
say begin journal
journalctl -q --all -o json SYSLOG_IDENTIFIER=relaytrace + _SYSTEMD_UNIT=relaytrace.service
say begin lines
cat /var/log/relaytrace/new.json
say begin query1
cat /root/query1
say begin query2
cat /root/query2
