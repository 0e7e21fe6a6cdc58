#!/bin/bash
# What the normal world can see while a TAM installs a TA, and afterwards, holds neither the device's
# certificate, nor the TA, nor the data that personalises it, nor a private key; and another user sees
# nothing at all.
set -euo pipefail
# shellcheck source=tests/e2e/teep/scene.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/scene.sh"

teesim pki init pki --key p256 >/dev/null
teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 >/dev/null
tam_make pki tam 1.3.6.1.4.1.55555.7.1 ca
sp_make "$1"
teesim start --device device >/dev/null
trap 'teesim stop --device device >/dev/null 2>&1 || true' EXIT
expect pass --ocsp tam.ocsp,pki-ca.ocsp --traffic traffic install
printf '{"TAQuery":{"spid":"com.bank","taid":"%s"}}' "$taid" |
	teesim otrp ta-information --device device >>traffic
device=$(teesim device path device)
daemon=$(teesim status --device device | sed -n 's/.*running as process \([0-9]*\).*/\1/p')
# It stays while it is looked at, however long that takes.
mkfifo enough held
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/hold_tee.py" \
	"$(echo "$XDG_RUNTIME_DIR"/teesim/device-*.otrp)" <enough >held &
holder=$!
exec {hold}>enough
read -r _ <held || fail "the TEE is not there"
firmware=$(pgrep -P "$daemon" -x tee-firmware)
tee=$(pgrep -P "$firmware" -x tee-otrp)
openssl x509 -in "$device/boot/tee.pem" -outform DER -out tee.der
teesim log --device device >journal 2>&1 || true

# A place is searched for octets, as they are and as they would be inside of base64 of either alphabet,
# wherever they begin there.
cat >search.py <<'PYTHON'
import base64, os, sys

where, wanted = sys.argv[1:3]
needles = {}
for name in wanted.split(","):
    with open(name, "rb") as file:
        octets = file.read()
    if name.endswith(".elf"):
        # Most of what is in an ELF file is in others, too: the part with the most in it.
        octets = max((octets[at:at + 64] for at in range(0, len(octets), 64)),
                     key=lambda part: len(set(part)))
    needles[name] = [octets]
    for encode in base64.b64encode, base64.urlsafe_b64encode:
        for shift in range(3):
            text = encode(bytes(shift) + octets)
            needles[name].append(text[4:-4] if shift else text[:-4])
found = []
for directory, _, files in os.walk(where) if os.path.isdir(where) else [("", [], [where])]:
    for name in files:
        path = os.path.join(directory, name)
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        found += ["%s in %s" % (what, path) for what, forms in needles.items()
                  if any(form in content for form in forms)]
print("\n".join(found))
sys.exit(1 if found else 0)
PYTHON
search() { /usr/bin/python3 search.py "$@" >found || fail "$(cat found)"; }

printf '{"pin-retries":3}' >personal
cp "$1" ta.elf
# How a private key in DER begins: PKCS #8 and SEC 1 on P-256.
printf '\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01' >pkcs8
printf '\x30\x77\x02\x01\x01\x04\x20' >sec1
printf 'PRIVATE KEY-----' >pem
everything=tee.der,ta.elf,personal,pkcs8,sec1,pem
# That the search finds what is there.
cp ta.cms here
openssl pkcs8 -topk8 -nocrypt -in sp.key -outform DER -out key.der 2>/dev/null
base64 -w0 tee.der >>here
cat personal key.der sp.key >>here
if /usr/bin/python3 search.py here "$everything" >found; then
	fail "the search finds nothing"
fi
for name in tee.der ta.elf personal pkcs8 pem; do
	grep -q "^$name in here" found || fail "the search does not find $name"
done

search traffic "$everything"
search journal "$everything"
search "$XDG_RUNTIME_DIR" "$everything"
# Others' tests have keys of their own there.
[ ! -d /dev/shm ] || search /dev/shm tee.der,personal
# The device's own directory is the TEE's flash, which has the certificate; the rest is not there either.
search "$device" ta.elf,personal,pkcs8,sec1,pem

# No memory of these goes to a file when they die.
parser=$(pgrep -P "$tee") || fail "the TEE has no parser"
for process in "$tee" $parser; do
	grep -q '^Max core file size *0 *0 ' "/proc/$process/limits" || fail "process $process may dump core"
done

# Another user. (Only root can be one.)
if [ "$(id -u)" = 0 ]; then
	other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	chmod 0755 . # the search for what is closed begins where one can stand
	for file in "$device/domains.db" "$device/huk" "$device/boot/tee.pem"; do
		! other cat "$file" >/dev/null 2>&1 || fail "another user reads $file"
	done
	for process in "$daemon" "$tee"; do
		for file in mem maps environ fd; do
			! other ls "/proc/$process/$file/" >/dev/null 2>&1 || fail "another user sees $file"
			! other head -c 1 "/proc/$process/$file" >/dev/null 2>&1 ||
				fail "another user reads $file of $process"
		done
	done
	! other env TEESIM_HOME="$TEESIM_HOME" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" \
		"$TEESIM_BUILD_DIR/bin/teesim" otrp list --device device >/dev/null 2>&1 ||
		fail "another user asks the TEE"
fi
exec {hold}>&-
wait "$holder" || fail "the TEE did not stay"
teesim stop --device device >/dev/null
trap - EXIT
