#!/usr/bin/env bash
# Files that are written: their permissions, their greatest size, the metrics' rules, refusals.
# A recording is replayed into them; the live tracer's outputs are the same code.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
relaytrace=$BUILD/relaytrace-asan story=tests/scenes/containerd-scope-crash-loop/story.txt
status=0
ok() { echo "ok outputs: $1"; }
bad() {
	echo "not ok outputs: $1: $2"
	status=1
}
replay() { "$relaytrace" replay "$story" --fail-on never "$@"; }

replay -o json:"$work/plain" -o json >"$work/stdout"
if [ "$(stat -c %a "$work/plain")" = 600 ] && cmp -s "$work/plain" "$work/stdout"; then
	ok "a file is 0600 and holds what standard output gets"
else
	bad "a file is 0600 and holds what standard output gets" "$(stat -c %a "$work/plain")"
fi

got=
for pair in "json:$work/one json:$work/./one" "json:$work/two text:$work/two" "json:$work/three metrics:$work/three" "metrics:$work/four record:$work/four"; do
	replay -o "${pair% *}" -o "${pair#* }" 2>"$work/errors"
	got="$got$? $(grep -c "^relaytrace: -o ${pair#* }: -o [a-z]* writes to that file already" "$work/errors") "
done
if [ "$got" = "2 1 2 1 2 1 2 1 " ]; then
	ok "two outputs that are one file are refused"
else
	bad "two outputs that are one file are refused" "$got$(cat "$work/errors")"
fi

(umask 077 && replay -o json:"$work/shared" -o metrics:"$work/shared.prom" --mode 0640 --group "$(id -g)")
if [ "$(stat -c %a:%g "$work/shared")" = "640:$(id -g)" ]; then
	ok "--mode and --group hold whatever the umask"
else
	bad "--mode and --group hold whatever the umask" "$(stat -c %a:%g "$work/shared")"
fi
if [ "$(stat -c %a "$work/shared.prom")" = 644 ]; then
	ok "the metrics' file is 0644 whatever --mode: node_exporter is another user"
else
	bad "the metrics' file is 0644 whatever --mode" "$(stat -c %a:%g "$work/shared.prom")"
fi

# Without CAP_CHOWN, as a unit's bounding set or a user who is not root has it: refused, and nothing is left
# that the next start would take for the file that was asked for.
without=()
[ "$(id -u)" = 0 ] && without=(setpriv --bounding-set -chown)
if [ "$(id -u)" != 0 ] || "${without[@]}" true 2>/dev/null; then
	"${without[@]}" "$relaytrace" replay "$story" --fail-on never -o json:"$work/given" --mode 0640 --group 12345 >"$work/other" 2>"$work/errors"
	if [ $? = 2 ] && [ ! -e "$work/given" ] && grep -q -- '--group 12345: .*CapabilityBoundingSet=CAP_CHOWN' "$work/errors"; then
		ok "a group that cannot be given leaves no file, and is told with what is missing"
	else
		bad "a group that cannot be given leaves no file, and is told with what is missing" "$(stat -c %a:%g "$work/given" 2>&1); $(cat "$work/errors")"
	fi
else
	echo "skip outputs: no setpriv to give up CAP_CHOWN with"
fi

# What is read is not written to: by name, by another name of it, by standard input and output.
cp "$story" "$work/read.rec"
ln "$work/read.rec" "$work/link.rec"
mkdir "$work/there"
refused=0
for words in "$work/read.rec -o record:$work/read.rec" "$work/read.rec -o json -o json:$work/link.rec" "$work/link.rec -o metrics:$work/read.rec" \
	"- -o text:$work/there/../read.rec"; do
	# shellcheck disable=SC2086 # words
	timeout 20 "$relaytrace" replay $words <"$work/read.rec" >"$work/other" 2>"$work/errors"
	[ $? = 2 ] && [ ! -s "$work/other" ] && [ "$(grep -c 'the input file is the output file: ' "$work/errors")" = 1 ] && refused=$((refused + 1))
done
timeout 20 "$relaytrace" replay "$work/read.rec" >>"$work/read.rec" 2>"$work/errors"
[ $? = 2 ] && grep -q 'the input file is the output file: standard output' "$work/errors" && refused=$((refused + 1))
if [ $refused = 5 ] && cmp -s "$story" "$work/read.rec"; then
	ok "a replay into its own recording is refused, which stays as it was"
else
	bad "a replay into its own recording is refused, which stays as it was" "$refused of 5, $(cmp "$story" "$work/read.rec" 2>&1) $(cat "$work/errors")"
fi
if timeout 20 "$relaytrace" replay "$work/read.rec" --fail-on never -o record:"$work/copy.rec" -o json:"$work/first" &&
	timeout 20 "$relaytrace" replay - --fail-on never -o json:"$work/second" <"$work/copy.rec" && cmp -s "$work/first" "$work/second"; then
	ok "a replay into another recording is read like the first"
else
	bad "a replay into another recording is read like the first" "$(cmp "$work/first" "$work/second" 2>&1)"
fi

# A limit on the size of files is a disk that is full.
(
	ulimit -f 8
	"$relaytrace" replay "$story" --fail-on never -o json:"$work/cut" -o metrics:"$work/cut.prom" 2>"$work/errors"
)
code=$?
if [ $code = 2 ] && [ "$(grep -c "cannot write to $work/cut: File too large" "$work/errors")" = 1 ] && [ "$(wc -c <"$work/cut")" -gt 4000 ] &&
	jq -e . "$work/cut" >"$work/other" 2>&1; then
	ok "a limit on the size of files is a refusal: status 2, and no half line"
else
	bad "a limit on the size of files is a refusal: status 2, and no half line" "status $code, $(wc -c <"$work/cut") bytes, $(cat "$work/errors")"
fi

# FILE.1 that cannot be replaced: the lines go on in FILE, and that is told once.
mkdir "$work/stays.1"
for _ in 1 2 3 4 5 6; do cat "$story"; done >"$work/six"
"$relaytrace" replay "$work/six" --fail-on never -o json:"$work/whole" &&
	"$relaytrace" replay "$work/six" --fail-on never -o json:"$work/stays" --max-size 64K 2>"$work/errors"
if [ $? = 0 ] && [ "$(wc -c <"$work/stays")" -gt 65536 ] && [ "$(wc -l <"$work/errors")" = 1 ] && [ ! -e "$work/stays.relaytrace-new" ] &&
	[ "$(wc -l <"$work/stays")" = "$(wc -l <"$work/whole")" ] && grep -q "cannot become $work/stays.1 at --max-size" "$work/errors"; then
	ok "--max-size that cannot be kept is told once, and no line is lost"
else
	bad "--max-size that cannot be kept is told once, and no line is lost" "$(wc -lc "$work/whole" "$work/stays" | tr '\n' ' ') $(cat "$work/errors")"
fi

# 64 KiB at a time: every line is in one of the files, whole, in order.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
	replay -o json:"$work/limited" --max-size 64K
	[ -e "$work/limited.1" ] &&
		{ cat "$work/limited.1" >>"$work/all" && rm "$work/limited.1"; }
done
cat "$work/limited" >>"$work/all"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do cat "$work/plain"; done >"$work/want"
if [ "$(wc -c <"$work/want")" -gt 65536 ] && [ "$(stat -c %s "$work/limited")" -le 65536 ] &&
	cmp -s "$work/want" "$work/all"; then
	ok "--max-size begins a new file and loses no line"
else
	bad "--max-size begins a new file and loses no line" "$(wc -c "$work/want" "$work/all" | tr '\n' ' ')"
fi

# A line of a metrics file is a comment or NAME{LABELS} NUMBER, each name has its HELP and TYPE, and no
# label tells a pid, an address or a host.
replay -o metrics:"$work/node.prom"
if awk '/^# HELP relaytrace_[a-z_]+ .*\.$/ { help[$3]; next } /^# TYPE relaytrace_[a-z_]+ (counter|gauge)$/ { type[$3] = $4; next }
	{ name = $1; sub(/\{.*/, "", name) }
	!(name in help) || !(name in type) || $0 !~ /^[a-z_]+(\{([a-z]+="[a-z0-9._ -]*",?)+\})? [0-9]+(\.[0-9]+)?$/ { print; bad = 1 }
	type[name] == "counter" && name !~ /_total$/ { print; bad = 1 }
	/pid=|ip=|host=|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|docker|4121/ { print; bad = 1 }
	END { exit bad }' "$work/node.prom" >"$work/odd"; then
	ok "metrics have names, types and labels by the rules"
else
	bad "metrics have names, types and labels by the rules" "$(head -3 "$work/odd" | tr '\n' ' ')"
fi
found=$(grep -c '"action":"finding"' "$work/plain")
dials=$(grep -c '"action":"dial".*"outcome":"abandoned"' "$work/plain")
if grep -qx 'relaytrace_findings_total{rule="containerd-scope",severity="error"} 1' "$work/node.prom" && [ "$found" -gt 0 ] &&
	grep -qx "relaytrace_dials_total{role=\"supervisor\",path=\"direct\",outcome=\"abandoned\"} $dials" "$work/node.prom"; then
	ok "metrics count what the lines tell"
else
	bad "metrics count what the lines tell" "$dials dials, $(grep -E 'dials|containerd-scope' "$work/node.prom" | tr '\n' ' ')"
fi
[ -e "$work/node.prom.new" ] && bad "metrics leave nothing beside them" "$(ls "$work")"

"$relaytrace" replay "$story" -o json:/dev/full -o json >"$work/other" 2>"$work/errors"
if [ $? = 2 ] && [ "$(grep -c 'cannot write to /dev/full: No space left on device' "$work/errors")" = 1 ]; then
	ok "an output that refuses is one line of error and status 2"
else
	bad "an output that refuses is one line of error and status 2" "$(cat "$work/errors")"
fi
# refuses WHAT MESSAGE WORD...: status 2, nothing on standard output, and MESSAGE on standard error.
refuses() {
	local what=$1 message=$2 code
	shift 2
	timeout 60 "$relaytrace" "$@" >"$work/out" 2>"$work/errors"
	code=$?
	if [ $code = 2 ] && [ ! -s "$work/out" ] && grep -qF -- "$message" "$work/errors"; then
		ok "$what"
	else
		bad "$what" "status $code, $(head -c 300 "$work/errors")"
	fi
}

# The configuration: what cannot be read is no empty one, and there is one.
printf '# to a file\noutput json:%s # and nowhere else\nquiet\n' "$work/from-config" >"$work/conf"
printf 'output json\n\nquiet\0\0\n' >"$work/nul.conf"
head -c 4096 /dev/zero >"$work/zeros.conf"
: >"$work/empty.conf"
replay --config "$work/conf" >"$work/out" && replay -o json:"$work/wanted" -q
if [ ! -s "$work/out" ] && cmp -s "$work/from-config" "$work/wanted"; then
	ok "--config: the outputs of the file"
else
	bad "--config: the outputs of the file" "$(ls "$work")"
fi
if replay --config="$work/empty.conf" -o json | cmp -s - "$work/plain"; then
	ok "--config of an empty file"
else
	bad "--config of an empty file" "other lines"
fi
refuses "two configurations" "--config $work/empty.conf: there is another --config already" \
	replay "$story" --config "$work/conf" --config "$work/empty.conf"
refuses "a folder as configuration" "--config $work: Is a directory" replay "$story" --config "$work"
refuses "a NUL in the configuration" "$work/nul.conf:3: there is a NUL byte" replay "$story" --config "$work/nul.conf"
refuses "a configuration of zeros" "$work/zeros.conf:1: there is a NUL byte" replay "$story" --config "$work/zeros.conf"
refuses "a configuration without end" "longer than 1 MiB" replay "$story" --config /dev/zero
refuses "--conf for --config" "--conf: an option is written in full: --config" replay "$story" --conf "$work/conf"
refuses "--max=64K for --max-size" "--max=64K: an option is written in full: --max-size" replay "$story" --max=64K

# Numbers that are none.
refuses "a heartbeat a nanosecond" "--heartbeat does not take '1e-9'" replay "$story" --heartbeat 1e-9
refuses "a heartbeat that rounds to never" "--heartbeat does not take '1e-12'" replay "$story" --heartbeat 1e-12
refuses "a size beyond 64 bits" "--max-size does not take '18446744073709551616'" \
	replay "$story" --max-size 18446744073709551616
refuses "the 17th tree" "--tree t17: at most 16 of them" trace $(printf -- '--tree t%d ' {1..17})
refuses "the 17th output" "--output json:$work/o17: at most 16 of them" replay "$story" $(printf -- "-o json:$work/o%d " {1..17})

# A replay has all the time: more than a pipe holds, and a reader that hangs for longer than a live run would wait.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do cat "$story"; done >"$work/long"
"$relaytrace" replay "$work/long" --fail-on never -o json:"$work/long.json"
"$relaytrace" replay "$work/long" --fail-on never -o json | (sleep 1.5 && cat) >"$work/read"
if [ "$(wc -c <"$work/read")" -gt 100000 ] && cmp -s "$work/long.json" "$work/read"; then
	ok "a replay waits for who reads it"
else
	bad "a replay waits for who reads it" "$(wc -c "$work/long.json" "$work/read" | tr '\n' ' ')"
fi
for words in --help --version rules features; do
	"$relaytrace" $words >/dev/full 2>"$work/errors"
	if [ $? -gt 1 ] && grep -q 'cannot write standard output: No space' "$work/errors"; then
		ok "$words on a full disk is an error"
	else
		bad "$words on a full disk is an error" "$(cat "$work/errors")"
	fi
done
"$relaytrace" replay "$story" -o text -o json:"$work/closed" >&- 2>"$work/errors"
if [ $? = 2 ] && [ -s "$work/closed" ] && jq -e . "$work/closed" >/dev/null; then
	ok "what goes to a closed standard output does not land in another file"
else
	bad "what goes to a closed standard output does not land in another file" "$(cat "$work/errors")"
fi
replay -o journal:"$work/nothing" -o json >"$work/other" 2>"$work/errors"
if grep -q "there is no journal at $work/nothing" "$work/errors" && grep -q '"action":"start"' "$work/other"; then
	ok "a journal that is not there is told"
else
	bad "a journal that is not there is told" "$(cat "$work/errors")"
fi

for words in '--mode 0755x' '--mode 1777' '--group nosuchgroup' '--max-size 10' '--max-size 1T' '-o metrics' '-o xml' \
	"-o json:$work/x -o json:$work/x"; do
	# shellcheck disable=SC2086 # words
	replay $words >/dev/null 2>&1
	[ $? = 2 ] || bad "refuses $words" "status $?"
done
[ $status = 0 ] && ok "refuses what it does not understand"
exit $status
