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

# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run -- "$pair/otp/otp" 2>ta.log)
has "$said" '^counter 9: 520489$'
has "$said" '^time 20000000000: 65353130$'
has "$said" '^a password is good once$'
has "$said" 'the token is locked$'
has "$(cat ta.log)" 'a token of 6 digits was enrolled'
said=$(teesim run -- "$pair/otp/otp" 3132333435363738393031323334353637383930 59 2>ta.log)
has "$said" '^287082$'

# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run -- "$pair/signer/signer" original signed 2>ta.log)
has "$said" '^the service knows its signature$'
has "$said" '^and refuses it for anything else$'
has "$(cat ta.log)" 'signed 300007 bytes'
said=$(openssl dgst -sha256 -verify signed.pem -signature signed.sig original)
has "$said" '^Verified OK$'
# The key is the device's, and outlives its daemon.
first=$(teesim run --device signing -- "$pair/signer/signer" 2>ta.log | grep '^signed 14 bytes')
has "$(cat ta.log)" 'a new key was made'
again=$(teesim run --device signing -- "$pair/signer/signer" 2>ta.log | grep '^signed 14 bytes')
[ "$first" = "$again" ]
if grep 'a new key was made' ta.log; then exit 1; fi

# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run -- "$pair/vault/vault" 2>ta.log)
[ "$said" = $'first: one secret\nsecond: another secret\nfirst\nsecond' ]
has "$(cat ta.log)" 'a secret of 10 bytes is kept'
status=0
said=$(teesim run -- "$pair/vault/vault" get nothing 2>&1) || status=$?
[ "$status" -eq 1 ]
has "$said" 'there is no "nothing"'

# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run -- "$pair/formula/formula" 2>ta.log)
has "$said" '^-x / 7: -142857142857$'
has "$said" '^x \* x: overflow before at 6$'
has "$said" "^2 \\+ y: an unknown name begins with 'y' at 5$"
has "$(cat ta.log)" 'refused: division by zero before at 12'
has "$(cat ta.log)" '3 formulas in 1 sessions'
said=$(teesim run -- "$pair/formula/formula" 'a = 6' 'a * 7' 2>ta.log)
has "$said" '^a \* 7: 42$'

# shellcheck disable=SC2086
said=$($TEESIM_MEMCHECK teesim run -- "$pair/bank/bank" 2>ta.log)
[ "$said" = "$(printf '%s\n' 'paid in 100, the balance is 100' 'took out 30, the balance is 70' \
	'the treasury refuses 500, the balance is 70' 'the teller refuses 1001' '1: +100' '2: -30' \
	'balance: 70' 'the treasury does not open for us')" ]
has "$(cat ta.log)" 'somebody who is no teller was at the treasury'

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
