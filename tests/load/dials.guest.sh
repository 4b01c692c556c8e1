# Runs in the virtual machine, on two CPUs: DIALS dials as fast as they can, alone and beside each tool, which
# writes to a file.  "@dials TOOL SECONDS LINES CPU_TICKS RESIDENT_KIB WORDS", WORDS what it said of losses.
beside() { # NAME PATTERN COMMAND...
	name=$1 pattern=$2
	shift 2
	rm -f /tmp/out
	"$@" >/tmp/out 2>/tmp/said </dev/null &
	pid=$!
	# Until it tells of a dial.
	until grep -q "$pattern" /tmp/out 2>/dev/null; do
		/load dials 2 >/dev/null
		sleep 0.2
	done
	sleep 1
	before=$(grep -c "$pattern" /tmp/out)
	set -- $(/load dials "$DIALS")
	# Until it has told all that it will.
	size=-1
	while [ "$size" != "$(stat -c %s /tmp/out)" ]; do
		size=$(stat -c %s /tmp/out)
		sleep 2
	done
	lines=$(($(grep -c "$pattern" /tmp/out) - before))
	ticks=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	resident=$(awk '/^VmHWM/ { print $2 }' /proc/$pid/status)
	kill -INT $pid
	wait $pid
	lost=$(grep -o '"loss":{[^}]*}' /tmp/out | tail -n 1)
	echo "@dials $name $3 $lines $ticks $resident $lost"
}

set -- $(/load dials "$DIALS")
echo "@dials nothing $3 0 0 0"
beside relaytrace '"action":"dial"' /relaytrace --tree load --fail-on never -o json
beside tcpconnect load tcpconnect-libbpf
beside bpftrace load bpftrace -e 'tracepoint:syscalls:sys_enter_connect { printf("%d %s\n", pid, comm); }'
echo "@end"
