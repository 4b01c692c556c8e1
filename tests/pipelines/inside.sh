# Runs chrooted into the image, in namespaces of its own: the daemons read what /mnt has.
cd /mnt || exit 1
wait_for() { # SECONDS COMMAND...
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}
lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }
want=$(wc -l <lines.json)

promtool check metrics <textfile/relaytrace.prom >promtool.out 2>&1
echo $? >promtool.status
{ promtool check rules relaytrace.rules.yml && promtool test rules rules.test.yml; } >rules.out 2>&1
echo $? >rules.status

prometheus-node-exporter --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory=/mnt/textfile --web.listen-address=127.0.0.1:9100 >node_exporter.log 2>&1 &
scrape() {
	exec 3<>/dev/tcp/127.0.0.1/9100 || return 1
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	cat <&3
	exec 3>&-
}
wait_for 20 scrape
scrape >scrape.out 2>/dev/null

cat >rsyslog.conf <<'END'
global(workDirectory="/mnt/rsyslog" maxMessageSize="32k")
module(load="imfile")
module(load="mmjsonparse")
input(type="imfile" File="/mnt/lines.json" Tag="relaytrace" ruleset="relaytrace")
template(name="fields" type="string" string="%$!event!action%\t%$!@timestamp%\t%$!relaytrace!schema_version%\n")
template(name="whole" type="string" string="%$!all-json%\n")
ruleset(name="relaytrace") {
	action(type="mmjsonparse" cookie="")
	if $parsesuccess == "OK" then {
		action(type="omfile" file="/mnt/rsyslog.fields" template="fields")
		action(type="omfile" file="/mnt/rsyslog.whole" template="whole")
	}
}
END
mkdir -p rsyslog
rsyslogd -n -f /mnt/rsyslog.conf -i /mnt/rsyslog/pid >rsyslog.log 2>&1 &
rsyslog=$!
wait_for 20 lines rsyslog.fields "$want"
kill $rsyslog && wait $rsyslog

cat >syslog-ng.conf <<'END'
@version: 3.38
options { log-msg-size(32768); };
source s { file("/mnt/lines.json" flags(no-parse) follow-freq(0.2)); };
parser p { json-parser(prefix("j.")); };
destination d { file("/mnt/syslog-ng.fields" template("${j.event.action}\t${j.@timestamp}\t${j.relaytrace.schema_version}\n")); };
log { source(s); parser(p); destination(d); };
END
syslog-ng -F --no-caps -f /mnt/syslog-ng.conf -R /mnt/syslog-ng.persist -p /mnt/syslog-ng.pid -c /mnt/syslog-ng.ctl >syslog-ng.log 2>&1 &
wait_for 20 lines syslog-ng.fields "$want"
