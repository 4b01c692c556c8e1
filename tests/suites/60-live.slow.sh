#!/usr/bin/env bash
# The laboratory: real pullers against a real registry, resolver and relays, and what the tracer
# says about each pull (tests/live/lab).  Without a built tracer only the pullers' words are checked.
if [ -x "$BUILD/relaytrace" ]; then
	exec tests/live/lab
fi
echo "skip live: there is no $BUILD/relaytrace, the pullers' words only"
exec tests/live/lab --words-only
