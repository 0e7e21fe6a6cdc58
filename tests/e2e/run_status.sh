#!/usr/bin/env bash
# `teesim run` ends as its command ends, gives it a device of its own, and leaves nothing.
# shellcheck disable=SC2016 # the variables are the inner shell's
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

expect_status 0 teesim run -- true
[ -z "$output" ] || expect_complain "it is not silent: $output"
expect_status 7 teesim run -- sh -c 'exit 7'
expect_status 7 teesim run sh -c 'exit 7'
expect_status 137 teesim run -- sh -c 'kill -9 $$'
expect_status 143 teesim run -- sh -c 'kill -TERM $$'

expect_status 127 teesim run -- no-such-command
expect_output 'cannot run no-such-command'
expect_status 127 teesim run -- ./no-such-file
expect_status 126 teesim run -- /etc/passwd

# An option of the command's is the command's.
expect_status 0 teesim run -- sh -c 'echo "got $1"' sh --device
expect_output 'got --device'

# What the command reads and writes is not touched.
expect_status 0 bash -c 'printf "in\n" | teesim run -- cat 2>/dev/null'
expect test "$output" = in

# The device is the command's own: its daemon runs, and a second one beside it is another.
expect_status 0 teesim run -- teesim status
expect_output 'ephemeral'
expect_status 0 teesim run -- sh -c '
	first=$TEESIM_SOCKET
	test -S "$first" && teesim run -- sh -c "test \$TEESIM_SOCKET != $first"'
expect_status 0 teesim run -- sh -c '
	path=$(teesim device path) && test -f "$path/huk" && test "${path#$TEESIM_HOME}" = "$path"'
expect_status 1 teesim run -- teesim device remove ephemeral
expect_output 'is running'
expect_status 3 teesim status
expect_status 0 teesim device list
expect_output 'no devices'

# Where trusted applications are looked for.
expect_status 0 teesim run --ta-path /a:/b -- sh -c 'echo "path $TEESIM_TA_PATH"'
expect_output 'path /a:/b'
expect_status 0 env TEESIM_TA_PATH=/c teesim run --ta-path /a -- sh -c 'echo "path $TEESIM_TA_PATH"'
expect_output 'path /a:/c'

# A device that cannot be started is no status of the command's.
expect_status 125 env TEESIM_DAEMON=/nonexistent teesim run -- true
expect_output '/nonexistent'
expect_status 125 env TEESIM_DAEMON=/bin/false teesim run -- true
expect_output 'ended before it was ready'

# The daemon's end does not end the command, and is told.
expect_status 5 teesim run -- sh -c 'kill -9 "$(teesim status --json | sed -n "s/.*\"pid\": \([0-9]*\).*/\1/p")"
	while teesim status >/dev/null; do :; done; exit 5'
expect_output 'teesimd was ended by signal 9'

# What a daemon that was killed could not remove is removed by the next.
expect_status 0 teesim run -- true
expect_status 0 ls "$XDG_RUNTIME_DIR/teesim"
[ -z "$output" ] || expect_complain "left in the runtime directory: $output"

# A fresh device that is kept.
expect_status 0 teesim run --keep -- true
expect_output 'teesim device remove run-'
name=${output##*device remove }
name=${name%%\'*}
expect_status 0 teesim device remove "$name"
expect_done
