#!/usr/bin/env bash
# The unit tests that have a long run, at their full length (10-unit runs them shortened).
status=0
for source in $(grep -l 'unit_long()' tests/unit/test_*.c); do
	UNIT_LONG=1 "$BUILD/unit/$(basename "$source" .c)" || status=1
done
exit $status
