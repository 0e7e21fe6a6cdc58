#!/usr/bin/env bash
# The TA of docs/ta-guide.md, typed off as it stands there, against an installation of this build.
set -eu
prefix=$PWD/teesim

cmake --install "$TEESIM_BUILD_DIR" --prefix "$prefix" >install.log ||
	{ cat install.log; exit 1; }
unset LD_LIBRARY_PATH CMAKE_PREFIX_PATH PKG_CONFIG_PATH
eval "$("$prefix/bin/teesim" env)"

mkdir receipts
cd receipts
awk -f "$TEESIM_SOURCE_DIR/tests/e2e/typed_off.awk" "$TEESIM_SOURCE_DIR/docs/ta-guide.md"
bash -eu ../run1.sh >out 2>log || { cat out log; exit 1; }
[ ! -e ../run2.sh ]
# Said by the client in its two runs, and by the TA.
grep -x 'receipt 1 for "one coffee"' out >/dev/null || { cat out log; exit 1; }
grep -x 'receipt 2 for "two teas"' out >/dev/null || { cat out log; exit 1; }
[ "$(grep -cx 'good; with another number 0xffff3071' out)" -eq 2 ] || { cat out log; exit 1; }
grep -q 'receipt 2 for 8 octets' log || { cat log; exit 1; }
# Its own property bounds a text.
if teesim run --device receipts --ta-path ta -- ./receipts "$(printf '%101s' x)" >out 2>log; then
	echo "a text that is too long was taken"
	exit 1
fi
grep -q 'error 0xffff0004 from 4' log || { cat log; exit 1; }
