# SPDX-License-Identifier: GPL-2.0-only
# Judges one scenario that has run: the pullers' words, the tracer's JSON, and that no secret is in
# what the tracer wrote.  Sourced by lab.  Prints one line, and below a failure the whole story.

# verdict SKIP: SKIP is why the tracer was not asked although it is there, or empty.
verdict() {
	local name=${lab_s##*/} wrong
	wrong=$(
		verdict_words
		[ -n "$lab_tracer" ] && verdict_report && verdict_replay && verdict_secrets
	)
	if [ -n "$wrong" ]; then
		echo "not ok live/$name: $(head -1 <<<"$wrong")"
		verdict_story "$wrong" | sed 's/^/#   /'
	elif [ -n "$1" ]; then
		echo "skip live/$name: the tracer's report, $1 (the puller's words are right)"
	elif [ -z "$lab_tracer" ]; then
		echo "ok live/$name (words only)"
	else
		echo "ok live/$name"
	fi
}

verdict_words() {
	local puller text status
	while IFS=$'\t' read -r puller text; do
		status=$(cat "$lab_s/$puller.status" 2>/dev/null)
		if [ -z "$text" ]; then
			[ "$status" = 0 ] || echo "$puller should have pulled the image (status ${status:-none})"
			continue
		fi
		[ "$status" != 0 ] || echo "$puller should have failed, and pulled the image"
		sed 's/\\"/"/g' "$lab_s/$puller.out" 2>/dev/null | grep -qF -- "$text" ||
			echo "$puller did not say: $text"
	done <"$lab_s/words"
}

verdict_report() {
	if [ ! -s "$lab_s/out.json" ]; then
		echo 'the tracer wrote no JSON'
		return 1
	fi
	jq -nr --rawfile expected "$lab_s/expected" --arg has "$lab_has" \
		-f "$lab_here/verdict.jq" "$lab_s/out.json" 2>&1
}

# A replay of the recording prints exactly what the live run printed.
verdict_replay() {
	"$lab_tracer" replay "$lab_s/out.rec" -o json >"$lab_s/replay.json" 2>>"$lab_s/tracer.err"
	cmp -s "$lab_s/replay.json" "$lab_s/out.json" ||
		echo "the replay of the recording differs: $(diff "$lab_s/replay.json" "$lab_s/out.json" |
			sed -n '/^[<>]/{p;q}' | cut -c 1-300)"
	return 0
}

# The password of the authenticating relay, plain or as Basic credentials (RFC 7617).
verdict_secrets() {
	local basic file
	basic=$(printf 'user:%s' "$lab_password" | base64)
	for file in out.json out.rec tracer.err; do
		[ -e "$lab_s/$file" ] || continue
		grep -qaF -e "$lab_password" -e "$basic" "$lab_s/$file" &&
			echo "the relay's password is in $file"
	done
	return 0
}

verdict_story() {
	local file
	echo "story: $(lab_get story)"
	echo "puller: $(lab_get kind) $(lab_get host) on $(lab_get on), $(lab_get resolver)," \
		"carries: $(tr '\0' ' ' <"$lab_s/carries" | cat -A | tr -d '\n')"
	[ -e "$lab_s/beside" ] && echo "beside: $(lab_get beside-host), carries:" \
		"$(tr '\0' ' ' <"$lab_s/beside" | cat -A | tr -d '\n')"
	echo 'wrong:'
	sed 's/^/  /' <<<"$1"
	echo 'expected words:'
	sed 's/^/  /; s/\t$/\tworks/' "$lab_s/words"
	for file in rke2 containerd; do
		[ -e "$lab_s/$file.out" ] || continue
		echo "$file said (status $(cat "$lab_s/$file.status")):"
		tail -n 6 "$lab_s/$file.out" | cut -c 1-600 | sed 's/^/  /'
	done
	[ -n "$lab_tracer" ] || return 0
	echo 'expected report:'
	sed 's/^/  /' "$lab_s/expected"
	[ -s "$lab_s/tracer.err" ] && echo 'the tracer said:' && tail -n 5 "$lab_s/tracer.err" | sed 's/^/  /'
	echo 'reported:'
	jq -rc 'select(.event.action | . != "exec" and . != "exit") | del(.["@timestamp"], .ecs, .host)' \
		"$lab_s/out.json" 2>&1 | tail -n 40 | cut -c 1-1200 | sed 's/^/  /'
}
