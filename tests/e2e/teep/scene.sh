# shellcheck shell=bash
# Read by the scripts of this directory: the parties of a scene, all on P-256.
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b
export TAID=$taid

fail() {
	echo "$*" >&2
	exit 1
}

# A TAM PREFIX with the identifier ID below the intermediate CA of the authorities in DIR, and what
# is stapled: PREFIX.ocsp and DIR-CA.ocsp.
tam_make() { # DIR PREFIX ID CA
	teesim pki tam "$1" --id "$3" --key p256 --ca "$4" --out "$2" >/dev/null
	teesim pki ocsp "$1" tam "$2.pem" --ca "$4" --out "$2.ocsp"
	openssl x509 -in "$1/tam/$4.pem" -out one.pem
	teesim pki ocsp "$1" tam one.pem --ca root --out "$1-$4.ocsp"
}

# The service provider's certificate, and its TA from the image.
sp_make() { # IMAGE
	teesim pki sp --out sp --key p256 --name 'Sim Bank' >/dev/null
	teesim sp package "$1" --version 1 --name 'Bank PIN' --key sp.key --cert sp.pem --out ta.cms
}

exchange() { /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/exchange.py" "$@"; }

expect() { # CODE ARGUMENT…
	local said
	said=$(exchange "${@:2}") || fail "exchange ${*:2}: ended with $?"
	[ "$said" = "$1" ] || fail "exchange ${*:2}: $said, not $1"
}

refused() { # TEXT COMMAND…: status 1, and the text on stderr
	local status=0
	"${@:2}" >out 2>err || status=$?
	[ "$status" = 1 ] || fail "${*:2}: status $status: $(cat out err)"
	grep -q -- "$1" err || fail "${*:2}: $(cat err)"
}
