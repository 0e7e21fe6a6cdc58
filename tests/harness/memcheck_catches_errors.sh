#!/usr/bin/env bash
# memcheck_catches_errors.sh MEMCHECK OFFENDER: what memcheck.sh says of each offence.
set -u
memcheck=$1
offender=$2
failed=0

expect() {
	local status
	"$memcheck" "$offender" "$2" >/dev/null 2>&1
	status=$?
	if [ "$status" -ne "$1" ]; then
		echo "$2: expected status $1, got $status"
		failed=1
	fi
}

expect 0 nothing
expect 3 fail
expect 99 lose-memory
expect 99 lose-memory-in-child
expect 99 lose-memory-later
expect 99 end-valgrind-in-child
exit "$failed"
