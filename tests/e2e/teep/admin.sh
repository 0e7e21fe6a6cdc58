#!/bin/bash
# `teesim admin`: the device's administrator, and nobody else, says which TAM roots count and which TAs
# may be installed; and no older word of theirs counts again. The same whether the device runs or not.
set -euo pipefail
# shellcheck source=tests/e2e/teep/scene.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/scene.sh"

teesim pki init pki --key p256 >/dev/null
teesim pki init other --key p256 >/dev/null
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
tam_make pki tam 1.3.6.1.4.1.55555.7.1 ca
tam_make other second 1.3.6.1.4.1.55555.7.2 ca
sp_make "$1"
own=(--tam tam --ocsp "tam.ocsp,pki-ca.ocsp")
others=(--tam second --ocsp "second.ocsp,other-ca.ocsp")
openssl x509 -in pki/tam/root.pem -out own.pem
openssl x509 -in other/tam/root.pem -out others.pem
cat own.pem others.pem >both.pem
list() { # NAME VERSION ROOTS [OPTION…]
	teesim admin make-list --key pki/admin.key --version "$2" --tam-roots "$3" --out "$1" "${@:4}"
}
apply() { teesim admin apply "$1" --device device; }

expect pass "${own[@]}" state
expect ERR_TAM_NOT_TRUSTED "${others[@]}" state

# Other roots in the place of those from the factory, then both.
list first 1 others.pem
apply first
expect ERR_TAM_NOT_TRUSTED "${own[@]}" state
expect pass "${others[@]}" state
list second 2 both.pem
apply second
expect pass "${own[@]}" state
expect pass "${others[@]}" state

# Nothing older, nothing of the same version, nothing of anybody else's, nothing that was changed.
refused 'version 1 is not above 2' apply first
list again 2 own.pem
refused 'version 2 is not above 2' apply again
teesim admin make-list --key other/admin.key --version 9 --tam-roots others.pem --out foreign 2>/dev/null ||
	teesim admin make-list --key sp.key --version 9 --tam-roots others.pem --out foreign
refused "is not signed by the device's administrator" apply foreign
sed 's/"payload":"\(.....\)./"payload":"\1A/' second >changed
refused . apply changed
echo '{}' >nothing
refused . apply nothing
expect pass "${own[@]}" state

# Consent: a list of TAs, empty, with another one, with this one.
list third 3 own.pem --tas 00000000-0000-0000-0000-000000000001
teesim start --device device >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
apply third
expect ERR_TA_INVALID "${own[@]}" install
refused "does not allow" teesim otrp request-ta "$taid" --device device
list fourth 4 own.pem --tas "00000000-0000-0000-0000-000000000001,$taid"
apply fourth
teesim otrp request-ta "$taid" 'Bank PIN' --device device
expect pass "${own[@]}" install
refused "is installed" teesim otrp request-ta "$taid" --device device
refused 'version 3 is not above 4' apply third
teesim stop --device device >/dev/null
trap - EXIT
refused 'version 3 is not above 4' apply third

# What can't be a list is not made.
refused 'no certificates' list bad 5 ta.cms
refused 'no-such-key' teesim admin make-list --key no-such-key --version 5 --tam-roots own.pem --out bad
refused 'no-such-list' apply no-such-list
for wrong in '--version 0' '--version x' '--version 5 --tas everything' ''; do
	status=0
	# shellcheck disable=SC2086
	teesim admin make-list --key pki/admin.key $wrong --tam-roots own.pem --out bad 2>err || status=$?
	[ "$status" = 2 ] || fail "make-list $wrong: status $status"
done
[ ! -e bad ] || fail "a list was made all the same"
