#!/usr/bin/env bash
# More of the nodes of 24-live-nodes, others than there; LIVE_SEED begins elsewhere.
LIVE_NODES=${LIVE_NODES:-200} LIVE_SEED=${LIVE_SEED:-1000} exec tests/suites/24-live-nodes.fast.sh
