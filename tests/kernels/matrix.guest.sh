# Runs in the virtual machine: what `relaytrace features` says, then the subject under the tracer, once
# with the best hooks and once for each row of the hook table that is not among them.
run() { # HOOKS (nothing: the best)
	rm -f /tmp/got /tmp/want
	HTTPS_PROXY=http://somebody:watchword@127.0.0.1:3128 \
		/relaytrace ${1:+--hooks "$1"} --fail-on never -o json:/tmp/got -- /dial >/tmp/want 2>/tmp/said
	echo "@run ${1:-best} $?"
	sed 's/^/@said /' /tmp/said
	sed 's/^/@want /' /tmp/want
	sed 's/^/@got /' /tmp/got
}

/relaytrace features >/tmp/features 2>&1
echo "@features $?"
sed 's/^/@feature /' /tmp/features
run ''
group=
while read -r first second rest; do
	case $first in
	connect | tcp | process | names) group=$first ;;
	available) run "$group=$second" ;;
	esac
done </tmp/features
echo "@end"
