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

mkdir pair
cd pair
awk -f "$TEESIM_SOURCE_DIR/tests/e2e/typed_off.awk" "$readme"

runs=0
for script in ../run*.sh; do
	runs=$((runs + 1))
	bash -eu "$script" >out 2>log || { cat out log; exit 1; }
	grep -qx desserts out || { echo "$script: no desserts in:"; cat out log; exit 1; }
	grep -q 'turned 8 octets round' log || { echo "$script: not logged:"; cat log; exit 1; }
done
[ "$runs" -eq 2 ] || { echo "the README has $runs marked blocks, not 2"; exit 1; }
