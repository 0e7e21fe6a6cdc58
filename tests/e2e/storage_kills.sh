#!/usr/bin/env bash
# storage_kills.sh NUMBER: processes are killed while objects change; nothing is lost, torn or
# resurrected.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

export TEESIM_TA_PATH=$TEESIM_BUILD_DIR/tests/gp/ta
seed=$RANDOM
echo "seed $seed"
expect_status 0 "$TEESIM_BUILD_DIR/tests/e2e/storage/kills" "$1" "$seed"
echo "$output"
expect_output "$1 kills"
expect_status 0 teesim stop
expect_status 0 teesim storage fsck
expect_output ' 0 damaged'
expect_done
