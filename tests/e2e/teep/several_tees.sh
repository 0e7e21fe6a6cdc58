#!/bin/bash
# A device with three TEEs: each has a process, keys, a store and a name of its own; the boot record has them
# all; TAs of all of them are found.
set -euo pipefail

examples=$1
taid=93a9f9ae-bf04-45de-b535-ca4563542003
tam="$TEESIM_SOURCE_DIR/tests/e2e/teep/tam.py"

fail() {
	echo "$*" >&2
	exit 1
}

# shellcheck source=tests/e2e/teep/parties.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/parties.sh"
# shellcheck source=tests/e2e/flip.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/flip.sh"
if teesim oem make-device device --pki pki --tees one,two,one 2>/dev/null; then
	fail "two TEEs of one name"
fi
if teesim oem make-device device --pki pki --tees 9 2>/dev/null; then
	fail "nine TEEs"
fi
teesim oem make-device device --pki pki --tees 3 --tee-key p256 --tfw-key p256 >/dev/null
dir=$(teesim device path device)
strings=$(tr -cd '[:print:]\n' <"$dir/boot.record" | grep '^tee ')
[ "$strings" = $'tee simtee-0\ntee simtee-1\ntee simtee-2' ] || fail "the record has $strings"
[ "$(teesim otrp tees --device device)" = '["simtee-0","simtee-1","simtee-2"]' ] || fail "names"
cp "$examples/hello/$taid.ta" hello.elf
cp "$examples/hello/hello" hello
teesim sp package hello.elf --version 1 --key sp.key --cert sp.pem --out hello.cms

teesim start --device device >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
[ "$(teesim otrp tees --device device)" = '["simtee-0","simtee-1","simtee-2"]' ] || fail "names"
daemon=$(teesim status --device device | sed -n 's/.*running as process \([0-9]*\).*/\1/p')
firmware=$(pgrep -P "$daemon" -x tee-firmware)
[ "$(pgrep -P "$firmware" -x tee-otrp | wc -w)" = 3 ] || fail "not three processes"
# Into the second one; the first knows nothing of it.
TAM_TEE=simtee-1 TAM_STOP_AFTER=install /usr/bin/python3 "$tam" device tam leaf.ocsp ca.ocsp sp.pem hello.cms \
	"$taid"
[ "$(teesim otrp list --device device)" = '[]' ] || fail "it is in the first one"
teesim otrp list --device device --tee simtee-1 >out
grep -q "$taid" out
TEESIM_DEVICE=device ./hello >/dev/null
printf '#!/bin/sh\nTEESIM_DEVICE=device exec ./hello\n' >hello.sh
chmod +x hello.sh
# The administrator's list reaches all TEEs, or one.
openssl x509 -in pki/tam/root.pem -out root.pem
for version in 1 2 3 4 5 6; do
	teesim admin make-list --key pki/admin.key --version $version --tam-roots root.pem --out list.$version
done
apply() { teesim admin apply "list.$1" --device device "${@:2}"; }
refused() { # TEXT COMMAND…: status 1, and the text on stderr
	status=0
	"${@:2}" >out 2>err || status=$?
	[ "$status" = 1 ] || fail "${*:2}: status $status: $(cat out err)"
	grep -q "$1" err || fail "${*:2}: $(cat err)"
}
all=$'simtee-0: has the list\nsimtee-1: has the list\nsimtee-2: has the list'
[ "$(apply 1)" = "$all" ] || fail "not all have the list"
refused 'all have a list of this version' apply 1
[ -z "$(apply 2 --tee simtee-1)" ] || fail "something is said of others"
refused 'version 2 is not above 2' apply 2 --tee simtee-1
apply 2 >out
[ "$(grep -c 'has the list' out)" = 2 ] || fail "$(cat out)"
grep -q '^simtee-1: has a list of this version already' out || fail "$(cat out)"
apply 3 --tee simtee-1
refused 'simtee-1: the list: version 2 is not above 3' apply 2
# One that ended is there again for who wants it, while others are connected to the rest.
/usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/tee_comes_back.py" \
	"$(echo "$XDG_RUNTIME_DIR"/teesim/device-*.otrp)" "$daemon" simtee-1 ./hello.sh
# A domain in the third, beside it.
TAM_TEE=simtee-2 TAM_STOP_AFTER=create /usr/bin/python3 "$tam" device tam leaf.ocsp ca.ocsp sp.pem hello.cms \
	"$taid"
nobody() { # TEXT: what is said where there is no such TEE
	local command
	for command in "list" "request-ta $taid" "ta-information hello.cms" "exec hello.cms"; do
		status=0
		# shellcheck disable=SC2086
		teesim otrp $command --device device --tee nobody >out 2>err || status=$?
		[ "$status" = 2 ] || fail "otrp $command: status $status: $(cat out err)"
		grep -q "$1" err || fail "otrp $command: $(cat err)"
	done
}
nobody 'no TEE of that name'
# The administrator's list reaches the others, when one of them does not start.
status=0
apply 4 >out 2>err || status=$?
[ "$status" = 1 ] || fail "status $status: $(cat out err)"
[ "$(cat out)" = $'simtee-0: has the list\nsimtee-2: has the list' ] || fail "$(cat out err)"
grep -q '^teesim: simtee-1: .*boot/tee-1.img' err || fail "$(cat err)"
# What one has, the others are not: a request to another's name is refused.
teesim stop --device device >/dev/null
trap - EXIT
{ [ -f "$dir/tee-1/domains.db" ] && [ -f "$dir/tee-2/domains.db" ]; } || fail "no stores of their own"
teesim otrp list --device device --tee simtee-1 >out
grep -q "$taid" out
nobody 'no TEE of the name nobody'
# At rest as well. Those that have it already are no reason to fail.
apply 4 >out
grep -q '^simtee-1: has the list' out || fail "$(cat out)"
refused 'all have a list of this version' apply 4
mv "$dir/tee-1/domains.counter" counter
status=0
apply 5 >out 2>err || status=$?
[ "$status" != 0 ] || fail "it is said that all have the list"
[ "$(cat out)" = $'simtee-0: has the list\nsimtee-2: has the list' ] || fail "$(cat out err)"
grep -q '^teesim: simtee-1: .*domains' err || fail "$(cat err)"
mv counter "$dir/tee-1/domains.counter"
apply 5 >out
grep -q '^simtee-1: has the list' out || fail "$(cat out)"
apply 6 --tee simtee-2
status=0
apply 6 --tee nobody 2>/dev/null || status=$?
[ "$status" = 2 ] || fail "status $status"
# None starts when one of them does not fit.
teesim device verify device >/dev/null
cp "$dir/boot/tee-2.img" whole
flip "$dir/boot/tee-2.img" 45
status=0
teesim device verify device 2>err || status=$?
[ "$status" = 16 ] || fail "status $status"
grep -q 'boot/tee-2.img' err
if teesim otrp list --device device 2>/dev/null; then
	fail "the first one ran beside one that does not fit"
fi
cp whole "$dir/boot/tee-2.img"
# The certificate of another TEE is not this one's.
cp "$dir/boot/tee-1.pem" whole
cp "$dir/boot/tee-2.pem" "$dir/boot/tee-1.pem"
status=0
teesim device verify device 2>/dev/null || status=$?
[ "$status" = 16 ] || fail "status $status"
cp whole "$dir/boot/tee-1.pem"
# Nor is its store.
cp "$dir"/tee-1/domains.* "$dir"/tee-2/
if teesim otrp list --device device --tee simtee-2 2>err; then
	fail "a TEE took another's store"
fi
# One that can't open its store does not keep the others from working, and the user is told which one it is, why,
# and what to do.
rm -r "$dir/tee-2"
cp "$dir/tee-1/domains.counter" older
for number in 1 2 3; do
	teesim otrp request-ta 8aaaf200-2450-11e4-abe2-0002a5d5c5$number$number --device device --tee simtee-1
done
cp older "$dir/tee-1/domains.counter"
teesim start --device device >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
if TEESIM_DEVICE=device ./hello >/dev/null 2>&1; then
	fail "a TA of a TEE that can't open its store was opened"
fi
teesim log --device device >out
grep -q "simtee-1: .*/tee-1/domains.db: is ahead of domains.counter.*'teesim device accept-rollback'" out ||
	fail "the log has: $(tail -n 3 out)"
[ "$(teesim otrp list --device device)" = '[]' ] || fail "the first one does not work"
teesim stop --device device >/dev/null
trap - EXIT
teesim device accept-rollback device --yes >/dev/null
teesim run --device device -- ./hello >/dev/null || fail "it is not there again"
