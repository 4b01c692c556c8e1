# SPDX-License-Identifier: GPL-2.0-only
# Compares what the subjects printed ($want: the file, slurped) with the dial and exec lines of the tracer
# (inputs).  Prints "CASE<TAB>DIFFERENCE" for each difference, nothing when all is right.

# All that $w says stands in the input, which may say more.
def within($w):
	if ($w | type) == "object" then
		. as $got | ($got | type) == "object"
		and all($w | to_entries[]; .key as $key | .value as $value | $got[$key] | within($value))
	else . == $w end;
def place: "\(.process.pid) \(.destination.port)";
def short: "\(.process.name) \(.relaytrace.role) \(.destination.ip) \(.relaytrace.dial.outcome) \(.relaytrace.dial.path) errno \(.relaytrace.dial.errno)";
def by_place(f): group_by(f | place) | map({key: (.[0] | f | place), value: .}) | from_entries;

[inputs] as $lines
# The last word of each dial.
| ($lines | map(select(.event.action == "dial")) | group_by(.relaytrace.dial.id) | map(last)) as $dials
| ($lines | map(.relaytrace.loss // {} | [.[] | numbers] | add // 0) | max // 0) as $lost
# Runs of a hook that the kernel skipped: one each may be missing, or leave a dial half told.
| ($lines | map(.relaytrace.loss.missed // 0) | max // 0) as $missed
| ($dials | by_place(.)) as $got
| ($want | map(select(.exec))) as $execs
| ($want | map(select(.want) | .all = .want * .and)) as $want
| ($want | by_place(.want)) as $wanted
| (
	($want[] | . as $w | ($got[.want | place] // []) as $here
		| ([$here[] | select(within($w.all))] | length) as $n
		| select($n > $w.max or $n + (if $w.may_lose then $lost else $missed end) < $w.min)
		| "\($w.case)\tpid and port \($w.want | place): \($n) dials are \($w.all | del(.process.pid, .destination.port) | tojson), not \($w.min)\(if $w.max > $w.min then " to \($w.max)" else "" end)\(if $lost > 0 then ", \($lost) lost" else "" end); there: \([$here[] | short] | group_by(.) | map("\(length) x \(.[0])") | join("; "))"),
	($execs[] | . as $w | [$lines[] | select(.event.action == "exec" and within($w.exec))] as $here
		| select([$here[] | select(($w.carries - .process.env_vars) == [])] | length != 1)
		| "\($w.case)\t\($here | length) execs are \($w.exec | tojson), with \($w.carries | map(.[:60]) | tojson) is none or more than one; there: \([$here[] | .process.env_vars | map(.[:60])] | tojson)"),
	($got | to_entries[] | .key as $key | .value
		| map(select(. as $g | any(($wanted[$key] // [])[]; .max > 0 and (.all as $a | $g | within($a))) | not))
		| select(length > $missed)
		| "\((($wanted[$key] // [])[0].case) // "surplus")\tpid and port \($key): \(length) dials that no subject made, first: \(.[0] | short)")
)
