# Runs in the virtual machine: what `relaytrace features` says, then the subjects (tests/live/subjects)
# under the tracer, once with the best hooks and once for each row of the hook table that is not among
# them, and `relaytrace demo`, where names, a relay and its answer come in.  Files go out compressed, as one line each: the console is slow.
. /rows.guest.sh

file() { # WORD FILE
	echo "@$1 $(gzip -c "$2" | base64 | tr -d '\n')"
}

run() { # NAME COMMAND...: a run, whose output and words are in /tmp/got and /tmp/want
	name=$1
	shift
	rm -f /tmp/got /tmp/want
	: >/tmp/got
	HTTPS_PROXY=http://somebody:watchword@127.0.0.1:3128 "$@" >/tmp/want 2>/tmp/said
	echo "@run $name $?"
	file said /tmp/said
	file want /tmp/want
	file got /tmp/got
}

# A fortieth of the burst that the host sees.
export SUBJECT_BURST=500
/relaytrace features >/tmp/features 2>&1
echo "@features $?"
sed 's/^/@feature /' /tmp/features
for row in $(hook_rows /tmp/features); do
	forced="--hooks $row"
	[ "$row" = best ] && forced=
	run "$row" /relaytrace $forced --fail-on never -o json:/tmp/got -- /subject
done
for name in late taken-over; do
	run $name env -u HTTPS_PROXY CONTAINERD_HTTPS_PROXY=http://somebody:watchword@10.77.9.1:3128 \
		/subject $name /tmp/got /relaytrace --fail-on never -o json:/tmp/got
done
/relaytrace demo >/tmp/demo 2>&1
echo "@demo $?"
file shown /tmp/demo
echo "@end"
