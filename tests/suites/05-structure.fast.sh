#!/usr/bin/env bash
# The house rules that a script can hold: one-way includes, file sizes, the fixed top level.
exec tools/check_includes.sh
