#!/usr/bin/env bash
# What `teesim run` and `teesim start` are told about the device reaches its daemon.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

options='--clock=2030-01-01T00:00:00Z,60 --strict-memory --allow-net=tam.example:443,[::2]
	--plugin-path=plugins:/opt/plugins --nested-tas=7'

# The command line of the daemon that the running `teesim run`, our parent, has started.
# shellcheck disable=SC2016 # the inner shell expands it
daemon_of_parent='for child in $(cat /proc/$PPID/task/*/children); do
	[ "$child" = $$ ] || tr "\\0" " " </proc/"$child"/cmdline
done'

# shellcheck disable=SC2086 # they are words
expect_status 0 teesim run $options -- sh -c "$daemon_of_parent"
expect_output '--clock 2030-01-01T00:00:00Z,60'
expect_output '--strict-memory'
expect_output '--allow-net tam.example:443,[::2]'
expect_output '--plugin-path plugins:/opt/plugins'
expect_output '--nested-tas 7'

# shellcheck disable=SC2086
expect_status 0 teesim start $options
expect_status 0 teesim status
# They come too late for one that runs.
expect_status 125 teesim run --device default --strict-memory -- true
expect_output 'teesim stop'
expect_status 0 teesim stop

expect_status 2 teesim run --allow-net=a:b:c -- true
expect_output 'a host is a name or an address'
expect_status 2 teesim start --allow-net=host:0
expect_output 'a port is a number'
expect_status 2 teesim start --nested-tas=many
expect_output 'a number, at most 4096'
expect_done
