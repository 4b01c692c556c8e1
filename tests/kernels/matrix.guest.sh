# Runs in the virtual machine: what `relaytrace features` says, then the subject under the tracer, once
# with the best hooks and once for each row of the hook table that is not among them.
. /rows.guest.sh

run() { # HOOKS
	rm -f /tmp/got /tmp/want
	forced="--hooks $1"
	[ "$1" = best ] && forced=
	HTTPS_PROXY=http://somebody:watchword@127.0.0.1:3128 \
		/relaytrace $forced --fail-on never -o json:/tmp/got -- /dial >/tmp/want 2>/tmp/said
	echo "@run $1 $?"
	sed 's/^/@said /' /tmp/said
	sed 's/^/@want /' /tmp/want
	sed 's/^/@got /' /tmp/got
}

/relaytrace features >/tmp/features 2>&1
echo "@features $?"
sed 's/^/@feature /' /tmp/features
for row in $(hook_rows /tmp/features); do
	run "$row"
done
echo "@end"
