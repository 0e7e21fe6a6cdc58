#!/usr/bin/env bash
# start, status, stop, device list and remove: each does what it says, again and again.
# shellcheck disable=SC2016 # the variables are the inner shell's
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

expect_status 3 teesim status
expect_output 'is not running'
expect_status 3 teesim status --json
expect_output '"running": false'
expect_status 0 teesim stop

expect_status 0 teesim start
expect_output "device 'default' is running"
expect_status 0 teesim start
expect_output 'already'
expect_status 1 teesim start --require-signed
expect_output 'too late'
expect_status 0 teesim status
expect_output 'running'
expect_output 'none is loaded'
expect_status 0 teesim status --json
expect_output '"device": "default"'
expect_output '"instances": []'

# Several at once, each found by its name.
expect_status 0 env TEESIM_DEVICE=second teesim start
expect_status 0 teesim status --device second
expect_status 0 teesim device list
expect_output 'default'
expect_output 'second'
expect_no_output 'stopped'

expect_status 1 teesim device remove second
expect_output 'teesim stop --device second'
expect_status 0 teesim stop --device second
expect_output 'has ended'
expect_status 3 teesim status --device second
expect_status 0 teesim device path second
path=$output
expect_status 0 teesim device remove second
expect test ! -e "$path"
expect_status 1 teesim device remove second
expect_output 'no device'

# The log says that it started, and outlives it.
expect_status 0 teesim stop
expect_status 0 teesim log
expect_output 'listens'
expect_status 0 teesim log -n 0
[ -z "$output" ] || expect_complain "-n 0 shows: $output"
expect_status 0 teesim log -n 1
expect test "$(wc -l <<<"$output")" -eq 1
expect_status 1 teesim log --device never-made
expect_output 'teesim device list'

# In the foreground, the log is on stderr and a signal ends it.
teesim start --foreground 2>foreground &
daemon=$!
expect_soon teesim status
kill "$daemon"
wait "$daemon"
expect_status 3 teesim status
expect grep -q listens foreground

# One that ends by itself when it has nothing to do.
expect_status 0 teesim start --idle-seconds 1
expect_soon sh -c '! test -S "$XDG_RUNTIME_DIR"/teesim/default-*.sock'
expect_done
