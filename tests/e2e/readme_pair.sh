#!/usr/bin/env bash
# The pair of the README, typed off as it stands there: its files, then the commands that are marked
# with <!-- run -->, against an installation of this build.
set -eu
readme=$TEESIM_SOURCE_DIR/README.md
prefix=$PWD/teesim

cmake --install "$TEESIM_BUILD_DIR" --prefix "$prefix" >install.log ||
	{ cat install.log; exit 1; }
unset LD_LIBRARY_PATH CMAKE_PREFIX_PATH PKG_CONFIG_PATH
eval "$("$prefix/bin/teesim" env)"
[ "$(command -v teesim)" = "$prefix/bin/teesim" ]

# A line that is only `FILE`: names the file that the next fenced block is.
mkdir pair
cd pair
awk '
	/^`[^`]+`:$/ { file = substr($0, 2, length($0) - 3); next }
	/^<!-- run -->$/ { run = ++runs; next }
	/^```/ {
		if (inside) { inside = 0; if (out) close(out); out = ""; next }
		inside = 1
		if (file) {
			directory = file
			if (sub("/[^/]*$", "", directory)) system("mkdir -p " directory)
			out = file
		} else if (run) {
			out = "../run" run ".sh"
		}
		file = ""; run = 0
		next
	}
	inside && out { print > out }
' "$readme"

runs=0
for script in ../run*.sh; do
	runs=$((runs + 1))
	bash -eu "$script" >out 2>log || { cat out log; exit 1; }
	grep -qx desserts out || { echo "$script: no desserts in:"; cat out log; exit 1; }
	grep -q 'turned 8 octets round' log || { echo "$script: not logged:"; cat log; exit 1; }
done
[ "$runs" -eq 2 ] || { echo "the README has $runs marked blocks, not 2"; exit 1; }
