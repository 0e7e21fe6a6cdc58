#!/bin/bash
# One of attack/*.evil, by `teesim evil-agent`, between a TAM and the TEEs of two devices: python, the
# TAM of http_tam.py, or real, teesim-tam. What is wanted changes by ./want, and ./state and ./installed
# look at the first device.
set -euo pipefail

image=$1 tam=$2
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b
here=$TEESIM_SOURCE_DIR/tests/e2e/teep

# shellcheck source=tests/e2e/teep/tam_setup.sh
. "$here/tam_setup.sh" "$image"
teesim oem make-device second --pki pki --tee-key p256 --tfw-key p256 >/dev/null
ending() {
	teesim agent stop >/dev/null 2>&1 || true
	teesim stop >/dev/null 2>&1 || true
	teesim stop --device second >/dev/null 2>&1 || true
	tam_stop
}
trap ending EXIT

cat >state <<'STATE'
#!/bin/bash
# keep: as it is now; same: is it still?
set -euo pipefail
teesim otrp list --device default >state.now
if [ "$1" = keep ]; then
	mv state.now state.kept
else
	diff state.kept state.now >&2
fi
STATE
cat >installed <<STATE
#!/bin/bash
teesim otrp list --device default | grep -q $taid
STATE
chmod +x state installed
# A name that no TEE has, as JSON.
export OTHER_NAME='"another"'

# shellcheck source=/dev/null
. "$here/attack_$tam.sh"

# For floods: an agent that takes twenty messages a second.
mkfifo agent.ready
teesim agent serve --rate 20 --ready-fd 3 3>agent.ready &
read -r word <agent.ready && [ "$word" = ready ]
shift 2
for name; do
	echo "== $name"
	teesim evil-agent --tam "$tam_uri" --script "$here/attack/$name.evil" || {
		echo "-- the TAM:" >&2
		cat "$tam_log" >&2
		exit 1
	}
	# Each begins with devices that have nothing.
	./want nothing
	printf 'session\ndevice second\nsession\n' | teesim evil-agent --tam "$tam_uri" --quiet -
	./want ta
done
