#!/usr/bin/env bash
# The tests that docs/teep-coverage.md names are there, and so are the pages and folders.
set -eu
page=$TEESIM_SOURCE_DIR/docs/teep-coverage.md

ctest --test-dir "$TEESIM_BUILD_DIR" -N | sed -n 's/^ *Test *#[0-9]*: //p' | sed 's/\.asan$//' >there
# Of each row the last column.
# shellcheck disable=SC2016 # no command
sed -n 's/^| [0-9].*| \([^|]*\) |$/\1/p' "$page" | grep -o '`[a-z0-9_*]*`' | tr -d '`' | sort -u >named
[ "$(wc -l <named)" -gt 20 ]
missing=0
while read -r name; do
	grep -qxE "${name//\*/.*}" there || {
		printf 'there is no test %s\n' "$name"
		missing=1
	}
done <named
while read -r link; do
	[ -e "$TEESIM_SOURCE_DIR/docs/$link" ] || {
		printf 'there is no %s\n' "$link"
		missing=1
	}
done < <(grep -oE '\]\([^)#]+' "$page" | sed 's/](//' | sort -u)
exit "$missing"
