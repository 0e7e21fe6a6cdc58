#!/bin/bash
# T-32, T-33: what passes through agent and network, and what is left there, has no secret in it; what an
# application is told of its TA it can verify, and a forger does not get past that.
set -euo pipefail

image=$1
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b

fail() {
	echo "$*" >&2
	exit 1
}

tam_pid=
ending() {
	teesim agent stop >/dev/null 2>&1 || true
	teesim stop >/dev/null 2>&1 || true
	[ -z "$tam_pid" ] || { kill "$tam_pid" && wait "$tam_pid"; } || true
}
trap ending EXIT

teesim pki init pki --key p256 >/dev/null
teesim oem make-device default --pki pki --tee-key p256 --tfw-key p256 >/dev/null
teesim pki sp --out sp --key p256 >/dev/null
cp "$image" image.elf
teesim sp package image.elf --version 1 --key sp.key --cert sp.pem --out ta.cms
teesim tam init real --pki pki --id 1.3.6.1.4.1.55555.7.2 --kind p256 --plain-http >/dev/null
mkfifo ready
teesim tam serve real --port 0 --ready-fd 3 3>ready >real.log 2>&1 &
tam_pid=$!
read -r uri <ready
uri=${uri%/}
sed -i "s|\"listen\": \"127.0.0.1:[0-9]*\"|\"listen\": \"${uri##*/}\"|" real/tam.conf
export TEESIM_TAM=$PWD/real
echo 'the-personal-data-of-nobody-else' >personal
teesim tam sp add com.bank --cert sp.pem >/dev/null
teesim tam ta add ta.cms --sp com.bank >/dev/null
teesim tam ta personalise "$taid" 1 personal >/dev/null
teesim tam deploy "$taid" --all >/dev/null

# All that passes, both ways.
teesim evil-agent --tam "$uri/tam" --quiet - <<'EVIL'
on tam save traffic
on tee save traffic
session
expect tam finished
EVIL
grep -q InstallTARequest traffic || fail "nothing was installed"

# And by the agent that one has.
teesim agent request-ta "$taid" --tam "$uri/tam" --keys keys >progress
teesim agent ta-information com.bank "$taid" >information
[ "$(/usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/app_trust.py" keys information \
	real/keys/p256.pem "$taid")" = holds ]

# Octets as they are, and as they would be within base64 of either alphabet, wherever they begin there.
openssl x509 -in "$(teesim device path default)/boot/tee.pem" -outform DER -out tee.der
openssl pkey -in real/keys/p256.key -outform DER -out tam.der
cat traffic keys information progress >seen
find "$XDG_RUNTIME_DIR" "${TMPDIR:-$XDG_RUNTIME_DIR}" -type f -exec cat {} + >>seen 2>/dev/null || true
/usr/bin/python3 - <<'PYTHON'
import base64

seen = open("seen", "rb").read()
layers = [seen]
import json
for line in open("traffic", "rb"):
    # What is base64 inside of base64: payloads, as anybody can read them.
    message = json.loads(line)
    body = next(iter(message.values()))
    for one in [next(iter(entry.values())) for entry in body] if isinstance(body, list) else [body]:
        raw = one["payload"]
        layers.append(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
assert len(layers) > 5 and b"InstallTATBSRequest" in b"".join(layers)
image = open("image.elf", "rb").read()
wanted = {"the TEE's certificate": open("tee.der", "rb").read(),
          "the personalisation data": open("personal", "rb").read().strip(),
          "the TAM's key": open("tam.der", "rb").read(),
          "the TA": max((image[at:at + 64] for at in range(0, len(image), 64)),
                        key=lambda part: len(set(part)))}
for what, octets in wanted.items():
    forms = [octets]
    for encode in base64.b64encode, base64.urlsafe_b64encode:
        for shift in range(3):
            text = encode(bytes(shift) + octets)
            forms.append(text[4:-4] if shift else text[:-4])
    for layer in layers:
        assert not any(form in layer for form in forms), what + " can be read"
# The search finds what is there.
assert any(b'"tee":"simtee-0"' in layer for layer in layers)
PYTHON
