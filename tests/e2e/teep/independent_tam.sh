#!/bin/bash
# A TAM that is none of our code takes a manufactured device through the life of a TA. The package is
# signed by the openssl command line.
set -euo pipefail

image=$1
tam=$2
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b

teesim pki init pki --key p256 >/dev/null
teesim pki tam pki --id 1.3.6.1.4.1.55555.7.1 --key "$tam" --out tam >/dev/null
teesim pki sp --out sp --key p256 >/dev/null
teesim oem make-device device --pki pki --tee-key "$tam" --tfw-key "$tam" >/dev/null
teesim device verify device >/dev/null
teesim pki ocsp pki tam tam.pem --out leaf.ocsp --delegated
openssl x509 -in pki/tam/ca.pem -out ca.pem
# The root speaks for the intermediate.
teesim pki ocsp pki tam ca.pem --ca root --out ca.ocsp
openssl ocsp -respin leaf.ocsp -issuer pki/tam/ca.pem -cert tam.pem -CAfile pki/tam/root.pem \
	-verify_other pki/tam/ca.pem 2>&1 | grep -q '^tam.pem: good'
teesim sp package "$image" --version 1 --name 'Bank PIN' --out ta.bin
openssl cms -sign -binary -nodetach -md sha256 -outform DER -in ta.bin -signer sp.pem -inkey sp.key \
	-out ta.cms
teesim sp verify ta.cms --cert sp.pem | grep -q 'Bank PIN'
TAM_AIK=p256 /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/tam.py" device tam leaf.ocsp ca.ocsp sp.pem ta.cms \
	"$taid"

# Revoked, the TAM is not even told the device's state.
teesim pki revoke pki tam tam.pem
teesim pki ocsp pki tam tam.pem --out leaf.ocsp
if TAM_AIK=p256 /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/tam.py" device tam leaf.ocsp ca.ocsp sp.pem \
	ta.cms "$taid" 2>errors; then
	echo "a revoked TAM was served" >&2
	exit 1
fi
grep -q ERR_TAM_NOT_TRUSTED errors
