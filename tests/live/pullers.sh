# SPDX-License-Identifier: GPL-2.0-only
# How a scenario is run: the puller in its namespaces, below the tracer or without it.  Sourced by
# lab.  Leaves in the scenario's directory what the pullers said (rke2.out, containerd.out), whether
# they failed (rke2.status, containerd.status), and the tracer's out.json, out.rec and tracer.err.

# inside COMMAND...: exec COMMAND in the scenario's network and with its resolv.conf, with nothing in
# its environment but what the scenario carries.  Not `ip netns exec`: that remounts /sys, and the
# tracer needs /sys/fs/cgroup and /sys/fs/bpf.
inside() {
	local environment=()
	mapfile -d '' -t environment <"$lab_s/carries"
	# shellcheck disable=SC2016
	exec nsenter --net="/run/netns/$(space "$(lab_get on)")" -- unshare -m \
		sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' \
		"$lab_dir/files/$(lab_get resolver)" \
		env -i PATH="$PATH" HOME="$lab_s" SSL_CERT_FILE="$lab_dir/files/ca.crt" \
		"${environment[@]}" "$@"
}

tracer=()
tracer_command() {
	tracer=()
	[ -n "$lab_tracer" ] || return 0
	tracer=("$lab_tracer" -o "json:$lab_s/out.json" -o "record:$lab_s/out.rec")
}

# Only with a patience of its own: a deadline takes the place of the minute that Go allows a CONNECT
# (net/http Transport.dialConn).
skopeo_command() { # HOST DIRECTORY
	skopeo=("$lab_dir/bin/rke2" --insecure-policy)
	[ -e "$lab_s/patience" ] && skopeo+=(--command-timeout "$(lab_get patience)s")
	skopeo+=(copy "docker://$1/$lab_repository" "dir:$2")
}

run_scenario() {
	case $(lab_get kind) in
	rke2) run_rke2 ;;
	containerd | pair) run_supervisor ;;
	esac
}

run_rke2() {
	local skopeo
	tracer_command
	[ -n "$lab_tracer" ] && tracer+=(--)
	skopeo_command "$(lab_get host)" "$lab_s/pulled"
	if [ -e "$lab_s/beside" ]; then
		beside_script
		skopeo=(sh "$lab_s/beside.sh")
	fi
	(inside "${tracer[@]}" "${skopeo[@]}") >"$lab_s/rke2.out" 2>"$lab_s/both.err"
	echo $? >"$lab_s/rke2.status"
	# The tracer's messages and the puller's share one standard error, as on a terminal.
	cat "$lab_s/both.err" >>"$lab_s/rke2.out"
}

# Two pullers side by side below one shell, each with its own environment; fails if the first does.
beside_script() {
	local environment=() skopeo
	mapfile -d '' -t environment <"$lab_s/beside"
	skopeo_command "$(lab_get host)" "$lab_s/pulled"
	{
		printf '%q ' "${skopeo[@]}"
		printf '& first=$!\n'
		skopeo_command "$(lab_get beside-host)" "$lab_s/pulled-beside"
		printf '%q ' env -i PATH="$PATH" HOME="$lab_s" \
			SSL_CERT_FILE="$lab_dir/files/ca.crt" "${environment[@]}" "${skopeo[@]}"
		printf '& wait $!\nwait $first\n'
	} >"$lab_s/beside.sh"
}

run_supervisor() {
	local skopeo supervisor pid
	supervisor=("$lab_dir/supervisor/rke2")
	if [ "$(lab_get kind)" = pair ]; then
		skopeo_command "$(lab_get host)" "$lab_s/pulled"
		supervisor+=(--pull "${skopeo[@]}" --)
	fi
	containerd_config
	supervisor+=("$(command -v containerd)" --config "$lab_s/containerd.toml")

	tracer_command
	# The shell says which process the supervisor is, and becomes it.
	# shellcheck disable=SC2016
	local named=(sh -c 'echo $$ >"$0"; exec "$@"' "$lab_s/pid" "${supervisor[@]}")
	if [ -e "$lab_s/attach" ]; then
		(inside "${named[@]}") >"$lab_s/supervisor.log" 2>&1 &
		supervisor_attach
	else
		[ -n "$lab_tracer" ] && tracer+=(--)
		(inside "${tracer[@]}" "${named[@]}") >"$lab_s/supervisor.log" 2>&1 &
	fi
	if wait_for "containerd of ${lab_s##*/}" 130 test -S "$lab_s/containerd.sock"; then
		cri_pull
	fi
	pid=$(cat "$lab_s/pid" 2>/dev/null)
	[ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null
	wait_for "the end of ${lab_s##*/}" 20 sh -c "! kill -0 ${pid:-0}" ||
		kill -KILL "$pid" 2>/dev/null
	if [ -n "${attached:-}" ]; then
		sleep 0.5
		kill -INT "$attached" 2>/dev/null
	fi
	wait

	# What rke2 said stands before the line that ends its pull, containerd's own log after it.
	sed '/^rke2: the pull ended/q' "$lab_s/supervisor.log" >"$lab_s/rke2.out"
	sed -n 's/^rke2: the pull ended with status //p' "$lab_s/supervisor.log" >"$lab_s/rke2.status"
}

supervisor_attach() {
	attached=
	[ -n "$lab_tracer" ] || return 0
	wait_for "containerd of ${lab_s##*/}" 30 test -S "$lab_s/containerd.sock"
	(inside "${tracer[@]}" --pid "$(cat "$lab_s/pid")") >"$lab_s/tracer.err" 2>&1 &
	attached=$!
	wait_for 'the tracer' 20 grep -q '"action":"start"' "$lab_s/out.json"
}

containerd_config() {
	cat >"$lab_s/containerd.toml" <<-CONF
	version = 2
	root = "$lab_s/root"
	state = "$lab_s/state"
	disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
		"io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
		"io.containerd.internal.v1.restart", "io.containerd.tracing.processor.v1.otlp"]
	[grpc]
	  address = "$lab_s/containerd.sock"
	[ttrpc]
	  address = "$lab_s/containerd.ttrpc"
	[plugins."io.containerd.internal.v1.opt"]
	  path = "$lab_s/opt"
	[plugins."io.containerd.grpc.v1.cri"]
	  stream_server_address = "127.0.0.1"
	  stream_server_port = "0"
	  [plugins."io.containerd.grpc.v1.cri".containerd]
	    snapshotter = "native"
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "$lab_s/cni"
	    conf_dir = "$lab_s/cni"
	CONF
}

# ImageService.PullImage of the CRI, which kubelet calls: a gRPC frame (not compressed, 4 bytes of
# length) around PullImageRequest{1: ImageSpec{1: NAME}}; grpc-status and grpc-message are trailers.
cri_pull() {
	local name length status patience
	name=$(lab_get host)/$lab_repository
	length=${#name}
	{
		printf '\0\0\0\0'
		printf "\\x$(printf %x $((length + 4)))\\x0a\\x$(printf %x $((length + 2)))"
		printf "\\x0a\\x$(printf %x "$length")%s" "$name"
	} >"$lab_s/request"
	# containerd listens before all of its services are there.
	wait_for 'the CRI plugin' 20 grep -q 'containerd successfully booted' "$lab_s/supervisor.log"
	patience=$(lab_get patience)
	timeout "${patience:-170}" curl -sS --noproxy '*' --http2-prior-knowledge \
		--unix-socket "$lab_s/containerd.sock" \
		-D "$lab_s/trailers" -o /dev/null -H 'content-type: application/grpc' -H 'te: trailers' \
		--data-binary "@$lab_s/request" \
		http://containerd/runtime.v1.ImageService/PullImage >"$lab_s/containerd.out" 2>&1
	status=$?
	if [ $status -eq 124 ]; then
		echo 'still waiting' >>"$lab_s/containerd.out"
		# Let containerd end the cancelled pull itself, before it is told to stop.
		sleep 1
	fi
	tr -d '\r' <"$lab_s/trailers" >>"$lab_s/containerd.out" 2>/dev/null
	sed -n 's/^grpc-status: *//pI' "$lab_s/containerd.out" | grep . >"$lab_s/containerd.status" ||
		echo "none ($status)" >"$lab_s/containerd.status"
}
