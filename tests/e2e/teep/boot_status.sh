#!/bin/bash
# `teesim device verify` has a status for each thing that does not fit.
set -euo pipefail
# shellcheck source=tests/e2e/flip.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/flip.sh"

expect() {
	local status=0
	teesim device verify device >out 2>&1 || status=$?
	if [ "$status" != "$1" ]; then
		echo "$2: status $status, not $1: $(cat out)" >&2
		exit 1
	fi
}

device=$(teesim device path device)
expect 10 "nothing there"
teesim pki init pki --key p256 >/dev/null
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
expect 0 "as it was made"
if teesim oem make-device device --pki pki 2>/dev/null; then
	echo "made twice" >&2
	exit 1
fi
cp -r "$device" whole
broken() { # STATUS FILE COMMAND…
	local status=$1 file=$2
	shift 2
	"$@" "$device/$file"
	expect "$status" "$file"
	cp -p "whole/$file" "$device/$file"
	expect 0 "mended $file"
}
damage() { flip "$1" 45; }
broken 11 boot/secureboot.pem truncate -s 0
broken 12 boot/firmware.img damage
broken 13 huk truncate -s 31
broken 14 boot/tfw.key.sealed damage
broken 16 boot/tee.img damage
broken 17 boot/tee.key.sealed damage
broken 20 boot/tam-roots.pem truncate -s 0
broken 19 boot.record damage
# Verifying has not put right what it found.
damage "$device/boot.record"
expect 19 "a boot record that was changed"
expect 19 "the same, looked at again"
# Starting the device does.
echo '{}' | teesim otrp exec --device device >/dev/null
expect 0 "booted"
rm "$device/boot.record"
expect 19 "no boot record"
echo '{}' | teesim otrp exec --device device >/dev/null
cp pki/firmware/ca.pem "$device/boot/tfw.pem"
expect 15 "another firmware certificate"
