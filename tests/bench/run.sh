#!/usr/bin/env bash
# teesim-bench measures and writes what it is asked to, compares, and leaves nothing, also when it
# is interrupted.
set -eu

fail() {
	printf 'bench/run.sh: %s\n' "$1" >&2
	exit 1
}

nothing_left() {
	local left
	left=$(find "$TMPDIR" -name 'teesim-bench*')
	[ -z "$left" ] || fail "$1 leaves $left"
}

teesim-bench --quick --rounds 2 --filter four_values --json old.json --report page.html >table ||
	fail "a run ends with status $?"
grep -q '^four value parameters .* <= 1.1x' table || fail "no figure: $(cat table)"
grep -q '"name": "four_values"' old.json || fail "the JSON has no figure"
grep -q '</svg>' page.html || fail "the page has no picture"
nothing_left "a run"

teesim-bench --quick --rounds 2 --filter four_values --compare old.json >table ||
	fail "a comparison ends with status $?"
grep -q '^four value parameters .*->' table || fail "no comparison: $(cat table)"

status=0
teesim-bench --compare table 2>message || status=$?
[ "$status" -eq 2 ] || fail "a file that is no JSON gives status $status"
grep -q '^teesim-bench: table' message || fail "nothing names the file: $(cat message)"

status=0
teesim-bench --rounds 0 2>message || status=$?
[ "$status" -eq 2 ] || fail "no rounds give status $status"

for signal in INT TERM; do
	# In a shell's background SIGINT would be ignored.
	set -m
	teesim-bench --rounds 256 --filter parallel >table &
	set +m
	until grep -q '^figure' table; do
		kill -0 $! || fail "it ended by itself"
		sleep 0.05
	done
	kill -"$signal" $!
	status=0
	wait $! || status=$?
	[ "$status" -gt 128 ] || fail "SIG$signal gives status $status"
	nothing_left "SIG$signal"
done
