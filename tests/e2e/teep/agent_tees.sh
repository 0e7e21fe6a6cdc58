#!/bin/bash
# A device with two TEEs: both tell their state, each gets what is for it by name, and one that is meant is
# not the other.
set -euo pipefail

fail() {
	echo "$*" >&2
	exit 1
}

taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b
TEESIM_TEES=simtee-a,simtee-b
# shellcheck source=tests/e2e/teep/tam_setup.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/tam_setup.sh" "$1"
ending() {
	teesim agent stop >/dev/null 2>&1 || true
	teesim stop >/dev/null 2>&1 || true
	tam_stop
}
trap ending EXIT
tam_start tees "$taid"
export NAME_A='"simtee-a"' NAME_C='"simtee-c"'

teesim evil-agent --tam "$tam_uri" - <<'EVIL'
open s
deliver s
expect tee pass
expect tee entries 2
# The TAM takes the entry that it can make something of; turned around, that of the other TEE.
change s.answer entries reverse
post s
expect tam next CreateSD
copy s.request for-b
deliver s
expect tee pass
# The same for the first TEE is not what the TAM signed; for a third there is nobody.
copy for-b x
change x set tee $NAME_A
send tee x
expect tee reason ERR_REQUEST_INVALID
copy for-b x
change x set tee $NAME_C
send tee x
expect tee reason ERR_AGENT_TEE_UNKNOWN
run s
expect tam finished
EVIL
teesim agent request-ta "$taid" --tam "$tam_uri" >out
grep -q '^CreateSDRequest for the TEE' out || fail "the first TEE had something already: $(cat out)"
for word in InstallTARequest 'no more to say'; do
	grep -q "$word" out || fail "$(cat out)"
done
teesim agent ta-information com.bank "$taid" | grep -q TAInformation
