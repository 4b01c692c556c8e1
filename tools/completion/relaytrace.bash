# Completion of relaytrace for bash.  Commands and options are read from --help, so that they are those
# of the installed version.  shellcheck shell=bash

_relaytrace() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=trace i
	local commands
	commands=$(relaytrace --help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		# Behind -- stands a command of its own.
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
			return
		fi
	done
	if ((COMP_CWORD > 1)) && grep -qxF -- "${COMP_WORDS[1]}" <<<"$commands"; then
		command=${COMP_WORDS[1]}
	fi
	case $prev in
	-o | --output) mapfile -t COMPREPLY < <(compgen -W "text json record: journal metrics:" -- "$cur") && compopt -o nospace && return ;;
	--names) mapfile -t COMPREPLY < <(compgen -W "auto PROXY RELAY" -- "$cur") && return ;;
	--fail-on) mapfile -t COMPREPLY < <(compgen -W "error warning never" -- "$cur") && return ;;
	--group) mapfile -t COMPREPLY < <(compgen -g -- "$cur") && return ;;
	--config | --env-file | --root) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	--pid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$cur") && return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(relaytrace "$command" --help 2>/dev/null |
			sed -n 's/^ *\(-[a-z], \)\{0,1\}\(--[a-z-]\{1,\}\).*/\2/p') --help" -- "$cur")
	elif ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
	elif [[ $command == rules ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(relaytrace rules 2>/dev/null | sed 's/ .*//')" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _relaytrace relaytrace
