#!/bin/bash
# Several roots, intermediates that are added later, makers and TAMs that do not know each other's; and
# devices that can't be each other's copy.
set -euo pipefail
# shellcheck source=tests/e2e/teep/scene.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/scene.sh"

teesim pki init pki --key p256 >/dev/null
teesim pki init other --key p256 >/dev/null
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
tam_make pki tam 1.3.6.1.4.1.55555.7.1 ca
sp_make "$1"
openssl x509 -in pki/tee/root.pem -out maker.pem
openssl x509 -in other/tee/root.pem -out other-maker.pem
expect pass --ocsp tam.ocsp,pki-ca.ocsp --tee-roots maker.pem state

# A TAM below an intermediate that was not there when the device was made.
teesim pki ca pki tam ca2 --key p256
tam_make pki later 1.3.6.1.4.1.55555.7.3 ca2
expect pass --tam later --ocsp later.ocsp,pki-ca2.ocsp --tee-roots maker.pem state
# What the other intermediate says of it counts for nothing, nor that nobody speaks for the new one.
expect ERR_TAM_NOT_TRUSTED --tam later --ocsp later.ocsp,pki-ca.ocsp state

# A factory of the same maker that came later, for a TAM that knows the root alone.
teesim pki ca pki tee factory2 --key p384
teesim oem make-device newer --pki pki --tee-ca factory2 --tee-key p256 --tfw-key p256 >/dev/null
expect pass --device newer --ocsp tam.ocsp,pki-ca.ocsp --tee-roots maker.pem state

# Two makers, whose devices trust the roots of both TAMs' authorities; and TAMs that trust both.
cat <(openssl x509 -in pki/tam/root.pem) <(openssl x509 -in other/tam/root.pem) >tam-roots.pem
cat maker.pem other-maker.pem >makers.pem
teesim oem make-device both --pki other --tam-roots tam-roots.pem --tee-key p256 --tfw-key p256 >/dev/null
tam_make other second 1.3.6.1.4.1.55555.7.2 ca
for device in device both; do
	expect pass --device $device --ocsp tam.ocsp,pki-ca.ocsp --tee-roots makers.pem state
done
expect pass --device both --tam second --ocsp second.ocsp,other-ca.ocsp --tee-roots makers.pem install
expect pass --device both --ocsp tam.ocsp,pki-ca.ocsp --tee-roots other-maker.pem state
expect ERR_TAM_NOT_TRUSTED --device device --tam second --ocsp second.ocsp,other-ca.ocsp state
if exchange --device both --ocsp tam.ocsp,pki-ca.ocsp --tee-roots maker.pem state >/dev/null 2>&1; then
	fail "a maker's device was taken for another's"
fi

# Two devices have nothing secret in common, and none runs as the other: not with all of its files, nor
# with its store.
one=$(teesim device path device)
two=$(teesim device path newer)
for file in huk boot/tfw.key.sealed boot/tee.key.sealed boot/tee.pem; do
	! cmp -s "$one/$file" "$two/$file" || fail "both have $file"
done
cmp -s "$one/boot/secureboot.pem" "$two/boot/secureboot.pem" || fail "not one maker's"
home=$(dirname "$one")
cp -r "$one" "$home/copy"
cp "$two/huk" "$home/copy/huk"
status=0
teesim device verify copy >out 2>&1 || status=$?
[ "$status" = 13 ] || fail "a copy with another eFuse key: status $status: $(cat out)"
! teesim otrp list --device copy >/dev/null 2>&1 || fail "a copy with another eFuse key runs"
cp "$two"/domains.* "$one"/
if teesim otrp list --device device >out 2>err; then
	fail "a device ran on another's store: $(cat out)"
fi
