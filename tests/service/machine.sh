# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by the suites of the service: what is laid over the virtual machine, and what comes out of it.
# It needs $BUILD, $work and $suite.
ok() { echo "ok $suite: $1"; }
bad() {
	echo "not ok $suite: $1: $2"
	status=1
}
status=0 over=$work/over

# relaytrace as it is installed, in 32 MiB, and PROOF, which runs there.
machine_over() { # PROOF
	[ -x "$BUILD/relaytrace-static" ] || {
		echo "skip $suite: no $BUILD/relaytrace-static (make static)"
		exit 0
	}
	mkdir -p "$over"/{usr/local/bin,usr/bin,etc/systemd/system/relaytrace.service.d,etc/default,etc/relaytrace,etc/logrotate.d}
	cp "$BUILD/relaytrace-static" "$over/usr/local/bin/relaytrace"
	cp tools/relaytrace.service "$over/etc/systemd/system/"
	cp tools/relaytrace.conf "$over/etc/relaytrace/"
	cp tools/relaytrace.logrotate "$over/etc/logrotate.d/relaytrace"
	cp "$(command -v busybox)" "$over/usr/bin/kill" # for ExecReload=; a node has procps or util-linux
	cp "$1" "$over/proof.sh"
	printf '[Service]\nMemoryMax=32M\n' >"$over/etc/systemd/system/relaytrace.service.d/limit.conf"
}

# Boots it; each "== begin PART" of what PROOF prints begins the file $work/PART.
machine_run() { # PART...
	local part
	LIMIT=${LIMIT:-1200} tests/kernels/systemd_boot.sh "$over" "$work/result" 2>"$work/errors"
	case $? in
	0) ;;
	4)
		echo "skip $suite: $(tail -1 "$work/errors")"
		exit 0
		;;
	*)
		cat "$work/errors" "$work/result" | cut -c1-300 | tail -40
		bad "the machine" "did not do its work"
		exit 1
		;;
	esac
	for part in "$@"; do
		awk -v part="$part" '/^== begin|^== end/ { on = $3 == part; next } on' "$work/result" >"$work/$part"
	done
}

fact() { # LINE NAME
	if grep -qxE "$1" "$work/facts"; then ok "$2"; else bad "$2" "$(tr '\n' ';' <"$work/facts")"; fi
}
