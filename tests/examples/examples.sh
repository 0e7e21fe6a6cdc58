#!/usr/bin/env bash
# Both sides of each pair say what they should, as `./dev demo` shows it.
set -eu

# has TEXT PATTERN: fails, and shows the text, where no line of it matches.
has() {
	if ! grep -qE -- "$2" <<<"$1"; then
		printf 'no line matches %s in:\n%s\n' "$2" "$1"
		exit 1
	fi
}

pair=$TEESIM_BUILD_DIR/examples
trap 'status=$?; [ "$status" -eq 0 ] || cat ta.log; exit "$status"' EXIT

# shellcheck disable=SC2086 # TEESIM_MEMCHECK is a command, or nothing
said=$($TEESIM_MEMCHECK teesim run -- "$pair/hello/hello" tester 2>ta.log)
has "$said" '^sent 41, got 42$'
has "$said" '^sent "tester", got "Hello, tester"$'
has "$said" '^a warm command took [0-9]+\.[0-9]+ us'
has "$(cat ta.log)" 'got 41, giving back 42'
has "$(cat ta.log)" 'the client has closed its session'

head -c 300007 /dev/urandom >original
# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run -- "$pair/transform/transform" original enciphered 2>ta.log)
has "$said" '^enciphered: 300007 bytes'
has "$said" 'byte for byte$'
has "$(cat ta.log)" '300007 bytes, CRC-32'
[ "$(stat -c %s enciphered)" -eq 300007 ]
if cmp -s original enciphered; then
	echo "what was written is the original"
	exit 1
fi

# A client that is given nonsense says so, and its status comes through.
status=0
said=$(teesim run -- "$pair/transform/transform" no-such-file 2>&1) || status=$?
[ "$status" -eq 1 ]
has "$said" 'no-such-file: No such file'

# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run --plugin-path "$pair/plugin" -- "$pair/plugin/plugin" 1 250 2>ta.log)
[ "$said" = 'received from Grace, account 1: 250' ]
status=0
said=$(teesim run --plugin-path "$pair/plugin" -- "$pair/plugin/plugin" 9 1 2>&1) || status=$?
[ "$status" -eq 1 ]
has "$said" 'nobody has account 9'
