#!/usr/bin/env bash
# Writes what `--help` says into the manual page: its commands, the options of each, its rules.
# usage: tools/manual.sh BINARY PAGE > NEW
set -eu
binary=$1 page=$2


commands() {
	"$binary" --help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p'
}

generated() { # WHAT
	case $1 in
	commands)
		"$binary" --help | sed -nE 's/^  ([a-z]+) +(.*)$/\1\t\2/p' | while IFS=$'\t' read -r name rest; do
			local arguments=${rest%%  *} text=${rest##*  }
			[ "$arguments" != "$text" ] || arguments=
			printf '.TP\n.B relaytrace %s%s\n%s\n' "$name" "${arguments:+ $arguments}" "$text" | sed '2,$s/-/\\-/g'
		done
		;;
	options)
		local command
		for command in $(commands); do
			"$binary" "$command" --help | grep -qE '^ +(-[a-z], )?--' || continue
			printf '.SS relaytrace %s\n' "$command"
			# An option stands at the left, its text in a column of its own or in the lines below.
			"$binary" "$command" --help | awk '
				/^ +(-[a-z], )?--[a-z]/ && match($0, /(-[a-z], )?--[a-z].*/) {
					option = substr($0, RSTART); text = ""
					if (match(option, /  +/)) {
						text = substr(option, RSTART + RLENGTH)
						option = substr(option, 1, RSTART - 1)
					}
					print ".TP\n.B " option
					if (text) print text
					within = 1
					next
				}
				within && /^                    +[^ ]/ { sub(/^ +/, ""); print; next }
				{ within = 0 }' | sed -e 's/\\/\\e/g' -e 's/-/\\-/g'
		done
		;;
	rules)
		"$binary" rules | while read -r id title; do printf '.TP\n.B %s\n%s\n' "$id" "$title" | sed '2,$s/-/\\-/g'; done
		;;
	esac
}

version=$("$binary" --version | sed 's/^relaytrace //')
while IFS= read -r line; do
	case $line in
	'.TH '*) printf '.TH RELAYTRACE 8 "" "relaytrace %s" "System Administration"\n' "$version" ;;
	'.\" generated: '*)
		printf '%s\n' "$line"
		generated "${line#*: }"
		skipping=1
		;;
	'.\" end') skipping= && printf '%s\n' "$line" ;;
	*) [ -n "${skipping:-}" ] || printf '%s\n' "$line" ;;
	esac
done <"$page"
