#!/usr/bin/env bash
# The story of a provisioned device plays to its end, in order, without colours where there is no terminal,
# and leaves nothing.
set -eu

said=$(bash "$TEESIM_SOURCE_DIR/examples/demo_teep.sh" "$TEESIM_BUILD_DIR" 2>&1) || {
	printf '%s\n' "$said"
	exit 1
}
[ "$(grep -E '^ ?[0-9]+\. ' <<<"$said" | sed 's/^ *[0-9]*\. //')" = "$(printf '%s\n' Authorities Manufacture Boot \
	TAM 'Service provider' Install Use Update Revoke Remove)" ]
[ "$(grep -c '^    Why: ' <<<"$said")" -eq 10 ]
if grep -q $'\e' <<<"$said"; then
	echo 'there are colours in a file'
	exit 1
fi
grep -q 'paid 12.50 to Bookshop, by version 1' <<<"$said"
grep -q 'paid 8.00 to Bookshop, by version 2' <<<"$said"
grep -q 'the TEE answered: ERR_TAM_NOT_TRUSTED' <<<"$said"
[ -z "$(find "$TMPDIR" -maxdepth 1 -name 'teesim-teep*')" ]

# Interrupted, it clears up too. In a shell's background SIGINT would be ignored.
set -m
bash "$TEESIM_SOURCE_DIR/examples/demo_teep.sh" "$TEESIM_BUILD_DIR" >out 2>&1 &
set +m
until grep -q 'Install$' out; do
	kill -0 $! || {
		cat out
		exit 1
	}
	sleep 0.05
done
kill -INT -- -$!
status=0
wait $! || status=$?
[ "$status" -eq 130 ]
[ -z "$(find "$TMPDIR" -maxdepth 1 -name 'teesim-teep*')" ]
