#!/usr/bin/env bash
# A daemon that does nothing any more is ended by force, with all its children, and nothing is left; one that
# is ending is waited for.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

daemon_of() { teesim status | sed -n 's/.*running as process \([0-9]*\).*/\1/p'; }

# Nobody may have asked for its status yet.
gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }

expect_status 0 teesim stop --force
expect_output 'is not running'

expect_status 0 teesim start
daemon=$(daemon_of)
# A TEE with its firmware and parsers, and the host that waits for a TA.
expect_status 0 teesim otrp tees
children=$(pgrep -P "$daemon" | tr '\n' ' ')
[ -n "$children" ] || expect_complain 'it has no children'
for child in $children; do
	children+=$(pgrep -P "$child" | tr '\n' ' ')
done
kill -STOP "$daemon"
expect_status 0 teesim stop --force
expect_output "device 'default' was killed"
expect_status 3 teesim status
for process in $daemon $children; do
	expect_soon gone "$process"
done
# shellcheck disable=SC2016 # the inner shell's
expect sh -c '[ -z "$(ls "$XDG_RUNTIME_DIR/teesim")" ]'

# Its socket is gone, the daemon not yet: who stops it waits for it.
expect_status 0 teesim start
daemon=$(daemon_of)
rm "$XDG_RUNTIME_DIR"/teesim/default-*.sock
kill "$daemon"
expect_status 0 teesim stop
gone "$daemon" || expect_complain 'it has not ended'

# What another process has in its place is nobody's business.
expect_status 0 teesim device path
sleep 1000 &
sleeper=$!
printf '%s 1\n' "$sleeper" >"$output/lock"
expect_status 0 teesim stop --force
expect_output 'is not running'
expect kill -0 "$sleeper"
kill "$sleeper"
expect_done
