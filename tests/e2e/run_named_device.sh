#!/usr/bin/env bash
# `teesim run --device`: the device's state stays, the daemon stays only if it ran before.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

expect_status 0 teesim run --device board -- teesim status
expect_output board
expect_status 3 teesim status --device board
expect_status 0 teesim device path board
expect test -d "$output"
expect_status 0 teesim device list
expect_output 'board'
expect_output 'stopped'

expect_status 0 teesim start --device board
expect_status 4 teesim run --device board -- sh -c 'teesim status >status && exit 4'
expect_output 'is running already'
expect grep -q board status
expect_status 0 teesim status --device board

# Too late for what only a start can settle.
expect_status 125 teesim run --device board --require-signed -- true
expect_output 'teesim stop --device board'
expect_status 0 teesim stop --device board
expect_status 0 teesim run --device board --require-signed -- true

expect_status 2 teesim run --device ../board -- true
expect_output 'is no device name'
expect_done
