#!/usr/bin/env bash
# teesim fleet: devices and TAM agree on what was done, also when the TAM is killed in the middle; it can
# be interrupted, and leaves nothing.
set -eu

fail() {
	printf 'fleet.sh: %s\n' "$1" >&2
	exit 1
}

# member PATH: of the last result.
member() {
	python3 -c 'import functools, json, sys
print(json.dumps(functools.reduce(lambda value, name: value[int(name) if name.isdigit() else name],
                                  sys.argv[1].split("."), json.load(open("result.json")))))' "$1"
}

nothing_left() {
	[ -z "$(find "$TMPDIR" -maxdepth 1 -name 'teesim-fleet*')" ] || fail "$1 leaves a directory"
}

teesim fleet --devices 8 --parallel 3 --kill-tam --json >result.json 2>err || fail "$(cat err)"
[ "$(member passed)" = true ] || fail "not all is well: $(cat result.json)"
for round in 0 1; do
	[ "$(member "rounds.$round.done")" = 8 ] || fail "round $round: $(cat result.json)"
	for wrong in lost twice failed tam_failed; do
		[ "$(member "rounds.$round.$wrong")" = 0 ] || fail "$wrong: $(cat result.json)"
	done
	[ "$(member "rounds.$round.tam_devices")" = 8 ] || fail "the TAM's: $(cat result.json)"
	[ "$(member "rounds.$round.tam_done")" = 8 ] || fail "the TAM's: $(cat result.json)"
done
[ "$(member rounds.0.installed)" = 8 ] || fail "installed: $(cat result.json)"
nothing_left "a run"

# In a shell's background SIGINT would be ignored.
set -m
teesim fleet --devices 500 --parallel 2 >out 2>err &
set +m
until [ -n "$(find "$TMPDIR" -path '*/devices/000003')" ]; do
	kill -0 $! || fail "it ended by itself: $(cat err)"
	sleep 0.05
done
kill -INT $!
status=0
wait $! || status=$?
[ "$status" -eq 130 ] || fail "an interrupted run ends with $status"
grep -q 'interrupted; the devices are removed' err || fail "not told: $(cat err)"
nothing_left "an interrupted run"

# Every kind of key that there is.
teesim fleet --devices 2 --key p384 --keep "$TMPDIR/kept" >out 2>err || fail "p384: $(cat out err)"
status=0
teesim fleet --devices 2 --key p384 --keep "$TMPDIR/kept" >out 2>err || status=$?
[ "$status" -eq 1 ] || fail "a second run in one directory gives status $status"
grep -q 'the TAM of an earlier run' err || fail "not told: $(cat err)"
rm -rf "$TMPDIR/kept"

# Its words on what can't be.
for words in '' '--devices 0' '--devices 2 --key ed25519' '--devices 2 --tam http://127.0.0.1:1/tam' \
	'--devices 2 --pki x' '--devices 2 more'; do
	status=0
	# shellcheck disable=SC2086
	teesim fleet $words >out 2>err || status=$?
	[ "$status" -eq 2 ] || fail "\"$words\" gives status $status"
done
status=0
teesim fleet --devices 2 --tam http://127.0.0.1:1/tam --pki nowhere 2>err || status=$?
[ "$status" -eq 1 ] || fail "authorities that are nowhere give status $status"
grep -q '^teesim fleet: nowhere' err || fail "not named: $(cat err)"
nothing_left "a refused run"
