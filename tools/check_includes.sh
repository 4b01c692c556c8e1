#!/usr/bin/env bash
# Data flows one way: a file under user/ includes only what stands at or before its own folder in
# this line.  base knows nothing; commands know all.
set -u
line=(base relay packet capture model node diagnose output live commands)
status=0
rank() {
	for i in "${!line[@]}"; do [ "${line[$i]}" = "$1" ] && echo "$i" && return; done
	echo 99
}
for file in user/*/*.[ch]; do
	own=${file#user/} own=${own%%/*}
	while read -r included; do
		folder=${included%%/*}
		[ -d "user/$folder" ] || continue
		if [ "$(rank "$folder")" -gt "$(rank "$own")" ]; then
			echo "not ok includes: $file ($own) includes $included, which comes later"
			status=1
		fi
	done < <(sed -n 's/^#include "\([a-z_]*\/[a-z_]*\.h\)".*/\1/p' "$file")
done
[ $status -eq 0 ] && echo "ok includes flow one way"

big=$(git ls-files 'user/*.[ch]' 'bpf/*.[ch]' | xargs -r wc -l | awk '$2 != "total" && $1 > 520 { print $2 " has " $1 " lines" }')
if [ -n "$big" ]; then
	echo "not ok sizes: $(echo "$big" | tr '\n' ';')"
	status=1
else
	echo "ok no file of bpf or user is over 520 lines"
fi

extra=$(git ls-files | cut -d/ -f1 | sort -u | grep -vxE 'Makefile|bpf|user|vmlinux|tests|tools|README.md|LICENSE|.clang-format|.gitignore|.ci')
if [ -n "$extra" ]; then
	echo "not ok top level: $extra"
	status=1
else
	echo "ok the top level is the fixed one"
fi
exit $status
