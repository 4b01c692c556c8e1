#!/usr/bin/env bash
# Every unit test program, under ASan and UBSan.
status=0
for test in "$BUILD"/unit/test_*; do
	[ -x "$test" ] && [ -f "$test" ] || continue
	case $test in *.d) continue ;; esac
	"$test" || status=1
done
exit $status
