#!/usr/bin/env bash
# relaytrace.service under a real systemd and a real journald, in a virtual machine: it starts, notifies,
# reloads, traces an rke2-agent through restarts and its repair, in 32 MiB, and comes back when killed.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
suite=service
. tests/service/machine.sh
machine_over tests/service/proof.sh
cc -O1 -Wall -static -o "$over/usr/local/bin/rke2" tests/service/node.c || exit 1
cp "$over/usr/local/bin/rke2" "$over/usr/local/bin/relay"
printf '[Service]\nExecStart=/usr/local/bin/relay 198.51.100.2 3128\n' >"$over/etc/systemd/system/relay.service"
cat >"$over/etc/systemd/system/rke2-agent.service" <<-END
	[Unit]
	StartLimitIntervalSec=0
	[Service]
	EnvironmentFile=-/etc/default/%N
	ExecStart=/usr/local/bin/rke2 203.0.113.10 443
	Restart=always
	RestartSec=1
END
echo 'CONTAINERD_HTTPS_PROXY=http://joe:hunter2@198.51.100.2:3128' >"$over/etc/default/rke2-agent"

# The README's queries, as they stand there.
grep '^journalctl -u relaytrace' README.md >"$over/queries.sh"
machine_run facts journal lines query1 query2

fact 'started active attached, tracing' "Type=notify: started when it is attached"
fact 'capabilities 000000c000081004 1' "without a group it has five capabilities and gets no more"
fact 'memory 33554432' "in a cgroup of 32 MiB"
fact 'oom 0' "nothing was killed for memory"
fact 'restarted three times' "rke2-agent was restarted three times"
fact 'new output begun' "a reload opens an output more, with a start line"
fact 'mistake told' "a mistake in the configuration is told with its line"
fact 'after reload active 0' "a mistake in the configuration keeps what was before"
fact 'journal restarted' "entries arrive after journald was restarted"
fact 'started again after SIGKILL' "SIGKILL: systemd starts it again"
fact 'large entry arrived' "an entry larger than a datagram arrives (memfd)"
fact 'stopped inactive' "a stop with findings is no failure"
if [ "$(wc -l <"$over/queries.sh")" = 2 ] && grep -q 'containerd-scope: ' "$work/query1" && grep -q 'systemctl restart rke2-agent' "$work/query1"; then
	ok "the README's journalctl query shows the finding with its remedy"
else
	bad "the README's journalctl query shows the finding with its remedy" "$(head -3 "$work/query1")"
fi
if grep -qxP 'vm\tcontainerd-scope\t\t?.*\t1' "$work/query2"; then
	ok "the README's journalctl query with jq is a table of findings"
else
	bad "the README's journalctl query with jq is a table of findings" "$(head -3 "$work/query2")"
fi
if read -r _ stamp now < <(grep ^clock "$work/facts") && [ "${stamp:-0}" -ge $((now - 60)) ] && [ "$stamp" -le $((now + 1)) ]; then
	ok "the clock was set: the next line has the new time"
else
	bad "the clock was set: the next line has the new time" "$(grep ^clock "$work/facts")"
fi

cat >"$work/judge.py" <<-'END'
	import json, sys
	entries = [json.loads(line) for line in open(sys.argv[1])]
	ours = [e for e in entries if "EVENT_ACTION" in e]
	def check(name, good, why=""):
	    print(f"ok service: {name}" if good else f"not ok service: {name}: {why}")
	def of(action, **more):
	    return [e for e in ours if e["EVENT_ACTION"] == action and all(e.get(k) == v for k, v in more.items())]
	# The first run: until it was killed.
	first = ours[:next((i for i, e in enumerate(ours) if i and e["EVENT_ACTION"] == "start"), len(ours))]
	told = [e for e in first if e["EVENT_ACTION"] == "finding" and e["RULE_ID"] == "containerd-scope"]
	failed = [e for e in first if e["EVENT_ACTION"] == "dial" and e["EVENT_OUTCOME"] == "failure"]
	check("a failing pull through restarts is one finding", len({e["RELAYTRACE_FINDING_ID"] for e in told}) == 1 and len(told) == 1 and len(failed) >= 3,
	      f"{len(told)} entries, {len(failed)} failed dials")
	closed = [e for e in first if e["EVENT_ACTION"] == "resolved"]
	check("its repair resolves it, with the count", [e["RELAYTRACE_FINDING_ID"] for e in closed] == [e["RELAYTRACE_FINDING_ID"] for e in told[:1]]
	      and closed and int(closed[0]["RELAYTRACE_COUNT"]) == len(failed), f"counted {[e['RELAYTRACE_COUNT'] for e in closed]}, {len(failed)} dials failed, told {[e['RELAYTRACE_FINDING_ID'] for e in told]}, closed {[e['RELAYTRACE_FINDING_ID'] for e in closed]}")
	check("priorities", told and told[0]["PRIORITY"] == "3" and closed and closed[0]["PRIORITY"] == "5"
	      and all(e["PRIORITY"] == "6" for e in of("exec")), str([e["PRIORITY"] for e in ours])[:200])
	check("a MESSAGE_ID for each action", len({(e["EVENT_ACTION"], e["MESSAGE_ID"]) for e in ours}) == len({e["MESSAGE_ID"] for e in ours}) == len({e["EVENT_ACTION"] for e in ours}) > 4)
	check("OBJECT_PID is the process", of("dial") and all(e["OBJECT_PID"] == e["PROCESS_PID"] for e in of("dial") + of("exec")))
	check("MESSAGE is for a person", told and isinstance(told[0]["MESSAGE"], str) and "HTTPS_PROXY" in told[0]["MESSAGE"] and "\n" in told[0]["MESSAGE"], str(told)[:300])
	changed = [e for e in of("exec") if e.get("RELAYTRACE_ENVIRONMENT_CHANGES_ADDED") == "HTTPS_PROXY"]
	check("the audit: the repaired start gained HTTPS_PROXY", len(changed) == 1, str([e.get("PROCESS_ENV_VARS") for e in of("exec")])[:300])
	check("no password", "hunter2" not in open(sys.argv[1]).read())
END
python3 "$work/judge.py" "$work/journal" | tee "$work/judged"
grep -q '^not ok' "$work/judged" && status=1
[ -s "$work/judged" ] || bad "the journal" "could not be judged"
if [ -s "$work/lines" ] && tests/schema/validate "$work/lines" >"$work/why"; then
	ok "the JSON lines of the service are those of the schema"
else
	bad "the JSON lines of the service are those of the schema" "$(head -c 300 "$work/why")"
fi
exit $status
