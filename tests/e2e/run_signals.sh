#!/usr/bin/env bash
# However `teesim run` is told to end, its command hears of it, and device and daemon are gone.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

nothing_runs() {
	[ -z "$(ls -A "$XDG_RUNTIME_DIR/teesim")" ]
}

# A signal to teesim alone reaches the command, whose status counts.
# (SIGINT is ignored by what a script starts in the background; Ctrl-C is below.)
for signal in TERM HUP USR1; do
	rm -f ready
	teesim run -- sh -c "trap 'exit 42' $signal; : >ready; while :; do sleep 0.05; done" &
	run=$!
	expect_soon test -e ready
	kill -"$signal" "$run"
	wait "$run"
	status=$?
	[ "$status" -eq 42 ] || expect_complain "after SIG$signal: status $status"
	nothing_runs || expect_complain "after SIG$signal: $(ls -A "$XDG_RUNTIME_DIR/teesim")"
done

# Without a trap it ends the command.
rm -f ready
teesim run -- sh -c ': >ready; exec sleep 100' &
run=$!
expect_soon test -e ready
kill -TERM "$run"
wait "$run"
status=$?
[ "$status" -eq 143 ] || expect_complain "a command ended by SIGTERM gave $status"

# Ctrl-C on the terminal goes to the command once, and the daemon lives until the command is done.
# (exec: it goes to a shell between the terminal and teesim too, and /bin/sh ends of it.)
rm -f ready count ended
cat >command.sh <<'END'
trap 'echo INT >>count; teesim status >status; : >ended; exit 9' INT
: >ready
while :; do sleep 0.05; done
END
(
	expect_soon test -e ready
	printf '\003'
	expect_soon test -e ended
) | script -qec 'exec teesim run -- bash command.sh' /dev/null >/dev/null
status=$?
[ "$status" -eq 9 ] || expect_complain "Ctrl-C gave $status"
expect test "$(cat count)" = INT
expect grep -q running status
expect_soon nothing_runs

# The terminal goes away.
rm -f ready
script -qec 'teesim run -- sh -c ": >ready; exec sleep 100"' /dev/null </dev/null >/dev/null &
terminal=$!
expect_soon test -e ready
kill -KILL "$terminal"
wait "$terminal" 2>/dev/null
expect_soon nothing_runs

# teesim run itself is killed: the daemon goes with it.
rm -f ready
teesim run -- sh -c ': >ready; exec sleep 3' &
run=$!
expect_soon test -e ready
kill -KILL "$run"
wait "$run" 2>/dev/null
expect_soon nothing_runs
sleep 3
expect_done
