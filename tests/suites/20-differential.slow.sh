#!/usr/bin/env bash
# The choice of a relay as real Go makes it: net/http is asked in processes of their own.
set -u
# Later versions of Go read a few malformed values differently; Debian 12's is the reference.
case $(go version 2>&1) in
*go1.19*) ;;
*)
	echo "skip differential: it needs Go 1.19 (Debian 12: golang-go)"
	exit 0
	;;
esac
make -s BUILD="$BUILD" "$BUILD/differential/ours" "$BUILD/differential/reference" >&2 ||
	{
		echo "not ok differential: it does not build"
		exit 1
	}
exec tests/differential/compare.py "$BUILD/differential/ours" "$BUILD/differential/reference" 3000
