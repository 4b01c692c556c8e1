#!/usr/bin/env bash
# The manual page says what --help says, the completions offer it, the configuration and the unit of the
# service hold, and what make install puts there make uninstall takes away.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
relaytrace=$BUILD/relaytrace-asan
status=0
ok() { echo "ok manual: $1"; }
bad() {
	echo "not ok manual: $1: $2"
	status=1
}

if tools/manual.sh "$relaytrace" tools/relaytrace.8 >"$work/page" && cmp -s "$work/page" tools/relaytrace.8; then
	ok "relaytrace(8) is what --help says"
else
	diff tools/relaytrace.8 "$work/page" | head -10
	bad "relaytrace(8) is what --help says" "make manual writes it anew"
fi
if [ "$(grep -c '^\.B \\-' tools/relaytrace.8)" -gt 15 ]; then
	ok "relaytrace(8) has the options"
else
	bad "relaytrace(8) has the options" "$(grep -c '^\.B \\-' tools/relaytrace.8)"
fi
if command -v groff >/dev/null; then
	if groff -man -ww -Tutf8 tools/relaytrace.8 2>&1 >/dev/null | grep . >"$work/why"; then
		bad "relaytrace(8) is good roff" "$(head -1 "$work/why")"
	else
		ok "relaytrace(8) is good roff"
	fi
else
	echo "skip manual: no groff here"
fi
sed -n '/MESSAGE_ID for each/,/^\.fi/p' tools/relaytrace.8 | grep -oE '[0-9a-f]{32}' | sort >"$work/told"
grep -oE '"[0-9a-f]{32}"' user/output/sink_journal.c | tr -d '"' | sort >"$work/sent"
if [ -s "$work/sent" ] && [ -z "$(uniq -d "$work/sent")" ] && cmp -s "$work/told" "$work/sent"; then
	ok "relaytrace(8) has the MESSAGE_IDs that are sent"
else
	bad "relaytrace(8) has the MESSAGE_IDs that are sent" "$(diff "$work/told" "$work/sent" | head -2)"
fi

# Bash completes: WORDS so far, the last of which is to be completed.
mkdir "$work/bin"
ln -s "$(realpath "$relaytrace")" "$work/bin/relaytrace"
complete() {
	PATH=$work/bin:$PATH bash --norc -c '
		compopt() { :; }
		. tools/completion/relaytrace.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_relaytrace
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
offers() { # WANTED NAME WORD...
	local wanted=$1 name=$2
	shift 2
	if complete "$@" | grep -qxF -- "$wanted"; then
		ok "bash completes $name"
	else
		bad "bash completes $name" "$(complete "$@" | tr '\n' ' ')"
	fi
}
offers replay "a command" relaytrace rep
offers --max-size "an option of trace" relaytrace --ma
offers --env-file "an option of explain" relaytrace explain --env
offers metrics: "a format" relaytrace replay x -o m
offers containerd-scope "a rule" relaytrace rules cont
if [ "$(complete relaytrace explain --hea)" = "" ]; then
	ok "bash offers no option of another command"
else
	bad "bash offers no option of another command" "$(complete relaytrace explain --hea)"
fi
if command -v zsh >/dev/null; then
	if zsh -n tools/completion/_relaytrace; then ok "zsh's completion parses"; else bad "zsh's completion parses" ""; fi
else
	echo "skip manual: no zsh here"
fi

# Every word of the configuration that ships is one, those behind # too.
sed -E 's/^#([a-z])/\1/' tools/relaytrace.conf | sed "s|:/[a-z/.-]*/|:$work/|; s|^group .*|group 0|; s|^output journal$|output journal:$work/none|" >"$work/conf"
if "$relaytrace" replay tests/scenes/relay-missing/story.txt --config "$work/conf" --fail-on never >/dev/null 2>"$work/errors"
	[ -s "$work/relaytrace.json" ] && [ -s "$work/relaytrace.prom" ] && ! grep -q 'option' "$work/errors"; then
	ok "the configuration that ships is understood"
else
	bad "the configuration that ships is understood" "$(head -2 "$work/errors")"
fi
# A comment behind a value is none of it; a # within a word is.
mkdir "$work/comments"
printf '%s\n' "output json:$work/comments/one   # for the shipper" $'\t# nothing' "output json:$work/comments/a#b" 'quiet # no dials' \
	$'max-size 100M\t#1G' "output=text:$work/comments/two #" 'mode 0640 #' >"$work/conf"
"$relaytrace" replay tests/scenes/relay-missing/story.txt --config "$work/conf" --fail-on never >"$work/said" 2>&1
got="$? $(tr '\n' ' ' <"$work/said")$(ls "$work/comments" | tr '\n' ' ')$(stat -c %a "$work/comments/one") $(grep -c '"action":"dial"' "$work/comments/one")"
if [ "$got" = "0 a#b one two 640 0" ]; then
	ok "a configuration may have comments behind its values"
else
	bad "a configuration may have comments behind its values" "$got"
fi
got=
for line in 'output # json' 'output' 'quiet #x' 'heartbeat #5'; do
	echo "$line" >"$work/conf"
	"$relaytrace" replay tests/scenes/relay-missing/story.txt --config "$work/conf" --fail-on never >/dev/null 2>"$work/errors"
	got="$got$? "
done
if [ "$got" = "2 2 0 2 " ]; then
	ok "a comment is no value"
else
	bad "a comment is no value" "$got$(cat "$work/errors")"
fi
echo "outptu json" >"$work/conf"
"$relaytrace" replay tests/scenes/relay-missing/story.txt --config "$work/conf" >/dev/null 2>"$work/errors"
if [ $? = 2 ] && grep -q "$work/conf:1: there is no option 'outptu'" "$work/errors"; then
	ok "a mistake in a configuration is told with its line"
else
	bad "a mistake in a configuration is told with its line" "$(cat "$work/errors")"
fi

got=
for words in 'replay -qx' 'replay --quiet=1' 'explain -xo'; do
	# shellcheck disable=SC2086 # words
	got="$got$("$relaytrace" $words 2>&1)$?;"
done
if [ "$got" = "relaytrace: there is no option '-x'; see \`relaytrace replay --help\`2;relaytrace: --quiet=1: takes no value; see \`relaytrace replay --help\`2;relaytrace: -x: unknown option; see \`relaytrace explain --help\`2;" ]; then
	ok "an option that there is not is named"
else
	bad "an option that there is not is named" "$got"
fi

if command -v systemd-analyze >/dev/null && systemd-analyze security --help 2>/dev/null | grep -q offline; then
	sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' tools/relaytrace.service >"$work/relaytrace.service"
	if systemd-analyze verify --man=no "$work/relaytrace.service" 2>&1 | grep "relaytrace.service" >"$work/why"; then
		bad "the unit is a good one" "$(head -1 "$work/why")"
	else
		ok "the unit is a good one"
	fi
	exposure=$(systemd-analyze security --offline=true tools/relaytrace.service --no-pager |
		sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
	if awk -v got="$exposure" 'BEGIN { exit !(got != "" && got < 3.0) }'; then
		ok "the unit's exposure is $exposure, below 3.0"
	else
		bad "the unit's exposure is below 3.0" "$exposure"
	fi
else
	echo "skip manual: no systemd-analyze that works offline here"
fi

# The binary is there already: what is tested is where things go.
if command -v make >/dev/null && [ -e "$BUILD/relaytrace" ]; then
	make -s -o all install BUILD="$BUILD" DESTDIR="$work/root" PREFIX=/opt/relaytrace >"$work/log" 2>&1
	grep -q '^ExecStart=/opt/relaytrace/bin/relaytrace ' "$work/root/etc/systemd/system/relaytrace.service" &&
		"$work/root/opt/relaytrace/bin/relaytrace" --version >/dev/null &&
		[ -e "$work/root/opt/relaytrace/share/man/man8/relaytrace.8" ] && installed=yes
	make -s uninstall DESTDIR="$work/root" PREFIX=/opt/relaytrace >>"$work/log" 2>&1
	if [ "${installed:-}" = yes ] && [ -z "$(find "$work/root" ! -type d)" ]; then
		ok "make install and make uninstall"
	else
		bad "make install and make uninstall" "$(head -2 "$work/log") $(find "$work/root" ! -type d | head -3)"
	fi
else
	echo "skip manual: nothing is built to install"
fi
exit $status
