# shellcheck shell=bash
# Sourced: the parties and a device, in the working directory; two versions of the TA in the directory
# $1, packed, the client $2 that asks it, and the device started. Then tam runs domain_tam.py, and says
# and refuses the client.
images=$1
taid=d03a1000-7e57-4b1d-9a3e-5e0c8d210001

fail() {
	echo "line ${BASH_LINENO[0]}: $*" >&2
	exit 1
}

# shellcheck source=tests/e2e/teep/parties.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/parties.sh"
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
for version in 1 2; do
	teesim sp package "$images/$taid.ta" --version $version --key sp.key --cert sp.pem \
		--out "ta$version.cms" >/dev/null
done
cp "$2" domain
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
