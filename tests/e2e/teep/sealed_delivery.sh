#!/bin/bash
# A service provider that encrypts its TA for one device itself: with `teesim sp encrypt`, and with Python
# alone. Neither the TAM's database nor its log nor its memory ever has the TA or its data.
# sealed_delivery.sh IMAGE: IMAGE is a TA in ELF.
set -euo pipefail

image=$1
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b
database=${TEESIM_TEST_DATABASE:-}
tam_pid=

fail() {
	echo "$*" >&2
	[ ! -e serve.log ] || tail -5 serve.log >&2
	exit 1
}

finish() {
	[ -z "$tam_pid" ] || { kill "$tam_pid" && wait "$tam_pid"; } 2>/dev/null || true
	for device in phone watch; do
		teesim stop --device "$device" >/dev/null 2>&1 || true
	done
}
trap finish EXIT

says() { # TEXT COMMAND…: it succeeds, and says that
	local out
	out=$("${@:2}" 2>&1) || fail "${*:2}: status $?: $out"
	[[ $out == *$1* ]] || fail "${*:2}: says \"$out\" and not \"$1\""
}

refused() { # TEXT COMMAND…: status 1, and the text in one line on stderr
	local status=0
	"${@:2}" >out 2>err || status=$?
	[ "$status" = 1 ] || fail "${*:2}: status $status: $(cat out err)"
	[ "$(wc -l <err)" = 1 ] || fail "${*:2}: says more than one line: $(cat err)"
	grep -qF -- "$1" err || fail "${*:2}: $(cat err)"
}

python() { /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/sealed_delivery.py" "$@"; }

# session DEVICE: the messages that the TAM has sent.
session() {
	echo session | teesim evil-agent --tam "$uri/tam" --device "$1" - |
		sed -n 's/^session: from the TAM: \([A-Za-z]*\)Request.*/\1/p' | tr '\n' ' '
}
sent() { # DEVICE MESSAGES
	local said
	said=$(session "$1")
	[ "$said" = "$2 " ] || fail "$1: the TAM sent $said, and not $2"
}

says_deployment() { # TEXT
	says "$1" teesim tam deploy show "$(teesim tam deploy list --json |
		/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')"
}

teesim pki init pki --key p256 >/dev/null
for device in phone watch; do
	teesim oem make-device "$device" --pki pki --tee-key p256 --tfw-key p256 >/dev/null
done
teesim tam init tam --pki pki --id 1.3.6.1.4.1.55555.7.1 --kind p256 --plain-http \
	${database:+--database "$database"} >/dev/null
mkfifo ready
teesim tam serve tam --port 0 --ready-fd 3 3>ready >serve.log 2>&1 &
tam_pid=$!
read -r uri <ready || fail "the TAM does not start"
uri=${uri%/}
sed -i "s|\"listen\": \"127.0.0.1:[0-9]*\"|\"listen\": \"${uri##*/}\"|" tam/tam.conf

# The marker of the TA: text in its image that no other file has.
printf 'the-ta-that-only-the-device-may-see' | cat "$image" - >marked.elf
printf 'the-data-that-only-the-device-may-see' >personal
teesim pki sp --out sp --key p256 --name "Bank signer" >/dev/null
teesim pki sp --out stranger --key p256 >/dev/null
for version in 1 2; do
	teesim sp package marked.elf --version $version --name Sealed --key sp.key --cert sp.pem \
		--out v$version.cms
done
teesim tam sp add com.bank --cert sp.pem >/dev/null
teesim tam sp add com.shop >/dev/null
teesim tam sp allow com.bank --all >/dev/null
umask 077
teesim tam token add bank --role operator --sp com.bank >bank.token
teesim tam token add shop --role operator --sp com.shop >shop.token
umask 022
bank=(--token-file bank.token)
shop=(--token-file shop.token)

# ---- The domain comes first ---------------------------------------------------------------------

says "announced" teesim tam ta announce "$taid" 1 --name Sealed "${bank[@]}"
refused "no such" teesim tam ta announce "$taid" 1 --sp com.bank "${shop[@]}"
refused "another service provider" teesim tam ta announce "$taid" 1 "${shop[@]}"
says "deployment" teesim tam deploy "$taid" --all "${bank[@]}"
sent phone "GetDeviceState CreateSD"
sent watch "GetDeviceState CreateSD"
says_deployment "waits for the provider's package for this device"
did_of() { # DEVICE
	openssl x509 -in "$(teesim device path "$1")/boot/tee.pem" -outform DER | sha256sum | cut -d' ' -f1
}
did=$(did_of phone)
watch=$(did_of watch)

# ---- The key, signed by the TAM -----------------------------------------------------------------

says "the key in device" teesim tam device aik "${did:0:12}" --out phone.aik "${bank[@]}"
teesim tam device aik "$watch" --sp com.bank --out watch.aik >/dev/null
refused "no such" teesim tam device aik "$did" --sp com.bank --out no "${shop[@]}"
refused "no such device" teesim tam device aik "$did" --out no "${shop[@]}"
refused "no key of this service provider" teesim tam device aik "$did" --sp com.shop --out no
says "not verified" teesim sp inspect phone.aik
says "$did" teesim sp inspect phone.aik --tam-root pki/tam/root.pem
refused "does not lead to that root" teesim sp inspect phone.aik --tam-root pki/tee/root.pem
refused "of the TAM 1.3.6.1.4.1.55555.7.1" teesim sp inspect phone.aik \
	--tam-root pki/tam/root.pem --tam-id 1.2.3
# Somebody who has no certificate of a TAM, and one who changes a letter of what is signed.
sed 's/"payload":"\(.\{300\}\)./"payload":"\1_/' phone.aik >changed.aik
! cmp -s phone.aik changed.aik || fail "nothing was changed"
refused "changed.aik" teesim sp inspect changed.aik --tam-root pki/tam/root.pem

# ---- Encrypting ---------------------------------------------------------------------------------

encrypt=(teesim sp encrypt v1.cms --cert sp.pem --aik phone.aik --tam-root pki/tam/root.pem)
says "on device ${did:0:12}… alone" "${encrypt[@]}" --tam-id 1.3.6.1.4.1.55555.7.1 \
	--personalisation personal --out phone.delivery
[ "$(stat -c %a phone.delivery)" = 600 ] || fail "the delivery is open to others"
says "RSA1_5" teesim sp inspect phone.delivery
says "$taid" teesim sp inspect phone.delivery
grep -q 'only-the-device' phone.delivery && fail "the delivery can be read"
refused "v1.cms: is not signed by --cert" teesim sp encrypt v1.cms --cert stranger.pem \
	--aik phone.aik --tam-root pki/tam/root.pem --out no
refused "changed.aik" teesim sp encrypt v1.cms --cert sp.pem --aik changed.aik \
	--tam-root pki/tam/root.pem --out no
refused "No such file" "${encrypt[@]}" --personalisation nowhere --out no
: >empty
refused "empty: personalisation data have 1 octet" "${encrypt[@]}" --personalisation empty --out no
refused "personal: it is neither" teesim sp inspect personal
[ ! -e no ] || fail "what was refused left a file"

# What our tool encrypts, Python opens, with a device's key that is Python's own; of either kind.
for kind in rsa p256; do
	python make $kind device.key python.aik tam/keys/p256.key tam/keys/p256.pem "$did"
	teesim sp encrypt v1.cms --cert sp.pem --aik python.aik --tam-root pki/tam/root.pem \
		--personalisation personal --out python.delivery >/dev/null
	python open python.delivery device.key v1.cms personal
done
says "ECDH-ES+A128KW" teesim sp inspect python.delivery
# It is none that the device has.
refused "another key" teesim tam ta deliver python.delivery "${bank[@]}"

# ---- Delivering ---------------------------------------------------------------------------------

refused "no such" teesim tam ta deliver phone.delivery "${shop[@]}"
refused "is no delivery" teesim tam ta deliver phone.aik "${bank[@]}"
says "version 1 waits for device" teesim tam ta deliver phone.delivery "${bank[@]}"
says "waiting" teesim tam ta deliveries "${bank[@]}"
says "no deliveries" teesim tam ta deliveries "${shop[@]}"
says_deployment "the provider's package is here"
id=$(teesim tam ta deliveries --device "$did" --json |
	/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
refused "no such" teesim tam ta withdraw "$id" "${shop[@]}"

# For the other device Python encrypts, without anything of ours.
python encrypt watch.aik pki/tam/root.pem v1.cms personal "$taid" 1 watch.delivery
says "$watch" teesim sp inspect watch.delivery
teesim tam ta deliver watch.delivery "${bank[@]}" >/dev/null

# search WHERE…: none of these may have what only the device may see, as it is or in base64.
cat >search.py <<'PYTHON'
import base64, os, sys

needles = []
for octets in [os.environb[b"SEARCHED"]] if b"SEARCHED" in os.environb else \
        [b"the-ta-that-only-the-device-may-see", b"the-data-that-only-the-device-may-see"]:
    needles.append(octets)
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + octets)
        needles += [text[4:-4], text[4:-4].replace(b"+", b"-").replace(b"/", b"_")]


def readable(pid):
    """What a process can write to: its heap, its stacks, what it has allocated."""
    with open("/proc/%s/maps" % pid) as maps, open("/proc/%s/mem" % pid, "rb") as memory:
        for line in maps:
            where, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            low, high = (int(one, 16) for one in where.split("-"))
            try:
                memory.seek(low)
                yield memory.read(high - low)
            except OSError:
                pass


found = 0
for place in sys.argv[1:]:
    if place.isdigit():
        parts = readable(place)
    elif os.path.isdir(place):
        parts = [open(os.path.join(path, name), "rb").read()
                 for path, _, names in os.walk(place) for name in names]
    else:
        parts = [open(place, "rb").read()]
    seen = 0
    for part in parts:
        seen += len(part)
        if any(needle in part for needle in needles):
            print("%s has what only the device may see" % place)
            found = 1
    assert seen, place
sys.exit(found)
PYTHON
searched() { # the TAM: its directory, log, memory and database
	local places=(tam serve.log)
	# Its memory is closed to others but root, whom the simulation does not keep out.
	[ "$(id -u)" != 0 ] || places+=("$(pgrep -P "$tam_pid" -x teesim-tam || echo "$tam_pid")")
	if [ -n "$database" ]; then
		pg_dump "$database" >dump 2>/dev/null || fail "pg_dump"
		places+=(dump)
	fi
	/usr/bin/python3 search.py "${places[@]}" >found || fail "$1: $(cat found)"
	# That it looks everywhere: what the TAM does know is in each of these, but for the directory of
	# one whose database is elsewhere.
	for place in "${places[@]:2}" ${database:-tam}; do
		[ "$place" != "$database" ] || continue
		! SEARCHED=simtee-0 /usr/bin/python3 search.py "$place" >found || fail "$place was not searched"
	done
}
# The search finds what is there.
! /usr/bin/python3 search.py v1.cms >/dev/null || fail "the search finds nothing in a package"
! /usr/bin/python3 search.py personal >/dev/null || fail "the search finds nothing in the data"

searched "as it waits"
sent phone "GetDeviceState InstallTA"
sent watch "GetDeviceState InstallTA"
searched "as it was sent"
says_deployment "DONE     2"
says "installed" teesim tam ta deliveries "${bank[@]}"
for device in phone watch; do
	says "$taid" teesim ta list --device "$device"
	sent "$device" "GetDeviceState"
done
teesim tam ta get "$taid" 1 --out no 2>/dev/null && fail "the TAM has the package"

# ---- What goes wrong ----------------------------------------------------------------------------

# A ciphertext that was changed: the TEE's own words. The other device is not concerned.
teesim tam ta announce "$taid" 2 "${bank[@]}" >/dev/null
teesim tam deploy "$taid" --device "$did" "${bank[@]}" >/dev/null
sent phone "GetDeviceState"
teesim sp encrypt v2.cms --cert sp.pem --aik phone.aik --tam-root pki/tam/root.pem \
	--personalisation personal --out good.delivery >/dev/null
/usr/bin/python3 - <<'PYTHON'
import json
message = json.load(open("good.delivery"))
sealed = message["SPTADELIVERY"]["encrypted_ta"]
text = sealed["ciphertadata"]
sealed["ciphertadata"] = text[:4000] + ("A" if text[4000] != "A" else "B") + text[4001:]
json.dump(message, open("changed.delivery", "w"))
PYTHON
teesim tam ta deliver changed.delivery "${bank[@]}" >/dev/null
session phone >/dev/null
says_deployment "ERR_TA_INVALID"
says "failed" teesim tam ta deliveries --device "$did" "${bank[@]}"
teesim tam ta deliver good.delivery "${bank[@]}" >/dev/null
sent phone "GetDeviceState UpdateTA"
says_deployment "DONE     1"
# The key goes with the last domain: what was encrypted for it is refused, and a new one is asked for.
for scope in "--device $did" "--all"; do
	# shellcheck disable=SC2086 # two words
	teesim tam deploy "$taid" --remove $scope "${bank[@]}" >/dev/null
done
sent phone "GetDeviceState DeleteTA DeleteSD"
refused "no key of the service provider" teesim tam ta deliver good.delivery "${bank[@]}"
teesim tam deploy "$taid" --device "$did" "${bank[@]}" >/dev/null
sent phone "GetDeviceState CreateSD"
refused "another key" teesim tam ta deliver good.delivery "${bank[@]}"
searched "in the end"

# ---- Data alone ---------------------------------------------------------------------------------

# The TAM has the package, and never the data.
teesim sp package "$image" --version 3 --name Sealed --key sp.key --cert sp.pem --out v3.cms
teesim tam ta add v3.cms --sp com.bank >/dev/null
sent phone "GetDeviceState InstallTA"
teesim tam device aik "$did" --sp com.bank --out phone.aik >/dev/null
data=(teesim sp encrypt --ta "$taid" --aik phone.aik --tam-root pki/tam/root.pem --out data.delivery)
refused "in the place of one" "${data[@]}" --personalisation personal --cert sp.pem
refused "no UUID" "${data[@]/$taid/bank}" --personalisation personal
refused "what is encrypted" "${data[@]}" v3.cms --cert sp.pem --personalisation personal
says "data of $taid" "${data[@]}" --personalisation personal
says "personalisation data that are encrypted" teesim sp inspect data.delivery
says "data wait for device $did" teesim tam ta deliver data.delivery "${bank[@]}"
sent phone "GetDeviceState UpdateTA"
says "installed" teesim tam ta deliveries --device "$did" "${bank[@]}"
sent phone "GetDeviceState"
searched "with data alone"
teesim tam deploy "$taid" --remove --device "$did" "${bank[@]}" >/dev/null
sent phone "GetDeviceState DeleteTA DeleteSD"
says "gone" teesim tam ta deliveries --device "$did" "${bank[@]}"
