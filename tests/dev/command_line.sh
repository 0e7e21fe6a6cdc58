#!/usr/bin/env bash
# What ./dev says, and ends with, for right and wrong command lines, from any directory.
set -u
dev=$TEESIM_SOURCE_DIR/dev
failed=0
cd /

# expect STATUS TEXT ARGUMENT...
expect() {
	local wanted=$1 text=$2 said status
	shift 2
	said=$("$dev" "$@" 2>&1 </dev/null)
	status=$?
	if [ "$status" -ne "$wanted" ] || [[ $said != *"$text"* ]] || [[ $said == *$'\e'* ]]; then
		echo "./dev $*: expected status $wanted and \"$text\", got status $status and:"
		printf '%s\n' "$said"
		failed=1
	fi
}

expect 0 'usage: ./dev COMMAND'
expect 0 'usage: ./dev COMMAND' --help
expect 0 'usage: ./dev COMMAND' help
for command in demo test bench lint format build fuzz clean; do
	expect 0 "  $command " --help
	expect 0 "usage: ./dev $command" "$command" --help
	expect 0 "usage: ./dev $command" help "$command"
done
expect 2 'there is no command "tset"' tset
expect 2 'there is no command "tset"' help tset
expect 2 './dev test --help' test --fulll
expect 2 '--filter needs' test --filter
expect 2 'needs the name of a target' fuzz
expect 2 '--seconds needs a number' fuzz name --seconds soon
expect 2 'clean takes no argument' clean everything
expect 1 '/no/such/file cannot be read' demo /no/such/file
expect 2 'does not know "--fast"' demo --fast
expect 1 'is not a file' lint no_such_file.c
expect 1 'is not a file' lint /etc/passwd
expect 1 'is not a file' format no_such_file.c
expect 1 'nothing to look at in README.md' lint README.md

# Where packages can't be looked after, what to do is said: a PATH without dpkg-query.
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
for program in readlink dirname id nproc; do
	ln -s "$(command -v "$program")" "$programs"
done
said=$(PATH=$programs "$BASH" "$dev" format 2>&1)
status=$?
if [ "$status" -ne 1 ] || [[ $said != *'not a Debian system'*'TEESIM_SKIP_PACKAGES=1'* ]]; then
	echo "without dpkg-query: status $status and: $said"
	failed=1
fi
exit "$failed"
