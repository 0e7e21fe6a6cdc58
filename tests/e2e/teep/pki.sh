#!/bin/bash
# `teesim pki` and `teesim sp package`: what fails leaves all as it was, and can be done again.
set -euo pipefail
# shellcheck source=tests/e2e/teep/scene.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/scene.sh"

tam() { teesim pki tam pki --key p256 "$@"; }
claims() { find pki/tam/identifiers -type f -exec cat {} + | sort; }

# ---- Authorities ------------------------------------------------------------------------------

# One that was killed on its way goes on.
teesim pki init pki --key p256 >/dev/null
rm pki/tam/ca.pem pki/sp/*.pem pki/sp/*.key
refused 'of another kind' teesim pki init pki
teesim pki init pki --key p256 >/dev/null
refused 'nothing was changed' teesim pki init pki --key p256
for hierarchy in firmware tee tam sp; do
	openssl verify -CAfile pki/$hierarchy/root.pem pki/$hierarchy/ca.pem >/dev/null
done
# A directory without a name is not the root of all. (That `init` makes nothing there is the unit test's.)
refused 'is empty' teesim pki ca '' tam ca2
refused 'is empty' teesim pki tam '' --id 1.2.3 --out x
refused 'is empty' teesim pki sp --pki '' --out x
refused 'is empty' teesim pki sp --out ''
refused 'is empty' teesim pki crl '' tam --out x
refused 'is empty' teesim oem make-device device --pki ''
[ ! -e x.key ] || fail "a key was made for nothing"

# ---- Identifiers ------------------------------------------------------------------------------

tam --id urn:renew --out one >/dev/null
before=$(claims)
refused 'belongs to another key' tam --id urn:renew --out two
[ ! -e two.key ] || fail "a key was made for nothing"
# Where there is no room for the key, or another one, it is as it was.
refused 'one.key: File exists' tam --id urn:renew --out one --previous one.key
refused 'no/such/two.key' tam --id urn:renew --out no/such/two --previous one.key
refused 'no/such/two.key' tam --id urn:fresh --out no/such/two
refused 'cannot issue' tam --id urn:fresh --out two --name "$(printf 'x%.0s' {1..99})"
[ "$(claims)" = "$before" ] || fail "an identifier moved to a key that is nowhere"
[ ! -e two.key ] || fail "a key was made for nothing"
tam --id urn:fresh --out fresh >/dev/null
# Killed, or at its end, once the key is written: the same once more.
mkdir two.pem
refused 'two.pem' tam --id urn:renew --out two --previous one.key
rmdir two.pem
refused 'of another kind' teesim pki tam pki --key p384 --id urn:renew --out two --previous one.key
cp two.key kept
tam --id urn:renew --out two --previous one.key >/dev/null
cmp two.key kept || fail "the key is another"
refused 'belongs to another key' tam --id urn:renew --out three --previous one.key
tam --id urn:renew --out three --previous two.key >/dev/null
# Nor is it another identifier when it is written otherwise.
tam --id 1.3.6.1.4.1.55555.7.1 --out oid >/dev/null
for id in 1.3.6.1.4.1.55555.7.01 1.3.6.1.4.1.55555..7.1 1..7; do
	refused 'is no TAM identifier' tam --id $id --out steal
done
[ ! -e steal.key ] || fail "a key was made for nothing"

# ---- OCSP -------------------------------------------------------------------------------------

refused 'was not issued by pki/tee/ca' teesim pki ocsp pki tee oid.pem --out foreign.ocsp
[ ! -e foreign.ocsp ] || fail "a response was made all the same"
teesim pki ocsp pki tam oid.pem --out oid.ocsp

# ---- Packages ---------------------------------------------------------------------------------

sp_make "$1"
for name in 'ü' $'a\tb' $'a\nb' $'a\x7f' "$(printf 'x%.0s' {1..65})"; do
	refused 'is no name of a TA' teesim sp package "$1" --version 1 --name "$name" --key sp.key --cert sp.pem \
		--out bad.cms
	refused 'is no name of a TA' teesim sp package "$1" --version 1 --name "$name" --out bad.cms
done
[ ! -e bad.cms ] || fail "a package was made all the same"
grep -q -- '--name: "xxx' err || fail "$(cat err)"
teesim sp package "$1" --version 1 --name "$(printf 'x%.0s' {1..64})" --key sp.key --cert sp.pem --out good.cms
teesim sp verify good.cms --cert sp.pem >/dev/null
