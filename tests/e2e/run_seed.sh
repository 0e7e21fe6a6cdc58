#!/usr/bin/env bash
# `teesim run --seed N`: the same in every run, loudly; no two instances alike, with a seed or not.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

draw=$TEESIM_BUILD_DIR/tests/e2e/seed/draw

# drawn OPTION... -- NUMBER...: what the TAs drew, a line each, in $lines; the device's id is the same
# at the end of each.
drawn() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	output=$(teesim run "${options[@]}" -- "$draw" "$@" 2>said) ||
		expect_complain "draw failed: $(cat said)"
	lines=$output
	output=$(cat said)
}

# Are the drawings of the four instances all different, in all that is random?
all_differ() {
	local from
	for from in 0 32 64 96 136 200 264 328 500; do
		[ "$(cut -c "$((from + 1))-$((from + 32))" <<<"$lines" | sort -u | wc -l)" -ge "$1" ] ||
			expect_complain "instances share what begins at digit $from: $lines"
	done
}

drawn --seed 7 -- 1 1 2 1
expect_output 'NOTHING IS RANDOM'
first=$lines
all_differ 4
drawn --seed 7 -- 1 1 2 1
expect test "$lines" = "$first"

# What other TAs do changes nothing.
drawn --seed 7 -- 2 1
expect test "$(sed -n 2p <<<"$lines")" = "$(sed -n 1p <<<"$first")"
expect test "$(sed -n 1p <<<"$lines")" = "$(sed -n 3p <<<"$first")"

# Another number, another device; the same number in another notation is the same.
drawn --seed 8 -- 1
expect test "$lines" != "$(sed -n 1p <<<"$first")"
expect test "${lines: -32}" != "$(sed -n '1s/.*\(.\{32\}\)$/\1/p' <<<"$first")"
drawn --seed 0x7 -- 1
expect test "$lines" = "$(sed -n 1p <<<"$first")"

# Without it nothing is said, and nothing is ever the same: not between instances, of which the first
# few come from hosts that were started beforehand, and not between runs.
drawn -- 1 1 1 1
expect_no_output 'RANDOM'
all_differ 4
expect test "${lines%%$'\n'*}" != "$(sed -n 1p <<<"$first")"
first=$lines
drawn -- 1 1 1 1
lines+=$'\n'$first
all_differ 8

expect_status 2 teesim run --seed 18446744073709551616 -- true
expect_output '--seed is a number of 64 bits'
expect_status 2 teesim run --seed -1 -- true
expect_status 2 teesim start --seed ''
# A device that runs already can't be told.
expect_status 0 teesim start --device board --seed 3
expect_status 125 teesim run --device board --seed 3 -- true
expect_output 'teesim stop --device board'
expect_status 0 teesim log --device board
expect_output 'NOTHING IS RANDOM'
expect_status 0 teesim stop --device board
expect_done
