#!/bin/bash
# An application's request for its TA, from agent to TAM to TEE and back, with a TAM that is none of our
# code: the agent is started on demand, HTTPS is verified, what goes wrong is told, and nothing is left.
set -euo pipefail

examples=$1
taid=93a9f9ae-bf04-45de-b535-ca4563542003
here=$TEESIM_SOURCE_DIR/tests/e2e/teep

fail() {
	echo "$*" >&2
	exit 1
}

# status STATUS COMMAND…: which ends with that, its words in `out` and `err`.
status() {
	local expected=$1 got=0
	shift
	"$@" >out 2>err || got=$?
	[ "$got" = "$expected" ] || fail "$*: status $got: $(cat out err)"
}

# shellcheck source=tests/e2e/teep/tam_setup.sh
. "$here/tam_setup.sh" "$examples/hello/$taid.ta"
cp "$examples/hello/hello" hello

tam_start plain "$taid"
status 0 teesim agent request-ta "$taid" --tam "$tam_uri" --keys keys
grep -q '^InstallTARequest for the TEE' out || fail "no progress: $(cat out)"
grep -q 'the TAM has no more to say' out || fail "no end: $(cat out)"
grep -q '"spid": "com.bank"' keys
./hello >/dev/null
status 0 teesim agent ta-information com.bank "$taid"
grep -q '"TAInformation"' out
status 1 teesim agent ta-information com.other "$taid"

# By configuration: one TAM for all, another for this TA.
printf '# TAMs\ntam http://127.0.0.1:1/tam\nta %s %s?want=nothing\n' "$taid" "$tam_uri" \
	>"$TEESIM_HOME/agent.conf"
status 0 teesim agent request-ta "$taid"
grep -q '^DeleteTARequest for the TEE' out || fail "not by its TAM: $(cat out)"
status 1 ./hello
status 1 teesim agent request-ta "${taid/93/94}"
grep -q 'Failed to connect' err || fail "$(cat err)"
printf 'tam ftp://x\n' >"$TEESIM_HOME/agent.conf"
status 1 teesim agent request-ta "$taid"
grep -q 'agent.conf: line 1' err || fail "$(cat err)"
# The lines that the help shows are understood.
teesim agent --help | sed -n '/with lines like/,/plain-anywhere/{//!p;/plain-anywhere/p;}' \
	>"$TEESIM_HOME/agent.conf"
[ "$(wc -l <"$TEESIM_HOME/agent.conf")" = 4 ] || fail "the help shows: $(cat "$TEESIM_HOME/agent.conf")"
status 1 teesim agent request-ta "$taid"
! grep -q 'agent.conf: line' err || fail "$(cat err)"
rm "$TEESIM_HOME/agent.conf"

# Who answers there, and what.
status 1 teesim agent request-ta "$taid"
grep -q 'no TAM is known' err || fail "$(cat err)"
status 1 teesim agent request-ta "$taid" --tam "${tam_uri%/tam}/elsewhere"
grep -q 'which is not followed' err || fail "$(cat err)"
status 1 teesim agent request-ta "$taid" --tam "${tam_uri%/tam}/nowhere"
grep -q 'HTTP 404' err || fail "$(cat err)"
status 1 teesim agent request-ta "$taid" --tam "http://192.0.2.1/tam"
grep -q 'plain HTTP goes no further' err || fail "$(cat err)"
status 1 teesim agent request-ta "$taid" --tam "file:///etc/passwd"
grep -q 'no http:// or https:// URI' err || fail "$(cat err)"
tam_stop

# HTTPS, by whose certificate holds alone.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -keyout tls.key -out tls.pem \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
tam_start tls "$taid" tls.pem tls.key
status 1 teesim agent request-ta "$taid" --tam "$tam_uri"
grep -qi 'certificate' err || fail "$(cat err)"
echo "ca-file $PWD/tls.pem" >"$TEESIM_HOME/agent.conf"
status 0 teesim agent request-ta "$taid" --tam "$tam_uri"
./hello >/dev/null

# The TEE's own word on what is no message; the agent's where the TEE is not his.
echo '{}' | teesim agent process | grep -q '"GetDeviceTEEStateResponse"'
# {"CreateSDTBSRequest":{"tee":"another"}}
echo '{"CreateSDRequest":{"payload":"eyJDcmVhdGVTRFRCU1JlcXVlc3QiOnsidGVlIjoiYW5vdGhlciJ9fQ"}}' >unknown
status 3 teesim agent process unknown
grep -q ERR_AGENT_TEE_UNKNOWN out || fail "$(cat out)"

# The device ends, and its agent with it.
teesim stop >/dev/null
for _ in {1..600}; do
	[ -z "$(ls "$XDG_RUNTIME_DIR/teesim")" ] && break
	sleep 0.1
done
[ -z "$(ls "$XDG_RUNTIME_DIR/teesim")" ] || fail "left: $(ls "$XDG_RUNTIME_DIR/teesim")"
tam_stop
