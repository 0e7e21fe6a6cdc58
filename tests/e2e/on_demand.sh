#!/usr/bin/env bash
# Clients start their device's daemon by themselves, many at once only one, and it ends when idle.
# shellcheck disable=SC2016 # the variables are the inner shell's
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"
hello=$TEESIM_BUILD_DIR/examples/hello/hello

# However long the last of them takes to come.
export TEESIM_IDLE_SECONDS=never
clients=()
for i in 1 2 3 4 5 6 7 8; do
	"$hello" "client $i" >"said.$i" 2>&1 &
	clients+=($!)
done
for client in "${clients[@]}"; do
	wait "$client" || expect_complain "a client ended with $?"
done
for i in 1 2 3 4 5 6 7 8; do
	expect grep -q "Hello, client $i" "said.$i"
done
expect_status 0 teesim status
expect_output default
expect_status 0 teesim log -n all
[ "$(grep -c listens <<<"$output")" -eq 1 ] || expect_complain "not one daemon: $output"

# A TA's lines and its start are found by its UUID.
expect_status 0 teesim log -n all --ta 93a9f9ae-bf04-45de-b535-ca4563542003
expect_output 'runs as process'
expect_output 'a client has opened a session'
expect_no_output listens
expect_status 0 teesim stop

export TEESIM_IDLE_SECONDS=1
expect_status 0 "$hello"
expect_soon sh -c '[ -z "$(ls -A "$XDG_RUNTIME_DIR/teesim")" ]'
expect_status 0 teesim log -n 1
expect_output 'no client for some time'

# The next client starts another; a forbidden start is an error and no daemon.
expect_status 0 env TEESIM_IDLE_SECONDS=never "$hello"
expect_status 0 teesim status
expect_status 0 teesim stop
expect_status 1 env TEESIM_NO_START=1 "$hello"
expect_output 'TEESIM_NO_START'
expect_status 3 teesim status

# A client of `teesim run` does not start one elsewhere when its own is gone.
expect_status 1 env TEESIM_SOCKET="$PWD/gone" "$hello"
expect_output 'TEESIM_SOCKET'
expect_status 3 teesim status
expect_done
