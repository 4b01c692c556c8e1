# SPDX-License-Identifier: GPL-2.0-only
# Compares what a scenario expects ($expected: lines of scenario.sh's words, tab separated) with the
# JSON lines of the tracer (inputs).  Prints one line for each difference, nothing when all is right.
# $has: what the tracer can do; the names of hosts are compared only where it has "names".

def pairs: map(select(test("^[a-z]+=")) | capture("^(?<key>[a-z]+)=(?<value>.*)$"; "m")) | from_entries;
def target: if .ip == null then "-"
	elif (.ip | contains(":")) then "[\(.ip)]:\(.port)" else "\(.ip):\(.port)" end;
def names: $has | contains(" names ");

# What a finding or dial line has under each key that a scenario may ask for, as a list of strings:
# right is any of them.
def values($key):
	if $key == "host" then [.destination.domain]
	elif $key == "to" then [.destination | target]
	elif $key == "port" then [.destination.port]
	elif $key == "outcome" then [.relaytrace.dial.outcome]
	elif $key == "path" then [.relaytrace.dial.path]
	elif $key == "errno" then [.relaytrace.dial.errno]
	elif $key == "severity" then [.relaytrace.severity]
	elif $key == "missing" then .relaytrace.missing // []
	elif $key == "status" then [.relaytrace.relay.status]
	elif $key == "relay" then .relaytrace.relay // {} |
		[target, "\(.host):\(.port)", "[\(.host)]:\(.port)"]
	else ["no such key: \($key)"] end | map(tostring);
def says($text): [.message, (.relaytrace.chain // [])[], (.relaytrace.remedy // [])[]]
	| map(select(. != null)) | any(contains($text));
def differences($what; $wanted):
	. as $got | $wanted | to_entries[]
	| .key as $key | .value as $value
	| select($key != "n" and (names or $key != "host"))
	| if $key == "mentions" then
		select($got | says($value) | not) | "\($what): nowhere says \"\($value)\""
	  else
		($got | values($key)) as $have | select($have | index($value) | not)
		| "\($what): \($key) is \($have | unique | join(" or ")), not \($value)"
	  end;

($expected | split("\n") | map(select(. != "") | split("\t"))) as $lines
| [inputs] as $got
| ($got | map(select(.event.action == "dial"))) as $reports
# A dial may be reported while it is pending, and again at its end: its last word counts.
| ($reports | map(select(.relaytrace.dial.outcome != "unresolved"))
	| group_by(.relaytrace.dial.id) | map(last)
	| map({key: "\(.relaytrace.role) \(.relaytrace.dial.outcome) \(.relaytrace.dial.path) \(.destination | target)",
		line: .})) as $dials
| ($lines | map(select(.[0] == "dial")
	| {key: (.[1:5] | join(" ")), wants: (.[5:] | pairs)})) as $wanted_dials
| ($got | map(select(.event.action == "finding")) | group_by(.relaytrace.finding.id) | map(last)
	| map({key: "\(.relaytrace.role) \(.rule.id)", line: .})) as $findings
| ($lines | map(select(.[0] == "finding")
	| {key: (.[1:3] | join(" ")), wants: (.[3:] | pairs)})) as $wanted_findings
| ($lines | map(select(.[0] == "may") | .[1:3] | join(" "))) as $may
| (
	(($got | map(select(.event.action == "start")) | length) as $n
		| select($n != 1) | "\($n) start lines, not 1"),
	(($got | map(select(.event.action == "stop")) | length) as $n
		| select($n != 1) | "\($n) stop lines, not 1"),

	# Dials: the same set on both sides, and the details of each.
	((($wanted_dials | map(.key)) - ($dials | map(.key)) | unique[]) | "dial not reported: \(.)"),
	((($dials | map(.key)) - ($wanted_dials | map(.key)) | unique[]) | "dial not expected: \(.)"),
	($wanted_dials[] | . as $w | ($dials | map(select(.key == $w.key))) as $same
		| select($same | length > 0)
		| (select($w.wants.n and ($same | length | tostring) != $w.wants.n)
			| "dial \($w.key): \($same | length) of them, not \($w.wants.n)"),
		  ($same[].line | differences("dial \($w.key)"; $w.wants))),
	($lines[] | select(.[0] == "pending") | .[1:4] as $p
		| select($reports | any(.relaytrace.dial.outcome == "pending"
			and [.relaytrace.role, .relaytrace.dial.path, (.destination | target)] == $p) | not)
		| "never reported as pending: \($p | join(" "))"),

	# Findings: each expected one exactly once, nothing else but what may be.
	($wanted_findings[] | . as $w | ($findings | map(select(.key == $w.key))) as $same
		| if ($same | length) == 0 then "finding missing: \($w.key)"
		  elif ($same | length) > 1 then "\($same | length) findings \($w.key), not 1"
		  else $same[0].line | differences("finding \($w.key)"; $w.wants) end),
	((($findings | map(.key)) - ($wanted_findings | map(.key)) - $may | unique[])
		| "finding not expected: \(.)"),

	# Names and answers.
	($lines[] | select(.[0] == "asks") | . as $w
		| select($got | any(.event.action == "resolve" and .relaytrace.role == $w[1]
			and .dns.question.name == $w[2] and .dns.response_code == $w[3]) | not)
		| "question not reported: \($w[1:] | join(" "))"),
	($lines[] | select(.[0] == "relayed") | . as $w
		| select($got | any(.event.action == "relay" and .relaytrace.role == $w[1]
			and (values("relay") | index($w[2])) and .relaytrace.relay.connect_host == $w[3]
			and (.relaytrace.relay.status | tostring) == $w[4]) | not)
		| "the relay's answer is not reported: \($w[1:] | join(" "))")
)
