# shellcheck shell=bash
# Sourced: the parties, a package of the image in $1, and the default device, in the working directory.
# Then tam_start and tam_stop run http_tam.py.
# shellcheck source=tests/e2e/teep/parties.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/parties.sh"
teesim oem make-device "${TEESIM_DEVICE:-default}" --pki pki --tee-key p256 --tfw-key p256 \
	--tees "${TEESIM_TEES:-1}" >/dev/null
cp "$1" image.elf
teesim sp package image.elf --version 1 --key sp.key --cert sp.pem --out image.cms

tam_pid=
tam_stop() {
	[ -z "$tam_pid" ] || kill "$tam_pid"
	[ -z "$tam_pid" ] || wait "$tam_pid" || true
	tam_pid=
}
trap tam_stop EXIT

# tam_start NAME TAID [CERT KEY]: $tam_uri, and $tam_log with a line for each message.
tam_start() {
	local name=$1 taid=$2
	shift 2
	tam_log=$PWD/$name.log
	/usr/bin/python3 "$TEESIM_SOURCE_DIR/tests/e2e/teep/http_tam.py" "$name.port" tam leaf.ocsp ca.ocsp \
		sp.pem image.cms "$taid" "$@" >"$tam_log" 2>"$name.err" &
	tam_pid=$!
	until [ -e "$name.port" ]; do
		kill -0 "$tam_pid" || { cat "$name.err" >&2; exit 1; }
		sleep 0.1
	done
	# shellcheck disable=SC2034 # the sourcing script's
	tam_uri=http${1:+s}://127.0.0.1:$(cat "$name.port")/tam
}
