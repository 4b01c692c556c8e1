#!/bin/sh
# Builds the subjects as one static program.  usage: [CC=gcc] tests/live/subjects/build.sh OUTPUT
here=$(dirname "$0")
exec ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -static -pthread \
	-o "$1" "$here"/main.c "$here"/dials.c "$here"/trees.c "$here"/options.c "$here"/late.c "$here"/network.c
