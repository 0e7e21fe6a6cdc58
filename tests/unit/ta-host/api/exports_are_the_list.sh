#!/bin/sh
# exports_are_the_list.sh PROGRAM LIST: PROGRAM gives the objects that it loads the symbols of LIST,
# no more and no less. What it has from a shared library's (copies of its variables) has a version
# and does not count.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm --dynamic --defined-only --format=posix "$1" | cut -d' ' -f1 | grep -v @ | LC_ALL=C sort \
	>"$work/exported"
grep '^[A-Za-z_]' "$2" | LC_ALL=C sort >"$work/listed"
test -s "$work/listed"
diff "$work/listed" "$work/exported" >"$work/difference" || {
	echo "$1 does not export what $2 lists (<: missing, >: not in the list):"
	cat "$work/difference"
	exit 1
}
