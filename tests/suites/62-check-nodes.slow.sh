#!/usr/bin/env bash
# More of the nodes of 23-check-nodes, others than there.
CHECK_NODES=${CHECK_NODES:-200} CHECK_SEED=${CHECK_SEED:-1000} exec tests/suites/23-check-nodes.fast.sh
