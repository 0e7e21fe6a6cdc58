#!/bin/bash
# `teesim pki`: what fails leaves all as it was, and can be done again.
set -euo pipefail
# shellcheck source=tests/e2e/teep/scene.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/scene.sh"

tam() { teesim pki tam pki --key p256 "$@"; }
claims() { find pki/tam/identifiers -type f -exec cat {} + | sort; }

teesim pki init pki --key p256 >/dev/null

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
