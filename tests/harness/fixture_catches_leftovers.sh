#!/usr/bin/env bash
# fixture_catches_leftovers.sh FIXTURE OFFENDER: what the fixture says of each offence.
set -u
fixture=$1
offender=$2
failed=0

# expect STATUS TEXT OFFENCE: TEXT is what must be among what the fixture prints, or empty.
expect() {
	local said status
	said=$("$fixture" "$offender" "$3" 2>&1)
	status=$?
	if [ "$status" -ne "$1" ] || [[ $said != *"$2"* ]]; then
		echo "$3: expected status $1 and \"$2\", got status $status and \"$said\""
		failed=1
	fi
}

expect 0 '' nothing
expect 3 '' fail
expect 137 '' crash
expect 97 'left behind: process' leave-process
expect 97 'left behind: socket' leave-socket
expect 97 'forgotten' leave-file

# A run that is called off leaves nothing either, even when nobody reads any more what it says.
exec {unread}> >(true)
wait "$!"
"$fixture" bash -c "'$offender' leave-process; sleep 100" >&"$unread" 2>&1 &
running=$!
for _ in {1..3000}; do
	[ "$(pgrep -c -f "^$offender leave-process")" -lt 1 ] || break
	sleep 0.02
done
kill "$running"
wait "$running"
status=$?
if [ "$status" -ne 143 ] || pgrep -f "^$offender leave-process"; then
	echo "called off: expected status 143 and no process left, got status $status"
	failed=1
fi
exit "$failed"
