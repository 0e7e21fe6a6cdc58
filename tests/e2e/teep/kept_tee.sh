#!/bin/bash
# The TEE of a device that runs is one process, which stays, is confined, and comes back when it dies; a
# device of `teesim run` is no different.
set -euo pipefail

examples=$1
taid=93a9f9ae-bf04-45de-b535-ca4563542003
tam="$TEESIM_SOURCE_DIR/tests/e2e/teep/tam.py"

fail() {
	echo "$*" >&2
	exit 1
}

# The process of the TEE below teesimd, of which there must be one. One that was killed may take a moment
# to go, and its firmware another.
tee_of() {
	local found firmware
	for _ in {1..600}; do
		firmware=$(pgrep -d , -P "$1" -x tee-firmware) || fail "no firmware runs below process $1"
		found=$(pgrep -P "$firmware" -x tee-otrp) || true
		if [[ $firmware != *,* ]] && [ "$(wc -w <<<"$found")" = 1 ]; then
			echo "$found"
			return
		fi
		sleep 0.1
	done
	fail "not one TEE runs: $found below $firmware"
}

daemon_of() { teesim status "$@" | sed -n 's/.*running as process \([0-9]*\).*/\1/p'; }

# shellcheck source=tests/e2e/teep/parties.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/parties.sh"
# shellcheck source=tests/e2e/flip.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/flip.sh"
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
cp "$examples/hello/$taid.ta" hello.elf
cp "$examples/hello/hello" hello
teesim sp package hello.elf --version 1 --key sp.key --cert sp.pem --out hello.cms

# Everything goes through the daemon's TEE, which stays the same.
teesim start --device device >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
daemon=$(daemon_of --device device)
if TEESIM_DEVICE=device ./hello 2>/dev/null; then
	fail "a TA was found before it was installed"
fi
TAM_STOP_AFTER=install /usr/bin/python3 "$tam" device tam leaf.ocsp ca.ocsp sp.pem hello.cms "$taid"
# It would rest if this took long.
mkfifo enough held
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/hold_tee.py" \
	"$(echo "$XDG_RUNTIME_DIR"/teesim/device-*.otrp)" <enough >held &
holder=$!
exec {hold}>enough
read -r _ <held || fail "the TEE is not there"
tee=$(tee_of "$daemon")
TEESIM_DEVICE=device ./hello >/dev/null
teesim ta list --device device >out
grep -q "^$taid  version 1" out
printf '{"TAQuery":{"spid":"com.bank","taid":"%s"}}' "$taid" |
	teesim otrp ta-information --device device >out
grep -q '"TAInformation"' out
teesim otrp list --device device >out
grep -q "$taid" out
[ "$(tee_of "$daemon")" = "$tee" ] || fail "the TEE was started anew"

# It is confined before it hears anybody.
grep -q '^Seccomp:	2' "/proc/$tee/status" || fail "no filter of system calls"
grep -q '^NoNewPrivs:	1' "/proc/$tee/status" || fail "it may gain privileges"
firmware=$(pgrep -P "$daemon" -x tee-firmware)
grep -q '^Seccomp:	2' "/proc/$firmware/status" || fail "the firmware has no filter of system calls"

exec {hold}>&-
wait "$holder" || fail "the TEE did not stay"

# Killed, it is there again for who comes next, with all that it had.
kill -9 "$tee"
teesim otrp list --device device >out
grep -q "$taid" out
[ "$(tee_of "$daemon")" != "$tee" ] || fail "it was not killed"
TEESIM_DEVICE=device ./hello >/dev/null
[ "$(daemon_of --device device)" = "$daemon" ] || fail "the daemon ended with its TEE"

# So is its parser, for more messages than its children that wait are enough for.
kill -9 "$(pgrep -P "$(tee_of "$daemon")" -f teesim-otrp-parser)"
for _ in $(seq 12); do
	printf '{"TAQuery":{"spid":"com.bank","taid":"%s"}}' "$taid" |
		teesim otrp ta-information --device device >out || true
done
grep -q '"TAInformation"' out || fail "no parser"

# That no TAM installed a TA is asked once, and then known without the TEE.
cp "$examples/otp/otp" otp
TEESIM_DEVICE=device ./otp >/dev/null 2>&1 && fail "a TA that nobody installed was found"
kill -9 "$(tee_of "$daemon")"
for _ in {1..600}; do
	pgrep -P "$daemon" -x tee-firmware >/dev/null || break
	sleep 0.1
done
TEESIM_DEVICE=device ./otp >/dev/null 2>&1 && fail "a TA that nobody installed was found"
if pgrep -P "$daemon" -x tee-firmware >/dev/null; then
	fail "the TEE was started for what is known"
fi

PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/asked_for_nothing.py" \
	"$(echo "$XDG_RUNTIME_DIR"/teesim/device-*.sock)" "$daemon"

# The administrator's list reaches it while it runs.
openssl x509 -in pki/tam/root.pem -out roots.pem
teesim admin make-list --key pki/admin.key --version 1 --tam-roots roots.pem --out list
teesim admin apply list --device device
if teesim admin apply list --device device 2>err; then
	fail "the same list was taken twice"
fi
teesim stop --device device >/dev/null
! pgrep -P "$daemon" -x tee-firmware >/dev/null || fail "the TEE is left"
trap - EXIT

# Its clock is the device's.
teesim start --device device --clock 2090-01-01T00:00:00Z >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
if TAM_STOP_AFTER=install /usr/bin/python3 "$tam" device tam leaf.ocsp ca.ocsp sp.pem hello.cms "$taid" 2>err; then
	fail "a TAM was served long after its certificate had expired"
fi
grep -q ERR_TAM_NOT_TRUSTED err || fail "$(cat err)"
teesim stop --device device >/dev/null
trap - EXIT

# A device that does not boot says so to everybody, and is not asked in vain.
teesim start --device device >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
dir=$(teesim device path device)
cp "$dir/boot/tee.img" whole
flip "$dir/boot/tee.img" 45
if teesim otrp list --device device 2>err; then
	fail "a TEE ran that must not boot"
fi
grep -q 'signature of boot/tee.img' err
teesim stop --device device >/dev/null
trap - EXIT
cp whole "$dir/boot/tee.img"

# The device of `teesim run` has made itself; its own authorities let a TAM in.
cat >inside.sh <<'INSIDE'
set -euo pipefail
echo '{}' | teesim otrp exec >out
grep -q '"GetDeviceTEEStateResponse"' out
own=$(teesim device path)/authorities
teesim device info | grep -q '^TEE simtee-0'
teesim device verify >/dev/null
teesim pki tam "$own" --id 1.3.6.1.4.1.55555.7.2 --key p256 --out own >/dev/null
teesim pki ocsp "$own" tam own.pem --out own-leaf.ocsp
openssl x509 -in "$own/tam/ca.pem" -out own-ca.pem
teesim pki ocsp "$own" tam own-ca.pem --ca root --out own-ca.ocsp
TAM_STOP_AFTER=install /usr/bin/python3 "$1" "" own own-leaf.ocsp own-ca.ocsp sp.pem hello.cms "$2"
./hello
INSIDE
teesim run -- bash inside.sh "$tam" "$taid" >out 2>log || fail "under teesim run: $(cat out log)"
grep -q "TA_OpenSessionEntryPoint" log
