#!/usr/bin/env bash
# Every unit test program, under ASan and UBSan.
status=0
for source in tests/unit/test_*.c; do
	"$BUILD/unit/$(basename "$source" .c)" || status=1
done
exit $status
