#!/usr/bin/env bash
# run.sh FILE.test.js TA_DIRECTORY: runs a test file of node's on a fresh device, with the package
# of this build in $TEESIM_NODE_PACKAGE.
set -eu

node=(node)
[ -z "${TEESIM_NODE_PRELOAD:-}" ] || node=(env "LD_PRELOAD=$TEESIM_NODE_PRELOAD" node)
export TEESIM_NODE_PACKAGE=$TEESIM_BUILD_DIR/lib/teesim/node_modules/teesim-tizen-teec
export TEESIM_NODE_TEST_TAS=$2
# shellcheck disable=SC2086 # TEESIM_MEMCHECK is a command, or nothing
exec teesim run --ta-path "$2" -- $TEESIM_MEMCHECK "${node[@]}" "$1"
