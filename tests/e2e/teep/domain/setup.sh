# shellcheck shell=bash
# Sourced: authorities, a TAM's and an SP's keys, the TAM's stapled responses, and a device, all on
# P-256 in the working directory; two versions of the TA in the directory $1, packed, the client $2
# that asks it, and the device started. Then tam runs domain_tam.py, and says and refuses the client.
images=$1
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
	teesim sp package "$images/$taid.ta" --version $version --key sp.key --cert sp.pem \
		--out "ta$version.cms" >/dev/null
done
cp "$2" domain
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
