#!/usr/bin/env bash
# The use cases of the TEEP architecture, as ordinary trusted applications: what must hold of each,
# whoever brought it to the device.
set -eu

# has TEXT PATTERN: fails, and shows the text, where no line of it matches.
has() {
	if ! grep -qE -- "$2" <<<"$1"; then
		printf 'no line matches %s in:\n%s\n' "$2" "$1"
		exit 1
	fi
}

pair=$TEESIM_BUILD_DIR/examples
trap 'status=$?; [ "$status" -eq 0 ] || cat ta.log; exit "$status"' EXIT

# on DEVICE PROGRAM WORD...: one client on a device that is kept; sets `said` and `status`. Under
# Valgrind when it does all of its tour.
on() {
	local device=$1 program=$2
	shift 2
	local memcheck=
	[ $# -gt 0 ] || memcheck=$TEESIM_MEMCHECK
	status=0
	# shellcheck disable=SC2086 # it is a command, or nothing
	said=$($memcheck teesim run --device "$device" -- "$pair/$program/$program" "$@" \
		2>ta.log) || status=$?
}

# Payment: the whole tour, then each promise by itself.
on tour teep-payment
[ "$status" -eq 0 ]
[ "$said" = "$(printf '%s\n' 'a card was made' 'payment 1 is signed: 12.50 to Bookshop' \
	'version 1, 2 tries left, 1 payments' 'payment 2 is signed: 3.20 to Bakery' \
	'version 1, 3 tries left, 2 payments' 'version 1, 0 tries left, 2 payments')" ]
has "$(cat ta.log)" 'to be paid: 12.50 to "Bookshop", payment number 1'
has "$(cat ta.log)" 'pay: the card is locked'

on bank teep-payment pay 4711 1.00 Nobody
[ "$status" -eq 1 ]
has "$(cat ta.log)" 'there is no card'
on bank teep-payment enrol 4711
[ "$status" -eq 0 ]
PAYMENT_OUT=out on bank teep-payment pay 4711 12.50 Bookshop
[ "$said" = 'payment 1 is signed: 12.50 to Bookshop' ]
# Somebody else's cryptography knows the signature, and knows it for nothing else.
cat >verify.py <<'END'
import struct
import sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

point, receipt, signature = (open("out." + n, "rb").read() for n in ("point", "receipt", "sig"))
number, cents, payee, version = struct.unpack("<II60sI", receipt)
assert (number, cents, payee.rstrip(b"\0"), version) == (1, 1250, b"Bookshop", 1)
key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
der = utils.encode_dss_signature(*(int.from_bytes(half, "big")
                                   for half in (signature[:32], signature[32:])))
key.verify(der, receipt, ec.ECDSA(hashes.SHA256()))
try:
    key.verify(der, receipt.replace(b"Bookshop", b"Bookshoq"), ec.ECDSA(hashes.SHA256()))
    sys.exit("it holds for another payee")
except InvalidSignature:
    pass
END
/usr/bin/python3 verify.py
on bank teep-payment enrol 1234
[ "$status" -eq 1 ]

# The counter outlives the daemon, and its old state does not come back with old files.
storage=$(teesim device path bank)/storage
cp "$storage" full-of-tries
for wrong in 0000 1111; do
	on bank teep-payment pay "$wrong" 1.00 Nobody
	[ "$status" -eq 1 ]
done
on bank teep-payment status
[ "$said" = 'version 1, 1 tries left, 1 payments' ]
cp "$storage" honest
cp full-of-tries "$storage"
rm -f "$storage"-wal "$storage"-shm
on bank teep-payment status
[ "$status" -eq 1 ]
on bank teep-payment pay 4711 1.00 Nobody
[ "$status" -eq 1 ]
# A card is not made anew over storage that is not believed either.
on bank teep-payment enrol 1234
[ "$status" -eq 1 ]
cp honest "$storage"
rm -f "$storage"-wal "$storage"-shm
on bank teep-payment pay 2222 1.00 Nobody
on bank teep-payment pay 4711 1.00 Nobody
[ "$status" -eq 1 ]
has "$(cat ta.log)" 'the card is locked'

# Authentication: the site believes fresh answers alone, and nobody gets the key.
on site teep-authentication
[ "$status" -eq 0 ]
has "$said" '^bank.example believes it, the 1. time$'
[ "$(grep -c 'the TEE ended the trusted application$' <<<"$said")" -eq 3 ]
has "$said" '^bank.example believes it, the 2. time$'
[ "$(grep -c 'does not believe what it heard before$' <<<"$said")" -eq 2 ]
on site teep-authentication register other.example site.key
on site teep-authentication sign-in other.example site.key
has "$said" '^other.example believes it, the 1. time$'
# Another device with the same trusted application has no such key.
on elsewhere teep-authentication sign-in other.example site.key
[ "$status" -eq 1 ]
on elsewhere teep-authentication register other.example elsewhere.key
cp site.key kept
on elsewhere teep-authentication sign-in other.example kept
[ "$status" -eq 1 ]
has "$said" 'does not believe it'

# The lock: what the owner said, once, in order.
on door teep-iot pair owner.key
[ "$status" -eq 0 ]
teep_iot=$pair/teep-iot/teep-iot
"$teep_iot" order owner.key 5 open order.open
"$teep_iot" order owner.key 6 close order.close
on door teep-iot deliver order.open
has "$said" '^order.open: done$'
on door teep-iot deliver order.close
has "$said" '^order.close: done$'
for again in order.open order.close; do
	on door teep-iot deliver "$again"
	[ "$status" -eq 1 ]
	has "$said" 'refused, it is an old one$'
done
head -c 32 /dev/urandom >thief.key
"$teep_iot" order thief.key 9 open order.forged
on door teep-iot deliver order.forged
has "$said" "refused, it is not the owner's$"
on door teep-iot state
[ "$said" = 'the lock is closed after 2 orders' ]

# Tenants.
on cloud teep-tenants
[ "$said" = "$(printf '%s\n' 'red: 2 figures, the sum is 120' 'blue: 1 figures, the sum is 7' \
	'red: objects that it sees: 1; its neighbour does not open for it' \
	'blue: objects that it sees: 1; its neighbour does not open for it')" ]
