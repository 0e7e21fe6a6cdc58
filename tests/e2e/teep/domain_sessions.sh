#!/bin/bash
# A TA that stays when nobody has a session is the one that a TAM installed, and stays as long as that is
# so; who has a session keeps it when the TA is deleted, and nobody gets a new one.
set -euo pipefail

built=$1
taid=d03a1000-7e57-4b1d-9a3e-5e0c8d210001

fail() {
	echo "line ${BASH_LINENO[0]}: $*" >&2
	exit 1
}

teesim pki init pki --key p256 >/dev/null
teesim pki tam pki --id 1.3.6.1.4.1.55555.7.1 --key p256 --out tam >/dev/null
teesim pki sp --out sp --key p256 --name 'Sim Bank' >/dev/null
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
teesim pki ocsp pki tam tam.pem --out leaf.ocsp
openssl x509 -in pki/tam/ca.pem -out ca.pem
teesim pki ocsp pki tam ca.pem --ca root --out ca.ocsp
for version in 1 2; do
	teesim sp package "$built/kept/$taid.ta" --version $version --key sp.key --cert sp.pem \
		--out "ta$version.cms" >/dev/null
done
cp "$built/domain" domain
path=$(teesim device path device)
export TEESIM_DEVICE=device

# tam STEP…
tam() {
	/usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/domain/domain_tam.py" tam leaf.ocsp \
		ca.ocsp sp.pem "$taid" "$@"
}
# says TEXT COMMAND…: which ends well and says that.
says() {
	local said
	said=$(./domain "${@:2}" 2>&1) || fail "domain ${*:2}: $said"
	[ "$said" = "$1" ] || fail "domain ${*:2}: $said"
}
# refuses CODE COMMAND…
refuses() {
	local said
	! said=$(./domain "${@:2}" 2>&1) || fail "domain ${*:2}: $said"
	[[ $said == *"$1"* ]] || fail "domain ${*:2}: $said"
}

trap "teesim stop >/dev/null 2>&1 || true" EXIT
teesim start >/dev/null
tam create:sd1 install:sd1:ta1.cms:first
says 1 count
# Something changed, and it was not this TA.
touch "$path/domains.tas"
says 2 count
# Newer code, newer data: another.
tam update:sd1:ta2.cms:-
says 1 count
says 2 count
tam update:sd1:-:other
says 1 count
says other personal

# It is deleted, and another has its name, while somebody has a session.
coproc held { ./domain count hold; }
read -r -u "${held[0]}" said
[ "$said" = 2 ] || fail "$said"
touch "$path/domains.tas"
says 3 count
tam delete-ta:sd1
refuses 'opening: 0xffff0008' count
tam create:sd2 install:sd2:ta1.cms:second
refuses 'opening: 0xffff000d' personal
waits=$held_PID
exec {held[1]}>&-
wait "$waits"
says second personal
says 1 count
