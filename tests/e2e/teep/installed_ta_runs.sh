#!/bin/bash
# A TA that a TAM installed is found by TEEC_OpenSession like any other, shown by `teesim ta list`, and
# gone once its domain's store is damaged.
set -euo pipefail

examples=$1
taid=93a9f9ae-bf04-45de-b535-ca4563542003

# shellcheck source=tests/e2e/teep/parties.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/parties.sh"
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
cp "$examples/hello/$taid.ta" hello.elf
teesim sp package hello.elf --version 1 --key sp.key --cert sp.pem --out hello.cms
# Without the TA's file beside it, the client finds none.
cp "$examples/hello/hello" hello
if teesim run --device device -- ./hello 2>/dev/null; then
	echo "a TA was found before it was installed" >&2
	exit 1
fi
TAM_STOP_AFTER=install TAM_AIK=p256 /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/tam.py" device tam leaf.ocsp \
	ca.ocsp sp.pem hello.cms "$taid"
teesim run --device device -- ./hello
teesim ta list --device device | tee out
grep -q "^$taid  version 1" out
grep -q 'signed by Sim Bank' out
teesim ta list --device device --json | grep -q '"security domain"'
# What is not what was installed does not run.
store=$(teesim device path device)/domains.db
size=$(stat -c %s "$store")
printf XXXXXXXX | dd of="$store" bs=1 seek=$((size / 2)) conv=notrunc status=none
if teesim run --device device -- ./hello 2>err; then
	echo "a TA ran out of a damaged store" >&2
	exit 1
fi
# Nor does the list say that there is none.
for form in '' --json; do
	status=0
	# shellcheck disable=SC2086
	teesim ta list --device device $form >out 2>err || status=$?
	if [ "$status" != 1 ] || ! grep -q 'domains.db' err || grep -q 'no TA found' err; then
		echo "a damaged store is listed with status $status: $(cat out err)" >&2
		exit 1
	fi
done
