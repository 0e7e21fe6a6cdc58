#!/usr/bin/env bash
# `teesim bench`: a command's latency beside the floor, with parameters, threads, and the cost of a
# board's change of worlds.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"
built=$TEESIM_BUILD_DIR/tests/e2e/crash
uuid=c4a50000-7e57-4b1d-9a3e-5e0c8d210001
bench=(teesim bench --ta "$uuid" --ta-path "$built" --seconds 0.2)

number() {
	sed -n "/\"$1\"/,\$s/^ *\"$2\": \([0-9]*\).*/\1/p" <<<"$output" | head -n 1
}

# Command 0 does nothing, whatever its parameters. The device starts by itself.
expect_status 0 "${bench[@]}" --cmd 0 --param value:1,2:inout --param tmp:64 --param shm:64K:in \
	--param reg:4K:out --threads 2
for text in "TA $uuid, command 0, 2 threads" p50 p90 p99 max calls/s invoke floor ratio █; do
	expect_output "$text"
done
expect_status 0 teesim stop

# The machine may have been elsewhere for all of that time.
for _ in {1..10}; do
	expect_status 0 "${bench[@]}" --cmd 0 --json
	[ "$(number invoke calls)" -le 100 ] || break
done
expect test "$(number invoke calls)" -gt 100
expect test "$(number floor p50_ns)" -gt 10
expect test "$(number invoke p50_ns)" -gt 10
expect test "$(number invoke p99_ns)" -ge "$(number invoke p50_ns)"
expect_status 0 teesim stop

# Both ways cost: on a device of its own, and on a named one.
expect_status 0 "${bench[@]}" --cmd 0 --json --world-switch 200000
expect test "$(number invoke p50_ns)" -ge 390000
expect_output '"world_switch_ns": 200000'
expect_status 0 "${bench[@]}" --cmd 0 --world-switch 300000 --device board
expect_output 'made to take 300000 ns longer'
expect_status 0 teesim run --world-switch 100000 -- "${bench[@]}" --cmd 0 --json
expect test "$(number invoke p50_ns)" -ge 195000
expect_status 3 teesim status

# What cannot be measured is told.
expect_status 2 teesim bench
expect_status 2 teesim bench --ta "$uuid"
expect_status 2 teesim bench --ta "$uuid" --cmd x
expect_status 2 teesim bench --ta nonsense --cmd 0
expect_status 2 "${bench[@]}" --cmd 0 --param heap:5
expect_output 'none of value:A,B'
expect_status 2 "${bench[@]}" --cmd 0 --threads 0
expect_output "one at least"
expect_status 2 "${bench[@]}" --cmd 0 --world-switch soon
expect_status 1 teesim run -- teesim bench --ta c4a50000-7e57-4b1d-9a3e-5e0c8d2100ff --cmd 0
expect_output TEEC_ERROR_ITEM_NOT_FOUND
expect_status 1 teesim run -- "${bench[@]}" --cmd 8
expect_output 'the command does not succeed: 0xffff3024 (TEEC_ERROR_TARGET_DEAD)'
expect_done
