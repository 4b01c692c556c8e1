# Runs in the virtual machine, whose clock counts instructions and jumps over idle time: from the start of
# each tool to the first dial that it sees, then an hour in which nothing happens.
# "@attached TOOL SECONDS", "@idle TOOL WAKE-UPS" (voluntary context switches of all its threads).
switches() { cat /proc/$1/task/*/status | awk '/^voluntary/ { sum += $2 } END { print sum }'; }

attached() { # NAME PATTERN COMMAND...
	name=$1 pattern=$2
	shift 2
	for try in 1 2 3; do
		rm -f /tmp/out
		: >/tmp/out
		echo "@$(/load attached /tmp/out "$pattern" sh -c 'exec "$@" >/tmp/out 2>/dev/null' sh "$@" |
			sed "s/attached/attached $name/")"
	done
}

idle() { # NAME COMMAND...
	name=$1
	shift
	"$@" >/tmp/out 2>/dev/null </dev/null &
	pid=$!
	sleep 60
	before=$(switches $pid)
	sleep 3600
	echo "@idle $name $(($(switches $pid) - before))"
	kill -INT $pid
	wait $pid
}

print='tracepoint:syscalls:sys_enter_connect { printf("%d %s\n", pid, comm); }'
outcome='{ printf("%d %s %d\n", pid, comm, retval); }'
attached relaytrace '"action":"dial"' /relaytrace --tree load --fail-on never -o json
idle relaytrace /relaytrace -o json
idle relaytrace-silent /relaytrace --heartbeat 0 -o json
if [ -n "$PEERS" ]; then
	attached bpftrace-tracepoint load bpftrace -e "$print"
	attached bpftrace-kretprobe load bpftrace -e "kretprobe:__sys_connect_file $outcome"
	attached bpftrace-fexit load bpftrace -e "fexit:vmlinux:__sys_connect_file $outcome"
	attached tcpconnect load tcpconnect-libbpf
	idle bpftrace bpftrace -e "$print"
	idle tcpconnect tcpconnect-libbpf
fi
echo "@end"
