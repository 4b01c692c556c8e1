# Runs in the virtual machine, whose clock counts instructions and jumps over idle time: the measuring
# program alone, then beside each tool.  "@proof" is how often the tool spoke of the program's work: a tool
# that saw nothing was not measured.
. /rows.guest.sh

beside() { # NAME PATTERN COMMAND...: the program runs while the tool does
	echo "@with $1"
	pattern=$2
	shift 2
	rm -f /tmp/out
	"$@" >/tmp/out 2>/tmp/said &
	pid=$!
	sleep 30
	/bench
	kill -INT $pid
	wait $pid
	echo "@proof $(grep -c "$pattern" /tmp/out)"
	tail -n 3 /tmp/said | sed 's/^/@said /'
}

under() { # NAME PATTERN COMMAND...: the program runs under the tool, which writes to /tmp/out
	echo "@with $1"
	pattern=$2
	shift 2
	rm -f /tmp/out
	"$@" /bench 2>/tmp/said
	echo "@proof $(grep -c "$pattern" /tmp/out)"
	tail -n 3 /tmp/said | sed 's/^/@said /'
}

sleep 30
/bench >/dev/null
echo "@with nothing"
/bench
if [ -x /relaytrace ]; then
	/relaytrace features >/tmp/features
	for row in $(hook_rows /tmp/features); do
		forced="--hooks $row"
		[ "$row" = best ] && forced=
		# What it traces sleeps: all hooks are attached, and none of the program's work is the tree's.
		beside "relaytrace $row, untraced" '"action":"exec"' /relaytrace $forced -o json -- sleep 100000
		under "relaytrace $row, traced" '"action":"dial"' /relaytrace $forced --fail-on never -o json:/tmp/out --
	done
fi
beside execsnoop bench execsnoop-libbpf
beside tcpconnect bench tcpconnect-libbpf
beside "bpftrace, counting" bench bpftrace -e 'tracepoint:syscalls:sys_enter_connect { @[comm] = count(); }'
beside "bpftrace, printing" bench bpftrace -e \
	'tracepoint:syscalls:sys_enter_connect { printf("%d %s\n", pid, comm); }'
under "strace -e connect" 'connect(' strace -f -e trace=connect -o /tmp/out
under "strace --seccomp-bpf" 'connect(' strace -f --seccomp-bpf -e trace=connect -o /tmp/out
echo "@with nothing again"
/bench
echo "@end"
