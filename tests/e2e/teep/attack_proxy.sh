#!/bin/bash
# An agent and an application that know nothing of it, and the attacker between them and the TAM: a request
# that fails because of him says so, and the next one brings the TA.
set -euo pipefail

taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b

fail() {
	echo "$*" >&2
	exit 1
}

# shellcheck source=tests/e2e/teep/tam_setup.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/tam_setup.sh" "$1"
proxy_pid=
proxy_stop() {
	[ -z "$proxy_pid" ] || { kill "$proxy_pid" && wait "$proxy_pid"; } || fail "the proxy did not end well"
	proxy_pid=
}
ending() {
	teesim agent stop >/dev/null 2>&1 || true
	teesim stop >/dev/null 2>&1 || true
	proxy_stop
	tam_stop
}
trap ending EXIT
tam_start proxied "$taid"

# through RULES: the agent's TAM is the proxy by these.
through() {
	proxy_stop
	: >proxy.log
	teesim evil-agent --proxy 0 --tam "$tam_uri" - <<<"$1" >>proxy.log &
	proxy_pid=$!
	until grep -q '^listening' proxy.log; do
		kill -0 "$proxy_pid" || fail "the proxy ended: $(cat proxy.log)"
		sleep 0.05
	done
	uri=$(sed -n 's/^listening at \([^ ]*\) .*/\1/p' proxy.log)/tam
}

through 'on tee CreateSD drop'
if teesim agent request-ta "$taid" --tam "$uri" >out 2>err; then
	fail "a session without an end ended: $(cat out)"
fi
grep -q '^CreateSDResponse for the TAM' out || fail "$(cat out err)"
through 'on tam InstallTA flip 100 payload'
teesim agent request-ta "$taid" --tam "$uri" >out
! teesim otrp list | grep -q "$taid" || fail "a damaged TA was installed"
grep -q 'flip 100' proxy.log || fail "$(cat proxy.log)"
through 'on tee InstallTA repeat 2'
teesim agent request-ta "$taid" --tam "$uri" --keys keys >out
teesim otrp list | grep -q "$taid" || fail "nothing was installed: $(cat out proxy.log)"
grep -q com.bank keys
proxy_stop
[ "$(grep -c '^InstallTARequest for the TEE' out)" = 1 ] || fail "installed more than once: $(cat out)"

if teesim evil-agent --tam "$tam_uri" --quiet - <<<$'on tee save no/such/file\nsession' >out 2>err; then
	fail "a message was saved nowhere"
fi
grep -q 'line 1: save: no/such/file: No such file or directory' err || fail "$(cat out err)"
if teesim evil-agent --proxy 0 --tam "$tam_uri" - <<<session 2>err; then
	fail "a proxy ran a session"
fi
grep -q 'has rules' err || fail "$(cat err)"
