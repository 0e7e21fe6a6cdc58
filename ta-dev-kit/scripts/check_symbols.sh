#!/bin/sh
# check_symbols.sh CC IMAGE STUB [LIBRARY...]: fails, and names them, when the TA IMAGE needs symbols
# that nobody provides: neither its libraries, the C library, nor the runtime, for which STUB (a
# static archive that defines each of its symbols) stands in. LIBRARY: shared libraries for TAs that
# it is linked with.
set -eu
cc=$1 image=$2 stub=$3
shift 3

# An executable that is linked with the image is incomplete for exactly these reasons.
out=$(mktemp)
trap 'rm -f "$out" "$out.log"' EXIT
if ! echo 'int main(void) { return 0; }' |
	LC_ALL=C "$cc" -x c - -x none -Wl,--no-as-needed "$image" "$@" -Wl,--whole-archive "$stub" \
		-Wl,--no-whole-archive -o "$out" >"$out.log" 2>&1; then
	sed -n 's/.*undefined reference to/undefined reference to/p' "$out.log" | sort -u >&2
	grep -q 'undefined reference' "$out.log" || cat "$out.log" >&2
	echo "TA dev kit: $(basename "$image"): nobody provides the symbols named above - neither the TA, its libraries, the C library nor the runtime" >&2
	exit 1
fi
