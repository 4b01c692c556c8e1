#!/usr/bin/env bash
# Left attached on a busy node: memory that stays flat, ten thousand processes, and an hour in which
# nothing happens.  The long run is `make soak`, what others cost on the same work `make bench`.
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
tests/load/watch.py day 500000 || status=1
tests/load/watch.py hold 10000 || status=1
tests/load/watch.py execs 4000 1000 || status=1
tests/load/beside idle --alone || status=1
exit $status
